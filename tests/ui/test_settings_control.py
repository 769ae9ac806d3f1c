"""What the settings' own component is given: drawn from the tables, locked where a model is gone, nothing lost."""

from datetime import date
from typing import Any

from playground.catalog import load_tables
from playground.ui.mode_form import ModeForm
from playground.ui.settings import described, values
from playground.ui.shelf import Shelf

FORM = ModeForm("text-to-video", Shelf(load_tables(), today=lambda: date(2026, 11, 20)))


def shown(**held: object) -> dict[str, Any]:
    return described("text-to-video", FORM.draw(held))["form"]


def test_what_counts_most_is_always_in_sight_in_its_order() -> None:
    form = shown(provider="sandbox")
    assert [c["name"] for c in form["main"]] == ["aspect_ratio", "duration_seconds", "resolution", "generate_audio"]
    assert "seed" in [c["name"] for c in form["advanced"]]
    assert not {"prompt", "first_frame"} & {c["name"] for c in (*form["main"], *form["advanced"])}


def test_a_setting_that_a_model_lacks_is_not_drawn() -> None:
    lean = FORM.draw({"provider": "aigateway"})
    drawn = {c["name"] for c in (*shown(provider="aigateway")["main"], *shown(provider="aigateway")["advanced"])}
    assert drawn == set(FORM.in_sight("aigateway", lean.model)) - {"prompt"}
    assert "seed" not in drawn
    assert shown(provider="aigateway")["rehearsals"] == []


def test_models_that_were_shut_down_are_locked_unless_the_operator_says_otherwise() -> None:
    assert {m["locked"] for m in shown(provider="gemini")["models"]} == {True}
    assert {m["locked"] for m in shown(provider="vertex")["models"]} == {False}
    generous = ModeForm("text-to-video", Shelf(load_tables(), today=lambda: date(2026, 11, 20), allow_retired=True))
    assert generous.draw({"provider": "gemini"}).locked == frozenset()


def test_what_was_typed_is_held_even_where_it_is_hidden_now() -> None:
    drawn = FORM.draw({"provider": "tokenbay", "seed": "7"})
    held = values(drawn, {"seed": "7", "negative_prompt": "rain"})
    assert (held["seed"], held["negative_prompt"], held["provider"]) == ("7", "rain", "tokenbay")
    assert held["generate_audio"] == values(FORM.draw({"provider": "tokenbay"}), {})["generate_audio"]
    assert "prompt" not in held


def test_what_always_happens_is_marked() -> None:
    sound = next(c for c in shown(provider="gemini")["main"] if c["name"] == "generate_audio")
    assert sound["free"] is False
