"""The form follows the tables: what is shown, what stays, and what happens where a provider keeps silent."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from playground.catalog import load_tables
from playground.domain.capabilities import Table
from playground.domain.request import MODES, Mode
from playground.domain.tables import parse_table
from playground.ui.controls import UNSET, Control
from playground.ui.mode_form import Drawn, ModeForm
from playground.ui.shelf import Shelf

TODAY = date(2026, 11, 20)
OURS = {"sandbox": load_tables()["sandbox"]}


def other() -> Table:
    """A made-up provider with everything that the sandbox lacks: silence, fixed values, a model that is gone."""
    return parse_table(
        "other",
        {
            "provider": {
                "label": "Other",
                "base_url": {"env": "OTHER_BASE_URL"},
                "credential": {"env": "OTHER_KEY"},
                "answers": "once",
                "evidence": "ours",
            },
            "model": [
                {"id": "gone", "label": "Gone", "lifecycle": {"retired_on": date(2026, 10, 1), "evidence": "ours"}},
                {"id": "new", "label": "New"},
            ],
            "modes": {"text-to-video": {"evidence": "ours"}},
            "parameters": {
                "prompt": {"required": True, "evidence": "ours"},
                "duration_seconds": {"choices": [6, 8], "default": "unknown", "unit": "s", "evidence": "ours"},
                "resolution": {"choices": ["720p", "1080p"], "default": "1080p", "evidence": "ours"},
                "generate_audio": {"default": "unknown", "evidence": "ours"},
                "enhance_prompt": {"default": True, "fixed": True, "evidence": "ours"},
            },
            "price": [{"usd_per_second": "unknown", "evidence": "ours"}],
            "evidence": {"ours": {"kind": "inferred", "where": "a test", "read": TODAY}},
        },
    )


TABLES = {"other": other(), **OURS}


def form_of(mode: Mode, tables: Mapping[str, Table], **here: Any) -> ModeForm:
    return ModeForm(mode, Shelf(tables, today=lambda: TODAY, **here))


def by_name(drawn: Drawn) -> dict[str, Control]:
    return {control.name: control for control in drawn.controls}


@pytest.mark.parametrize("mode", MODES)
def test_the_sandbox_has_every_mode_and_its_defaults_are_shown(mode: str) -> None:
    form = next(form_of(m, OURS) for m in MODES if m == mode)
    drawn = form.draw({})
    assert (drawn.provider, drawn.model) == ("sandbox", "sandbox-preview")
    spec = OURS["sandbox"].specs["sandbox-preview", form.mode]
    for name, control in by_name(drawn).items():
        assert control.shown
        default = spec.default(name)
        if default is not None:
            assert control.value == default
        if control.style == "radio":
            assert [value for _, value in control.choices] == list(spec.parameters[name].allowed() or ())


def test_a_choice_reads_as_a_person_says_it() -> None:
    duration = by_name(form_of("text-to-video", OURS).draw({}))["duration_seconds"]
    assert duration.choices == (("4 s", 4), ("6 s", 6), ("8 s", 8))
    assert duration.help == "Length of the clip."


def test_rehearsals_are_offered_only_where_a_table_has_them() -> None:
    form = form_of("text-to-video", TABLES)
    assert ("Lost reply", "lost-reply") in form.draw({"provider": "sandbox", "rehearsal": "slow"}).rehearsals
    drawn = form.draw({"provider": "other", "rehearsal": "slow"})
    assert (drawn.rehearsals, drawn.rehearsal) == ((), UNSET)


def test_a_default_that_nobody_knows_can_be_left_to_the_provider() -> None:
    controls = by_name(form_of("text-to-video", TABLES).draw({"provider": "other"}))
    assert controls["duration_seconds"].choices[0] == ("Auto", UNSET)
    assert controls["duration_seconds"].value == UNSET
    assert controls["generate_audio"].style == "radio"
    assert controls["generate_audio"].value == UNSET


def test_a_known_switch_beside_an_unknown_one_shows_its_default() -> None:
    audio = by_name(form_of("text-to-video", TABLES).draw({"provider": "sandbox"}))["generate_audio"]
    assert (audio.value, [value for _, value in audio.choices]) == ("on", ["on", "off"])


def test_what_always_happens_is_shown_and_cannot_be_changed() -> None:
    control = by_name(form_of("text-to-video", TABLES).draw({"provider": "other", "enhance_prompt": False}))
    assert (control["enhance_prompt"].value, control["enhance_prompt"].free) == (True, False)


def test_changing_the_provider_keeps_what_fits_and_hides_what_is_lacking() -> None:
    form = form_of("text-to-video", TABLES)
    held = {"provider": "other", "model": "sandbox-preview", "resolution": "720p", "duration_seconds": 4, "prompt": "A"}
    drawn = form.draw(held)
    controls = by_name(drawn)
    assert drawn.model == "new"
    assert controls["resolution"].value == "720p"
    assert controls["duration_seconds"].value == UNSET
    assert controls["prompt"].value == "A"
    assert not controls["seed"].shown


def test_what_a_hidden_control_holds_is_not_asked_for() -> None:
    form = form_of("text-to-video", TABLES)
    assert "seed" not in form.in_sight("other", "new")
    assert "seed" in form.in_sight("sandbox", "sandbox-preview")
    assert form.in_sight("sandbox", "unknown") == form.in_sight(None, 7) == form.names


def test_a_value_of_another_type_never_fits() -> None:
    controls = by_name(form_of("text-to-video", OURS).draw({"duration_seconds": "4", "generate_audio": "x"}))
    assert controls["duration_seconds"].value == 8
    assert controls["generate_audio"].value is True


def test_a_mode_lists_only_those_who_have_it() -> None:
    assert form_of("extension", TABLES).draw({}).providers == [("Sandbox", "sandbox")]


def test_media_say_what_they_take() -> None:
    clip = by_name(form_of("extension", OURS).draw({}))["source_video"]
    assert (clip.help, clip.accepts, clip.at_most) == ("MP4, MOV, WEBM, up to 100 MB, up to 141 s", "video/*", 1)
    pictures = form_of("references", OURS)
    assert by_name(pictures.draw({}))["reference_images"].at_most == 3
    assert "first_frame" not in pictures.essential
