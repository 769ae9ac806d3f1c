"""What the renderer is asked for: one frozen value, read by the worker from a JSON file."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

FPS = 24
"""Frames per second of every clip made here."""

LABEL = "SANDBOX PREVIEW — not AI output"
"""Burnt into every frame and written into every file."""

Mode = Literal["text-to-video", "image-to-video", "interpolation", "references", "extension"]
Resolution = Literal["720p", "1080p", "4k"]
AspectRatio = Literal["16:9", "9:16", "1:1"]
ResizeMode = Literal["pad", "crop"]

_SHORT_SIDE: dict[Resolution, int] = {"720p": 720, "1080p": 1080, "4k": 2160}
_NEEDED_MEDIA: dict[Mode, tuple[str, ...]] = {
    "image-to-video": ("first_frame",),
    "interpolation": ("first_frame", "last_frame"),
    "references": ("reference_images",),
    "extension": ("source_video",),
}


class RenderError(Exception):
    """A clip that cannot be made, told to a person.

    `code` is for programs: `bad_spec`, `bad_media`, `no_space`, `no_memory` or `render_failed`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class RenderSpec(BaseModel, frozen=True, extra="forbid"):
    """One clip to render. `seconds` is the length made; for an extension, the seconds added to the source."""

    mode: Mode
    prompt: str = ""
    negative_prompt: str = ""
    resolution: Resolution = "720p"
    aspect_ratio: AspectRatio = "16:9"
    seconds: int = Field(default=8, ge=1, le=60)
    audio: bool = True
    seed: int = 0
    resize_mode: ResizeMode = "crop"
    first_frame: Path | None = None
    last_frame: Path | None = None
    reference_images: tuple[Path, ...] = ()
    source_video: Path | None = None
    output: Path

    @model_validator(mode="after")
    def _media_of_the_mode(self) -> Self:
        missing = [name for name in _NEEDED_MEDIA.get(self.mode, ()) if not getattr(self, name)]
        if missing:
            raise ValueError(f"{self.mode} needs {' and '.join(missing)}")
        return self

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels. An extension keeps its source's size instead."""
        short = _SHORT_SIDE[self.resolution]
        across, down = map(int, self.aspect_ratio.split(":"))
        return short * across // min(across, down), short * down // min(across, down)

    @property
    def dice_seed(self) -> int:
        """The seed as the random generators take it: never negative."""
        return self.seed % 2**64

    @property
    def frame_count(self) -> int:
        """How many new frames are rendered."""
        return self.seconds * FPS
