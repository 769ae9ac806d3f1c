"""What the Gemini API and Vertex AI answer alike: receipts, running operations, finished videos, filters, errors."""

from collections.abc import Callable, Iterator
from typing import Final

from pydantic import JsonValue

from playground.domain.errors import Charged, Failure, FailureCode, failure
from playground.domain.provider import (
    Accepted,
    Answer,
    Checked,
    Created,
    Failed,
    Finished,
    Gone,
    Operation,
    Refused,
    RemoteFile,
    Running,
    Unclear,
)
from playground.providers._google_filters import is_filtered, kinds
from playground.providers._google_refusals import not_accepted, refused_key
from playground.providers._reading import clean, is_ok, text_at, unclear, words

INLINE_VIDEOS: Final = ("bytesBase64Encoded", "encodedVideo")
"""Keys that hold a video in base64."""
INLINE: Final = "inline:"
_LINKS: Final = ("gcsUri", "uri", "url")
_PLACES: Final[tuple[tuple[str, ...], ...]] = (
    ("generateVideoResponse", "generatedSamples"),
    ("generatedSamples",),
    ("generatedVideos",),
    ("videos",),
)
"""Where an answer lists its videos: the Gemini API first, Vertex AI last, and gateways anywhere."""
_GONE: Final = frozenset({404, 410})
_RUN_CODES: Final[dict[int, tuple[FailureCode, str]]] = {
    7: ("not_allowed", "{who} did not allow this project to do that."),
    8: ("rate_limited", "{who} had no room for the video."),
    14: ("overloaded", "{who} was overloaded and made no video."),
}
"""google.rpc.Code of an operation's error, where it says more than that it failed."""


def created(answer: Answer, who: str) -> Created:
    """Accepted with the operation's name, refused, to be asked again, or unclear."""
    refused = not_accepted(answer, who)
    if refused is not None:
        return refused
    name = text_at(answer, "name")
    if is_ok(answer) and name is not None:
        return Accepted(Operation(id=name.strip("/")))
    if is_ok(answer) and words(answer) is not None and isinstance(answer.json, dict | list):
        return Refused(failure("refused", f"{who} refused the request.", "no", words=words(answer)))
    return Unclear(unclear(answer, who))


def checked(answer: Answer, who: str, *, unmade: Charged, file: Callable[[str], RemoteFile | None]) -> Checked:
    """How an operation stands; a missing `done` means that it runs.

    `unmade` is what a run without a video costs as the provider documents it; `file` makes one of a link.
    """
    if answer.status in _GONE:
        return Gone(failure("gone", f"{who} no longer knows this job.", "unknown", words=words(answer)))
    bad_key = refused_key(answer, who)
    if bad_key is not None:
        return Unclear(bad_key)
    if not is_ok(answer) or not isinstance(answer.json, dict):
        return Unclear(unclear(answer, who))
    if answer.at("done") is True:
        return Failed(_failed(answer, who, unmade)) if answer.at("error") else _finished(answer, who, file)
    if answer.at("error") or not {"name", "metadata", "done"} & answer.json.keys():
        return Unclear(unclear(answer, who))
    return Running()


def _failed(answer: Answer, who: str, unmade: Charged) -> Failure:
    said, number = words(answer), answer.at("error", "code")
    if said is not None and is_filtered(said):
        return _filtered(said, who)
    usual: tuple[FailureCode, str] = ("failed", "{who} could not make the video.")
    code, says = _RUN_CODES.get(number, usual) if isinstance(number, int) else usual
    return failure(code, says.format(who=who), unmade, words=said)


def _finished(answer: Answer, who: str, file: Callable[[str], RemoteFile | None]) -> Finished | Failed:
    found = (file(link) for link in _links(answer))
    files = tuple(each for each in found if each is not None)
    withheld, reasons = _withheld(answer)
    if files:
        return Finished(files, notes=(_note(reasons),) if withheld else ())
    if withheld:
        return Failed(_filtered(reasons, who))
    return Failed(failure("no_video", f"{who} finished without a video and without a reason.", "unknown"))


def _links(answer: Answer) -> list[str]:
    """The links to the videos, `inline:N` among them, of the first place that leads to any."""
    for place in _PLACES:
        items = answer.at("response", *place)
        links = [link for item in items if (link := _link(item)) is not None] if isinstance(items, list) else []
        if links:
            return links
    return []


def _link(item: JsonValue) -> str | None:
    for holder in (item.get("video"), item) if isinstance(item, dict) else ():
        if not isinstance(holder, dict):
            continue
        for key in (*INLINE_VIDEOS, *_LINKS):
            link = holder.get(key)
            # Whatever stands under a key of bytes and is no mark of the transport was never a video.
            if isinstance(link, str) and link and (key in _LINKS) != link.startswith(INLINE):
                return clean(link)
    return None


def _withheld(answer: Answer) -> tuple[bool, str | None]:
    """Whether the filter withheld something, and the provider's reasons."""
    for place in (("response", "generateVideoResponse"), ("response",)):
        count, reasons = (
            answer.at(*place, "raiMediaFilteredCount"),
            list(_texts(answer.at(*place, "raiMediaFilteredReasons"))),
        )
        if reasons or (count is not None and str(count) not in ("0", "False")):
            return True, " ".join(reasons) or None
    return False, None


def _texts(value: JsonValue) -> Iterator[str]:
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, str) and each.strip():
            yield clean(each.strip())


def _filtered(reasons: str | None, who: str) -> Failure:
    about = " and ".join(kinds(reasons or ""))
    says = f"{who}'s safety filter withheld the video{f', because of {about}' if about else ''}."
    return failure("filtered", says, "no", words=reasons)


def _note(reasons: str | None) -> str:
    return f"Some videos were withheld by the safety filter{f': {reasons}' if reasons is not None else '.'}"
