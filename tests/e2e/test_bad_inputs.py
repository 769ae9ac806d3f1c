"""Whatever is wrong with an input ends in a clear sentence beside Generate, and nothing typed is lost."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.steps import Form, Visit, card, jobs_of, shot


@pytest.mark.parametrize(
    ("mode", "field", "name", "says"),
    [
        ("image-to-video", "first_frame", "vast.png", "too many pixels"),
        ("extension", "source_video", "cut.mp4", "cut off"),
    ],
)
def test_a_file_that_cannot_be_used(visit: Visit, spoilt: Path, mode: str, field: str, name: str, says: str) -> None:
    page = visit()
    form = Form(page, mode).open().write("Kept as it was typed").give(field, spoilt / name)
    form.generate()
    expect(form.problems()).to_contain_text(says)
    expect(form.problems()).to_contain_text("One thing to change")
    expect(form.problems()).not_to_contain_text("Traceback")
    expect(form.at("prompt").locator("textarea")).to_have_value("Kept as it was typed")
    expect(form.at(field).locator(".media-items li")).to_have_count(1)
    expect(card(page)).to_have_attribute("data-state", "idle")
    assert jobs_of(page) == []


def test_a_file_that_is_not_taken_at_all(visit: Visit, spoilt: Path) -> None:
    page = visit()
    form = Form(page, "image-to-video").open().write("Kept as it was typed")
    expect(form.at("first_frame")).to_contain_text("Drop, paste or choose")
    for name, says in (
        ("text.png", "text.png is no picture and no video"),
        ("heavy.jpg", "a picture may have 20 MB at most"),
    ):
        form.at("first_frame").locator("input[type=file]").set_input_files(spoilt / name)
        expect(form.at("first_frame").locator(".media-problem")).to_contain_text(says)
        expect(form.at("first_frame").locator(".media-items li")).to_have_count(0)


def test_everything_that_is_missing_is_said_at_once(visit: Visit) -> None:
    page = visit()
    form = Form(page, "interpolation").open()
    form.generate()
    expect(form.problems()).to_contain_text("3 things to change")
    expect(form.problems()).to_contain_text("First frame")
    expect(form.problems()).to_contain_text("Last frame")
    shot(page, "problems")


def test_an_empty_prompt_and_a_seed_that_is_no_number(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open()
    form.generate()
    expect(form.problems()).to_contain_text("prompt is needed")
    form.write("A boat").advanced()
    form.type("seed", "lots")
    form.generate()
    expect(form.problems()).to_contain_text("Seed must be a whole number, not “lots”")
    expect(form.at("generate")).to_be_enabled()
    form.type("seed", "-1")
    form.generate()
    expect(form.problems()).to_contain_text("out of range")


def test_a_link_to_a_private_place_is_refused(visit: Visit, server: str) -> None:
    page = visit()
    form = Form(page, "image-to-video").open()
    form.link("first_frame", "no link")
    expect(form.at("first_frame").locator(".media-problem")).to_contain_text("must begin with http")
    form.link("first_frame", f"{server}/pg-static/icon.png").generate()
    expect(form.problems()).to_contain_text("First frame")


def test_a_server_path_cannot_be_named(visit: Visit, samples: Path) -> None:
    """The page's own control holds references; somebody may put any there."""
    page = visit()
    form = Form(page, "image-to-video").open().give("first_frame", samples / "first-frame.jpg")
    page.wait_for_timeout(400)
    page.evaluate(
        """() => {
            const draft = JSON.parse(localStorage.getItem("veo.draft"));
            draft["image-to-video"].first_frame = [{ref: "/etc/hostname", name: "mine.png"}];
            localStorage.setItem("veo.draft", JSON.stringify(draft));
        }"""
    )
    page.route("**/api/uploads?**", lambda route: route.fulfill(path=samples / "first-frame.jpg"))
    page.reload()
    page.locator('[data-ready="yes"]').wait_for()
    expect(form.at("first_frame").locator(".media-items li")).to_have_count(1)
    form.generate()
    expect(form.problems()).to_contain_text("no file")
