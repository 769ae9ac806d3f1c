"""The matrix and its cells: everything that the tables say, in plain words, and nothing that they do not."""

import json
from datetime import date
from typing import Any, cast

import pytest

from playground.catalog import load_tables
from playground.domain.tables import parse_table
from playground.ui.matrix import matrix
from playground.ui.prices import in_short, money
from playground.ui.sheet import sheet
from playground.ui.shelf import Shelf

TODAY = date(2026, 11, 20)
TABLES = load_tables()


def here(day: date = TODAY, *, allow_retired: bool = False) -> Shelf:
    return Shelf(
        TABLES,
        why_not=lambda provider: None if provider == "sandbox" else "Not here.",
        can_make=lambda provider: provider == "sandbox",
        today=lambda: day,
        allow_retired=allow_retired,
    )


def cell(provider: str, model: str, mode: str, day: date = TODAY) -> Any:
    return cast("Any", sheet(here(day), provider, model, mode))


def test_the_matrix_has_every_model_and_every_cell_of_the_tables() -> None:
    whole = cast("Any", matrix(here()))
    cells = {
        (provider["id"], model["id"], mode)
        for provider in whole["providers"]
        for model in provider["models"]
        for mode in model["modes"]
    }
    assert cells == {(stem, *key) for stem, table in TABLES.items() for key in table.specs}
    assert json.loads(json.dumps(whole)) == whole
    assert whole["providers"][0]["id"] == "sandbox"
    assert whole["providers"][-1]["id"] == "gemini"


def test_only_who_has_nothing_left_is_gone() -> None:
    for shelf, gone in ((here(), {"gemini"}), (here(allow_retired=True), set[str]())):
        providers = cast("Any", matrix(shelf))["providers"]
        assert {each["id"] for each in providers if each["all_locked"]} == gone


def test_a_model_says_where_it_stands() -> None:
    whole = cast("Any", matrix(here()))
    models = {(p["id"], m["id"]): m for p in whole["providers"] for m in p["models"]}
    gone = models["gemini", "veo-3.1-generate-preview"]
    assert (gone["stage"], gone["locked"], gone["retired_on"]) == ("retired", True, "2026-10-22")
    assert gone["instead"] == "vertex:veo-3.1-generate-001"
    assert models["vertex", "veo-3.1-generate-001"]["standing"] == "at risk since 2026-11-17"
    unlocked = cast("Any", matrix(here(allow_retired=True)))
    assert not any(m["locked"] for p in unlocked["providers"] for m in p["models"])


def test_values_are_spoken_neutrally() -> None:
    spoken = cast("Any", matrix(here()))["spoken"]
    assert spoken["person_generation"]["dont_allow"] == "no people"
    assert (spoken["duration_seconds"]["8"], spoken["generate_audio"]["false"]) == ("8 s", "off")


def test_the_providers_own_word_stands_in_the_detail() -> None:
    people = [
        p for p in cell("vertex", "veo-3.1-generate-001", "text-to-video")["parameters"] if p["label"] == "People"
    ]
    (words,) = [p["words"] for p in people]
    assert "no people" in [each["ours"] for each in words]
    assert all(each["theirs"] for each in words)


def test_an_unknown_price_is_unknown_and_never_free() -> None:
    for table in TABLES.values():
        for spec in table.specs.values():
            short = in_short(spec)
            if any(price.usd_per_second == "unknown" for price in spec.prices):
                assert "nknown" in short
            assert (short == "Free") == (table.id == "sandbox")
    assert [each["price"] for each in cell("azerion", "google-veo-3-1", "extension")["prices"]] == ["Price unknown"]


@pytest.mark.parametrize(("usd", "text"), [(0.4, "$0.40"), (0.075, "$0.075"), (3.2, "$3.20"), (0.0005, "$0.0005")])
def test_money(usd: float, text: str) -> None:
    assert money(usd) == text


@pytest.mark.parametrize(("stem", "model", "mode"), [(s, *key) for s, t in TABLES.items() for key in t.specs])
def test_every_fact_of_every_cell_leads_to_its_evidence(stem: str, model: str, mode: str) -> None:
    whole = cell(stem, model, mode)
    facts = [*whole["parameters"], *whole["rules"], *whole["prices"]]
    assert {fact["evidence"] for fact in facts} <= set(whole["evidence"])
    assert whole["prices"]
    for each in whole["evidence"].values():
        assert date.fromisoformat(each["read"])
        assert each["link"] is None or each["link"].startswith("https://")
    assert json.loads(json.dumps(whole)) == whole


def test_evidence_older_than_180_days_is_stale() -> None:
    fresh = cell("sandbox", "sandbox-preview", "text-to-video")["evidence"]["ours"]
    old = cell("sandbox", "sandbox-preview", "text-to-video", date(2027, 5, 20))["evidence"]["ours"]
    assert (fresh["stale"], old["stale"]) == (False, True)


def test_a_link_that_is_no_https_link_is_not_followed() -> None:
    document: dict[str, object] = {
        "provider": {
            "label": "Odd",
            "base_url": {"env": "ODD_BASE_URL"},
            "answers": "once",
            "evidence": "ours",
        },
        "model": [{"id": "m", "label": "M"}],
        "modes": {"text-to-video": {"evidence": "ours"}},
        "price": [{"usd_per_second": "unknown", "evidence": "ours"}],
        "evidence": {"ours": {"kind": "inferred", "where": "a test", "link": "javascript:alert(1)", "read": TODAY}},
    }
    odd = Shelf({"odd": parse_table("odd", document)}, today=lambda: TODAY)
    found = cast("Any", sheet(odd, "odd", "m", "text-to-video"))
    assert found["evidence"]["ours"]["link"] is None


@pytest.mark.parametrize(("stem", "model", "mode"), [("x", "y", "z"), ("sandbox", "y", "extension"), ("", "", "")])
def test_there_is_no_such_cell(stem: str, model: str, mode: str) -> None:
    assert sheet(here(), stem, model, mode) is None
