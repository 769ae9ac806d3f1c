"""The lists of providers and models: who comes first, what is locked since when, and what the page starts with."""

from datetime import date

import pytest

from playground.catalog import load_tables
from playground.domain.request import MODES
from playground.ui.mode_form import ModeForm
from playground.ui.shelf import Shelf

TODAY = date(2026, 11, 20)
TABLES = load_tables()


def shelf(*ready: str, made: tuple[str, ...] = ("sandbox",), day: date = TODAY, allow_retired: bool = False) -> Shelf:
    return Shelf(
        TABLES,
        why_not=lambda provider: None if provider in ("sandbox", *ready) else f"{provider} needs a key.",
        can_make=lambda provider: provider in made,
        today=lambda: day,
        allow_retired=allow_retired,
    )


def labels(options: list[tuple[str, str]]) -> dict[str, str]:
    return {held: label for label, held in options}


@pytest.mark.parametrize("mode", MODES)
def test_without_any_key_the_page_starts_with_the_sandbox(mode: str) -> None:
    for each in MODES:
        if each == mode:
            assert ModeForm(each, shelf()).draw({}).provider == "sandbox"


def test_with_a_key_the_page_starts_with_a_live_provider_that_has_one() -> None:
    here = shelf("vertex", made=("sandbox", "vertex", "tokenbay"))
    drawn = ModeForm("text-to-video", here).draw({})
    assert (drawn.provider, drawn.model) == ("vertex", "veo-3.1-generate-001")
    assert ModeForm("references", here).draw({}).provider == "vertex"


def test_among_those_with_a_key_one_whose_price_is_known_comes_first() -> None:
    here = shelf("tokenbay", "vertex", made=("sandbox", "vertex", "tokenbay"))
    assert [provider for _, provider in here.providers("text-to-video")][:2] == ["vertex", "tokenbay"]
    assert ModeForm("text-to-video", here).draw({}).provider == "vertex"


def test_a_key_for_what_was_shut_down_is_no_reason_to_start_there() -> None:
    assert ModeForm("text-to-video", shelf("gemini", made=("gemini", "sandbox"))).draw({}).provider == "sandbox"


def test_only_those_who_have_the_mode_are_listed() -> None:
    assert set(labels(shelf().providers("extension"))) == {"sandbox", "azerion", "vertex", "gemini"}
    assert set(labels(shelf().models("gemini", "references"))) == {
        "veo-3.1-generate-preview",
        "veo-3.1-fast-generate-preview",
    }
    assert shelf().models(None, "extension") == []


def test_what_was_shut_down_stays_in_sight_locked_with_its_date_and_last() -> None:
    listed = shelf().providers("text-to-video")
    assert listed[-1] == ("Gemini API · locked, shut down 2026-10-22", "gemini")
    models = labels(shelf().models("gemini", "text-to-video"))
    assert models["veo-2.0-generate-001"] == "Veo 2 · locked, shut down 2026-06-30"


def test_the_day_before_it_was_simply_there() -> None:
    before = shelf(day=date(2026, 10, 21))
    assert labels(before.models("gemini", "text-to-video"))["veo-3.1-generate-preview"] == "Veo 3.1 (preview)"


def test_the_operator_may_unlock_it() -> None:
    models = labels(shelf(allow_retired=True).models("gemini", "text-to-video"))
    assert models["veo-3.1-generate-preview"] == "Veo 3.1 (preview) · shut down 2026-10-22"


def test_vertex_is_at_risk_and_who_cannot_be_used_says_why() -> None:
    here = shelf(made=("sandbox", "tokenbay"))
    assert labels(here.models("vertex", "extension"))["veo-3.1-generate-001"] == "Veo 3.1 · at risk since 2026-11-17"
    names = labels(here.providers("text-to-video"))
    assert (names["tokenbay"], names["vertex"]) == ("TokenBay · needs a key", "Vertex AI · check only")
