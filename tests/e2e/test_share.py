"""A form as a link: it opens filled in anywhere, carries no picture and no key, and takes nothing from anybody."""

import base64
import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.steps import PHONE, Form, Visit, jobs_of, reaches


def copied(page: Page, form: Form) -> str:
    """Click on share; answers what the clipboard holds then."""
    form.page.locator(f"#tab-{form.mode}").get_by_role("button", name="Copy a link to this form").click()
    expect(page.locator(f"#tab-{form.mode} .share-note")).to_contain_text("Link copied.")
    return str(page.evaluate("navigator.clipboard.readText()"))


def carried(link: str) -> dict[str, Any]:
    """What a link holds behind its mark."""
    text = link.partition("#form=")[2]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def linked(mode: str, **values: object) -> str:
    """A link that somebody made by hand."""
    text = base64.urlsafe_b64encode(json.dumps({"mode": mode, "form": values}).encode()).decode().rstrip("=")
    return f"/?__theme=light#form={text}"


def with_clipboard(page: Page) -> Page:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return page


def test_a_link_opens_the_form_filled_in_in_a_fresh_browser(visit: Visit, samples: Path) -> None:
    mine = with_clipboard(visit())
    form = Form(mine, "image-to-video").open().write("Ein Café, “später” 🎬 [sandbox:filtered]")
    form.give("first_frame", samples / "first-frame.jpg").pick("duration_seconds", "6 s").pick("aspect_ratio", "9:16")
    form.at("generate_audio").get_by_role("switch").uncheck()
    form.advanced().type("seed", "0").pick("resize_mode", "pad")
    mine.wait_for_timeout(500)
    link = copied(mine, form)
    token = str(mine.evaluate("localStorage.getItem('veo.owner')"))
    assert token not in link
    assert carried(link)["form"] == {
        "provider": "sandbox",
        "model": "sandbox-preview",
        "prompt": "Ein Café, “später” 🎬 [sandbox:filtered]",
        "duration_seconds": 6,
        "resolution": "720p",
        "aspect_ratio": "9:16",
        "generate_audio": False,
        "seed": "0",
        "number_of_videos": 1,
        "resize_mode": "pad",
    }

    theirs = visit(link)
    assert "#form" not in theirs.url
    opened = Form(theirs, "image-to-video")
    expect(opened.at("prompt").locator("textarea")).to_have_value("Ein Café, “später” 🎬 [sandbox:filtered]")
    expect(opened.at("aspect_ratio").get_by_role("radio", name="9:16")).to_be_checked()
    expect(opened.at("duration_seconds").get_by_role("radio", name="6 s")).to_be_checked()
    expect(opened.at("generate_audio").get_by_role("switch")).not_to_be_checked()
    expect(opened.at("first_frame").locator(".media-items li")).to_have_count(0)
    expect(theirs.locator(".prompt-came:visible")).to_contain_text("came from a link")
    opened.advanced()
    expect(opened.at("seed").locator("input")).to_have_value("0")
    opened.give("first_frame", samples / "first-frame.jpg").generate()
    reaches(theirs, "failed")
    (job,) = jobs_of(theirs)
    assert (job["request"]["seed"], job["request"]["resize_mode"]) == (0, "pad")
    assert len(jobs_of(mine)) == 0


def test_what_was_in_the_form_before_can_be_brought_back(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("My own words").pick("duration_seconds", "4 s")
    page.wait_for_timeout(500)
    page.goto(linked("text-to-video", prompt="Somebody's words", duration_seconds=6))
    page.locator('[data-ready="yes"]').wait_for()
    expect(form.at("prompt").locator("textarea")).to_have_value("Somebody's words")
    page.reload()
    page.locator('[data-ready="yes"]').wait_for()
    expect(form.at("prompt").locator("textarea")).to_have_value("Somebody's words")
    page.get_by_role("button", name="Bring back what was here").click()
    expect(form.at("prompt").locator("textarea")).to_have_value("My own words")
    expect(form.at("duration_seconds").get_by_role("radio", name="4 s")).to_be_checked()


def test_a_link_brings_no_medium_and_nothing_that_is_not_offered(visit: Visit) -> None:
    page = visit(
        linked(
            "image-to-video",
            prompt="<img src=x onerror=alert(1)>",
            provider="nobody",
            duration_seconds=77,
            first_frame="https://example.org/a.png",
            memory={"said": [{"label": "x", "value": "y"}]},
        )
    )
    form = Form(page, "image-to-video")
    expect(form.at("prompt").locator("textarea")).to_have_value("<img src=x onerror=alert(1)>")
    expect(form.chosen("provider")).to_have_text("Sandbox")
    expect(form.at("duration_seconds").get_by_role("radio", name="8 s")).to_be_checked()
    expect(form.at("first_frame").locator(".media-items li")).to_have_count(0)
    expect(page.locator("#tab-image-to-video .advice-aside")).to_have_count(0)


def test_a_broken_link_opens_the_page_as_ever(visit: Visit) -> None:
    page = visit("/?__theme=light#form=%%%")
    expect(page.locator("#text-to-video-prompt textarea")).to_have_value("")


def test_without_a_clipboard_the_link_is_shown_to_be_copied_by_hand(visit: Visit) -> None:
    page = visit(size=PHONE)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    Form(page, "text-to-video").open().write("A boat")
    page.get_by_role("button", name="Copy a link to this form").click()
    field = page.get_by_role("textbox", name="Copy a link to this form")
    expect(field).to_be_focused()
    assert carried(field.input_value())["form"]["prompt"] == "A boat"


def test_beside_generate_stands_the_price_and_whether_it_is_valid(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open()
    quote = page.locator("#tab-text-to-video .pg-quote")
    expect(quote).to_contain_text("Free")
    expect(quote.locator(".quote-state")).to_have_text("Write a prompt to begin")
    form.write("A boat")
    expect(quote.locator(".quote-state")).to_have_text("Valid")
    form.pick("resolution", "1080p").pick("duration_seconds", "6 s").choose("provider", "TokenBay")
    expect(quote.locator(".quote-state")).to_contain_text("1080p and 4k come only as 8 s clips")
    expect(quote).to_contain_text("Price unknown")
