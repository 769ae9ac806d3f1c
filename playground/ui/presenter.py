"""Pure: issues and exceptions as HTML that a person reads. Whatever came from outside is escaped here."""

from collections.abc import Sequence
from html import escape

from playground.domain.errors import InvalidRequest, NotFound, PlaygroundError
from playground.domain.validation import Issue, errors
from playground.domain.view import JobView
from playground.ui import texts


def problems(error: PlaygroundError) -> str:
    """What stands beside Generate when the service refuses: a head, every issue, and what to do next."""
    if isinstance(error, InvalidRequest):
        return issues_as_html(error.issues)
    if isinstance(error, NotFound):
        return _box(texts.said().page.unknown_browser, [])
    return _box(error.message, [escape(error.next_step)])


def issues_as_html(issues: Sequence[Issue]) -> str:
    """Every blocking issue, counted; warnings are not listed among them."""
    blocking, said = errors(issues), texts.said().page
    head = said.one_problem if len(blocking) == 1 else said.problems.format(count=len(blocking))
    return _box(head, [_line(issue) for issue in blocking])


def _line(issue: Issue) -> str:
    label = texts.said().fields.get(issue.field, issue.field.replace("_", " ").capitalize())
    return f'<b data-field="{escape(issue.field)}">{escape(label)}</b> {escape(issue.message)}'


def our_fault() -> str:
    """What is said of an exception that nobody expected; its text stays in the log."""
    return _box(texts.said().page.our_fault, [escape(texts.said().page.our_fault_next)])


def _box(head: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f'<div class="problems"><p>{escape(head)}</p>{f"<ul>{items}</ul>" if items else ""}</div>'


def status(view: JobView) -> dict[str, object]:
    """One line of progress for a program that follows a job through Gradio's own API."""
    return {
        "event": "finished" if view.at_rest else "status",
        "job_id": view.id,
        "state": view.state,
        "progress": view.progress,
        "words": view.words,
        "notes": list(view.notes),
        "videos": [video.model_dump(mode="json") for video in view.videos],
        "charged": view.charged,
        "price_usd": view.price_usd,
        "error": view.error.as_json() if view.error is not None else None,
    }


def refused(error: PlaygroundError) -> dict[str, object]:
    """The same for a request that was never sent."""
    issues = [issue.as_json() for issue in error.issues] if isinstance(error, InvalidRequest) else []
    line: dict[str, object] = {"event": "finished", "job_id": None, "state": "failed", "charged": "no"}
    return {**line, "error": error.as_json(), "issues": issues}
