"""The five tabs, as somebody who has just arrived uses them."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.steps import PHONE, Clip, Form, Visit, card, jobs_of, plays, reaches, shot


def filled(page: Page, mode: str, samples: Path) -> Form:
    """A tab with all that its mode needs."""
    form = Form(page, mode).open().write("A lighthouse on a cliff, waves below, slow aerial orbit at dusk")
    if mode in ("image-to-video", "interpolation"):
        form.give("first_frame", samples / "first-frame.jpg")
    if mode == "interpolation":
        form.give("last_frame", samples / "last-frame.jpg")
    if mode == "references":
        form.give("reference_images", samples / "reference-1.png", samples / "reference-2.png")
    return form.pick("duration_seconds", "4 s")


@pytest.mark.parametrize("mode", ["text-to-video", "image-to-video", "interpolation", "references"])
def test_a_tab_makes_a_video_that_plays(visit: Visit, samples: Path, mode: str) -> None:
    page = visit()
    filled(page, mode, samples).generate()
    reaches(page, "succeeded")
    video = plays(page)
    assert (video["width"], video["height"]) == (1280, 720)
    assert video["seconds"] == pytest.approx(4, abs=0.2)
    assert video["at"] > 0
    expect(page.locator(".about")).to_contain_text("1280 × 720")
    expect(page.locator(".about")).to_contain_text("with sound")
    page.mouse.move(5, 5)
    page.locator(".card video").first.evaluate("(video) => { video.currentTime = 1.5 }")
    page.wait_for_timeout(400)
    shot(page, mode)


def test_extension_goes_on_from_one_of_your_results(visit: Visit, clip: Clip) -> None:
    page = visit(f"/?__theme=light&job={clip.job}", owner=clip.owner)
    first = reaches(page, "succeeded")
    form = Form(page, "extension").open().write("The boat reaches the river")
    form.take("source_video", f"job:{first}").generate()
    expect(card(page)).not_to_have_attribute("data-job", first)
    assert reaches(page, "succeeded") != first
    assert plays(page)["seconds"] == pytest.approx(11, abs=0.3)
    shot(page, "extension")


def test_a_video_can_be_downloaded_under_its_own_name(visit: Visit, clip: Clip) -> None:
    page = visit(f"/?job={clip.job}", owner=clip.owner)
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click()
    assert started.value.suggested_filename.endswith(".mp4")
    assert "text-to-video" in started.value.suggested_filename
    assert b"ftyp" in Path(started.value.path()).read_bytes()[:16]


def test_a_link_that_ran_out_is_asked_for_anew(visit: Visit, clip: Clip) -> None:
    page = visit(None, owner=clip.owner)
    asked: list[str] = []

    def refuse_first(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404) if len(asked) == 1 else route.continue_()

    page.route("**/media/**", refuse_first)
    page.goto(f"/?job={clip.job}")
    reaches(page, "succeeded")
    assert plays(page)["at"] > 0
    assert len(asked) > 1


def test_a_reload_in_the_middle_comes_back_to_the_job(visit: Visit) -> None:
    page = visit()
    Form(page, "text-to-video").open().write("A slow sunrise").pick("duration_seconds", "4 s").advanced().rehearse(
        "Slow"
    ).generate()
    job = reaches(page, "running")
    assert f"job={job}" in page.url
    page.reload()
    expect(card(page)).to_have_attribute("data-job", job, timeout=5000)
    expect(card(page)).to_have_attribute("data-state", "running")
    shot(page, "running")
    page.goto("/")
    expect(card(page)).to_have_attribute("data-job", job, timeout=5000)
    page.get_by_role("button", name="Cancel").click()
    reaches(page, "cancelled")
    assert [each["id"] for each in jobs_of(page)] == [job]


def test_another_browser_sees_nothing_of_it(visit: Visit) -> None:
    mine = visit()
    Form(mine, "text-to-video").open().write("Mine [sandbox:filtered]").generate()
    job = reaches(mine, "failed")
    theirs = visit(f"/?job={job}")
    expect(card(theirs)).to_have_attribute("data-state", "idle")
    theirs.wait_for_timeout(1500)
    expect(card(theirs)).to_have_attribute("data-job", "")
    assert jobs_of(theirs) == []
    stolen = theirs.request.get(f"/api/jobs/{job}", headers={"authorization": "Bearer local"})
    assert stolen.status == 404


@pytest.mark.parametrize("clicks", [2, 3])
def test_a_burst_of_clicks_makes_one_job(visit: Visit, clicks: int) -> None:
    page = visit()
    Form(page, "text-to-video").open().write("Clicked twice [sandbox:filtered]")
    page.evaluate(
        """(clicks) => {
            const button = document.getElementById("text-to-video-generate");
            for (let count = 0; count < clicks; count += 1) button.click();
        }""",
        clicks,
    )
    reaches(page, "failed")
    page.wait_for_timeout(1000)
    assert len(jobs_of(page)) == 1


def test_slow_clicks_of_one_burst_make_one_job_and_a_later_one_another(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("Clicked thrice [sandbox:filtered]")
    page.evaluate(
        """async () => {
            const button = document.getElementById("text-to-video-generate");
            const pause = (ms) => new Promise((go) => setTimeout(go, ms));
            for (let count = 0; count < 3; count += 1) {
                while (button.disabled) await pause(20);
                button.click();
                await pause(300);
            }
        }"""
    )
    reaches(page, "failed")
    expect(form.at("generate")).to_be_enabled()
    page.wait_for_timeout(1800)
    assert len(jobs_of(page)) == 1
    form.generate()
    page.wait_for_function(
        """async () => {
            const headers = {authorization: `Bearer ${localStorage.getItem("veo.owner")}`};
            return (await (await fetch("/api/jobs", {headers})).json()).jobs.length === 2;
        }"""
    )


def test_the_draft_survives_a_reload(visit: Visit, samples: Path) -> None:
    page = visit()
    form = filled(page, "image-to-video", samples).pick("aspect_ratio", "9:16").advanced()
    form.type("seed", "0")
    page.wait_for_timeout(500)
    page.reload()
    page.locator('[data-ready="yes"]').wait_for()
    expect(form.at("prompt").locator("textarea")).to_have_value(
        "A lighthouse on a cliff, waves below, slow aerial orbit at dusk"
    )
    expect(form.at("aspect_ratio").get_by_role("radio", name="9:16")).to_be_checked()
    expect(form.at("first_frame").locator(".media-items img")).to_be_visible()
    form.advanced()
    expect(form.at("seed").locator("input, textarea")).to_have_value("0")


def test_a_filtered_job_says_why_and_that_it_cost_nothing(visit: Visit) -> None:
    page = visit()
    Form(page, "text-to-video").open().write("Something").advanced().rehearse("Filtered").generate()
    reaches(page, "failed")
    expect(card(page)).to_contain_text("safety filter")
    expect(card(page)).to_contain_text("Rephrase the prompt")
    expect(card(page)).to_contain_text("Not charged")
    shot(page, "filtered")


def test_a_lost_reply_is_said_to_be_uncertain(visit: Visit) -> None:
    page = visit()
    Form(page, "text-to-video").open().write("Something").advanced().rehearse("Lost reply").generate()
    reaches(page, "uncertain")
    expect(page.locator(".steps .stopped")).to_have_text("Submitted")
    expect(card(page)).to_contain_text("Whether it was charged is unknown")
    expect(card(page)).to_contain_text("before you generate again")
    assert len(jobs_of(page)) == 1


def test_on_a_phone_nothing_overflows_and_the_result_comes_into_view(visit: Visit) -> None:
    page = visit("/?__theme=dark", size=PHONE)
    Form(page, "text-to-video").open().write("A tram in the fog").pick("duration_seconds", "4 s").pick(
        "aspect_ratio", "9:16"
    ).generate()
    reaches(page, "succeeded")
    expect(page.locator(".card video")).to_be_in_viewport()
    video = plays(page)
    assert (video["width"], video["height"]) == (720, 1280)
    page.wait_for_timeout(600)
    shot(page, "phone-dark")
    for mode in ("image-to-video", "interpolation", "references", "extension"):
        Form(page, mode).open()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
