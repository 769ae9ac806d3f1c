"""Azerion Intelligence: one flat call that answers when one to four videos are there. There is no job to ask about.

Going in, base64 is called `base_64_encoded`; coming out, `base64_encoded`. Its pages: `catalog/azerion.toml`.
"""

from typing import Final

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Failure, failure
from playground.domain.provider import (
    Answer,
    Body,
    Checked,
    Context,
    Created,
    Finished,
    HttpCall,
    MediaLeaf,
    MediaType,
    Operation,
    Refused,
    RemoteFile,
    Unclear,
)
from playground.domain.request import MEDIA_FIELDS, Value, VideoRequest, is_url
from playground.domain.snippets.recipe import EACH, Recipe, Videos
from playground.providers._reading import (
    NO_JOBS,
    filtered,
    is_ok,
    key_problem,
    refusal,
    text_at,
    unclear,
    words,
)

_WHO: Final = "Azerion"
_NAMES: Final = {
    "duration_seconds": "duration",
    "number_of_videos": "n",
    "first_frame": "image",
    "source_video": "video",
}
"""Its own names, where they differ from ours."""
_INLINE: Final = "base64_encoded"
_NOT_FOUND: Final = 404


def create(request: VideoRequest, spec: ModeSpec, context: Context) -> HttpCall:
    """Ask for the videos, saying only what is set, and that links are wanted."""
    values = {_NAMES.get(name, name): _said(name, value, spec) for name, value in request.set_values().items()}
    return HttpCall(
        "POST",
        "/videos/generation",
        {"model": request.model, **values, **spec.constant_fields},
        headers=spec.constant_headers,
        timeout="blocking-create",
        inline_videos=(_INLINE,),
    )


def created(answer: Answer) -> Created:
    """The videos, as links or from inside the answer, or a refusal."""
    refused = refusal(answer, _WHO)
    if refused is not None:
        return Refused(_more_exactly(refused, answer))
    if not is_ok(answer):
        return Unclear(unclear(answer, _WHO))
    if answer.at("error"):
        refused = failure("refused", f"{_WHO} refused the request.", "no", words=words(answer))
        return Refused(filtered(refused, _WHO))
    videos = answer.at("videos")
    if not isinstance(videos, list):
        return Unclear(unclear(answer, _WHO))
    return _finished(answer, len(videos))


def status(operation: Operation, context: Context) -> HttpCall:
    """Raises ValueError: there are no jobs here."""
    raise ValueError(NO_JOBS)


def checked(answer: Answer) -> Checked:
    """Nothing was asked, so nothing can be read."""
    return Unclear(unclear(answer, _WHO))


def key_test(context: Context) -> HttpCall:
    """List the models, which is free."""
    return HttpCall("GET", "/models")


def key_tested(answer: Answer) -> Failure | None:
    """Why the key does not work; None: it does."""
    return key_problem(answer, _WHO)


def recipe(request: VideoRequest, context: Context) -> Recipe:
    """Where the finished videos are, for programs that do without us."""
    return Recipe(Videos((("videos", EACH, "url"),)))


def _said(name: str, value: Value, spec: ModeSpec) -> Body:
    if name not in MEDIA_FIELDS:
        return spec.word(name, value)
    if isinstance(value, tuple):
        return [{"image": _medium(reference), "reference_type": "subject"} for reference in value]
    return _medium(str(value))


def _medium(reference: str) -> Body:
    """Its type, and either of a link and the bytes: the page's sample shows both, its text says one."""
    if is_url(reference):
        return {"mime_type": MediaType(reference), "url": MediaLeaf(reference, "url")}
    return {"mime_type": MediaType(reference), "base_64_encoded": MediaLeaf(reference, "base64")}


def _finished(answer: Answer, count: int) -> Created:
    """None, some or all of the videos: what a filter withheld is missing from the list."""
    if count == 0:
        return Refused(failure("no_video", f"{_WHO} finished without a video.", "unknown"))
    # A link leads to a storage of its own, which must not see the key.
    found = [text_at(answer, "videos", n, "url") or text_at(answer, "videos", n, _INLINE) for n in range(count)]
    files = tuple(RemoteFile(url=link) for link in found if link is not None)
    if not files:
        return Unclear(unclear(answer, _WHO))
    missing = count - len(files)
    return Finished(files, notes=(f"{missing} of {count} videos came without a link.",) if missing else ())


def _more_exactly(refused: Failure, answer: Answer) -> Failure:
    said = refused.provider_words
    if answer.status == _NOT_FOUND and "model" in (said or "").lower():
        return failure("model_retired", f"{_WHO} has no such model any more.", "no", words=said)
    return filtered(refused, _WHO)
