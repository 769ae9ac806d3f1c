"""Quiet help with a prompt: examples, the builder, the counter and hints."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import Form, Visit, make_clip, reaches, shot


def prompt(form: Form) -> Locator:
    return form.at("prompt").locator("textarea")


def hints(page: Page) -> Locator:
    return page.locator(".prompt-hints:visible li")


def test_one_click_fills_the_form_and_undo_brings_back_what_was_there(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("My own words")
    page.get_by_role("button", name="Fill in the example “Paper boat”").click()
    expect(prompt(form)).to_have_value(re.compile("folded paper boat"))
    page.keyboard.press("Control+z")
    expect(prompt(form)).to_have_value("My own words")


def test_an_example_brings_its_pictures(visit: Visit, samples: Path) -> None:
    page = visit()
    form = Form(page, "interpolation").open()
    page.get_by_role("button", name="Fill in the example “Day turns”").click()
    expect(form.at("first_frame").locator(".media-items img")).to_be_visible()
    expect(form.at("last_frame").locator(".media-items img")).to_be_visible()
    expect(page.locator("#tab-interpolation .pg-quote")).to_contain_text("Free")
    form.pick("duration_seconds", "4 s").generate()
    reaches(page, "succeeded")


def test_an_example_of_an_extension_takes_the_newest_result(visit: Visit) -> None:
    page = visit()
    form = Form(page, "extension").open()
    page.get_by_role("button", name="Fill in the example “Pull back”").click()
    expect(prompt(form)).to_have_value(re.compile("Without a cut"))
    expect(form.at("source_video").locator(".media-items li")).to_have_count(0)
    make_clip(page)
    form.open()
    page.get_by_role("button", name="Fill in the example “Pull back”").click()
    expect(form.at("source_video").locator(".media-items li")).to_contain_text("A paper boat in the rain")


def test_the_builder_puts_the_parts_into_sentences(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open()
    opener = page.get_by_role("button", name="Build a prompt")
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_label("Subject")).to_be_focused()
    page.get_by_label("Subject").fill("a fox in a red scarf")
    page.get_by_label("Action").fill("listens at a snowy gate")
    for term in ("film noir", "slow dolly in", "close-up", "shallow focus", "blue hour", "thunder", "wind"):
        page.get_by_role("button", name=term, exact=True).click()
    wind = page.get_by_role("button", name="wind", exact=True)
    expect(wind).to_have_attribute("aria-pressed", "true")
    wind.click()
    expect(wind).to_have_attribute("aria-pressed", "false")
    page.get_by_label("Dialogue").fill("Who is there?")
    whole = (
        "Close-up, slow dolly in: a fox in a red scarf listens at a snowy gate. Film noir, shallow focus, blue hour. "
        "A voice says, “Who is there?” Sound effects: thunder."
    )
    expect(page.locator(".builder-preview")).to_have_text(whole)
    shot(page, "builder")
    page.get_by_role("button", name="Use as prompt").click()
    expect(prompt(form)).to_have_value(whole)
    expect(prompt(form)).to_be_focused()
    expect(page.locator(".builder")).to_be_hidden()
    opener.click()
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Background sound").fill("waves")
    page.get_by_role("button", name="Add to the prompt").click()
    expect(prompt(form)).to_have_value(f"{whole} Ambience: waves.")


def test_the_counter_follows_the_model(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open()
    counter = page.locator(".prompt-count").first
    expect(counter).to_have_text("")
    form.write("word " * 20)
    expect(counter).to_have_text("100 of 20,000 characters")
    form.choose("provider", "TokenBay")
    expect(counter).to_have_text("about 25 of 1,024 tokens")


def test_hints_say_what_helps_and_one_click_follows_them(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("She whispers, “It was never a map.”")
    form.at("generate_audio").get_by_role("switch").uncheck()
    expect(hints(page)).to_contain_text("Sound is off, so “It was never a map.” will not be heard.")
    hints(page).get_by_role("button", name="Switch sound on").click()
    expect(form.at("generate_audio").get_by_role("switch")).to_be_checked()
    expect(hints(page)).to_have_count(0)
    form.advanced().type("negative_prompt", "no walls, people")
    expect(hints(page)).to_contain_text("“walls, people” instead of “no walls, people”")
    hints(page).get_by_role("button", name="Use “walls, people”").click()
    expect(form.at("negative_prompt").locator("textarea")).to_have_value("walls, people")
    expect(hints(page)).to_have_count(0)
