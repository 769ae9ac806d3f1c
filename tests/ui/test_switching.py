"""Moving a form to another provider: what it takes stays, the rest is set aside, said, and comes back."""

import itertools
from datetime import date

from playground.catalog import load_tables
from playground.ui.controls import MAIN, UNSET
from playground.ui.mode_form import ModeForm
from playground.ui.shelf import Shelf
from playground.ui.switching import Switched, Wish, as_held, read_wish, remembered, switch

FORM = ModeForm("text-to-video", Shelf(load_tables(), today=lambda: date(2026, 11, 20)))
SANDBOX = {"provider": "sandbox", "model": "sandbox-preview"}


def start(**values: object) -> tuple[dict[str, object], dict[str, object]]:
    """The sandbox's form with some values: its memory, and what it holds."""
    drawn = FORM.draw(SANDBOX)
    held: dict[str, object] = {**SANDBOX, **{c.name: c.value for c in drawn.controls}, **values}
    return remembered(drawn), held


def after(moved: Switched, held: dict[str, object], **chosen: object) -> dict[str, object]:
    """What the form holds once it has been redrawn, and then somebody chose something."""
    controls = {c.name: c.value for c in moved.drawn.controls if c.style not in ("line", "text", "media")}
    who = {"provider": moved.drawn.provider, "model": moved.drawn.model}
    return {**held, **controls, **moved.typed, **who, **chosen}


def test_what_fits_stays_and_nothing_is_said() -> None:
    memory, held = start(prompt="A boat", aspect_ratio="9:16", duration_seconds=6)
    moved = switch(FORM, memory, {**held, "provider": "vertex"})
    now = after(moved, held)
    assert (now["aspect_ratio"], now["duration_seconds"], now["prompt"]) == ("9:16", 6, "A boat")
    assert moved.memory["said"] == []


def test_what_does_not_fit_is_set_aside_and_comes_back() -> None:
    memory, held = start(aspect_ratio="1:1", seed="7", number_of_videos=3)
    there = switch(FORM, memory, {**held, "provider": "aigateway", "model": "google/veo-3.1"})
    assert {"label": "Aspect ratio", "value": "1:1"} in list(there.memory["said"])  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]
    now = after(there, held)
    assert now["aspect_ratio"] != "1:1"
    back = switch(FORM, there.memory, {**now, **SANDBOX})
    restored = after(back, now)
    assert (restored["aspect_ratio"], restored["seed"], restored["number_of_videos"]) == ("1:1", "7", 3)
    assert back.memory["aside"] == {}


def test_it_survives_a_stay_at_two_who_cannot_have_it() -> None:
    memory, held = start(aspect_ratio="1:1")
    first = switch(FORM, memory, {**held, "provider": "vertex"})
    second = switch(FORM, first.memory, {**after(first, held), "provider": "gemini"})
    back = switch(FORM, second.memory, {**after(second, held), **SANDBOX})
    assert after(back, held)["aspect_ratio"] == "1:1"


def test_whoever_has_chosen_anew_gets_that() -> None:
    memory, held = start(aspect_ratio="1:1")
    there = switch(FORM, memory, {**held, "provider": "vertex"})
    now = after(there, held, aspect_ratio="9:16")
    assert after(switch(FORM, there.memory, {**now, **SANDBOX}), now)["aspect_ratio"] == "9:16"


def test_an_untouched_default_is_nothing_to_talk_about() -> None:
    memory, held = start()
    moved = switch(FORM, memory, {**held, "provider": "cloudflare"})
    assert moved.memory["said"] == []


def test_whom_one_looked_at_before_changes_nothing_of_the_fine_print() -> None:
    providers = [provider for _, provider in FORM.draw({}).providers]
    for first, second in itertools.permutations(providers, 2):
        memory, held = start(prompt="A boat")
        for provider in (first, second):
            moved = switch(FORM, memory, {**held, "provider": provider})
            memory, held = moved.memory, after(moved, held)
        straight = {c.name: c.value for c in FORM.draw({"provider": second}).controls if c.name not in MAIN}
        assert {name: held[name] for name in straight} == {**straight, "prompt": "A boat"}


def test_a_choice_outlasts_a_provider_whose_default_it_is() -> None:
    form = ModeForm("image-to-video", Shelf(load_tables(), today=lambda: date(2026, 11, 20)))
    drawn = form.draw({"provider": "vertex"})
    held: dict[str, object] = {"provider": "vertex", "model": drawn.model, **{c.name: c.value for c in drawn.controls}}
    assert held["resize_mode"] == "pad"
    memory, held = remembered(drawn), {**held, "resize_mode": "crop"}
    for provider in ("sandbox", "vertex"):
        moved = switch(form, memory, {**held, "provider": provider})
        memory, held = moved.memory, after(moved, held)
        assert held["resize_mode"] == "crop"


def test_a_wish_may_say_what_is_rehearsed() -> None:
    memory, held = start(rehearsal="slow")
    assert switch(FORM, memory, held, Wish("sandbox", "sandbox-preview", {})).drawn.rehearsal == "slow"
    for wanted in ("filtered", UNSET):
        wish = Wish("sandbox", "sandbox-preview", {"rehearsal": wanted})
        assert switch(FORM, memory, held, wish).drawn.rehearsal == wanted


def test_a_proposal_changes_what_it_names_and_sets_nothing_aside_for_it() -> None:
    memory, held = start(negative_prompt="rain", seed="7", duration_seconds=6)
    wish = Wish("sandbox", "sandbox-preview", {"duration_seconds": 8, "negative_prompt": None, "seed": 0})
    moved = switch(FORM, memory, held, wish)
    now = after(moved, held)
    assert (now["duration_seconds"], now["negative_prompt"], now["seed"]) == (8, "", "0")
    assert moved.memory["aside"] == {}


def test_values_of_a_request_as_the_form_holds_them() -> None:
    items = [{"ref": "/a", "name": "a"}, {"ref": "/b", "name": "b"}]
    assert as_held("reference_images", "media", ["/a"], items) == items[:1]
    assert as_held("first_frame", "media", None, items[:1]) == []
    assert (as_held("generate_audio", "radio", False, ""), as_held("generate_audio", "checkbox", False, True)) == (
        "off",
        False,
    )
    assert as_held("person_generation", "radio", None, "allow_all") == UNSET


def test_nonsense_from_a_browser_moves_nothing_far() -> None:
    here = FORM.draw({}).provider
    told: list[object] = [
        None,
        7,
        "x",
        [],
        {"aside": 3, "provider": {}},
        {"aside": {"seed": {}}, "shown": []},
        {"chosen": {"provider": 5, "x": 1, "seed": []}},
    ]
    for nonsense in told:
        memory, held = start(prompt="A boat")
        moved = switch(FORM, nonsense, {**held, "provider": 5}, read_wish({"changes": {"nothing": 1}, "model": []}))
        assert moved.drawn.provider == here
        assert memory["provider"] == "sandbox"
    assert read_wish(None) is None
    assert read_wish({}) is None
