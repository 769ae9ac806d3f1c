"""What is shown of a problem: every issue in words, and nothing of it as markup."""

import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from playground.domain.errors import InvalidRequest, NotConfigured, NotFound, TooMany
from playground.domain.validation import Issue
from playground.ui import presenter

EVIL = "<img src=x onerror=alert(1)>"
TEXTS: list[str] = tomllib.loads((Path(__file__).parents[1] / "data" / "hostile_texts.toml").read_text())["texts"]


class Read(HTMLParser):
    """What a browser would make of some markup: its elements with their attributes, and its text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_blocking_issue_is_listed_and_counted() -> None:
    shown = presenter.problems(
        InvalidRequest(
            [
                Issue("prompt", "required", "The prompt is needed."),
                Issue("seed", "out_of_range", "Seed -1 is out of range."),
                Issue("mode", "note", "Only a remark.", "warning"),
            ]
        )
    )
    assert "2 things to change" in shown
    assert '<b data-field="prompt">Prompt</b> The prompt is needed.' in shown
    assert "Seed -1 is out of range." in shown
    assert "Only a remark." not in shown


def test_one_issue_reads_as_one() -> None:
    assert "One thing to change" in presenter.issues_as_html([Issue("seed", "malformed", "No.")])


def test_nothing_from_outside_is_markup() -> None:
    for shown in (
        presenter.problems(InvalidRequest([Issue(EVIL, "malformed", EVIL)])),
        presenter.problems(NotConfigured(EVIL, EVIL)),
        presenter.our_fault(),
    ):
        assert "<img" not in shown


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_text_is_read_as_it_was_written(text: str) -> None:
    ours = {("div", ("class",)), ("p", ()), ("ul", ()), ("li", ()), ("b", ("data-field",))}
    for shown in (
        presenter.problems(InvalidRequest([Issue(text, "malformed", text)])),
        presenter.problems(NotConfigured(text, text)),
    ):
        read = Read(shown)
        assert read.elements <= ours
        assert text in read.text


def test_enough_for_now_says_when_it_goes_on() -> None:
    shown = presenter.problems(TooMany("No more than 6 videos can be begun here in a minute.", wait_seconds=40))
    assert "No more than 6 videos" in shown
    assert "Try again in 40 s." in shown


def test_a_missing_key_says_what_to_do() -> None:
    shown = presenter.problems(NotConfigured("GEMINI_API_KEY is not set.", "Set it, or choose another provider."))
    assert "GEMINI_API_KEY is not set." in shown
    assert "choose another provider" in shown


def test_a_browser_without_a_token_is_told_about_storage() -> None:
    assert "store data" in presenter.problems(NotFound())


def test_a_program_is_told_the_issues() -> None:
    said = presenter.refused(InvalidRequest([Issue("seed", "malformed", "No.")]))
    assert said["charged"] == "no"
    assert said["issues"] == [Issue("seed", "malformed", "No.").as_json()]
