"""Whatever is lost on the way, the page comes back to the job, and what was typed is still there."""

import time

from playwright.sync_api import Page, expect

from tests.e2e.server import Server
from tests.e2e.steps import Form, Visit, card, jobs_of, reaches

TYPED = "A harbour at dawn, typed while the first one runs"
BACK_WITHIN = 2.0


def slow_job(page: Page) -> tuple[Form, str]:
    """A job that takes ten seconds, and a form with something else in it by now."""
    form = Form(page, "text-to-video").open().write("A slow sunrise [sandbox:slow]").pick("duration_seconds", "4 s")
    form.generate()
    job = reaches(page, "running")
    form.write(TYPED).pick("aspect_ratio", "9:16")
    return form, job


def expect_form(form: Form) -> None:
    expect(form.at("prompt").locator("textarea")).to_have_value(TYPED)
    expect(form.at("aspect_ratio").get_by_role("radio", name="9:16")).to_be_checked()


def lost(page: Page) -> None:
    expect(page.locator(".connection")).to_contain_text("Your job goes on", timeout=15_000)


def test_a_server_that_is_killed_and_started_again(visit_cut_off: Visit, own_server: Server) -> None:
    page = visit_cut_off()
    form, job = slow_job(page)
    page.evaluate("window.isTheSamePage = true")
    own_server.kill()
    lost(page)
    own_server.start()
    began = time.monotonic()
    expect(page.locator(".connection")).to_have_text("", timeout=10_000)
    assert time.monotonic() - began < BACK_WITHIN
    expect(card(page)).to_have_attribute("data-job", job)
    assert page.evaluate("window.isTheSamePage") is True, "nothing was reloaded"
    expect_form(form)
    reaches(page, "succeeded")
    assert [each["id"] for each in jobs_of(page)] == [job]


def test_a_click_that_meets_a_dead_server_loses_nothing(visit_cut_off: Visit, own_server: Server) -> None:
    """Here Gradio itself loses a request, tells of no change from then on, and reloads the page as soon as it can."""
    page = visit_cut_off()
    form, job = slow_job(page)
    form.write("Typed before").pick("aspect_ratio", "1:1")
    own_server.kill()
    lost(page)
    form.generate()
    page.get_by_text("Connection to the server was lost").wait_for()
    form.write(TYPED).pick("aspect_ratio", "9:16")
    expect(page.locator("#tab-text-to-video .quote-state")).to_have_text("No answer from the server; trying again")
    own_server.start()
    page.locator('[data-ready="yes"]').wait_for()
    expect(card(page)).to_have_attribute("data-job", job, timeout=10_000)
    expect_form(form)
    reaches(page, "succeeded")
    expect_form(form)
    assert [each["id"] for each in jobs_of(page)] == [job]


def test_a_provider_that_is_chosen_at_a_dead_server_is_there_when_it_comes_back(
    visit_cut_off: Visit, own_server: Server
) -> None:
    page = visit_cut_off()
    form = Form(page, "text-to-video").open().write("Typed before")
    own_server.kill()
    form.choose("provider", "TokenBay")
    page.get_by_text("Connection to the server was lost").wait_for()
    form.write(TYPED)
    own_server.start()
    expect(form.chosen("model")).to_have_text("Veo 3.1", timeout=15_000)
    expect(form.at("prompt").locator("textarea")).to_have_value(TYPED)
    expect(page.locator("#tab-text-to-video .quote-state")).to_have_text("Valid; it needs a key to be sent")


def test_ten_seconds_without_a_network(visit_cut_off: Visit, own_server: Server) -> None:
    page = visit_cut_off()
    form, job = slow_job(page)
    page.evaluate("window.isTheSamePage = true")
    page.context.set_offline(True)
    lost(page)
    page.wait_for_timeout(10_000)
    page.context.set_offline(False)
    expect(page.locator(".connection")).to_have_text("", timeout=int(BACK_WITHIN * 1000))
    expect(card(page)).to_have_attribute("data-job", job)
    assert page.evaluate("window.isTheSamePage") is True, "nothing was reloaded"
    expect_form(form)
    reaches(page, "succeeded")


def test_a_laptop_that_was_closed_finds_its_job_by_the_bare_address(visit: Visit) -> None:
    page = visit()
    _, job = slow_job(page)
    page.close()
    again = visit("/", context=page.context)
    expect(card(again)).to_have_attribute("data-job", job, timeout=5_000)
    expect(again.locator(".jobs-list [aria-current]")).to_contain_text("A slow sunrise")
    expect_form(Form(again, "text-to-video"))
    again.get_by_role("button", name="Cancel").click()
    reaches(again, "cancelled")
