"""A create call as it goes on the wire, small enough to be read: base64 as its length and hash."""

import hashlib
import json
from pathlib import Path
from typing import Any

from playground.domain.capabilities import ModeSpec
from playground.domain.planning import to_send
from playground.domain.provider import Adapter, Context, HttpCall
from playground.domain.request import PARAMETER_KINDS, VideoRequest, is_url
from playground.transport.body import StoredMedia, build_body
from tests.house import SAMPLES, request_for

_LONG = 300
CLIP = "clip.mp4"
"""Stands for a video to extend; its bytes are made up and always the same."""
HANDLE = "https://generativelanguage.googleapis.com/v1beta/files/xyz789:download?alt=media"
"""Its maker's own link to that video, for whoever takes nothing else."""


def least(spec: ModeSpec) -> VideoRequest:
    """What a mode cannot do without."""
    return request_for(spec, Path(CLIP))


def everything(spec: ModeSpec) -> VideoRequest:
    """Every parameter of a mode, set to another value than its default where it has one; zero, off and empty too."""
    values: dict[str, object] = {"provider": spec.provider, "model": spec.model.id, "mode": spec.mode}
    for name, parameter in spec.parameters.items():
        if not parameter.fixed:
            values[name] = _some(name, spec)
    return VideoRequest.model_validate(values)


def _some(name: str, spec: ModeSpec) -> object:
    parameter = spec.parameters[name]
    match PARAMETER_KINDS[name]:
        case "choice":
            others = [choice for choice in parameter.choices or () if choice != parameter.default]
            return (others or [parameter.default])[-1]
        case "range":
            return parameter.at_most if name == "number_of_videos" else parameter.at_least or 0
        case "flag":
            return False
        case "text":
            return "" if name == "negative_prompt" else "A paper boat drifts down a stream at dawn."
        case "media":
            if parameter.limits is not None and parameter.limits.url_only:
                return "https://example.com/frame.png"
            pictures = [str(SAMPLES / "reference-1.png"), str(SAMPLES / "reference-2.png")]
            if name == "reference_images":
                return pictures[: parameter.at_most]
            return CLIP if name == "source_video" else str(SAMPLES / f"{name.replace('_', '-')}.jpg")


async def wire(adapter: Adapter, spec: ModeSpec, request: VideoRequest, context: Context, folder: Path) -> Any:
    """Method, path, headers, timeout and body of a create; a URL is handed on as one. `folder` is for the clip."""
    clip = folder / CLIP
    clip.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 4)
    call = adapter.create(to_send(request, spec), spec, context)
    media = {reference: _stored(reference, clip) for _, _, reference in request.media()}
    return {
        "call": f"{call.method} {call.path}",
        "headers": dict(call.headers),
        "timeout": call.timeout,
        "body": _shortened(await sent(call, media)),
    }


async def sent(call: HttpCall, media: dict[str, StoredMedia]) -> Any:
    """The JSON that a call's body becomes."""
    built = await build_body(call.body, media)
    return json.loads(b"".join([piece async for piece in built.stream()]))


def _stored(reference: str, clip: Path) -> StoredMedia:
    if is_url(reference):
        return StoredMedia(None, "image/png" if reference.endswith(".png") else "video/mp4", reference)
    path = clip if reference == CLIP else Path(reference)
    mime_type = {".jpg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4"}[path.suffix]
    return StoredMedia(path, mime_type, handle=HANDLE if path == clip else None)


def _shortened(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _shortened(value) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
    if isinstance(node, list):
        return [_shortened(value) for value in node]  # pyright: ignore[reportUnknownVariableType] - JSON
    if isinstance(node, str) and len(node) > _LONG:
        return f"{node[:12]}… {len(node)} characters, {hashlib.sha256(node.encode()).hexdigest()[:12]}"
    return node
