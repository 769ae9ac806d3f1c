"""SIGTERM with pages open: gone in time, with nothing lost; and what is missing afterwards is said."""

import shutil
import time

import pytest
from playwright.sync_api import expect

from tests.e2e.server import Server
from tests.e2e.steps import Form, Visit, card, jobs_of, make_clip, reaches

GONE_WITHIN = 5.0


@pytest.mark.timeout(300)
def test_a_server_with_open_pages_is_gone_in_time_and_goes_on_afterwards(
    visit_cut_off: Visit, own_server: Server
) -> None:
    pages = [visit_cut_off() for _ in range(3)]
    page = pages[0]
    made = make_clip(page, "A finished one")
    Form(page, "text-to-video").open().write("A slow sunrise [sandbox:slow]").pick("duration_seconds", "4 s").generate()
    job = reaches(page, "running")
    began = time.monotonic()
    own_server.stop()
    assert time.monotonic() - began < GONE_WITHIN
    shutil.rmtree(own_server.home / "data" / "media" / made)
    own_server.start()
    expect(card(page)).to_have_attribute("data-job", job)
    reaches(page, "succeeded")
    # The file of the first one is gone: no broken player, and it can still be looked at.
    page.reload()
    page.locator(".jobs-row", has_text="A finished one").click()
    expect(card(page)).to_have_attribute("data-job", made)
    expect(card(page)).to_contain_text("The video of this job is no longer here")
    expect(card(page).locator("video")).to_have_count(0)
    expect(card(page).locator(".actions")).to_be_hidden()
    expect(page.locator(".jobs-list li", has_text="A finished one")).to_contain_text("Video removed")
    assert [job["state"] for job in jobs_of(page)] == ["succeeded", "succeeded"]
