"""The uncertain desk on the page: what is known, three ways out, and nothing bought twice by a click too many."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import DESKTOP, PHONE, Form, Visit, card, jobs_of, reaches
from tests.e2e.test_accessibility import found


def lose(page: Page, prompt: str = "A kite [sandbox:lost-reply]") -> str:
    """A job whose receipt is lost on the way."""
    Form(page, "text-to-video").open().write(prompt).pick("duration_seconds", "4 s").generate()
    return reaches(page, "uncertain")


def button(page: Page, name: str) -> None:
    card(page).get_by_role("button", name=name, exact=True).click()


def test_it_is_told_looked_up_and_brought_home(visit: Visit) -> None:
    page = visit()
    job = lose(page)
    desk = card(page).locator(".doubt")
    expect(desk).to_contain_text("to Sandbox (sandbox.localhost)")
    expect(desk).to_contain_text("The sandbox lists what it took lately")
    row = page.locator(".jobs-list li").first
    expect(row).to_contain_text("Uncertain")
    expect(row).to_contain_text("look it up or settle it")
    button(page, "Look it up at Sandbox")
    assert reaches(page, "succeeded") == job
    expect(desk).to_be_hidden()
    expect(card(page)).to_contain_text("It was looked up at the provider.")


def test_where_several_may_be_it_the_id_is_asked_for(visit: Visit) -> None:
    page = visit()
    first = lose(page, "Twins [sandbox:lost-reply]")
    # The same once more would be a second click on the same.
    Form(page, "text-to-video").pick("duration_seconds", "6 s").generate()
    expect(page.locator(".jobs-list li")).to_have_count(2, timeout=20_000)
    expect(card(page)).not_to_have_attribute("data-job", first)
    second = reaches(page, "uncertain")
    button(page, "Look it up at Sandbox")
    said = card(page).locator(".doubt-said")
    expect(said).to_contain_text("2 jobs that may be this one")
    field = card(page).get_by_label("Job id at Sandbox")
    field.fill("not an id")
    button(page, "Look it up at Sandbox")
    expect(said).to_contain_text("This is no id of a job at Sandbox")
    field.fill(card(page).locator("datalist option").first.get_attribute("value") or "")
    button(page, "Look it up at Sandbox")
    assert reaches(page, "succeeded") == second


def test_it_is_settled_as_lost(visit: Visit) -> None:
    page = visit()
    job = lose(page)
    button(page, "It is lost…")
    expect(card(page).get_by_role("button", name="Not now")).to_be_focused()
    button(page, "Not now")
    expect(card(page).get_by_role("button", name="It is lost…")).to_be_focused()
    button(page, "It is lost…")
    button(page, "It is lost")
    assert reaches(page, "failed") == job
    expect(card(page)).to_contain_text("You took it for lost")
    expect(card(page)).to_contain_text("Whether it was charged is unknown")
    expect(card(page).locator(".doubt")).to_be_hidden()


def test_it_is_submitted_again_once_by_keyboard_and_double_click(visit: Visit) -> None:
    page = visit()
    job = lose(page)
    again = card(page).get_by_role("button", name="Submit again…")
    again.focus()
    page.keyboard.press("Enter")
    expect(card(page)).to_contain_text("this is charged a second time (Free).")
    page.keyboard.press("Shift+Tab")
    expect(card(page).get_by_role("button", name="Submit again (Free)")).to_be_focused()
    card(page).get_by_role("button", name="Submit again (Free)").dblclick()
    # The same prompt plays the same ending.
    expect(card(page)).not_to_have_attribute("data-job", job)
    new = reaches(page, "uncertain")
    assert len(jobs_of(page)) == 2
    button(page, "Show the first one")
    assert reaches(page, "failed") == job
    expect(card(page)).to_contain_text("You submitted it again")
    button(page, "Show the one that was submitted instead")
    assert reaches(page, "uncertain") == new


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)])
def test_axe_has_nothing_to_say(visit: Visit, theme: str, size: tuple[int, int]) -> None:
    page = visit(f"/?__theme={theme}", size=size)
    lose(page)
    assert found(page) == []
    button(page, "Submit again…")
    assert found(page) == []
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0
