"""What can be done with a result: go on from it, take it along as a program, and look at how it came about."""

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.steps import Clip, Form, Visit, card, jobs_of, plays, reaches


def test_the_last_frame_becomes_the_first_of_an_image_to_video(visit: Visit, clip: Clip) -> None:
    page = visit(f"/?job={clip.job}", owner=clip.owner)
    first = reaches(page, "succeeded")
    page.get_by_role("button", name="Use last frame").click()
    form = Form(page, "image-to-video")
    expect(form.at("first_frame").locator(".media-items li")).to_have_count(1)
    expect(form.at("prompt").locator("textarea")).to_be_focused()
    form.write("The tide comes in").pick("duration_seconds", "4 s").generate()
    expect(card(page)).not_to_have_attribute("data-job", first)
    second = reaches(page, "succeeded")
    (newest, *_) = jobs_of(page)
    assert (newest["id"], newest["request"]["first_frame"]) == (second, f"job:{first}#last-frame")


def test_a_result_arrives_though_its_tab_did_not_open_at_the_first_click(visit: Visit, clip: Clip) -> None:
    page = visit(f"/?job={clip.job}", owner=clip.owner)
    reaches(page, "succeeded")
    Form(page, "references").open()
    page.evaluate(
        """() => document.getElementById("tab-image-to-video-button")
            .addEventListener("click", (event) => event.stopPropagation(), {once: true, capture: true})"""
    )
    page.get_by_role("button", name="Use last frame").click()
    form = Form(page, "image-to-video")
    expect(form.at("first_frame").locator(".media-items li")).to_have_count(1)
    expect(form.at("prompt").locator("textarea")).to_be_focused()


def test_whoever_opens_another_tab_meanwhile_stays_there(visit: Visit, clip: Clip) -> None:
    page = visit(f"/?job={clip.job}", owner=clip.owner)
    reaches(page, "succeeded")
    held: list[Route] = []
    page.route("**/media.js", lambda route: held.append(route))
    page.get_by_role("button", name="Use last frame").click()
    form = Form(page, "image-to-video")
    expect(form.at("generate")).to_be_visible()
    Form(page, "text-to-video").open()
    # Longer than between two offers.
    page.wait_for_timeout(250)
    for route in held:
        route.continue_()
    expect(form.at("first_frame").locator(".media-hint")).to_have_count(1)
    expect(page.get_by_role("tab", name="Text to video", exact=True)).to_have_attribute("aria-selected", "true")
    form.open()
    expect(form.at("first_frame")).to_contain_text("Drop, paste or choose")
    expect(form.at("first_frame").locator(".media-items li")).to_have_count(0)


def test_a_clip_is_extended_twice_in_a_row(visit: Visit, clip: Clip) -> None:
    page = visit(f"/?job={clip.job}", owner=clip.owner)
    source = reaches(page, "succeeded")
    for seconds in (11, 18):
        page.get_by_role("button", name="Extend", exact=True).click()
        form = Form(page, "extension")
        expect(form.at("source_video").locator(".media-items li")).to_have_count(1)
        form.write("The boat goes on").generate()
        expect(card(page)).not_to_have_attribute("data-job", source)
        longer = reaches(page, "succeeded")
        assert jobs_of(page)[0]["request"]["source_video"] == f"job:{source}"
        assert plays(page)["seconds"] == pytest.approx(seconds, abs=0.3)
        expect(page.locator(".about")).to_contain_text(f"{seconds} s")
        source = longer


def copied(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def test_a_job_is_copied_as_a_program_without_a_key(visit: Visit, server: str) -> None:
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server)
    Form(page, "text-to-video").open().write("A boat for programmers [sandbox:filtered]").generate()
    job = reaches(page, "failed")
    token = page.evaluate("localStorage.getItem('veo.owner')")
    for name, begins in (("curl", "#!/bin/sh"), ("Python", "# Sandbox"), ("JavaScript", "// Sandbox")):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(".copy-as .copied")).to_have_text("Copied")
        expect(page.get_by_role("region", name="The job as a program")).to_contain_text("A boat for programmers")
        text = copied(page)
        assert text.startswith(begins)
        assert "A boat for programmers" in text
        assert token not in text
        assert job not in text
    page.get_by_role("button", name="JavaScript", exact=True).click()
    expect(page.get_by_role("region", name="The job as a program")).to_be_hidden()


def test_the_settings_of_a_job_are_put_back_into_its_form(visit: Visit, clip: Clip) -> None:
    page = visit(f"/?job={clip.job}", owner=clip.owner)
    reaches(page, "succeeded")
    form = (
        Form(page, "text-to-video")
        .open()
        .write("Something else")
        .pick("aspect_ratio", "9:16")
        .advanced()
        .type("seed", "7")
    )
    form.choose("provider", "Cloudflare")
    Form(page, "interpolation").open()
    card(page).get_by_role("button", name="Use these settings").click()
    expect(form.at("prompt").locator("textarea")).to_have_value("A paper boat in the rain")
    expect(form.at("prompt").locator("textarea")).to_be_focused()
    expect(form.chosen("provider")).to_have_text("Sandbox")
    expect(form.at("duration_seconds").get_by_role("radio", name="4 s")).to_be_checked()
    expect(form.at("aspect_ratio").get_by_role("radio", name="16:9")).to_be_checked()
    # What the job did not set is not set there either.
    expect(form.at("seed").locator("input")).to_have_value("")


def test_a_rehearsal_comes_back_as_one(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("A boat").advanced().rehearse("Filtered")
    form.generate()
    reaches(page, "failed")
    form.write("Another").rehearse("Slow")
    card(page).get_by_role("button", name="Use these settings").click()
    expect(form.at("prompt").locator("textarea")).to_have_value("A boat")
    expect(form.chosen("rehearsal")).to_contain_text("iltered")


def test_the_request_and_the_answers_can_be_looked_at(visit: Visit) -> None:
    page = visit()
    Form(page, "text-to-video").open().write("A boat to look at [sandbox:filtered]").generate()
    reaches(page, "failed")
    page.get_by_text("Request and answers").click()
    neutral = page.get_by_role("region", name="Body")
    expect(neutral).to_contain_text("A boat to look at")
    assert json.loads(neutral.inner_text())["model"] == "sandbox-preview"
    expect(page.get_by_role("region", name="Address and headers")).to_contain_text("POST http")
    page.locator(".talk summary").first.click()
    expect(page.locator(".talk details").first).to_contain_text('"filtered"')
    expect(page.locator(".talk summary").first).to_have_text(re.compile(r"· 200 · GET /v1/videos/"))


def test_what_a_provider_calls_the_job_can_be_copied(visit: Visit, server: str, clip: Clip) -> None:
    page = visit(f"/?job={clip.job}", owner=clip.owner)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server)
    page.get_by_role("button", name="Copy the provider’s job id").click()
    expect(page.locator(".about .copied")).to_have_text("Copied")
    assert copied(page) == next(job for job in jobs_of(page) if job["id"] == clip.job)["provider_job_id"]
