"""What the sandbox takes: the body of `POST /v1/videos`, read as strictly as a paid service would."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.domain.media import MAX_IMAGE_BYTES, MAX_VIDEO_BYTES
from playground.emulator._rehearsals import UnknownRehearsal, take_rehearsal
from playground.emulator._sandbox_records import SEEDS
from playground.sandbox.spec import AspectRatio, Mode, ResizeMode, Resolution

MODEL: Final = "sandbox-preview"
ADDED_SECONDS: Final = 7
"""What an extension makes a clip longer by."""

_SUFFIXES: Final = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tiff",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}
_MEDIA: Final[dict[Mode, tuple[str, ...]]] = {
    "text-to-video": (),
    "image-to-video": ("first_frame",),
    "interpolation": ("first_frame", "last_frame"),
    "references": ("reference_images",),
    "extension": ("source_video",),
}
_NOT_TAKEN: Final[dict[Mode, tuple[str, ...]]] = {
    "text-to-video": ("resize_mode",),
    "references": ("resize_mode",),
    "extension": ("duration_seconds", "aspect_ratio", "resize_mode", "number_of_videos"),
}


class InvalidBody(ValueError):
    """A body that is refused; the message is one sentence for a person."""


class _Strict(BaseModel):
    # Base64 is decoded by the JSON reader itself: 100 MB take a seventh of a second and no second copy as text.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, val_json_bytes="base64")


class _Image(_Strict):
    mime_type: Literal["image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "image/bmp", "image/tiff"]
    data: Annotated[bytes, Field(min_length=1, max_length=MAX_IMAGE_BYTES)]


class _Video(_Strict):
    mime_type: Literal["video/mp4", "video/quicktime", "video/webm"]
    data: Annotated[bytes, Field(min_length=1, max_length=MAX_VIDEO_BYTES)]


class CreateVideo(_Strict):
    """The body. What is absent gets the sandbox's own default."""

    model: Literal["sandbox-preview"]
    mode: Mode
    prompt: Annotated[str, Field(max_length=20_000)] | None = None
    negative_prompt: Annotated[str, Field(max_length=2_000)] | None = None
    duration_seconds: Literal[4, 6, 8] | None = None
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    generate_audio: bool | None = None
    seed: Annotated[int, Field(ge=0, lt=SEEDS)] | None = None
    number_of_videos: Annotated[int, Field(ge=1, le=4)] | None = None
    resize_mode: ResizeMode | None = None
    first_frame: _Image | None = None
    last_frame: _Image | None = None
    reference_images: Annotated[list[_Image], Field(min_length=1, max_length=3)] | None = None
    source_video: _Video | None = None

    def files(self) -> dict[str, bytes]:
        """The media by the file name that they are kept under."""
        named: dict[str, _Image | _Video | None] = {
            "first_frame": self.first_frame,
            "last_frame": self.last_frame,
            **{f"reference-{number}": image for number, image in enumerate(self.reference_images or (), 1)},
            "source_video": self.source_video,
        }
        given = ((name, medium) for name, medium in named.items() if medium is not None)
        return {f"{name}{_SUFFIXES[medium.mime_type]}": medium.data for name, medium in given}


def read_request(body: bytes) -> tuple[CreateVideo, str, str | None]:
    """Read a body; answers it with its prompt, freed of the rehearsal, and the rehearsal's name.

    Takes time for large media: call it in a thread.

    Raises:
        InvalidBody: it is not JSON, a field is unknown or wrong, or fields do not go together.
    """
    try:
        request = CreateVideo.model_validate_json(body)
    except ValidationError as error:
        raise InvalidBody(_sentence(error)) from None  # the cause would hold the whole body in memory
    misfit = _misfit(request)
    if misfit is not None:
        raise InvalidBody(misfit)
    try:
        prompt, rehearsal = take_rehearsal(request.prompt or "")
    except UnknownRehearsal as error:
        raise InvalidBody(str(error)) from error
    return request, prompt, rehearsal


def _misfit(request: CreateVideo) -> str | None:
    """What does not go together, in one sentence; None where all is well."""
    mode = request.mode
    for name in dict.fromkeys(name for names in _MEDIA.values() for name in names):
        wanted, given = name in _MEDIA[mode], getattr(request, name) is not None
        if wanted and not given:
            return f"The mode {mode} needs {name}."
        if given and not wanted:
            return f"The mode {mode} does not take {name}."
    for name in _NOT_TAKEN.get(mode, ()):
        if getattr(request, name) is not None:
            return f"The mode {mode} does not take {name}."
    if mode == "extension" and request.resolution not in (None, "720p"):
        return "The mode extension makes 720p only."
    if mode == "text-to-video" and not (request.prompt or "").strip():
        return "The mode text-to-video needs a prompt."
    return None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])[:100]
    match first["type"]:
        case "json_invalid":
            return "The body is not JSON."
        case "extra_forbidden":
            return f"{where} is not a field of this service."
        case "missing":
            return f"{where} is required."
        case "literal_error":
            return f"{where} must be {first.get('ctx', {}).get('expected', 'another value')}."
        case _:
            return f"{where}: {first['msg']}." if where else f"{first['msg']}."
