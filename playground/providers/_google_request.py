"""The body of a create, which the Gemini API and Vertex AI write almost alike.

What a video is made from stands in `instances[0]`, every setting in `parameters`; `lastFrame` or `referenceImages`
among the settings would be ignored without a word.
"""

from collections.abc import Callable, Mapping

from playground.domain.capabilities import ModeSpec
from playground.domain.provider import Body, MediaLeaf, MediaType
from playground.domain.request import VideoRequest


def body(
    request: VideoRequest, spec: ModeSpec, names: Mapping[str, str], source_video: Callable[[str], Body]
) -> dict[str, Body]:
    """The body; `names` are the wire's names of the settings, `source_video` writes the clip that is to be extended."""
    instance: dict[str, Body] = {}
    if request.prompt is not None:
        instance["prompt"] = request.prompt
    if request.first_frame is not None:
        instance["image"] = medium(request.first_frame)
    if request.last_frame is not None:
        instance["lastFrame"] = medium(request.last_frame)
    if request.reference_images:
        instance["referenceImages"] = [
            {"image": medium(each), "referenceType": "asset"} for each in request.reference_images
        ]
    if request.source_video is not None:
        instance["video"] = source_video(request.source_video)
    parameters: dict[str, Body] = {
        name: spec.word(field, value) for field, name in names.items() if (value := request.value(field)) is not None
    }
    # An empty object is nothing that anybody set.
    return {"instances": [instance], **({"parameters": parameters} if parameters else {})}


def medium(reference: str) -> Body:
    """A medium with its bytes. Documentation of 2026 also shows `inlineData`, which the services refuse."""
    return {"bytesBase64Encoded": MediaLeaf(reference, "base64"), "mimeType": MediaType(reference)}
