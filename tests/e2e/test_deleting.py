"""Deleting a job on the page: asked once more, said why where it cannot be, and gone from card, list and address."""

from playwright.sync_api import expect

from tests.e2e.steps import Form, Visit, card, jobs_of, make_clip, reaches


def test_a_job_is_deleted_from_the_card_and_from_the_list(visit: Visit) -> None:
    page = visit()
    made = make_clip(page, "The one that stays")
    Form(page, "text-to-video").write("The one that goes [sandbox:never-ends]").generate()
    running = reaches(page, "running")

    # One that is being made says why it stays.
    listed = page.locator(".jobs-list li")
    listed.nth(0).get_by_role("button", name="Delete: The one that goes").click()
    expect(listed.nth(0).locator(".deleting")).to_contain_text("It is being made: cancel it, or wait for its end.")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(listed.nth(0).locator(".jobs-delete")).to_be_focused()
    card(page).get_by_role("button", name="Delete", exact=True).click()
    expect(card(page).locator(".deleting")).to_contain_text("It is being made")
    expect(card(page).get_by_role("button", name="Delete for good")).to_have_count(0)

    # What the question says changes with the job.
    card(page).get_by_role("button", name="Cancel").click()
    reaches(page, "cancelled")
    expect(card(page).locator(".deleting")).to_contain_text("Sandbox keeps its own copy for up to 2 days.")
    card(page).get_by_role("button", name="Delete for good").click()
    expect(card(page)).to_have_attribute("data-state", "idle")
    expect(listed).to_have_count(1)
    assert running not in page.url
    assert [job["id"] for job in jobs_of(page)] == [made]

    # Kept, after all; then not.
    delete = listed.nth(0).locator(".jobs-delete")
    delete.click()
    expect(listed.nth(0).locator(".deleting")).to_contain_text("Delete this job and its files here?")
    page.keyboard.press("Escape")
    expect(delete).to_be_focused()
    expect(listed.nth(0).locator(".deleting")).to_be_hidden()
    delete.click()
    listed.nth(0).get_by_role("button", name="Delete for good").click()
    expect(page.locator(".jobs")).to_be_hidden()
    assert jobs_of(page) == []
    page.reload()
    expect(card(page)).to_have_attribute("data-state", "idle")


def test_a_job_that_was_deleted_elsewhere_is_gone_here_too(visit: Visit) -> None:
    page = visit()
    Form(page, "text-to-video").open().write("x [sandbox:filtered]").generate()
    job = reaches(page, "failed")
    other = visit("/", context=page.context)
    card(other).get_by_role("button", name="Delete", exact=True).click()
    card(other).get_by_role("button", name="Delete for good").click()
    expect(card(other)).to_have_attribute("data-state", "idle")
    card(page).get_by_role("button", name="Delete", exact=True).click()
    card(page).get_by_role("button", name="Delete for good").click()
    expect(card(page)).to_have_attribute("data-state", "idle")
    assert job not in page.url
    # A link to it that somebody kept says so.
    page.goto(f"/?job={job}")
    expect(card(page).get_by_role("status")).to_have_text(
        "The job of this address is not here: it was deleted, or belongs to another browser or person."
    )
