"""What TokenBay takes: the flat JSON of `POST /videos`, by its Veo 3.1 page."""

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.emulator._media import NotMedia, medium
from playground.sandbox.spec import Mode

MODELS: Final = ("veo-3.1-generate-preview", "veo-3.1-fast-generate-preview", "veo-3.1-lite-generate-preview")
_DATA_URI: Final = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+);base64,(?P<data>.*)", re.ASCII | re.DOTALL)

_Size = Literal["720p", "1080p", "4k"]
_Seconds = Literal[4, 6, 8, "4", "6", "8"]


class InvalidTask(ValueError):
    """A body that is refused; the message is one sentence."""


class NoSuchModel(InvalidTask):
    """A model that it does not serve."""


class Task(BaseModel):
    """The body. One of the two names of a size and of a length, as which of them would win is not said."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model: str
    prompt: str | None = None
    size: _Size | None = None
    resolution: _Size | None = None
    duration: _Seconds | None = None
    seconds: _Seconds | None = None
    aspect_ratio: Literal["16:9", "9:16"] | None = None
    generate_audio: bool | None = None
    enhance_prompt: bool | None = None
    negative_prompt: str | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    person_generation: Literal["allow_all", "allow_adult", "disallow"] | None = None
    image: str | None = None
    images: Annotated[list[str], Field(min_length=1)] | None = None
    last_frame: Annotated[str | None, Field(alias="lastFrameImage")] = None
    input_reference: str | None = None
    image_mime_type: str | None = None

    @property
    def lines(self) -> _Size | None:
        """What it asks for in lines."""
        return self.size if self.size is not None else self.resolution

    @property
    def length(self) -> int | None:
        """What it asks for in seconds."""
        wanted = self.duration if self.duration is not None else self.seconds
        return int(wanted) if wanted is not None else None

    @property
    def first_frame(self) -> str | None:
        """The main picture, by either of its names."""
        return self.images[0] if self.image is None and self.images is not None else self.image

    @property
    def mode(self) -> Mode:
        """What is to be made, by the pictures that came."""
        if self.first_frame is None:
            return "references" if self.input_reference is not None else "text-to-video"
        return "image-to-video" if self.last_frame is None else "interpolation"


def read_task(body: bytes) -> Task:
    """Read a body.

    Raises:
        InvalidTask: it is not JSON, a field is unknown or wrong, or fields do not go together.
    """
    try:
        task = Task.model_validate_json(body)
    except ValidationError as error:
        raise InvalidTask(_sentence(error)) from None  # the cause would hold the whole body in memory
    if task.model not in MODELS:
        raise NoSuchModel(f"The model {task.model[:60]} does not exist.")
    misfit = _misfit(task)
    if misfit is not None:
        raise InvalidTask(misfit)
    return task


def _misfit(task: Task) -> str | None:
    """What does not go together, None where all is well."""
    if task.size is not None and task.resolution is not None:
        return "size and resolution are the same field; send one of them."
    if task.duration is not None and task.seconds is not None:
        return "duration and seconds are the same field; send one of them."
    if task.lines == "4k" and "lite" in task.model:
        return "4k is only available on the non-lite models."
    if task.lines in ("1080p", "4k") and task.length not in (None, 8):
        return f"{task.lines} only supports 8-second duration."
    if task.last_frame is not None and task.first_frame is None:
        return "lastFrameImage is combined with image; image is missing."
    if not (task.prompt or "").strip() and task.mode == "text-to-video":
        return "prompt is required for text-to-video."
    return None


def picture(given: str, hint: str | None) -> tuple[bytes, str] | None:
    """A picture's bytes and ending, out of a data URI or raw base64; None for a URL. Takes time: call it in a thread.

    Raises:
        NotMedia: it is none of these, or no PNG or JPEG.
    """
    if given.lower().startswith(("http://", "https://")):
        return None
    uri = _DATA_URI.fullmatch(given)
    data, ending = medium(uri["data"], uri["type"]) if uri is not None else medium(given, hint)
    if ending == "mp4":
        raise NotMedia("is not a PNG or JPEG file")
    return data, ending


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])[:100]
    match first["type"]:
        case "json_invalid":
            return "The body is not valid JSON."
        case "missing":
            return f"{where} is required."
        case "extra_forbidden":
            return f"Unknown parameter: {where}."
        case _:
            return f"Invalid value for {where}: {first['msg']}."
