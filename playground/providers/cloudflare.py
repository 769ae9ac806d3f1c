"""Cloudflare AI: one call with `{"model", "input"}` that answers when the video is there. There is no job to ask about.

The model page and the error tables that this reads are named in `catalog/cloudflare.toml`.
"""

from typing import Final
from urllib.parse import quote

from pydantic import JsonValue

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Failure, FailureCode, failure
from playground.domain.provider import (
    Answer,
    Body,
    Checked,
    Context,
    Created,
    Finished,
    HttpCall,
    MediaLeaf,
    NotYet,
    Operation,
    Refused,
    RemoteFile,
    Unclear,
)
from playground.domain.request import MEDIA_FIELDS, Value, VideoRequest
from playground.domain.snippets.recipe import Recipe, Videos
from playground.providers._reading import NO_JOBS, filtered, is_filter, is_ok, refusal, text_at, unclear, words

_WHO: Final = "Cloudflare AI"
_NAMES: Final = {"duration_seconds": "duration", "first_frame": "image_input"}
"""Its own names, where they differ from ours."""
_VIDEO: Final = (("result", "video"), ("video",), ("result", "result", "video"))
"""Where the link may be: the page shows the first, other calls of this API are wrapped once more, or not at all."""
_STATE: Final = (("state",), ("result", "state"))
_RUN_ERROR: Final = (("error",), ("result", "error"))
_NO_ERROR: Final[tuple[JsonValue, ...]] = (None, "", False, [], {})
_DONE: Final = "completed"
_DAY: Final = 86_400.0
_DAILY_QUOTA: Final = 3036
_KNOWN: Final[dict[int, tuple[FailureCode, str, str | None]]] = {
    10000: ("bad_key", "{who} does not accept the token, or it lacks the AI Gateway permission.", None),
    2009: (
        "not_allowed",
        "The gateway at {who} has a provider key stored, and that provider refuses it.",
        "Correct or remove the key that is stored in the gateway, then generate again.",
    ),
    3006: ("invalid", "The request is too large for {who}.", "Choose a smaller picture and generate again."),
    3042: ("model_retired", "{who} has no such model any more.", None),
    5007: ("model_retired", "{who} has no such model any more.", None),
}
"""What Cloudflare's own error numbers say more exactly than the HTTP status."""


def create(request: VideoRequest, spec: ModeSpec, context: Context) -> HttpCall:
    """Ask for the video. What Cloudflare requires is in the request already."""
    values = request.set_values()
    inputs = {_NAMES.get(name, name): _said(name, value, spec) for name, value in values.items()}
    path = f"/accounts/{quote(context.account.get('account_id', ''), safe='')}/ai/run"
    body = {"model": request.model, "input": inputs, **spec.constant_fields}
    return HttpCall("POST", path, body, headers=spec.constant_headers, timeout="blocking-create")


def created(answer: Answer) -> Created:
    """The video, a refusal, or a run that failed, which may hide in a 200."""
    codes = _codes(answer)
    if answer.status == 429 and _DAILY_QUOTA in codes:  # noqa: PLR2004 - "too many requests"
        # Cloudflare counts by days and does not say until when.
        return NotYet(_DAY, f"{_WHO}: the daily quota is used up.")
    refused = refusal(answer, _WHO)
    if refused is not None:
        return Refused(_more_exactly(refused, codes))
    if not is_ok(answer):
        return Unclear(unclear(answer, _WHO))
    return _run(answer)


def status(operation: Operation, context: Context) -> HttpCall:
    """Raises ValueError: there are no jobs here."""
    raise ValueError(NO_JOBS)


def checked(answer: Answer) -> Checked:
    """Nothing was asked, so nothing can be read."""
    return Unclear(unclear(answer, _WHO))


def recipe(request: VideoRequest, context: Context) -> Recipe:
    """Where the finished video is, for programs that do without us."""
    return Recipe(Videos(_VIDEO))


def _said(name: str, value: Value, spec: ModeSpec) -> Body:
    return MediaLeaf(str(value), "base64") if name in MEDIA_FIELDS else spec.word(name, value)


def _run(answer: Answer) -> Created:
    """What a 2xx says of the run: its error, its state, its video, in this order."""
    said = words(answer)
    if answer.at("success") is False:
        refused = failure("refused", f"{_WHO} refused the request.", "no", words=said)
        return Refused(_more_exactly(refused, _codes(answer)))
    state = next((word for place in _STATE if (word := text_at(answer, *place)) is not None), None)
    problem = next((each for place in _RUN_ERROR if (each := answer.at(*place)) not in _NO_ERROR), None)
    if problem is not None or (state is not None and state.lower() == "failed"):
        return Refused(_failed(_message(answer) or said))
    video = next((link for place in _VIDEO if (link := text_at(answer, *place)) is not None), None)
    if video is not None and (state is None or state.lower() == _DONE):
        # The link leads to a storage of its own, which must not see the token.
        return Finished((RemoteFile(url=video),))
    if state is not None and state.lower() == _DONE:
        return Refused(failure("no_video", f"{_WHO} finished without a video.", "unknown"))
    return Unclear(unclear(answer, _WHO))


def _message(answer: Answer) -> str | None:
    """The run's own words, wherever it is wrapped."""
    places: tuple[tuple[str, ...], ...] = tuple((*place, *rest) for place in _RUN_ERROR for rest in (("message",), ()))
    return next((said for place in places if (said := text_at(answer, *place)) is not None), None)


def _failed(said: str | None) -> Failure:
    if is_filter(said):
        return failure("filtered", f"A safety filter behind {_WHO} withheld the video.", "unknown", words=said)
    return failure("failed", f"{_WHO} could not make the video.", "unknown", words=said)


def _codes(answer: Answer) -> list[JsonValue]:
    """Cloudflare's numbers of what is wrong."""
    errors = answer.at("errors")
    places = range(len(errors) if isinstance(errors, list) else 0)
    return [answer.at("errors", place, "code") for place in places]


def _more_exactly(refused: Failure, codes: list[JsonValue]) -> Failure:
    """A refusal with the cause that Cloudflare's numbers or words tell."""
    said = refused.provider_words
    for code, (cause, says, then) in _KNOWN.items():
        if code in codes:
            return failure(cause, says.format(who=_WHO), "no", words=said, next_step=then)
    return filtered(refused, _WHO)
