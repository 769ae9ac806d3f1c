"""The sandbox's side of the conversation: our own key-free provider, spoken to like any other."""

from datetime import datetime
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Failure, failure
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
    Listed,
    MediaLeaf,
    MediaType,
    NotCancelled,
    Operation,
    Refused,
    RemoteFile,
    Running,
    Unclear,
)
from playground.domain.request import MEDIA_FIELDS, Value, VideoRequest
from playground.domain.snippets.recipe import EACH, OPERATION, Recipe, Status, Videos
from playground.providers._reading import clean, is_ok, refusal, text_at, unclear, words

_WHO: Final = "The sandbox"
_VERSION_PREFIX: Final = "/v1/"
_GONE: Final = frozenset({404, 410})
_CONFLICT: Final = 409


def create(request: VideoRequest, spec: ModeSpec, context: Context) -> HttpCall:
    """Ask for the videos, saying only what is set."""
    values = {name: _said(name, value) for name, value in request.set_values().items()}
    return HttpCall("POST", "/videos", {"model": request.model, "mode": request.mode, **values}, timeout="create")


def created(answer: Answer) -> Created:
    """Accepted with an id, refused, or unclear. A refused request is free."""
    refused = refusal(answer, _WHO)
    if refused is not None:
        return Refused(refused)
    operation_id = text_at(answer, "id")
    if not is_ok(answer) or (operation_id is None and not answer.at("error")):
        return Unclear(unclear(answer, _WHO))
    if operation_id is None:
        return Refused(failure("refused", "The sandbox refused the request.", "no", words=words(answer)))
    return Accepted(Operation(id=operation_id))


def status(operation: Operation, context: Context) -> HttpCall:
    """Ask how it stands."""
    return HttpCall("GET", _path(operation))


def checked(answer: Answer) -> Checked:
    """Running, finished, failed or gone. The sandbox documents that failed and filtered runs are free."""
    if answer.status in _GONE:
        return Gone(failure("gone", "The sandbox no longer knows this video.", "unknown", words=words(answer)))
    if not is_ok(answer):
        return Unclear(unclear(answer, _WHO))
    match text_at(answer, "status"):
        case "queued" | "rendering" as word:
            return Running(_share(answer.at("progress")), text_at(answer, "trouble") or word)
        case "succeeded":
            return _finished(answer)
        case "failed":
            return Failed(failure("failed", "The sandbox could not make the video.", "no", words=words(answer)))
        case "cancelled":
            return Failed(
                failure("failed", "The video was cancelled at the sandbox.", "no", next_step="Generate again.")
            )
        case _:
            return Unclear(unclear(answer, _WHO))


def cancel(operation: Operation, context: Context) -> HttpCall:
    """Ask to stop."""
    return HttpCall("POST", f"{_path(operation)}/cancel")


def cancelled(answer: Answer) -> Cancelled | NotCancelled:
    """Whether it stopped."""
    if is_ok(answer) and text_at(answer, "status") == "cancelled":
        return Cancelled()
    if answer.status == _CONFLICT:
        return NotCancelled("The sandbox had already finished.")
    if answer.status in _GONE:
        return NotCancelled("The sandbox no longer knows this video.")
    return NotCancelled("The sandbox did not say that it stopped.")


def look_up(context: Context) -> HttpCall:
    """Ask what it took lately."""
    return HttpCall("GET", "/videos")


def looked_up(answer: Answer) -> tuple[Listed, ...] | None:
    """The list; what cannot be read of it is left out."""
    videos = answer.at("videos")
    if not is_ok(answer) or not isinstance(videos, list):
        return None
    found = (_listed(answer, place) for place in range(len(videos)))
    return tuple(each for each in found if each is not None)


def recipe(request: VideoRequest, context: Context) -> Recipe:
    """What follows on the create call, for programs that do without us."""
    question = HttpCall("GET", f"/videos/{OPERATION}")
    status = Status(("id",), question, ("status",), done=("succeeded",), failed=("failed", "cancelled"))
    return Recipe(Videos((("videos", EACH, "url"),)), status)


def _listed(answer: Answer, place: int) -> Listed | None:
    operation_id, at = text_at(answer, "videos", place, "id"), text_at(answer, "videos", place, "created_at")
    try:
        when = datetime.fromisoformat(at or "")
    except ValueError:
        return None
    if operation_id is None or when.tzinfo is None:
        return None
    return Listed(Operation(id=operation_id), when, text_at(answer, "videos", place, "prompt") or "")


def _said(name: str, value: Value) -> Body:
    if name not in MEDIA_FIELDS:
        return value
    if isinstance(value, tuple):
        return [_medium(reference) for reference in value]
    return _medium(str(value))


def _medium(reference: str) -> Body:
    return {"mime_type": MediaType(reference), "data": MediaLeaf(reference, "base64")}


def _path(operation: Operation) -> str:
    return f"/videos/{quote(operation.id, safe='')}"


def _share(progress: JsonValue) -> float | None:
    """Progress from 0 to 1; None for anything else."""
    if isinstance(progress, bool) or not isinstance(progress, int | float) or not 0 <= progress <= 1:
        return None
    return float(progress)


def _finished(answer: Answer) -> Finished | Failed:
    videos = answer.at("videos")
    links = [text_at(answer, "videos", place, "url") for place in range(len(videos) if isinstance(videos, list) else 0)]
    files = tuple(RemoteFile(url=_below_base(link)) for link in links if link is not None)
    reasons = _reasons(answer)
    if files:
        return Finished(files, notes=(f"Some videos were withheld: {reasons}",) if reasons is not None else ())
    if answer.at("filtered") is not None:
        return Failed(_filtered(reasons))
    return Failed(failure("no_video", "The sandbox finished without a video.", "unknown"))


def _filtered(reasons: str | None) -> Failure:
    return failure("filtered", "The sandbox's safety filter withheld the video.", "no", words=reasons)


def _reasons(answer: Answer) -> str | None:
    """Why videos were withheld, in the sandbox's words; None where it names no reason."""
    reasons = answer.at("filtered", "reasons")
    said = [clean(reason) for reason in reasons if isinstance(reason, str)] if isinstance(reasons, list) else []
    return " ".join(said) or None


def _below_base(link: str) -> str:
    """A link as our transport takes it: the sandbox writes it from its root, our base URL ends in the version."""
    return link.removeprefix(_VERSION_PREFIX[:-1]) if link.startswith(_VERSION_PREFIX) else link
