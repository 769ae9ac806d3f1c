"""Hints: what helps a prompt, said only about what was written, and never a reason to refuse anything."""

import pytest

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec
from playground.domain.hints import Hint, hints, lengths, plainly, spoken_in
from playground.domain.request import VideoRequest

TABLES = load_tables()


def spec(provider: str, model: str, mode: str = "text-to-video") -> ModeSpec:
    return next(s for (m, in_mode), s in TABLES[provider].specs.items() if (m, in_mode) == (model, mode))


SANDBOX = spec("sandbox", "sandbox-preview")


def told(found: ModeSpec = SANDBOX, **values: object) -> list[Hint]:
    """The hints about a request with these values."""
    document = {"provider": found.provider, "mode": found.mode, "model": found.model.id, "prompt": "A boat", **values}
    return hints(VideoRequest.model_validate(document), found)


def test_a_plain_request_needs_no_hint() -> None:
    assert told() == []
    assert told(negative_prompt="walls, frames", prompt="It's the boat's last trip") == []


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("no walls", "walls"),
        ("No walls, no frames", "walls, frames"),
        ("don't show people; without any text", "people, text"),
        ("rain, avoid logos.", "rain, logos"),
        ("knots, notes, northern lights", "knots, notes, northern lights"),
    ],
)
def test_a_negative_prompt_names_things_plainly(written: str, plain: str) -> None:
    assert plainly(written) == plain
    found = told(negative_prompt=written)
    assert [dict(hint.changes) for hint in found] == ([] if written == plain else [{"negative_prompt": plain}])


def test_a_negation_that_nothing_follows_is_left_alone() -> None:
    assert told(negative_prompt="no") == []


@pytest.mark.parametrize(
    ("prompt", "what"),
    [
        ("She says, “This must be it.”", "“This must be it.”"),
        ('A man murmurs "over here"', "“over here”"),
        ("A man murmurs, 'That's the code.'", "“That's the code.”"),
        ("A street, SFX: tires screech", "“SFX”"),
        ("Ambient noise of a harbour", "“Ambient noise”"),
    ],
)
def test_what_would_be_heard_is_named_while_sound_is_off(prompt: str, what: str) -> None:
    (hint,) = told(prompt=prompt, generate_audio=False)
    assert hint.message == f"Sound is off, so {what} will not be heard."
    assert dict(hint.changes) == {"generate_audio": True}
    assert told(prompt=prompt, generate_audio=True) == []


def test_a_default_that_is_off_counts_and_what_cannot_be_switched_on_is_not_offered() -> None:
    tokenbay = spec("tokenbay", "veo-3.1-generate-preview")
    assert [h.code for h in told(tokenbay, prompt="A choir, music")] == ["audio_cue"]
    silent = spec("gemini", "veo-2.0-generate-001")
    (hint,) = told(silent, prompt="A choir, music")
    assert dict(hint.changes) == {}


def test_a_dialogue_must_fit_the_time() -> None:
    speech = '"' + "word " * 20 + '"'
    assert [h.code for h in told(prompt=f"She says {speech}", duration_seconds=4)] == ["long_dialogue"]
    assert told(prompt=f"She says {speech}", duration_seconds=8) == []


def test_people_in_the_prompt_against_a_setting_that_keeps_them_out() -> None:
    tokenbay = spec("tokenbay", "veo-3.1-generate-preview")
    found = told(tokenbay, prompt="A woman at the window", person_generation="dont_allow")
    assert [h.code for h in found] == ["people"]
    assert told(tokenbay, prompt="A woman at the window", person_generation="allow_adult") == []


def test_quotes_are_dialogue_and_apostrophes_are_not() -> None:
    assert list(spoken_in("It's “hello” and 'good-bye' from the boys' boat")) == ["hello", "good-bye"]


def test_lengths_are_measured_against_what_is_read() -> None:
    request = VideoRequest(provider="x", mode="text-to-video", prompt="a" * 41, negative_prompt="b")
    assert lengths(request, SANDBOX)["prompt"].as_json() == {
        "count": 41,
        "limit": 20_000,
        "unit": "characters",
        "about": False,
    }
    measured = lengths(request, spec("tokenbay", "veo-3.1-generate-preview"))
    assert measured["prompt"].as_json() == {"count": 11, "limit": 1_024, "unit": "tokens", "about": True}
    assert "negative_prompt" not in measured
