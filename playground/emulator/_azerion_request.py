"""What Azerion takes: the body of `POST /v1/videos/generation`, as its page has it, and nothing else."""

import asyncio
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.emulator._desk import Desk, Wanted
from playground.emulator._media import NotMedia, medium
from playground.sandbox.spec import Mode

MODEL: Final = "google-veo-3-1"
ADDED_SECONDS: Final = 7
_SEEDS: Final = 4_294_967_295


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Medium(_Strict):
    url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    base_64_encoded: str | None = None


class _Image(_Medium):
    mime_type: Literal["image/jpeg", "image/png"]


class _Video(_Medium):
    mime_type: Literal["video/mp4"]


class _Reference(_Strict):
    image: _Image
    reference_type: str


class Generation(_Strict):
    """The body. What is absent gets Azerion's own default."""

    model: str
    prompt: Annotated[str, Field(max_length=4_000)] | None = None
    n: Annotated[int, Field(ge=1, le=4)] = 1
    image: _Image | None = None
    last_frame: _Image | None = None
    reference_images: Annotated[list[_Reference], Field(min_length=1, max_length=3)] | None = None
    video: _Video | None = None
    generate_audio: bool = True
    duration: Literal[4, 6, 8] = 8
    resolution: Literal["720p", "1080p"] = "720p"
    aspect_ratio: Literal["16:9", "9:16"] = "16:9"
    seed: Annotated[int, Field(ge=0, le=_SEEDS)] = 0
    negative_prompt: str | None = None
    person_generation: Literal["allow_adult", "allow_all", "dont_allow"] = "allow_adult"
    resize_mode: Literal["crop", "pad"] | None = None
    compression_quality: Literal["optimized", "lossless"] | None = None
    output_format: Literal["base64", "url"] = "base64"
    enhance_prompt: Any = None


class Refusal(ValueError):
    """A body that is refused: a sentence for a person, and the field that it is about."""

    def __init__(self, says: str, field: str | None = None) -> None:
        super().__init__(says)
        self.field = field


def read_generation(body: bytes) -> Generation:
    """Read a body. Takes time for large media: call it in a thread.

    Raises:
        Refusal: it is not JSON, a field is unknown or wrong, or fields do not go together.
    """
    try:
        asked = Generation.model_validate_json(body)
    except ValidationError as error:
        raise _first(error) from None  # the cause would hold the whole body in memory
    if "enhance_prompt" in asked.model_fields_set:
        says = "enhance_prompt is not supported on Veo 3.1. It is only available for Veo 2 models."
        raise Refusal(says, "enhance_prompt")
    for name, given in _media(asked):
        if (given.url is None) == (given.base_64_encoded is None):
            raise Refusal("Provide either url or base_64_encoded.", name)
    for reference in asked.reference_images or ():
        if reference.reference_type != "subject":
            says = 'Style reference images ("style" type) are not supported on Veo 3.1.'
            raise Refusal(f'{says} Only "subject" reference type is available.', "reference_images")
    if asked.last_frame is not None and asked.image is None:
        raise Refusal("last_frame must be used with image.", "last_frame")
    if not (asked.prompt or "").strip() and asked.image is None:
        raise Refusal("prompt is required for text-to-video.", "prompt")
    return asked


def _media(asked: Generation) -> list[tuple[str, _Medium]]:
    named: list[tuple[str, _Medium | None]] = [
        ("image", asked.image),
        ("last_frame", asked.last_frame),
        *[("reference_images", each.image) for each in asked.reference_images or ()],
        ("video", asked.video),
    ]
    return [(name, given) for name, given in named if given is not None]


async def wanted(asked: Generation, prompt: str, desk: Desk) -> Wanted:
    """What is to be drawn. A link is not followed.

    Raises:
        Refusal: a medium is not what it says it is.
    """
    kept: dict[str, list[Any]] = {name: [] for name, _ in _media(asked)}
    for name, given in _media(asked):
        if given.base_64_encoded is None:
            continue
        try:
            mime_type = getattr(given, "mime_type", None)
            data, ending = await asyncio.to_thread(medium, given.base_64_encoded, mime_type)
        except NotMedia as error:
            raise Refusal(f"{name}.base_64_encoded {error}.", name) from None
        kept[name].append(await desk.keep(data, ending))
    first = {name: paths[0] if paths else None for name, paths in kept.items()}
    return Wanted(
        provider="azerion",
        model=asked.model,
        prompt=prompt,
        mode=_mode(asked),
        seconds=asked.duration if asked.video is None else ADDED_SECONDS,
        resolution=asked.resolution,
        aspect_ratio=asked.aspect_ratio,
        audio=asked.generate_audio,
        seed=asked.seed,
        videos=asked.n,
        first_frame=first.get("image"),
        last_frame=first.get("last_frame"),
        reference_images=tuple(kept.get("reference_images", ())),
        source_video=first.get("video"),
    )


def _mode(asked: Generation) -> Mode:
    if asked.video is not None:
        return "extension"
    if asked.reference_images is not None:
        return "references"
    if asked.image is None:
        return "text-to-video"
    return "image-to-video" if asked.last_frame is None else "interpolation"


def _first(error: ValidationError) -> Refusal:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])[:100]
    match first["type"]:
        case "json_invalid":
            return Refusal("The request body is not valid JSON.")
        case "extra_forbidden":
            return Refusal(f"Unknown parameter: {where}.", where)
        case "missing":
            return Refusal(f"Missing required parameter: {where}.", where)
        case _:
            return Refusal(f"Invalid value for {where}: {first['msg']}.", where)
