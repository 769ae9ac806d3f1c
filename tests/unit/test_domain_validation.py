"""The two tables of the design judge requests as the design says; and what holds for every table."""

import copy
import tomllib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec, Table
from playground.domain.issues import Issue, errors
from playground.domain.media import Facts, MediaFacts, MediaKind
from playground.domain.planning import price, to_send, who_can
from playground.domain.request import Mode, VideoRequest
from playground.domain.tables import parse_table
from playground.domain.validation import check, remaining, spec_for

DATA = Path(__file__).parents[1] / "data"
DOCUMENTS = {name: tomllib.loads((DATA / f"sample_{name}.toml").read_text("utf-8")) for name in ("tokenbay", "gemini")}
TOKENBAY = parse_table("tokenbay", DOCUMENTS["tokenbay"])
GEMINI = parse_table("gemini", DOCUMENTS["gemini"])
FULL, LITE = "veo-3.1-generate-preview", "veo-3.1-lite-generate-preview"
SERVED = datetime(2026, 10, 21, 23, 59, tzinfo=UTC)
PICTURE = MediaFacts("image", "png", 1_000, 1280, 720)


def edited(name: str, edit: Callable[[dict[str, Any]], object]) -> Table:
    document = copy.deepcopy(DOCUMENTS[name])
    edit(document)
    return parse_table(name, document)


def ask(mode: Mode = "text-to-video", **fields: Any) -> VideoRequest:
    return VideoRequest.model_validate({"provider": "any", "mode": mode, "prompt": "A lake at dawn.", **fields})


def pictures(**counts: int) -> Facts:
    return Facts({name: (PICTURE,) * count for name, count in counts.items()})


def judged(request: VideoRequest, table: Table, facts: Facts | None = None, now: datetime = SERVED) -> list[Issue]:
    return check(request, table, facts if facts is not None else Facts(region="US"), now)


def told(issues: Iterable[Issue]) -> list[tuple[str, str, str]]:
    return [(issue.field, issue.code, issue.severity) for issue in issues]


def spec_of(request: VideoRequest, table: Table) -> ModeSpec:
    spec = spec_for(request, table, SERVED)
    assert isinstance(spec, ModeSpec)
    return spec


# ---- TokenBay ----


def test_lite_has_no_4k() -> None:
    assert judged(ask(model=FULL, resolution="4k", duration_seconds=8), TOKENBAY) == []
    (issue,) = judged(ask(model=LITE, resolution="4k", duration_seconds=8), TOKENBAY)
    assert (issue.field, issue.severity, issue.allowed) == ("resolution", "error", ("720p", "1080p"))
    assert issue.evidence == "page"


def test_a_rule_names_what_a_person_would_change_and_what_is_allowed() -> None:
    (issue,) = judged(ask(resolution="1080p", duration_seconds=6), TOKENBAY)
    assert (issue.field, issue.code, issue.severity, issue.allowed) == ("duration_seconds", "conflict", "error", (8,))
    assert issue.message == "1080p and 4k come only as 8-second clips here."
    assert (issue.rule, issue.evidence) == ("full-length-only", "page")
    assert issue.involves == {"duration_seconds", "resolution"}


def test_an_unknown_default_that_a_rule_needs_warns_and_the_price_is_unknown() -> None:
    request = ask(resolution="1080p")
    (issue,) = judged(request, TOKENBAY)
    assert (issue.field, issue.severity, issue.allowed) == ("duration_seconds", "warning", (8,))
    assert "Not certain" in issue.message
    assert price(request, TOKENBAY, SERVED).usd is None


def test_a_condition_on_an_unknown_default_warns_only_about_what_was_chosen() -> None:
    assert told(judged(ask(duration_seconds=6), TOKENBAY)) == [("duration_seconds", "conflict", "warning")]
    assert judged(ask(duration_seconds=8), TOKENBAY) == []
    assert judged(ask(), TOKENBAY) == []


def test_the_choices_that_remain_carry_their_reason() -> None:
    left = remaining(ask(resolution="1080p", duration_seconds=6), TOKENBAY, Facts(), SERVED)
    assert {c.value for c in left["duration_seconds"] if c.blocked_by is None} == {8}
    assert {c.value for c in left["resolution"] if c.blocked_by is None} == {"720p"}
    blocked = next(c.blocked_by for c in left["resolution"] if c.value == "4k")
    assert blocked is not None
    assert blocked.rule == "full-length-only"
    assert {c.value for c in left["generate_audio"] if c.blocked_by is None} == {True, False}


def test_one_reference_image_warns_and_two_are_refused() -> None:
    one = ask("references", duration_seconds=8, reference_images=["a.png"])
    assert told(judged(one, TOKENBAY, pictures(reference_images=1))) == [("mode", "note", "warning")]
    two = ask("references", duration_seconds=8, reference_images=["a.png", "b.png"])
    assert told(judged(two, TOKENBAY, pictures(reference_images=2))) == [
        ("reference_images", "too_many", "error"),
        ("mode", "note", "warning"),
    ]


def test_the_prompt_is_optional_with_an_image() -> None:
    for blank in (None, "", "  \n"):
        assert told(judged(ask(prompt=blank, duration_seconds=8), TOKENBAY)) == [("prompt", "required", "error")]
        pictured = ask("image-to-video", prompt=blank, duration_seconds=8, first_frame="a.png")
        assert judged(pictured, TOKENBAY, pictures(first_frame=1)) == []
    no_image = ask("references", prompt=None, duration_seconds=8, reference_images=[])
    assert {(i.field, i.code) for i in errors(judged(no_image, TOKENBAY))} == {
        ("prompt", "required"),
        ("reference_images", "required"),
    }


def test_a_mode_that_is_not_offered_is_an_issue_of_the_mode() -> None:
    (issue,) = judged(ask("extension", source_video="a.mp4"), TOKENBAY)
    assert (issue.field, issue.code) == ("mode", "unsupported_mode")
    assert issue.allowed == ("text-to-video", "image-to-video", "interpolation", "references")
    assert "TokenBay" in issue.message
    assert remaining(ask("extension"), TOKENBAY, Facts(), SERVED) == {}


def test_a_model_that_lacks_a_mode_is_named() -> None:
    table = edited("tokenbay", lambda d: d["modes"]["references"].update(models=[FULL]))
    (issue,) = judged(ask("references", model=LITE, reference_images=["a.png"]), table)
    assert (issue.field, issue.code) == ("mode", "unsupported_mode")
    assert "Veo 3.1 Lite" in issue.message
    assert "references" not in (issue.allowed or ())


def test_an_unknown_model_is_told_with_those_that_are() -> None:
    (issue,) = judged(ask(model="veo-9" * 100), TOKENBAY)
    assert (issue.field, issue.allowed) == ("model", (FULL, LITE))
    assert len(issue.message) < 200


# ---- Gemini ----


def test_the_day_before_its_end_a_model_is_fine() -> None:
    assert judged(ask(), GEMINI, now=SERVED) == []


def test_from_its_last_day_a_model_is_refused_and_its_successor_named() -> None:
    for now in (datetime(2026, 10, 22, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)):
        (issue,) = judged(ask(), GEMINI, now=now)
        assert (issue.field, issue.code, issue.severity) == ("model", "retired", "error")
        for word in ("2026-10-22", "gemini-omni-1.1-flash", "vertex:veo-3.1-generate-001"):
            assert word in issue.message
        assert issue.evidence == "deprecations"
        assert GEMINI.default_model("text-to-video", now.date()) is not None


def test_an_operator_may_let_a_retired_model_through() -> None:
    facts = Facts(region="US", allow_retired=True)
    assert told(judged(ask(), GEMINI, facts, datetime(2026, 10, 23, tzinfo=UTC))) == [("model", "retired", "warning")]


def test_other_stages_warn() -> None:
    dates = {"at_risk_from": datetime(2026, 8, 1).date(), "deprecated_on": datetime(2026, 9, 1).date()}
    table = edited("gemini", lambda d: d["model"][0]["lifecycle"].update(dates))
    seen = [judged(ask(), table, now=datetime(2026, month, 1, tzinfo=UTC)) for month in (7, 8, 9, 11)]
    assert [[(i.code, i.severity) for i in issues] for issues in seen] == [
        [],
        [("at_risk", "warning")],
        [("deprecated", "warning")],
        [("retired", "error")],
    ]


def test_a_live_model_is_preferred_to_a_retired_one() -> None:
    table = edited("gemini", lambda d: d["model"].append({"id": "veo-next", "label": "Next"}))
    for now, model in ((SERVED, FULL), (datetime(2026, 10, 22, tzinfo=UTC), "veo-next")):
        assert spec_model(ask(), table, now) == model


def spec_model(request: VideoRequest, table: Table, now: datetime) -> str:
    spec = spec_for(request, table, now)
    assert isinstance(spec, ModeSpec)
    return spec.model.id


@pytest.mark.parametrize("seconds", [4, 6])
def test_interpolation_must_be_8_seconds(seconds: int) -> None:
    frames = {"first_frame": "a.png", "last_frame": "b.png"}
    facts = Facts({"first_frame": (PICTURE,), "last_frame": (PICTURE,)}, region="US")
    (issue,) = judged(ask("interpolation", duration_seconds=seconds, **frames), GEMINI, facts)
    assert (issue.field, issue.severity, issue.allowed) == ("duration_seconds", "error", (8,))
    assert judged(ask("interpolation", duration_seconds=8, **frames), GEMINI, facts) == []
    assert judged(ask("interpolation", **frames), GEMINI, facts) == []


def _clip(**changes: Any) -> MediaFacts:
    plain: dict[str, Any] = {"kind": "video", "format": "mp4", "seconds": 8.0, "width": 1280, "height": 720}
    made: dict[str, Any] = {"made_by": "gemini", "made_at": SERVED - timedelta(hours=1), "extended": 0}
    return MediaFacts(**{**plain, **made, **changes})


def _extension(clip: MediaFacts, **fields: Any) -> list[Issue]:
    request = ask("extension", source_video="job:abc", **fields)
    return judged(request, GEMINI, Facts({"source_video": (clip,)}, region="US"))


@pytest.mark.parametrize(
    "clip",
    [
        _clip(),
        _clip(made_at=SERVED - timedelta(days=2)),
        _clip(seconds=141.0),
        _clip(seconds=141.04),
        _clip(extended=19),
    ],
)
def test_a_clip_of_ones_own_can_be_extended(clip: MediaFacts) -> None:
    assert _extension(clip) == []


@pytest.mark.parametrize(
    "clip",
    [
        _clip(made_by=None),
        _clip(made_by="vertex"),
        _clip(made_at=SERVED - timedelta(days=2, seconds=1)),
        _clip(seconds=141.2),
        _clip(extended=20),
    ],
)
def test_a_clip_that_gemini_would_not_extend_is_refused_on_the_clip(clip: MediaFacts) -> None:
    (issue,) = _extension(clip)
    assert (issue.field, issue.severity, issue.rule) == ("source_video", "error", "own-recent-clips")
    assert issue.message == "Gemini extends only its own clips, within two days, up to 141 seconds."


def test_an_extension_has_no_length_of_its_own_and_only_720p() -> None:
    assert told(_extension(_clip(), duration_seconds=8)) == [("duration_seconds", "unsupported_field", "error")]
    assert told(_extension(_clip(), resolution="1080p")) == [
        ("resolution", "not_allowed", "error"),
    ]
    assert _extension(_clip(), resolution="720p") == []
    assert price(ask("extension", source_video="x"), GEMINI, SERVED).billed_seconds == 7


def test_sound_that_is_always_on_may_be_asked_for_and_is_not_sent() -> None:
    for asked in (True, None):
        request = ask(generate_audio=asked)
        assert judged(request, GEMINI) == []
        assert to_send(request, spec_of(request, GEMINI)).generate_audio is None
    (issue,) = judged(ask(generate_audio=False), GEMINI)
    assert (issue.field, issue.code, issue.severity, issue.allowed) == ("generate_audio", "fixed", "error", (True,))
    left = remaining(ask(), GEMINI, Facts(region="US"), SERVED)["generate_audio"]
    assert [choice.value for choice in left if choice.blocked_by is None] == [True]


@pytest.mark.parametrize(
    ("region", "people", "severity"),
    [
        ("DE", "allow_all", "error"),
        ("de", "allow_all", "error"),
        ("DE", "allow_adult", None),
        ("DE", None, "warning"),
        ("US", "allow_all", None),
        (None, "allow_all", "warning"),
        (None, "allow_adult", None),
        (None, None, None),
    ],
)
def test_a_rule_of_some_regions(region: str | None, people: str | None, severity: str | None) -> None:
    issues = judged(ask(person_generation=people), GEMINI, Facts(region=region))
    assert told(issues) == ([] if severity is None else [("person_generation", "conflict", severity)])
    assert all(issue.allowed == ("allow_adult",) for issue in issues)


def test_a_remark_on_some_regions_is_made_where_the_region_is_not_known() -> None:
    remark = {"id": "eu", "region": "DE", "says": "Nothing is stored in the EU.", "evidence": "documentation"}
    table = edited("gemini", lambda d: d["rule"].append({**remark, "severity": "warning"}))
    request = ask(person_generation="allow_adult")
    seen = {region: told(judged(request, table, Facts(region=region))) for region in ("US", "DE", None)}
    assert seen == {"US": [], "DE": [("mode", "note", "warning")], None: [("mode", "note", "warning")]}


def test_a_long_prompt_warns_where_only_tokens_are_limited() -> None:
    assert told(judged(ask(prompt="x" * 4_097), GEMINI)) == [("prompt", "maybe_too_long", "warning")]
    assert judged(ask(prompt="x" * 4_096), GEMINI) == []


# ---- Any table ----


def test_rules_that_contradict_each_other_leave_nothing() -> None:
    def contradict(document: dict[str, Any]) -> None:
        for number, seconds in enumerate((8, 4, 6)):
            rule = {"id": f"r{number}", "then": {"duration_seconds": [seconds]}, "says": "So.", "evidence": "page"}
            document["rule"].append(rule)

    issues = errors(judged(ask(resolution="720p", duration_seconds=6), edited("tokenbay", contradict)))
    assert [issue.allowed for issue in issues] == [(), ()]


def test_what_a_rule_requires_or_forbids() -> None:
    def add(document: dict[str, Any]) -> None:
        document["parameters"]["seed"] = {"at_least": 0, "evidence": "page"}
        document["parameters"]["negative_prompt"] = {"evidence": "page"}
        rule = {"id": "r", "when": {"seed": "set"}, "says": "So.", "evidence": "page"}
        document["rule"].append({**rule, "then": {"duration_seconds": "required", "negative_prompt": "forbidden"}})

    table = edited("tokenbay", add)
    assert judged(ask(duration_seconds=8, negative_prompt="rain"), table) == []
    assert judged(ask(duration_seconds=8, seed=0), table) == []
    both = errors(judged(ask(seed=0, negative_prompt="rain"), table))
    assert [(i.field, i.code) for i in both] == [("duration_seconds", "required"), ("negative_prompt", "forbidden")]


def test_too_few_media_are_refused() -> None:
    table = edited("gemini", lambda d: d["modes"]["references"]["parameters"]["reference_images"].update(at_least=2))
    facts = Facts({"reference_images": (PICTURE,)}, region="US")
    (issue,) = judged(ask("references", reference_images=["a.png"]), table, facts)
    assert (issue.field, issue.code) == ("reference_images", "too_few")


def test_a_number_with_choices_is_held_to_them() -> None:
    choices = {"number_of_videos": {"choices": [1, 2, 4], "default": 1, "evidence": "documentation"}}
    table = edited("gemini", lambda d: d["parameters"].update(choices))
    (issue,) = judged(ask(number_of_videos=3), table)
    assert (issue.field, issue.allowed) == ("number_of_videos", (1, 2, 4))
    assert judged(ask(number_of_videos=4), table) == []


def test_what_is_required_and_has_no_known_default_is_asked_for() -> None:
    table = edited("tokenbay", lambda d: d["parameters"]["aspect_ratio"].update(required=True))
    assert ("aspect_ratio", "required", "error") in told(judged(ask(duration_seconds=8), table))


@pytest.mark.parametrize(
    ("limits", "facts", "code"),
    [
        ({"formats": ["png"]}, {"format": "jpeg"}, "format"),
        ({"max_megabytes": 20}, {"bytes": 20_000_001}, "too_large"),
        ({"max_megapixels": 50}, {"width": 10_000, "height": 5_001}, "too_many_pixels"),
        ({"heights": [720, 1080]}, {"width": 640, "height": 480}, "size"),
        ({"at_most_seconds": 30}, {"seconds": 30.1}, "too_long"),
        ({"at_least_seconds": 4}, {"seconds": 3.9}, "too_short"),
        ({"frames_per_second": 24}, {"frames_per_second": 30.0}, "frame_rate"),
        ({"url_only": True}, {}, "url_only"),
    ],
)
def test_a_medium_is_held_to_its_limits(limits: dict[str, Any], facts: dict[str, Any], code: str) -> None:
    def limit(document: dict[str, Any]) -> None:
        document["modes"]["extension"]["parameters"]["source_video"]["limits"] = limits

    table = edited("gemini", limit)
    good: dict[str, Any] = {"format": "png", "bytes": 20_000_000, "width": 1280, "height": 720, "seconds": 8.0}
    for extra, reference, codes in (
        (facts, "a.mp4", [code]),
        ({}, "https://example.org/a.mp4", []),
        (dict.fromkeys(good), "https://example.org/a.mp4", []),
    ):
        clip = _clip(**{**good, "frames_per_second": 24.0, **extra})
        issues = judged(ask("extension", source_video=reference), table, Facts({"source_video": (clip,)}, region="US"))
        assert [(i.field, i.code) for i in issues] == [("source_video", each) for each in codes]


@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_medium_that_cannot_be_used_is_said_once(kind: MediaKind) -> None:
    bad = MediaFacts(kind, problem="It is broken.", problem_code="broken", format="tiff", bytes=10**9)
    issues = judged(
        ask("image-to-video", first_frame="a.png", duration_seconds=8), TOKENBAY, Facts({"first_frame": (bad,)})
    )
    assert told(issues) == [("first_frame", "broken", "error")]
    assert issues[0].message == "It is broken."


def test_errors_come_first_and_nothing_twice() -> None:
    request = ask("references", resolution="2k", prompt=None, reference_images=["a", "b"], seed=1)
    issues = judged(request, TOKENBAY, pictures(reference_images=2))
    severities = [issue.severity for issue in issues]
    assert severities == sorted(severities)
    assert len(set(issues)) == len(issues)
    assert {i.field for i in errors(issues)} == {"resolution", "reference_images", "seed"}


def test_an_issue_is_shown_as_the_contract_says() -> None:
    (issue,) = judged(ask(resolution="1080p", duration_seconds=6), TOKENBAY)
    assert issue.as_json() == {
        "field": "duration_seconds",
        "code": "conflict",
        "message": "1080p and 4k come only as 8-second clips here.",
        "allowed": [8],
        "rule": "full-length-only",
        "evidence": "page",
        "severity": "error",
    }


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**5_000], ids=["big", "negative", "unprintable"])
@pytest.mark.parametrize("field", ["duration_seconds", "seed", "number_of_videos"])
def test_an_absurd_number_is_an_issue_without_a_price_and_without_its_digits(field: str, number: int) -> None:
    sandbox = load_tables()["sandbox"]
    request = ask().model_copy(update={field: number})
    (issue,) = judged(request, sandbox)
    assert issue.field == field
    assert len(issue.message) < 200
    assert price(request, sandbox, SERVED).usd == (0 if field == "seed" else None)
    assert [offer.can for offer in who_can(request, {"sandbox": sandbox}, Facts(), SERVED)] == [False]


def test_a_long_value_is_not_repeated_in_full() -> None:
    (issue,) = errors(judged(ask(resolution="x" * 100_000, duration_seconds=8), TOKENBAY))
    assert len(issue.message) < 200
