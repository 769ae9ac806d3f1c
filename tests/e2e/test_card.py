"""The status card in the situations that a real job reaches rarely: its views are played to it here."""

import json
import re
import time
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.e2e.steps import DESKTOP, PHONE, Visit, card

VIEW: dict[str, Any] = {
    "id": "played",
    "state": "running",
    "step": 2,
    "steps": ["checked", "submitted", "generating", "saving", "ready"],
    "provider": "sandbox",
    "provider_label": "Sandbox",
    "model": "sandbox-preview",
    "model_label": "Sandbox preview",
    "mode": "text-to-video",
    "prompt": "<b>A prompt</b> that is text",
    "request": {"aspect_ratio": "9:16"},
    "progress": None,
    "words": "waiting for a <i>free</i> machine",
    "polls": 3,
    "created_at": "2026-11-20T12:00:00Z",
    "elapsed_seconds": 75.4,
    "usual": None,
    "overdue": False,
    "can_cancel": True,
    "cancel_note": None,
    "cancel_requested": False,
    "videos": [],
    "notes": [],
    "error": None,
    "charged": "unknown",
    "price_usd": None,
    "provider_job_id": "abc",
    "seq": 4,
}


def play(page: Page, views: Sequence[dict[str, Any] | None]) -> list[str]:
    """Answer the card's questions with these views in turn, the last one for good; None is a lost connection."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(f"{route.request.method} {route.request.url.rpartition('/api/jobs/')[2]}")
        view = views[min(len(asked), len(views)) - 1]
        if view is None:
            route.abort()
        else:
            route.fulfill(status=200, content_type="application/json", body=json.dumps(view))

    page.route("**/api/jobs/**", answer)
    page.goto("/?job=played&__theme=light")
    return asked


def test_without_a_percentage_time_is_shown_and_words_stay_words(visit: Visit) -> None:
    page = visit(None)
    play(page, [VIEW])
    expect(card(page)).to_have_attribute("data-state", "running")
    expect(page.locator(".figure")).to_have_text("1:15")
    expect(page.locator(".doing")).to_have_text("waiting for a <i>free</i> machine")
    expect(page.locator(".card .prompt")).to_have_text("<b>A prompt</b> that is text")
    expect(page.locator(".card .facts")).to_contain_text("asked 3 times")
    expect(page.locator(".card .steps .now")).to_have_text("Generating")


def test_waiting_is_told_against_what_is_usual(visit: Visit) -> None:
    page = visit(None)
    here, documented = {"low": 40.0, "high": 95.0, "jobs": 12}, {"low": 11.0, "high": 360.0, "jobs": 0}
    views: list[dict[str, Any] | None] = [{**VIEW, "usual": here}]
    play(page, views)
    says = page.locator(".calm p")
    expect(says).to_have_text("Half of such jobs took up to 40 s here, nine of ten up to 1 min 35 s (12 jobs).")
    # Time is shown, no percentage is made up.
    expect(page.locator(".calm .track")).to_be_visible()
    expect(page.locator(".card .bar")).to_be_hidden()
    views[:] = [{**VIEW, "usual": here, "elapsed_seconds": 96.0}]
    expect(says).to_have_text("Slower than nine of ten here, which took up to 1 min 35 s. It goes on.")
    views[:] = [{**VIEW, "usual": documented, "progress": 0.4}]
    expect(says).to_have_text("Sandbox says that a video takes 11 s to 6 min.")
    expect(page.locator(".calm .track")).to_be_hidden()
    expect(page.locator(".card .bar")).to_be_visible()
    views[:] = [{**VIEW, "usual": documented, "elapsed_seconds": 400.0}]
    expect(says).to_have_text("Longer than the 6 min that Sandbox names. It goes on.")


def test_a_call_that_waits_for_its_answer_is_said_to_be_generating(visit: Visit) -> None:
    page = visit(None)
    play(page, [{**VIEW, "state": "submitting", "words": "It answers when the video is finished."}])
    expect(page.locator(".card .said")).to_have_text("Generating")
    expect(page.locator(".card .steps .now")).to_have_text("Generating")
    expect(page.locator(".doing")).to_have_text("It answers when the video is finished.")


def test_a_lost_connection_is_said_and_gets_over(visit: Visit) -> None:
    page = visit(None)
    play(page, [VIEW, None, None, {**VIEW, "words": "back again"}])
    expect(page.locator(".connection")).to_contain_text("Your job goes on", timeout=15_000)
    expect(page.locator(".doing")).to_have_text("back again", timeout=20_000)
    expect(page.locator(".connection")).to_have_text("")


def test_an_overdue_job_can_be_looked_at_again(visit: Visit) -> None:
    page = visit(None)
    asked = play(page, [{**VIEW, "overdue": True, "can_cancel": False}] * 2 + [VIEW])
    expect(card(page)).to_have_attribute("data-state", "overdue")
    expect(card(page)).to_contain_text("the provider may still finish it")
    page.get_by_role("button", name="Look again").click()
    expect(card(page)).to_have_attribute("data-state", "running")
    assert "POST played/look-again" in asked


def test_several_videos_each_have_their_facts(visit: Visit) -> None:
    page = visit(None)
    videos = [
        {
            "number": number,
            "url": f"/media/played/{number}?expires=1&signature=x",
            "thumbnail": f"/media/played/{number}/thumbnail?expires=1&signature=x",
            "file_name": f"clip-{number}.mp4",
            "bytes": 1_234_567,
            "seconds": 8.0,
            "width": 1280,
            "height": 720,
            "frames_per_second": 24.0,
            "has_audio": number == 1,
        }
        for number in (1, 2)
    ]
    page.route("**/media/**", lambda route: route.fulfill(status=404))
    theirs = f"projects/demo-project/locations/us-central1/operations/{'0123456789abcdef' * 4}"
    done = {**VIEW, "state": "succeeded", "step": 4, "videos": videos, "provider_job_id": theirs, "price_usd": 1.6}
    play(page, [{**done, "notes": ["It came without sound."]}])
    strip = page.get_by_role("group", name="Videos of this job")
    expect(strip.get_by_role("button", name="Video 1", pressed=True)).to_be_visible()
    expect(page.locator(".about")).to_contain_text("Video 1")
    strip.get_by_role("button", name="Video 2").click()
    expect(page.locator(".about")).to_contain_text("without sound")
    expect(page.locator(".about")).to_contain_text("1.2 MB")
    expect(page.locator(".about")).to_contain_text("Price (estimate)$1.60")
    expect(page.locator(".card video")).to_have_attribute("src", re.compile("/media/played/2"))
    expect(page.get_by_role("link", name="Download")).to_have_attribute("download", "clip-2.mp4")
    # A request can name the last frame of a job's first video only.
    expect(page.get_by_role("button", name="Use last frame")).to_have_count(0)
    expect(page.locator(".actions")).to_have_text("DownloadExtend")
    expect(page.locator(".card .notes li")).to_have_text("It came without sound.")
    # However long a provider's names are, nothing of the card is cut off.
    for size in (DESKTOP, PHONE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        sides = page.locator(".card .status").evaluate("({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]")
        assert sides[0] == sides[1]
        box = page.get_by_role("button", name="Copy the provider’s job id").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] < size[0]


def test_a_long_prompt_is_folded_and_can_be_read_whole(visit: Visit) -> None:
    page = visit(None)
    play(page, [{**VIEW, "prompt": "A long way down the river. " * 60}])
    more = page.locator(".card .more")
    expect(more).to_have_text("Show the whole prompt")
    height = "({ clientHeight }) => clientHeight"
    folded = page.locator(".card .prompt").evaluate(height)
    more.click()
    expect(more).to_have_text("Show less")
    assert page.locator(".card .prompt").evaluate(height) > 3 * folded
    more.click()
    expect(more).to_have_attribute("aria-expanded", "false")
    assert page.locator(".card .prompt").evaluate(height) == folded
    # What is short enough on a wide screen may be long on a narrow one.
    play(page, [{**VIEW, "prompt": "A long way down the river. " * 4}])
    expect(page.locator(".card .prompt")).to_be_visible()
    expect(more).to_be_hidden()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(more).to_be_visible()


def test_a_short_prompt_has_nothing_to_unfold_and_a_job_says_its_model(visit: Visit) -> None:
    page = visit(None)
    play(page, [VIEW])
    expect(page.locator(".card .facts")).to_contain_text("Sandbox · Sandbox preview · ")
    expect(page.locator(".card .more")).to_be_hidden()


def test_a_refused_key_can_be_entered_at_once(visit: Visit) -> None:
    page = visit(None)
    error = {"code": "bad_key", "message": "The key was refused.", "next_step": "Enter it again.", "quoted": None}
    play(page, [{**VIEW, "state": "failed", "provider": "vertex", "can_cancel": False, "error": error}])
    card(page).get_by_role("button", name="Enter the key").click()
    expect(page.locator('.keys-one[data-provider="vertex"]')).to_have_attribute("open", "")


def test_where_nothing_can_be_looked_up_nothing_stands_in_its_place(visit: Visit) -> None:
    page = visit(None)
    doubt = {
        "sent_at": "2026-11-20T12:00:00Z",
        "sent_to": "api.example.com",
        "may_cost_usd": 3.2,
        "look_up": "nothing",
        "needs": "It has no list.",
        "evidence": None,
        "id_example": None,
        "cannot_ask": None,
    }
    play(page, [{**VIEW, "state": "uncertain", "can_cancel": False, "doubt": doubt}])
    expect(page.locator(".doubt")).to_contain_text("It has no list.")
    expect(page.locator(".doubt")).not_to_contain_text("null")


def test_what_a_screen_reader_hears_changes_only_with_the_state(visit: Visit) -> None:
    page = visit(None)
    play(page, [{**VIEW, "elapsed_seconds": float(second), "polls": second} for second in range(1, 6)])
    expect(card(page)).to_have_attribute("data-state", "running")
    page.evaluate(
        """() => {
            window.spoken = 0;
            const said = document.querySelector(".card .said");
            const watched = {childList: true, characterData: true, subtree: true};
            new MutationObserver(() => (window.spoken += 1)).observe(said, watched);
        }"""
    )
    expect(page.locator(".figure")).to_have_text("0:04", timeout=10_000)
    assert page.evaluate("window.spoken") == 0
    assert page.locator(".card .said").get_attribute("aria-live") == "polite"


def test_an_open_page_comes_to_rest_and_one_that_waits_lays_out_next_to_nothing(visit: Visit) -> None:
    page = visit(None)
    page.add_init_script(
        "const ask = requestAnimationFrame; window.asked = 0;"
        "window.requestAnimationFrame = (step) => { asked += 1; return ask(step); };"
    )
    play(page, [{**VIEW, "usual": {"low": 40.0, "high": 95.0, "jobs": 12}}])
    expect(page.locator(".calm .track")).to_be_visible()
    # While it opens it moves; a loop that never ends asks for sixty frames a second.
    resting = (
        "async () => { const before = asked; await new Promise((on) => setTimeout(on, 500)); return asked - before }"
    )
    until = time.monotonic() + 15
    while page.evaluate(resting) > 5:
        assert time.monotonic() < until, "the page never rests"
    session: Any = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def laid_out() -> float:
        metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in metrics if each["name"] == "LayoutCount")

    before = laid_out()
    page.wait_for_timeout(1000)
    # The clock moves on; every frame would be sixty times.
    assert laid_out() - before < 10
