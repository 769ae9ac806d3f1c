"""The list of this browser's jobs: live, clickable, with pictures, and nobody else's business."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.steps import PHONE, Clip, Form, Visit, card, jobs_of, make_clip, reaches, shot

BELL = """
window.told = [];
window.Notification = class {
    static permission = "default";
    static async requestPermission() { return (window.Notification.permission = "granted"); }
    constructor(title, options) { window.told.push([title, options.body]); }
};
"""


def rows(page: Page) -> list[str]:
    return page.locator(".jobs-list .jobs-prompt").all_inner_texts()


def submit(page: Page, *prompts: str) -> list[str]:
    """One job after the other, as fast as the page takes them; answers their ids, in the list's order."""
    form = Form(page, "text-to-video").open()
    for number, prompt in enumerate(prompts, 1):
        form.write(prompt).generate()
        expect(page.locator(".jobs-list li")).to_have_count(min(number, 4))
        expect(page.locator(".jobs-list .jobs-prompt").first).to_have_text(prompt)
    return [job["id"] for job in jobs_of(page)]


def test_several_run_at_once_and_each_can_be_looked_at(visit: Visit) -> None:
    page = visit()
    never, slow, filtered = reversed(
        submit(page, "One [sandbox:never-ends]", "Two [sandbox:slow]", "x [sandbox:filtered]")
    )
    assert reaches(page, "failed") == filtered
    row = page.locator(".jobs-list li")
    expect(row.nth(0)).to_have_attribute("data-state", "failed")
    expect(row.nth(0)).to_contain_text("Free")
    # Not shown, and still followed.
    expect(row.nth(1)).to_have_attribute("data-state", "running")
    before = row.nth(1).locator(".jobs-percent").inner_text()
    expect(row.nth(1).locator(".jobs-percent")).not_to_have_text(before, timeout=10_000)
    row.nth(2).locator(".jobs-row").click()
    assert reaches(page, "running") == never
    assert f"job={never}" in page.url
    expect(row.nth(2).locator(".jobs-row")).to_have_attribute("aria-current", "true")
    expect(row.locator("[aria-current]")).to_have_count(1)
    page.get_by_role("button", name="Cancel").click()
    reaches(page, "cancelled")
    expect(card(page)).to_contain_text("You stopped it")
    expect(card(page)).to_contain_text("Not charged")
    expect(row.nth(2)).to_have_attribute("data-state", "cancelled")
    expect(row.nth(1)).to_have_attribute("data-state", "succeeded", timeout=60_000)
    expect(row.nth(1).locator("img")).to_have_js_property("naturalWidth", 320)
    row.nth(1).locator(".jobs-row").click()
    assert reaches(page, "succeeded") == slow


def test_only_a_few_are_in_sight_until_all_are_asked_for(visit: Visit) -> None:
    page = visit()
    submit(page, *(f"Number {number} [sandbox:filtered]" for number in range(1, 6)))
    assert [text[:8] for text in rows(page)] == ["Number 5", "Number 4", "Number 3", "Number 2"]
    more = page.get_by_role("button", name="Show all 5")
    more.click()
    assert rows(page)[-1].startswith("Number 1")
    page.reload()
    expect(page.locator(".jobs-list li")).to_have_count(4)
    expect(page.locator(".jobs-list .jobs-age").first).to_have_text("now")


def test_another_browser_sees_nothing_anywhere(visit: Visit, clip: Clip) -> None:
    job, mine = clip.job, visit(owner=clip.owner)
    signed = next(each for each in jobs_of(mine) if each["id"] == job)["videos"][0]
    theirs = visit(f"/?job={job}")
    theirs.wait_for_timeout(1_500)
    expect(card(theirs)).to_have_attribute("data-state", "idle")
    expect(theirs.locator(".jobs")).to_be_hidden()
    assert jobs_of(theirs) == []
    token = theirs.evaluate("localStorage.getItem('veo.owner')")
    stranger = {"authorization": f"Bearer {token}"}
    for path in ("", "/conversation", "/code/curl"):
        assert theirs.request.get(f"/api/jobs/{job}{path}", headers=stranger).status == 404
    for url in (signed["url"], signed["thumbnail"]):
        bare = url.partition("?")[0]
        assert theirs.request.get(bare, headers=stranger).status == 404
        assert theirs.request.get(f"{bare}?expires=9999999999&signature={'0' * 64}").status == 404
        assert theirs.request.get(url).status == 200, "the signature is what lets somebody in"


def test_several_videos_of_one_job_are_a_strip(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("Two kites").pick("duration_seconds", "4 s").advanced()
    form.pick("number_of_videos", "2").generate()
    job = reaches(page, "succeeded")
    strip = page.get_by_role("group", name="Videos of this job")
    expect(strip.locator("img")).to_have_count(2)
    expect(strip.locator("img").nth(1)).to_have_js_property("naturalWidth", 320)
    strip.get_by_role("button", name="Video 2").click()
    expect(page.locator(".card video")).to_have_attribute("src", re.compile(f"/media/{job}/2"))
    page.get_by_role("button", name="Extend", exact=True).click()
    expect(page.locator("#extension-source_video .media-items li")).to_have_count(1)
    held = page.evaluate("JSON.parse(localStorage.getItem('veo.draft')).extension.source_video")
    assert [each["ref"] for each in held] == [f"job:{job}#2"]
    shot(page, "several")


def test_whoever_asks_is_told_when_it_is_done(visit: Visit) -> None:
    page = visit(None)
    page.add_init_script(BELL)
    page.goto("/")
    page.locator('[data-ready="yes"]').wait_for()
    submit(page, "Quiet [sandbox:never-ends]")
    reaches(page, "running")
    assert page.title() == "Veo Playground"
    page.get_by_role("button", name="Tell me when it is done").click()
    expect(page.get_by_role("button", name="You will be told")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_title(re.compile(r"% · Veo Playground"))
    page.get_by_role("button", name="Cancel").click()
    expect(page).to_have_title("! Cancelled · Veo Playground")
    assert page.evaluate("window.told") == [["Cancelled", "Quiet [sandbox:never-ends]"]]
    # Once it was seen, the title is itself again.
    page.keyboard.press("Shift")
    expect(page).to_have_title("Veo Playground")


def test_nobody_is_told_who_did_not_ask(visit: Visit) -> None:
    page = visit(None)
    page.add_init_script(BELL)
    page.goto("/")
    page.locator('[data-ready="yes"]').wait_for()
    submit(page, "Quiet [sandbox:filtered]")
    reaches(page, "failed")
    assert page.evaluate("[window.told, Notification.permission]") == [[], "default"]
    expect(page).to_have_title("Veo Playground")


def test_nothing_is_wider_than_a_small_phone(visit: Visit) -> None:
    page = visit("/?__theme=dark", size=(360, 740))
    wide = "document.documentElement.scrollWidth"
    for tab in ("Image to video", "Interpolation", "References", "Extension", "Capabilities", "Text to video"):
        page.get_by_role("tab", name=tab, exact=True).click()
        page.wait_for_timeout(300)
        assert page.evaluate(wide) <= 360, tab
    submit(page, "A very long prompt without end " * 8 + "[sandbox:filtered]", "W" * 90 + " [sandbox:never-ends]")
    reaches(page, "running")
    assert page.evaluate(wide) <= 360
    page.get_by_text("Request and answers").click()
    page.get_by_role("button", name="curl", exact=True).click()
    expect(page.get_by_role("region", name="The job as a program")).to_be_visible()
    assert page.evaluate(wide) <= 360
    page.get_by_role("button", name="Cancel").click()
    reaches(page, "cancelled")
    page.locator(".jobs-row").nth(1).click()
    reaches(page, "failed")
    assert page.evaluate(wide) <= 360
    make_clip(page)
    assert page.evaluate(wide) <= 360
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert page.evaluate(wide) <= PHONE[0]
