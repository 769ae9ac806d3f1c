"""Vertex AI: Google Cloud's route to Veo, `predictLongRunning` of v1 in a project of one's own."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from playground.domain.capabilities import ModeSpec
from playground.domain.provider import (
    Answer,
    Checked,
    Context,
    Created,
    HttpCall,
    Operation,
    RemoteFile,
)
from playground.domain.request import VideoRequest
from playground.domain.snippets.recipe import EACH, OPERATION, Recipe, Status, Videos
from playground.providers import _google
from playground.providers._google_request import body, medium

_WHO: Final = "Vertex AI"
_SETTINGS: Final[Mapping[str, str]] = {
    "negative_prompt": "negativePrompt",
    "duration_seconds": "durationSeconds",
    "resolution": "resolution",
    "aspect_ratio": "aspectRatio",
    "generate_audio": "generateAudio",
    "enhance_prompt": "enhancePrompt",
    "seed": "seed",
    "number_of_videos": "sampleCount",
    "person_generation": "personGeneration",
    "resize_mode": "resizeMode",
    "compression_quality": "compressionQuality",
}


def create(request: VideoRequest, spec: ModeSpec, context: Context) -> HttpCall:
    """Ask for the videos; where a storage folder is set they are put there, otherwise they come in the answer."""
    asked = body(request, spec, _SETTINGS, medium)
    storage = context.account.get("storage_uri")
    if storage is not None:
        parameters = asked.get("parameters")
        asked["parameters"] = {**(parameters if isinstance(parameters, Mapping) else {}), "storageUri": storage}
    return HttpCall("POST", f"/{_model_path(spec.model.id, context)}:predictLongRunning", asked, timeout="create")


def created(answer: Answer) -> Created:
    """Accepted with the operation's name, refused, or unclear."""
    return _google.created(answer, _WHO)


def status(operation: Operation, context: Context) -> HttpCall:
    """Ask how it stands: a POST, at the model that the operation's own name says."""
    model, _, _ = operation.id.rpartition("/operations/")
    return HttpCall(
        "POST",
        f"/{quote(model, safe='/')}:fetchPredictOperation",
        {"operationName": operation.id},
        inline_videos=_google.INLINE_VIDEOS,
    )


def checked(answer: Answer) -> Checked:
    """Running, finished, failed or gone. What a failed run costs is not documented."""
    return _google.checked(answer, _WHO, unmade="unknown", file=_file)


def recipe(request: VideoRequest, context: Context) -> Recipe:
    """What follows on the create call, for programs that do without us."""
    path = f"/{_model_path(request.model or '', context)}:fetchPredictOperation"
    question = HttpCall("POST", path, {"operationName": OPERATION})
    videos = Videos((("response", "videos", EACH, "bytesBase64Encoded"),), inline=True)
    return Recipe(videos, Status(("name",), question, ("done",), ("true",)))


def _model_path(model: str, context: Context) -> str:
    project, location = (quote(context.account.get(name, ""), safe="") for name in ("project", "location"))
    return f"projects/{project}/locations/{location}/publishers/google/models/{quote(model, safe='')}"


def _file(link: str) -> RemoteFile:
    # Cloud Storage wants the same token; a link of another kind is somebody's signed one.
    return RemoteFile(url=link, with_credential=link.startswith("gs://"))
