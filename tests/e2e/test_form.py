"""The settings: drawn from the table, shut where the other choices exclude them, and worked by keyboard alone."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.steps import PHONE, Form, Visit, card, reaches


def radio(form: Form, name: str, label: str) -> Locator:
    return form.at(name).get_by_role("radio", name=label, exact=True)


def eight_seconds_of_1080p(page: Page) -> Form:
    """TokenBay makes 1080p at 8 s only, so the other lengths are out."""
    form = Form(page, "text-to-video").open().write("A paper boat in the rain").choose("provider", "TokenBay")
    form.pick("duration_seconds", "8 s").pick("resolution", "1080p")
    expect(radio(form, "duration_seconds", "6 s")).to_have_attribute("aria-disabled", "true")
    return form


def test_an_excluded_choice_cannot_be_chosen_and_says_why_and_what_it_would_fit_with(visit: Visit) -> None:
    page = visit()
    form = eight_seconds_of_1080p(page)
    six = radio(form, "duration_seconds", "6 s")
    expect(six).to_have_accessible_description(re.compile("1080p and 4k come only as 8 s clips"))
    six.click(force=True)
    expect(radio(form, "duration_seconds", "8 s")).to_be_checked()
    bubble = form.at("duration_seconds").get_by_role("tooltip")
    expect(bubble).to_contain_text("1080p and 4k come only as 8 s clips")
    bubble.get_by_role("button", name="6 s · Resolution 720p").click()
    expect(six).to_be_checked()
    expect(radio(form, "resolution", "720p")).to_be_checked()
    expect(form.at("resolution")).to_have_attribute("data-changed", "changed from 1080p")
    expect(radio(form, "resolution", "1080p")).to_have_attribute("aria-disabled", "true")


def test_what_is_chosen_while_another_form_is_on_its_way_is_kept(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("A paper boat in the rain")

    def late(route: Route) -> None:
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/gradio_api/run/**", late)
    form.choose("provider", "TokenBay").pick("duration_seconds", "4 s").pick("aspect_ratio", "9:16")
    page.wait_for_timeout(700)
    expect(page.locator("#tab-text-to-video .advice-errors")).to_have_count(0)
    expect(form.chosen("model")).to_have_text("Veo 3.1")
    expect(radio(form, "duration_seconds", "Auto")).to_be_visible()
    expect(radio(form, "duration_seconds", "4 s")).to_be_checked()
    expect(radio(form, "aspect_ratio", "9:16")).to_be_checked()


def test_what_the_servers_key_is_not_lent_for_is_said_beside_the_button(visit: Visit) -> None:
    page = visit()
    says = "The key of this server is lent for $2.00 a day: $0.40 of it is left, and this costs $0.80."

    def not_lent(route: Route) -> None:
        answer = route.fetch().json()
        route.fulfill(json={**answer, "not_lent": says if answer["valid"] else None})

    page.route("**/api/check**", not_lent)
    Form(page, "text-to-video").open().write("A paper boat")
    expect(page.locator("#tab-text-to-video .quote-state")).to_have_text(says)
    expect(page.locator("#tab-text-to-video .quote-state")).to_have_attribute("data-kind", "bad")


def test_a_model_that_was_shut_down_cannot_be_chosen(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().choose("provider", "Gemini API")
    expect(form.chosen("model")).to_contain_text("locked, shut down 2026-10-22")
    for entry in form.at("model").locator("option").all():
        expect(entry).to_be_disabled()


def test_arrows_move_through_a_choice_and_never_choose_what_is_out(visit: Visit) -> None:
    page = visit()
    form = eight_seconds_of_1080p(page)
    eight = radio(form, "duration_seconds", "8 s")
    eight.focus()
    page.keyboard.press("ArrowLeft")
    expect(radio(form, "duration_seconds", "6 s")).to_be_focused()
    expect(form.at("duration_seconds").get_by_role("tooltip")).to_contain_text("come only as 8 s clips")
    expect(eight).to_be_checked()
    page.keyboard.press("Space")
    expect(eight).to_be_checked()
    page.keyboard.press("Escape")
    expect(form.at("duration_seconds").get_by_role("tooltip")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(radio(form, "duration_seconds", "Auto")).to_be_focused()
    expect(radio(form, "duration_seconds", "Auto")).to_be_checked()
    page.keyboard.press("Tab")
    expect(radio(form, "resolution", "1080p")).to_be_focused()


def test_what_always_happens_is_a_switch_that_does_not_move(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().choose("provider", "Gemini API")
    sound = form.at("generate_audio").get_by_role("switch", name="Sound")
    expect(sound).to_be_checked()
    expect(sound).to_have_attribute("aria-disabled", "true")
    sound.click(force=True)
    expect(sound).to_be_checked()


def test_settings_reach_the_provider_as_they_are_shown(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("A kite over the dunes [sandbox:filtered]")
    form.pick("duration_seconds", "6 s").pick("aspect_ratio", "1:1")
    form.at("generate_audio").get_by_role("switch").uncheck()
    form.advanced().type("seed", "0").type("negative_prompt", "people").pick("number_of_videos", "2")
    form.generate()
    job = reaches(page, "failed")
    request = page.evaluate(
        """async (job) => {
            const headers = {authorization: `Bearer ${localStorage.getItem("veo.owner")}`};
            return (await (await fetch(`/api/jobs/${job}`, {headers})).json()).request;
        }""",
        job,
    )
    wanted = {"duration_seconds": 6, "aspect_ratio": "1:1", "generate_audio": False, "seed": 0, "number_of_videos": 2}
    assert {name: request[name] for name in wanted} == wanted
    assert request["negative_prompt"] == "people"


def test_from_prompt_to_generate_by_keyboard_alone(visit: Visit) -> None:
    page = visit()
    prompt = page.locator("#text-to-video-prompt textarea")
    prompt.focus()
    page.keyboard.type("A tram in the fog [sandbox:filtered]")
    reached: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
        if reached[-1] == "text-to-video-generate":
            break
    stops = ["text-to-video-provider-list", "text-to-video-model-list", "text-to-video-duration_seconds-2"]
    assert [each for each in reached if each in stops] == stops
    assert reached[-1] == "text-to-video-generate"
    page.keyboard.press("Enter")
    reaches(page, "failed")
    expect(card(page)).to_contain_text("safety filter")
    # The button was disabled meanwhile, and whoever pressed it still stands on it.
    expect(page.locator("#text-to-video-generate")).to_be_focused()


def test_arrows_walk_through_the_tabs(visit: Visit) -> None:
    page = visit()
    page.get_by_role("tab", name="Text to video").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Image to video")).to_be_focused()
    expect(page.locator("#image-to-video-first_frame")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Capabilities")).to_be_focused()


@pytest.mark.parametrize("size", [PHONE, (360, 740)])
def test_nothing_overflows_on_a_narrow_screen(visit: Visit, size: tuple[int, int]) -> None:
    page = visit(size=size)
    for mode in ("text-to-video", "image-to-video", "interpolation", "references", "extension"):
        form = Form(page, mode).open().advanced()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        form.at("advanced").get_by_role("button", name="Advanced").click()
    page.locator("#tab-extension").get_by_role("button", name="Build a prompt").click()
    camera = page.locator("#extension-builder").get_by_label("Camera").bounding_box()
    assert camera is not None
    assert 0 < camera["x"] < camera["x"] + camera["width"] < size[0], "no line of chips makes the builder wider"
    eight = eight_seconds_of_1080p(page)
    radio(eight, "duration_seconds", "6 s").click(force=True)
    expect(eight.at("duration_seconds").get_by_role("tooltip")).to_contain_text("It fits with")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
