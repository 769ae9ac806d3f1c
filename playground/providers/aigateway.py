"""aigateway.sh: submit, ask, download. Its model page, its jobs page and its SDK describe three different jobs.

All three are read. The page downloads without the key and the SDK with it, so the key waits until it is asked for.
"""

from typing import Final
from urllib.parse import quote

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Failure, FailureCode, failure
from playground.domain.provider import (
    Accepted,
    Answer,
    Body,
    Cancelled,
    Checked,
    Context,
    Created,
    Failed,
    Finished,
    Gone,
    HttpCall,
    MediaLeaf,
    NotCancelled,
    Operation,
    Refused,
    RemoteFile,
    Running,
    Unchanged,
    Unclear,
)
from playground.domain.request import MEDIA_FIELDS, Value, VideoRequest
from playground.domain.snippets.recipe import OPERATION, Recipe, Status, Videos
from playground.providers._reading import filtered, is_filter, is_ok, refusal, text_at, unclear, words

_WHO: Final = "aigateway.sh"
_NAMES: Final = {"duration_seconds": "duration", "first_frame": "image_url"}
"""Its own names, where they differ from ours."""
_LINKS: Final = (("result", "url"), ("result", "file_url"), ("result_url",))
"""Where the model page, the jobs page and the SDK have the link."""
_CANCELLED: Final = ("cancelled", "canceled")
_GONE: Final = frozenset({404, 410})
_NOT_MODIFIED, _NOT_FOUND = 304, 404
_CODES: Final[dict[str, tuple[FailureCode, str]]] = {
    "invalid_key": ("bad_key", "{who} does not accept the key."),
    "authentication_error": ("bad_key", "{who} does not accept the key."),
    "insufficient_credits": ("no_credit", "The wallet at {who} is empty."),
    "scope_exceeded": ("not_allowed", "{who} does not allow this key to do that."),
    "rate_limited": ("rate_limited", "{who} limits the rate."),
    "rate_limit_error": ("rate_limited", "{who} limits the rate."),
    "not_found": ("model_retired", "{who} knows no such model."),
}
"""The codes of its model page and its other pages."""


def create(request: VideoRequest, spec: ModeSpec, context: Context) -> HttpCall:
    """Ask for the video, saying only what is set."""
    values = {_NAMES.get(name, name): _said(name, value, spec) for name, value in request.set_values().items()}
    return HttpCall("POST", "/videos/generations", {"model": request.model, **values}, timeout="create")


def created(answer: Answer) -> Created:
    """Accepted with an id (200 or 202), refused, or unclear."""
    refused = refusal(answer, _WHO)
    if refused is not None:
        return Refused(_more_exactly(refused, answer))
    job = text_at(answer, "id")
    if not is_ok(answer) or (job is None and not answer.at("error")):
        return Unclear(unclear(answer, _WHO))
    if job is not None:
        # Whatever else the receipt says: the job tells it too.
        return Accepted(Operation(id=job))
    reason = failure("refused", f"{_WHO} refused the request.", "no", words=words(answer))
    return Refused(_more_exactly(reason, answer))


def status(operation: Operation, context: Context) -> HttpCall:
    """Ask how it stands. Faster than every 3 seconds, it answers 304."""
    return HttpCall("GET", _path(operation))


def checked(answer: Answer) -> Checked:
    """Running, unchanged, finished, failed or gone. Its jobs page says that failed jobs are free."""
    if answer.status == _NOT_MODIFIED:
        return Unchanged()
    if answer.status in _GONE:
        return Gone(failure("gone", f"{_WHO} no longer knows this job.", "unknown", words=words(answer)))
    if not is_ok(answer):
        return Unclear(unclear(answer, _WHO))
    word = text_at(answer, "status")
    match word.lower() if word is not None else None:
        case None:
            return Unclear(unclear(answer, _WHO))
        case "completed":
            return _finished(answer)
        case "failed":
            return Failed(_failed(answer))
        case state if state in _CANCELLED:
            says = f"The video was cancelled at {_WHO}."
            return Failed(failure("failed", says, "unknown", next_step="Generate again."))
        case _:
            return Running(words=word)


def cancel(operation: Operation, context: Context) -> HttpCall:
    """Ask to stop, as its jobs page has it; its SDK says `DELETE /jobs/{id}`."""
    return HttpCall("POST", f"{_path(operation)}/cancel")


def cancelled(answer: Answer) -> Cancelled | NotCancelled:
    """Whether it stopped."""
    if is_ok(answer) and (text_at(answer, "status") or "").lower() in _CANCELLED:
        return Cancelled()
    return NotCancelled(f"{_WHO} did not say that it stopped.")


def recipe(request: VideoRequest, context: Context) -> Recipe:
    """What follows on the create call, for programs that do without us; like its SDK, they download with the key."""
    asked = Status(("id",), HttpCall("GET", f"/jobs/{OPERATION}"), ("status",), ("completed",), ("failed", *_CANCELLED))
    return Recipe(Videos(_LINKS, with_credential=True), asked)


def _path(operation: Operation) -> str:
    return f"/jobs/{quote(operation.id, safe='')}"


def _said(name: str, value: Value, spec: ModeSpec) -> Body:
    return MediaLeaf(str(value), "url") if name in MEDIA_FIELDS else spec.word(name, value)


def _more_exactly(reason: Failure, answer: Answer) -> Failure:
    """A refusal with the cause that its code or type tells."""
    for place in (("error", "code"), ("error", "type"), ("code",)):
        known = _CODES.get(text_at(answer, *place) or "")
        if known is not None:
            return failure(known[0], known[1].format(who=_WHO), reason.charged, words=reason.provider_words)
    if answer.status == _NOT_FOUND:
        return failure("model_retired", f"{_WHO} knows no such model.", reason.charged, words=reason.provider_words)
    return filtered(reason, _WHO)


def _finished(answer: Answer) -> Finished | Failed:
    link = next((found for place in _LINKS if (found := text_at(answer, *place)) is not None), None)
    if link is None:
        return Failed(failure("no_video", f"{_WHO} finished without a video.", "unknown", words=words(answer)))
    return Finished((RemoteFile(url=link, otherwise=RemoteFile(url=link, with_credential=True)),))


def _failed(answer: Answer) -> Failure:
    said = words(answer)
    if is_filter(said):
        return failure("filtered", f"A safety filter behind {_WHO} withheld the video.", "no", words=said)
    return failure("failed", f"{_WHO} could not make the video.", "no", words=said)
