"""TokenBay, and gateways of its protocol (relatives of QuantumNous/new-api): submit, ask, download with the key.

TokenBay's page leaves open how an answer to a poll looks, so every shape that such gateways have is read: wrapped in
`data` or not, the page's words or OpenAI's, `"50%"` or 50, a link that is relative, absolute or missing.
"""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Failure, FailureCode, failure
from playground.domain.provider import (
    Accepted,
    Answer,
    Body,
    Checked,
    Context,
    Created,
    Failed,
    Finished,
    Gone,
    HttpCall,
    MediaLeaf,
    Operation,
    Refused,
    RemoteFile,
    Running,
    Unclear,
)
from playground.domain.request import MEDIA_FIELDS, Value, VideoRequest, is_url
from playground.domain.snippets.recipe import OPERATION, Recipe, Status, Videos
from playground.providers._reading import filtered, is_filter, is_ok, key_problem, refusal, text_at, unclear, words

_WHO: Final = "TokenBay"
_NAMES: Final = {
    "duration_seconds": "duration",
    "first_frame": "image",
    "last_frame": "lastFrameImage",
    "reference_images": "input_reference",
}
"""Its own names, where they differ from ours."""
_CONTENT: Final = f"/videos/{OPERATION}/content"
_RELATIVE_CONTENT: Final = re.compile(r"/(?!/).*/videos/[^/?#]+/content\Z")
_DONE: Final = ("success", "succeeded", "completed")
_FAILED: Final = ("failure", "failed", "cancelled", "canceled", "expired")
_GONE: Final = frozenset({404, 410})
_NO_TASK: Final = "task_not_exist"
_PASSING: Final = re.compile(
    r"rate_limit|too_many|overload|unavailable|time_?out|upstream|channel|server_error|internal"
)
"""In the code of an error that says nothing about the job itself: the question is asked again."""
_CAUSES: Final[tuple[tuple[str, FailureCode, str], ...]] = (
    (r"quota|balance|credit|entitlement", "no_credit", "The account at {who} has no credit for this."),
    (
        r"sensitive|moderat|prompt_blocked|safety|content_policy",
        "filtered",
        "A safety filter behind {who} refused the request.",
    ),
    (r"model_not_found|model_retired", "model_retired", "{who} does not serve this model."),
    (r"access_denied|permission|forbidden", "not_allowed", "{who} does not allow this key to do that."),
    (r"api_key|authenti|unauthorized|invalid_token", "bad_key", "{who} does not accept the key."),
    (r"rate_limit|too_many", "rate_limited", "{who} limits the rate."),
    (r"invalid", "invalid", "{who} refused the request."),
)
"""What the codes and types of errors mean, those of new-api first (its `types/error.go`)."""


def create(request: VideoRequest, spec: ModeSpec, context: Context) -> HttpCall:
    """Ask for the video, saying only what is set."""
    values = {_NAMES.get(name, name): _said(name, value, spec) for name, value in request.set_values().items()}
    return HttpCall("POST", "/videos", {"model": request.model, **values}, timeout="create")


def created(answer: Answer) -> Created:
    """Accepted with an id, refused, or unclear. A refusal is an error in a 200, by TokenBay's page, or a status."""
    refused = refusal(answer, _WHO)
    if refused is not None:
        return Refused(_more_exactly(refused, answer))
    if not is_ok(answer):
        return Unclear(unclear(answer, _WHO))
    places = (("id",), ("task_id",), ("data", "task_id"), ("data", "id"))
    task = next((found for place in places if (found := text_at(answer, *place)) is not None), None)
    if answer.at("error"):
        # With an id, the task may have begun.
        says = f"{_WHO} refused the request."
        reason = failure("refused", says, "no" if task is None else "unknown", words=words(answer))
        return Refused(_more_exactly(reason, answer))
    return Accepted(Operation(id=task)) if task is not None else Unclear(unclear(answer, _WHO))


def status(operation: Operation, context: Context) -> HttpCall:
    """Ask how it stands."""
    return HttpCall("GET", f"/videos/{quote(operation.id, safe='')}")


def checked(answer: Answer) -> Checked:
    """Running, finished, failed or gone. TokenBay does not say whether a failed run is charged."""
    if answer.status in _GONE or _NO_TASK in _codes(answer):
        return Gone(failure("gone", f"{_WHO} no longer knows this task.", "unknown", words=words(answer)))
    if not is_ok(answer):
        return Unclear(unclear(answer, _WHO))
    if answer.at("status") is None and isinstance(answer.at("data"), dict):
        answer = replace(answer, json=answer.at("data"))
    word = text_at(answer, "status")
    match word.lower() if word is not None else None:
        case None:
            return _stateless(answer)
        case state if state in _DONE:
            return Finished((_file(answer),))
        case state if state in _FAILED:
            return Failed(_failed(answer))
        case _:
            return Running(_share(answer.at("progress")), word)


def key_test(context: Context) -> HttpCall:
    """The list of models, which is free."""
    return HttpCall("GET", "/models")


def key_tested(answer: Answer) -> Failure | None:
    """Why the key does not work, None where it does; an error may hide in a 200 here too."""
    problem = key_problem(answer, _WHO)
    if problem is None and answer.at("error"):
        problem = failure("bad_key", f"{_WHO} does not accept the key.", "no", words=words(answer))
    return None if problem is None else _more_exactly(problem, answer)


def recipe(request: VideoRequest, context: Context) -> Recipe:
    """What follows on the create call, for programs that do without us."""
    question = HttpCall("GET", f"/videos/{OPERATION}")
    asked = Status(("id",), question, ("status",), _DONE, _FAILED, or_state=("data", "status"))
    return Recipe(Videos(path=_CONTENT, with_credential=True), asked)


def _said(name: str, value: Value, spec: ModeSpec) -> Body:
    if name not in MEDIA_FIELDS:
        return spec.word(name, value)
    # Its field takes one picture, and so says the table.
    reference = value[0] if isinstance(value, tuple) else str(value)
    return MediaLeaf(reference, "url" if is_url(reference) else "data-uri")


def _codes(answer: Answer) -> str:
    """What an error calls itself, in lower case."""
    places = (("error", "code"), ("error", "type"), ("code",), ("data", "error", "code"))
    return " ".join(found for place in places if (found := text_at(answer, *place)) is not None).lower()


def _more_exactly(reason: Failure, answer: Answer) -> Failure:
    """A refusal with the cause that its code tells."""
    for pattern, code, says in _CAUSES:
        if re.search(pattern, _codes(answer)) is not None:
            return failure(code, says.format(who=_WHO), reason.charged, words=reason.provider_words)
    return filtered(reason, _WHO)


def _stateless(answer: Answer) -> Failed | Unclear:
    """An answer without a state: an error about the job ends it, any other one is asked again."""
    if not answer.at("error") or _PASSING.search(_codes(answer)) is not None:
        return Unclear(unclear(answer, _WHO))
    return Failed(_failed(answer))


def _failed(answer: Answer) -> Failure:
    said = text_at(answer, "fail_reason") or words(answer)
    if is_filter(said) or re.search(_CAUSES[1][0], _codes(answer)) is not None:
        return failure("filtered", f"A safety filter behind {_WHO} withheld the video.", "unknown", words=said)
    return failure("failed", f"{_WHO} could not make the video.", "unknown", words=said)


def _file(answer: Answer) -> RemoteFile:
    """The link, should it lead elsewhere; where it does not help, the address that is always the same."""
    content = RemoteFile(url=_CONTENT, with_credential=True, may_be_none=True)
    places = (("result_url",), ("metadata", "url"), ("url",))
    link = next((found for place in places if (found := text_at(answer, *place)) is not None), None)
    if link is None or _RELATIVE_CONTENT.match(link) is not None:
        return content
    return RemoteFile(url=link, with_credential=True, otherwise=content, may_be_none=True)


def _share(progress: JsonValue) -> float | None:
    """Progress from 0 to 1, out of 50 or `"50%"`; None for anything else."""
    if isinstance(progress, str) and re.fullmatch(r"\d{1,3}(\.\d{1,3})? ?%?", progress.strip(), re.ASCII) is not None:
        progress = float(progress.strip(" %"))
    if isinstance(progress, bool) or not isinstance(progress, int | float) or not 0 <= progress <= 100:  # noqa: PLR2004 - per cent
        return None
    return progress / 100
