"""The Gemini API: Google's route to Veo with a key, `predictLongRunning` of v1beta."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Failure, failure
from playground.domain.provider import (
    Answer,
    Body,
    Checked,
    Context,
    Created,
    HttpCall,
    MediaLeaf,
    NotYet,
    Operation,
    Ready,
    Refused,
    RemoteFile,
)
from playground.domain.request import VideoRequest
from playground.domain.snippets.recipe import EACH, OPERATION, Recipe, Status, Videos
from playground.providers import _google
from playground.providers._google_refusals import refused_key
from playground.providers._google_request import body
from playground.providers._reading import is_ok, refusal, text_at, unclear, words

_WHO: Final = "The Gemini API"
_SETTINGS: Final[Mapping[str, str]] = {
    "negative_prompt": "negativePrompt",
    "duration_seconds": "durationSeconds",
    "resolution": "resolution",
    "aspect_ratio": "aspectRatio",
    "seed": "seed",
    "number_of_videos": "sampleCount",
    "person_generation": "personGeneration",
}
"""Never `generateAudio` nor `enhancePrompt`: the service refuses both, whatever they say."""
_FILE: Final = re.compile(r"(?:^|/)files/([\w-]+)")
_KEPT: Final = "Google keeps clips for two days; extend a younger one, or make it anew."
_PROCESSING_SECONDS: Final = 10.0
_FORGOTTEN: Final = frozenset({403, 404, 410})
"""A file that is gone looks like one of somebody else's."""


def create(request: VideoRequest, spec: ModeSpec, context: Context) -> HttpCall:
    """Ask for the videos. A clip is extended by Google's own link to it, the only thing that it takes."""
    return HttpCall(
        "POST",
        f"/models/{quote(spec.model.id, safe='')}:predictLongRunning",
        body(request, spec, _SETTINGS, _handle),
        timeout="create",
    )


def created(answer: Answer) -> Created:
    """Accepted with the operation's name, refused (which is free), or not yet."""
    return _google.created(answer, _WHO)


def status(operation: Operation, context: Context) -> HttpCall:
    """Ask how it stands."""
    return HttpCall("GET", f"/{quote(operation.id, safe='/')}", inline_videos=_google.INLINE_VIDEOS)


def checked(answer: Answer) -> Checked:
    """Running, finished, failed or gone. Google documents that only a video that was made is charged."""
    return _google.checked(answer, _WHO, unmade="no", file=_file)


def prepare(request: VideoRequest, handles: Mapping[str, str], context: Context) -> HttpCall | None:
    """Ask whether Google has finished processing the clip that is to be extended."""
    name = _FILE.search(handles.get(request.source_video or "", ""))
    return HttpCall("GET", f"/files/{name[1]}") if name is not None else None


def prepared(answer: Answer) -> Ready | NotYet | Refused:
    """Whether the clip can be extended now, later or never."""
    bad_key = refused_key(answer, _WHO)
    if bad_key is not None:
        return Refused(bad_key)
    if answer.status in _FORGOTTEN:
        says = "The Gemini API no longer has the clip that is to be extended."
        return Refused(failure("gone", says, "no", words=words(answer), next_step=_KEPT))
    refused = refusal(answer, _WHO)
    if refused is not None and refused.code != "rate_limited":
        return Refused(refused)
    if not is_ok(answer) or not isinstance(answer.json, dict):
        return NotYet(_PROCESSING_SECONDS, f"The Gemini API did not say how the clip stands ({answer.status}).")
    match text_at(answer, "state"):
        case "PROCESSING":
            return NotYet(_PROCESSING_SECONDS, "The Gemini API has not finished processing the clip to extend.")
        case "FAILED":
            says = "The Gemini API could not process the clip that is to be extended."
            return Refused(failure("media", says, "no", words=words(answer)))
        case _:
            # A gateway that tells no state leaves the last word to the create.
            return Ready()


def key_test(context: Context) -> HttpCall:
    """List one model: free, and refused without a good key."""
    return HttpCall("GET", "/models", query=(("pageSize", "1"),))


def key_tested(answer: Answer) -> Failure | None:
    """Why the key does not work; None: it does."""
    if is_ok(answer) and isinstance(answer.json, dict):
        return None
    return refused_key(answer, _WHO) or refusal(answer, _WHO) or unclear(answer, _WHO)


def recipe(request: VideoRequest, context: Context) -> Recipe:
    """What follows on the create call, for programs that do without us."""
    samples = ("response", "generateVideoResponse", "generatedSamples", EACH, "video", "uri")
    question = HttpCall("GET", f"/{OPERATION}")
    return Recipe(Videos((samples,), with_credential=True), Status(("name",), question, ("done",), ("true",)))


def _handle(reference: str) -> Body:
    return {"uri": MediaLeaf(reference, "handle")}


def _file(link: str) -> RemoteFile | None:
    if link.startswith(_google.INLINE):
        return RemoteFile(url=link)
    if link.startswith("gs://"):
        return None  # in somebody's storage, which a key of this API does not open
    # A bare name is what some gateways give instead of the link.
    bare = link.startswith("files/") and ":" not in link
    return RemoteFile(url=f"{link}:download?alt=media" if bare else link, with_credential=True)
