"""The neutral request: one shape for every provider, read strictly.

`None` means "not set" everywhere; a seed of 0, `generate_audio=False` and an empty prompt are values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictBool, StrictInt, StrictStr

Mode = Literal["text-to-video", "image-to-video", "interpolation", "references", "extension"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)

Kind = Literal["text", "choice", "range", "flag", "media"]

PARAMETER_KINDS: Final[dict[str, Kind]] = {
    "prompt": "text",
    "negative_prompt": "text",
    "duration_seconds": "choice",
    "resolution": "choice",
    "aspect_ratio": "choice",
    "generate_audio": "flag",
    "enhance_prompt": "flag",
    "seed": "range",
    "number_of_videos": "range",
    "person_generation": "choice",
    "resize_mode": "choice",
    "compression_quality": "choice",
    "first_frame": "media",
    "last_frame": "media",
    "reference_images": "media",
    "source_video": "media",
}
"""Every field of a request that a table can describe, with the kind of control it is."""

MEDIA_FIELDS: Final = tuple(name for name, kind in PARAMETER_KINDS.items() if kind == "media")

Value = str | int | bool | tuple[str, ...]
"""What a set field can hold; media are references (path, URL or `job:<id>`), never bytes."""

_JOB_REFERENCE = re.compile(r"job:(?P<job>[\w-]+)(#(?P<part>last-frame|[1-9]\d{0,5}))?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class JobReference:
    """An earlier result of ours: its `number`-th video (from 1), or that job's last frame."""

    job_id: str
    number: int = 1
    last_frame: bool = False


def job_reference(media: str) -> JobReference | None:
    """Read `job:<id>`, `job:<id>#2` or `job:<id>#last-frame`; None for a path, a URL or anything else."""
    match = _JOB_REFERENCE.match(media)
    if match is None:
        return None
    part = match["part"]
    if part == "last-frame":
        return JobReference(match["job"], last_frame=True)
    return JobReference(match["job"], number=int(part) if part is not None else 1)


def is_url(media: str) -> bool:
    """Whether a media reference is an http(s) URL."""
    return media.lower().startswith(("http://", "https://"))


def _as_tuple(value: object) -> object:
    """JSON has lists; frozen requests keep tuples."""
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - pydantic judges the items


def _whole_text(value: str) -> str:
    """JSON can spell half a character (a lone surrogate); no file, database or provider takes it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("this text holds half a character, which cannot be sent or stored") from None
    return value


Text = Annotated[StrictStr, AfterValidator(_whole_text)]


class VideoRequest(BaseModel):
    """What somebody asks for, before anyone knows whether it can be had. Frozen; unknown fields are refused.

    Values are not judged here beyond their JSON type: which ones are allowed is a provider's table's business.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    provider: Text
    mode: Mode
    model: Text | None = None
    prompt: Text | None = None
    negative_prompt: Text | None = None
    duration_seconds: StrictInt | None = None
    """Whole seconds of the clip; not a parameter of extension."""
    resolution: Text | None = None
    aspect_ratio: Text | None = None
    generate_audio: StrictBool | None = None
    enhance_prompt: StrictBool | None = None
    seed: StrictInt | None = None
    number_of_videos: StrictInt | None = None
    person_generation: Text | None = None
    resize_mode: Text | None = None
    compression_quality: Text | None = None
    first_frame: Text | None = None
    last_frame: Text | None = None
    reference_images: Annotated[tuple[Text, ...] | None, BeforeValidator(_as_tuple)] = None
    source_video: Text | None = None

    def value(self, field: str) -> Value | None:
        """The value of a parameter by its name, None where it is not set."""
        return getattr(self, field)

    def set_values(self) -> dict[str, Value]:
        """Every parameter that is set, in the order of `PARAMETER_KINDS`."""
        values = {name: self.value(name) for name in PARAMETER_KINDS}
        # An empty list of images is no image.
        return {name: value for name, value in values.items() if value is not None and value != ()}

    def media(self) -> Iterator[tuple[str, int, str]]:
        """Every media reference as (field, place from 0, reference)."""
        for field in MEDIA_FIELDS:
            value = self.value(field)
            references = value if isinstance(value, tuple) else (value,)
            for place, reference in enumerate(references):
                if isinstance(reference, str):
                    yield field, place, reference

    def changed(self, changes: dict[str, Value | None]) -> "VideoRequest":
        """A copy with some fields replaced; None unsets. The copy's types are checked again."""
        return VideoRequest.model_validate({**self.model_dump(), **changes})

    def as_json(self) -> dict[str, object]:
        """The request as it is written to a file: set fields only."""
        return self.model_dump(mode="json", exclude_none=True)
