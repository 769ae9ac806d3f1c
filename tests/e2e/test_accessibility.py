"""axe finds nothing serious in any state of any tab, and the whole way to a playing video needs no mouse."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import DESKTOP, PHONE, Clip, Form, Visit, card, jobs_of, plays, reaches

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
TABS = ("Text to video", "Image to video", "Interpolation", "References", "Extension", "Capabilities")
SERIOUS = ("serious", "critical")


def found(page: Page, part: str = "html") -> list[str]:
    """What axe calls serious or worse in the whole page or in a part of it, one line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    result: dict[str, Any] = page.evaluate("(part) => axe.run(part, {resultTypes: ['violations']})", part)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


def in_every_tab(page: Page) -> dict[str, list[str]]:
    """The same of the page, and then of what each other tab shows in place of the first."""
    page.get_by_role("tab", name=TABS[0], exact=True).click()
    seen = {TABS[0]: found(page)}
    for tab in TABS[1:]:
        page.get_by_role("tab", name=tab, exact=True).click()
        panel = page.get_by_role("tabpanel").filter(visible=True)
        expect(panel).to_have_count(1)
        seen[tab] = found(page, f"#{panel.get_attribute('id')}")
    return {tab: problems for tab, problems in seen.items() if problems}


def in_the_other_light(page: Page) -> list[str]:
    page.get_by_role("button", name="Light or dark").click()
    return found(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_empty(visit: Visit, theme: str) -> None:
    assert in_every_tab(visit(f"/?__theme={theme}")) == {}


def test_running(visit: Visit) -> None:
    page = visit()
    Form(page, "text-to-video").open().write("A slow sunrise [sandbox:never-ends]").generate()
    reaches(page, "running")
    assert in_every_tab(page) == {}
    Form(page, "text-to-video").open()
    assert in_the_other_light(page) == []
    page.get_by_role("button", name="Cancel").click()
    reaches(page, "cancelled")
    assert found(page) == []


def test_done(visit: Visit, clip: Clip) -> None:
    page = visit(f"/?__theme=light&job={clip.job}", owner=clip.owner)
    reaches(page, "succeeded")
    page.get_by_role("button", name="Python", exact=True).click()
    page.get_by_text("Request and answers").click()
    expect(page.locator(".talk section").first).to_be_visible()
    assert in_every_tab(page) == {}
    assert in_the_other_light(page) == []


def test_failed(visit: Visit) -> None:
    page = visit("/?__theme=dark", size=PHONE)
    form = Form(page, "text-to-video").open().write("A crowd [sandbox:filtered]")
    form.generate()
    reaches(page, "failed")
    form.write("")
    form.generate()
    expect(form.problems()).to_contain_text("prompt")
    assert in_every_tab(page) == {}
    form.open()
    assert in_the_other_light(page) == []


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)])
def test_the_keys(visit: Visit, theme: str, size: tuple[int, int]) -> None:
    page = visit(f"/?__theme={theme}", size=size)
    page.get_by_role("button", name="Keys", exact=True).click()
    panel = page.get_by_role("dialog", name="Keys")
    panel.locator("summary", has_text="Vertex AI").click()
    panel.get_by_label("Key for Vertex AI", exact=True).fill("a key")
    panel.get_by_label("Project", exact=True).fill("a-project")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_label("Key for Vertex AI", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(panel.get_by_role("status").last).to_have_text("This cannot be a key.")
    panel.locator("summary", has_text="Cloudflare AI").click()
    assert found(page) == []


def tab_to(page: Page, what: str, *, backwards: bool = False) -> None:
    """Press Tab until the focus is on something that matches."""
    for _ in range(80):
        if page.evaluate("(what) => document.activeElement?.matches(what)", what):
            return
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
    pytest.fail(f"The keyboard does not reach {what}")


def test_the_keyboard_alone_goes_from_prompt_to_playing_video(visit: Visit) -> None:
    page = visit()
    tab_to(page, "#text-to-video-prompt textarea")
    page.keyboard.type("A kite over the dunes")
    tab_to(page, "#text-to-video-generate")
    page.keyboard.press("Enter")
    reaches(page, "succeeded")
    tab_to(page, ".card video")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.card video').currentTime > 0.2")
    page.keyboard.press("Space")
    tab_to(page, ".actions .extend")
    page.keyboard.press("Enter")
    expect(page.locator("#extension-source_video .media-items li")).to_have_count(1)
    expect(page.locator("#extension-prompt textarea")).to_be_focused()
    page.keyboard.type("It climbs into the clouds")
    first = card(page).get_attribute("data-job") or ""
    tab_to(page, "#extension-generate")
    page.keyboard.press("Enter")
    expect(card(page)).not_to_have_attribute("data-job", first)
    reaches(page, "succeeded")
    assert plays(page)["seconds"] > 8
    tab_to(page, ".jobs-list li:nth-child(2) .jobs-row")
    page.keyboard.press("Enter")
    expect(card(page)).to_have_attribute("data-job", first)
    assert len(jobs_of(page)) == 2
