"""The three ways in which gateways of TokenBay's protocol tell how a task stands.

Its page shows a flat answer in capitals, its `/video/generations` alias wraps that in `data` (as new-api does), and
new-api's own `/videos/{id}` speaks like OpenAI. Which of them TokenBay answers on `/videos/{id}` is not known.
"""

from collections.abc import Callable
from typing import Any, Final

from playground.emulator._desk import Operation, Stage

Json = dict[str, Any]

_CAPITALS: Final[dict[Stage, str]] = {
    "queued": "QUEUED",
    "running": "IN_PROGRESS",
    "finished": "SUCCESS",
    "empty": "SUCCESS",
    "failed": "FAILURE",
    "filtered": "FAILURE",
}
_OPENAI: Final[dict[Stage, str]] = {
    "queued": "queued",
    "running": "in_progress",
    "finished": "completed",
    "empty": "completed",
    "failed": "failed",
    "filtered": "failed",
}
_REASONS: Final[dict[Stage, tuple[str, str]]] = {
    "failed": ("upstream_error", "Video generation failed due to an internal server issue."),
    "filtered": (
        "prompt_blocked",
        "The generated video was withheld because it violates the content policy. Support codes: 58061214",
    ),
}
"""Code and sentence. A moderation's wording is not documented; this is Google's, passed on."""


def task_id(operation: Operation) -> str:
    """How the gateway calls a task."""
    return f"task_{operation.id}"


def receipt(operation: Operation) -> Json:
    """The answer to a create: flat, whichever way the polls have."""
    return {**_head(operation), "status": "QUEUED", "progress": 0}


def flat(operation: Operation, stage: Stage, share: float, content: str) -> Json:
    """As TokenBay's page has it, with a relative link."""
    return {**_head(operation), **_news(stage, share, content)}


def wrapped(operation: Operation, stage: Stage, share: float, content: str, origin: str) -> Json:
    """As the alias has it in new-api, with an absolute link. What has not begun is SUBMITTED."""
    data = {"task_id": task_id(operation), **_news(stage, share, f"{origin}{content}")}
    if stage == "queued":
        data["status"] = "SUBMITTED"
    return {"code": "success", "message": "", "data": data}


def openai(operation: Operation, stage: Stage, share: float, content: str, origin: str) -> Json:
    """As new-api's `/videos/{id}` has it: small letters, a number for progress, the link in `metadata`."""
    answer = {**_head(operation), "status": _OPENAI[stage], "progress": round(share * 100)}
    answer["seconds"] = str(operation.wanted.seconds)
    if stage in _REASONS:
        code, says = _REASONS[stage]
        answer["error"] = {"code": code, "message": says}
    if stage == "finished":
        answer["metadata"] = {"url": f"{origin}{content}"}
    return answer


Shape = Callable[[Operation, Stage, float, str, str], Json]

SHAPES: Final[tuple[Shape, ...]] = (lambda o, s, p, c, _: flat(o, s, p, c), wrapped, openai)
"""In the order in which tasks get them, one after the other."""


def _head(operation: Operation) -> Json:
    return {
        "id": task_id(operation),
        "task_id": task_id(operation),
        "object": "video",
        "model": operation.wanted.model,
        "created_at": int(operation.accepted_at.timestamp()),
    }


def _news(stage: Stage, share: float, link: str) -> Json:
    news: Json = {"status": _CAPITALS[stage], "progress": f"{round(share * 100)}%"}
    if stage in _REASONS:
        news["fail_reason"] = _REASONS[stage][1]
    if stage == "finished":
        news["result_url"] = link
    return news
