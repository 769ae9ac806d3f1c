"""Every picture and clip: a file, a drop, a paste, a link or one of your results; and how it will be fitted."""

import base64
import json
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.steps import Clip, Form, Visit, plays, reaches, shot

HAND_OVER = """({kind, encoded, on, text}) => {
    const raw = Uint8Array.from(atob(encoded), (each) => each.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([raw], "handed.jpg", {type: "image/jpeg"}));
    if (text) data.setData("text/plain", text);
    const target = document.querySelector(on);
    const init = {bubbles: true, cancelable: true};
    const event = kind === "paste"
        ? new ClipboardEvent("paste", {...init, clipboardData: data})
        : new DragEvent(kind, {...init, dataTransfer: data});
    target.dispatchEvent(event);
    return event.defaultPrevented;
}"""


def hand_over(page: Page, kind: str, picture: Path, on: str, text: str = "") -> bool:
    """Paste or drop a picture somewhere; answers whether the page took it."""
    encoded = base64.b64encode(picture.read_bytes()).decode()
    return bool(page.evaluate(HAND_OVER, {"kind": kind, "encoded": encoded, "on": on, "text": text}))


def pictures(form: Form, name: str) -> Locator:
    return form.at(name).locator(".media-items img")


def test_a_pasted_picture_goes_to_the_first_free_input(visit: Visit, samples: Path) -> None:
    page = visit()
    form = Form(page, "interpolation").open()
    expect(form.at("last_frame")).to_contain_text("Drop, paste or choose a picture")
    assert hand_over(page, "paste", samples / "first-frame.jpg", "body")
    expect(pictures(form, "first_frame")).to_be_visible()
    writing = "#interpolation-prompt textarea"
    assert not hand_over(page, "paste", samples / "last-frame.jpg", writing, "text with its own picture")
    assert hand_over(page, "paste", samples / "last-frame.jpg", writing)
    expect(pictures(form, "last_frame")).to_be_visible()
    form.pick("duration_seconds", "4 s").generate()
    reaches(page, "succeeded")
    Form(page, "text-to-video").open()
    assert not hand_over(page, "paste", samples / "first-frame.jpg", "body")


def test_a_picture_dropped_anywhere_is_taken_and_never_replaces_the_page(visit: Visit, samples: Path) -> None:
    page = visit()
    form = Form(page, "references").open()
    drop = form.at("reference_images")
    expect(drop).to_contain_text("Drop, paste or choose pictures")
    hand_over(page, "dragover", samples / "reference-1.png", "#references-reference_images .media-drop")
    expect(drop.locator(".media")).to_have_class(re.compile("over"))
    hand_over(page, "drop", samples / "reference-1.png", "#references-reference_images .media-drop")
    expect(pictures(form, "reference_images")).to_have_count(1)
    hand_over(page, "drop", samples / "reference-2.png", ".pg-header")
    expect(pictures(form, "reference_images")).to_have_count(2)
    expect(drop.locator(".media")).not_to_have_class(re.compile("over"))
    Form(page, "text-to-video").open()
    assert hand_over(page, "drop", samples / "reference-2.png", ".pg-header"), "the browser would open the file"


def test_the_last_frame_of_a_result_begins_another_video(visit: Visit, clip: Clip) -> None:
    page = visit(owner=clip.owner)
    first = clip.job
    form = Form(page, "image-to-video").open().write("The boat goes on").take("first_frame", f"job:{first}#last-frame")
    expect(form.at("first_frame").locator(".media-items video")).to_be_visible()
    expect(form.at("first_frame").locator(".fit-says")).to_have_text("Fits 16:9")
    page.reload()
    page.locator('[data-ready="yes"]').wait_for()
    expect(form.at("first_frame").locator(".fit-says")).to_have_text("Fits 16:9")
    form.pick("duration_seconds", "4 s").generate()
    page.wait_for_function("(first) => document.querySelector('.card').dataset.job !== first", arg=first)
    reaches(page, "succeeded")
    assert plays(page)["at"] > 0


def test_extension_offers_what_the_provider_extends_and_says_why_not_the_rest(visit: Visit, clip: Clip) -> None:
    page = visit(owner=clip.owner)
    form = Form(page, "extension").open()
    mine = form.at("source_video").locator(f'[data-ref="job:{clip.job}"]')
    expect(mine).to_contain_text("A paper boat in the rain")
    expect(mine).to_contain_text("4 s")
    expect(mine.locator("img")).to_have_js_property("complete", True)
    form.choose("provider", "Gemini API")
    expect(mine).to_have_attribute("aria-disabled", "true")
    expect(mine).to_contain_text("must be a result made here by gemini")
    mine.click(force=True)
    expect(form.at("source_video").locator(".media-items li")).to_have_count(0)
    form.choose("provider", "Sandbox")
    expect(mine).not_to_have_attribute("aria-disabled", "true")
    shot(page, "extend-choice")
    form.take("source_video", f"job:{clip.job}")


def test_days_that_are_left_are_counted_beside_a_clip(visit: Visit, clip: Clip) -> None:
    page = visit(None, owner=clip.owner)

    def with_days(route: Route) -> None:
        answer = route.fetch().json()
        answer["results"][0]["days_left"] = 1.5
        route.fulfill(body=json.dumps(answer), content_type="application/json")

    page.route("**/api/extendable**", with_days)
    page.goto("/")
    form = Form(page, "extension").open()
    expect(form.at("source_video").locator(".media-results")).to_contain_text("1.5 days left")


def test_a_picture_shows_how_it_will_be_fitted_as_the_form_changes(visit: Visit, samples: Path) -> None:
    page = visit()
    form = Form(page, "image-to-video").open().give("first_frame", samples / "first-frame.jpg")
    says, frame = form.at("first_frame").locator(".fit-says"), form.at("first_frame").locator(".fit")
    expect(says).to_have_text("Fits 16:9")
    form.pick("aspect_ratio", "1:1")
    expect(says).to_contain_text("Cropped to 1:1")
    expect(frame).to_have_attribute("data-fit", "crop")
    kept = frame.locator("i").bounding_box()
    assert kept is not None
    assert kept["width"] == pytest.approx(kept["height"], abs=3)
    # Between a press and its release, the form may be checked once more.
    says.get_by_role("button", name="Pad instead").hover()
    page.mouse.down()
    with page.expect_response("**/api/check*"):
        form.write("It begins in the rain")
    page.mouse.up()
    expect(says).to_contain_text("Padded to 1:1")
    box = frame.bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(box["height"], abs=3)
    form.choose("provider", "TokenBay").pick("aspect_ratio", "9:16")
    expect(says).to_have_text("Not 9:16: it will be cropped or padded")


def test_who_takes_only_links_says_so_and_a_link_can_be_typed(visit: Visit, samples: Path) -> None:
    page = visit()
    form = Form(page, "image-to-video").open().write("It begins").give("first_frame", samples / "first-frame.jpg")
    form.choose("provider", "aigateway.sh")
    place = form.at("first_frame")
    expect(place).to_contain_text("takes only public links here")
    expect(page.locator("#tab-image-to-video .advice-errors")).to_contain_text("must be a public URL")
    place.get_by_role("button", name="Remove first-frame.jpg").click()
    expect(place.locator("input[type=url]")).to_be_visible()
    form.link("first_frame", "https://example.org/frame.png")
    expect(place.locator(".media-items")).to_contain_text("https://example.org/frame.png")
    expect(page.locator("#tab-image-to-video .advice-errors")).to_have_count(0)


def test_a_picture_that_is_not_taken_says_what_is_sent_instead(visit: Visit, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = tmp_path / "photo.webp"
    Image.new("RGB", (360, 640), (40, 90, 160)).save(photo, exif=exif)
    page = visit()
    form = Form(page, "image-to-video").open().write("It begins").give("first_frame", photo)
    notes = page.locator("#tab-image-to-video .advice-notes")
    expect(notes).to_contain_text("The first frame is sent as a JPEG copy: it is turned upright.")
    form.choose("provider", "Azerion")
    expect(notes).to_contain_text("sent as a JPEG copy: WEBP is not taken here, it is turned upright.")
    expect(page.locator("#tab-image-to-video .advice-errors")).to_have_count(0)
    shot(page, "changed-picture")
