"""What the page knows of the tables: who can do what, what does not fit, what would, and what is gone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import PHONE, Form, Visit, card, jobs_of, shot


def advice(form: Form) -> Locator:
    return form.page.locator(f"#tab-{form.mode} .advice")


def who(page: Page, name: str, place: str = ".who-can") -> Locator:
    return page.locator(f"{place} li", has_text=name)


def stuck(page: Page) -> Form:
    """A request that TokenBay cannot do: 1080p at 6 s, in a shape that it does not have."""
    form = Form(page, "text-to-video").open().write("A paper boat in the rain")
    form.pick("aspect_ratio", "1:1").pick("resolution", "1080p").pick("duration_seconds", "6 s")
    form.choose("provider", "TokenBay")
    expect(advice(form)).to_contain_text("1080p and 4k come only as 8 s clips here")
    return form


def held(form: Form, name: str) -> Locator:
    return form.at(name).locator("input[type=radio]:checked")


def test_what_does_not_fit_is_said_and_one_click_applies_the_nearest_that_does(visit: Visit) -> None:
    page = visit()
    form = stuck(page)
    expect(advice(form).locator(".advice-errors")).to_contain_text("Duration")
    out = form.at("duration_seconds").get_by_role("radio", name="4 s")
    expect(out).to_have_attribute("aria-disabled", "true")
    expect(out).to_have_accessible_description(re.compile("1080p and 4k come only as 8 s clips here"))
    out.hover()
    expect(form.at("duration_seconds").get_by_role("tooltip")).to_contain_text("choose 8 s or 720p")
    expect(form.at("duration_seconds").get_by_role("radio", name="8 s")).not_to_have_attribute("aria-disabled", "true")
    page.mouse.move(5, 5)
    page.locator("#tab-text-to-video .advice-nearest").evaluate("(each) => each.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(300)
    shot(page, "proposals")
    advice(form).get_by_role("button", name="Apply: Duration 6 s → 8 s").click()
    expect(held(form, "duration_seconds")).to_have_value("8")
    expect(form.at("duration_seconds")).to_have_attribute("data-changed", "changed from 6 s")
    expect(advice(form).locator(".advice-errors")).to_have_count(0)
    expect(page.locator(".advice-said").first).to_have_text("Changed: Duration 6 s → 8 s.")
    form.pick("duration_seconds", "Auto")
    expect(form.at("duration_seconds")).not_to_have_attribute("data-changed", re.compile("."))
    assert jobs_of(page) == []


def test_another_provider_keeps_what_fits_sets_aside_the_rest_and_gives_it_back(visit: Visit) -> None:
    page = visit()
    form = stuck(page)
    expect(held(form, "resolution")).to_have_value("1080p")
    expect(held(form, "aspect_ratio")).not_to_have_value("1:1")
    expect(advice(form).locator(".advice-aside")).to_contain_text("Aspect ratio 1:1")
    page.reload()
    page.locator('[data-ready="yes"]').wait_for()
    expect(advice(form).locator(".advice-aside")).to_contain_text("Aspect ratio 1:1")
    # Back by a click on the list of those who can do it.
    who(page, "Sandbox · Sandbox preview").get_by_role("button").click()
    expect(form.chosen("provider")).to_have_text("Sandbox")
    expect(held(form, "aspect_ratio")).to_have_value("1:1")
    expect(held(form, "duration_seconds")).to_have_value("6")
    expect(advice(form).locator(".advice-aside")).to_have_count(0)


def test_a_model_that_was_shut_down_stays_in_sight_locked_with_what_is_left(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("A boat")
    form.choose("provider", "Gemini API · locked, shut down 2026-10-22")
    expect(form.chosen("model")).to_contain_text("locked, shut down 2026-10-22")
    locked = advice(form).locator(".advice-locked")
    expect(locked).to_contain_text("was shut down on 2026-10-22")
    expect(form.at("generate")).to_have_attribute("aria-disabled", "true")
    shot(page, "locked")
    expect(locked.get_by_role("button").first).to_contain_text("Vertex AI · Veo 3.1")
    form.at("generate").click(force=True)
    expect(form.problems()).to_contain_text("was shut down on 2026-10-22")
    expect(card(page)).to_have_attribute("data-state", "idle")
    locked.get_by_role("button").first.click()
    expect(form.chosen("provider")).to_contain_text("Vertex AI")
    expect(form.chosen("model")).to_contain_text("at risk since 2026-11-17")
    expect(form.at("prompt").locator("textarea")).to_have_value("A boat")
    expect(form.at("generate")).not_to_have_attribute("aria-disabled", "true")
    expect(form.problems()).to_be_hidden()


def test_who_can_do_it_follows_the_form(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open()
    expect(form.chosen("provider")).to_have_text("Sandbox")
    expect(who(page, "Vertex AI · Veo 3.1 Fast")).to_contain_text("$0.80")
    expect(who(page, "Azerion")).to_contain_text("Price unknown")
    form.pick("duration_seconds", "4 s")
    expect(who(page, "Vertex AI · Veo 3.1 Fast")).to_contain_text("$0.40")
    form.pick("aspect_ratio", "1:1")
    page.locator(".who-others summary").click()
    expect(who(page, "Vertex AI · Veo 3.1 Fast", ".who-others")).to_contain_text("1:1 is not offered")
    Form(page, "extension").open()
    expect(page.locator(".who-given")).to_contain_text("video to extend")
    expect(who(page, "Cloudflare AI · Veo 3.1 Fast", ".who-others")).to_contain_text("does not offer extension")
    expect(who(page, "Cloudflare AI · Veo 3.1 Fast", ".who-others").get_by_role("button")).to_have_count(0)


def matrix(page: Page) -> Locator:
    page.get_by_role("tab", name="Capabilities").click()
    expect(page.locator(".caps-table")).to_be_visible()
    return page.locator(".caps-table")


def test_the_matrix_its_filters_and_a_cell_in_full(visit: Visit) -> None:
    page = visit()
    table = matrix(page)
    expect(page.locator(".card")).to_be_hidden()
    expect(table.get_by_role("button", name=re.compile("^Azerion, Veo 3.1, Extension.*Price unknown"))).to_be_visible()
    shot(page, "capabilities")
    page.get_by_label("Live now").check()
    expect(table).not_to_contain_text("Gemini API")
    page.get_by_label("Mode", exact=True).select_option("References")
    expect(table).not_to_contain_text("Cloudflare")
    page.get_by_label("Has a key here").check()
    expect(table.locator("tbody")).to_have_count(1)
    page.get_by_label("Has a key here").uncheck()
    cell = table.get_by_role("button", name=re.compile("^Vertex AI, Veo 3.1, References"))
    cell.focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog", name="Vertex AI · Veo 3.1")
    expect(sheet.get_by_role("heading", name="Vertex AI · Veo 3.1")).to_be_focused()
    for words in (
        "$0.40 a second",
        "always 8 seconds long",
        "no people",
        "duration_seconds",
        "At risk since",
        "read 2026",
    ):
        expect(sheet).to_contain_text(words)
    expect(sheet.get_by_role("link").first).to_have_attribute("rel", "noopener noreferrer")
    shot(page, "capability")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(cell).to_be_focused()
    page.reload()
    expect(page.locator(".caps-table")).to_be_visible()
    assert page.request.get("/api/capabilities/cell?provider=nobody&model=x&mode=y").status == 404


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_it_is_readable_and_nothing_overflows(visit: Visit, theme: str) -> None:
    page = visit(f"/?__theme={theme}", size=PHONE)
    if theme == "light":
        form = stuck(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        advice(form).get_by_role("button", name="Apply: Resolution 1080p → 720p").click()
        expect(held(form, "resolution")).to_have_value("720p")
    table = matrix(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    shot(page, f"phone-capabilities-{theme}")
    table.get_by_role("button", name=re.compile("^Gemini API, Veo 2, Text")).click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("shut down 2026-06-30")
    assert sheet.evaluate("(e) => e.scrollWidth") <= PHONE[0]
    sheet.get_by_role("button", name="Close").click()
    expect(sheet).to_be_hidden()
