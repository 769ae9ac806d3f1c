"""What is shown of a problem: every issue in words, and nothing of it as markup."""

from playground.domain.errors import InvalidRequest, NotConfigured, NotFound
from playground.domain.validation import Issue
from playground.ui import presenter

EVIL = "<img src=x onerror=alert(1)>"


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
