"""What the renderer is asked for: one frozen value, which the worker reads from a JSON file."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FPS = 24
"""Frames per second of every clip made here."""

LABEL = "SANDBOX PREVIEW — not AI output"
"""Burnt into every frame and written into every file."""

PATIENCE_SECONDS = 600
"""How long a worker waits for an order before it gives its memory back."""

Mode = Literal["text-to-video", "image-to-video", "interpolation", "references", "extension"]
Resolution = Literal["720p", "1080p", "4k"]
AspectRatio = Literal["16:9", "9:16", "1:1"]
ResizeMode = Literal["pad", "crop"]

_SHORT_SIDE: dict[Resolution, int] = {"720p": 720, "1080p": 1080, "4k": 2160}


class RenderError(Exception):
    """A clip that cannot be made, told to a person.

    `code` is for programs: `bad_spec`, `bad_media`, `no_space`, `no_memory` or `render_failed`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class RenderSpec(BaseModel):
    """One clip to render, with the media that its mode needs.

    `seconds` is the length made; for an extension, the seconds added to the source.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    mode: Mode
    output: Path
    prompt: str = ""
    negative_prompt: str = ""
    resolution: Resolution = "720p"
    aspect_ratio: AspectRatio = "16:9"
    seconds: int = Field(default=8, ge=1, le=60)
    audio: bool = True
    seed: int = Field(default=0, ge=0, lt=2**63)
    resize_mode: ResizeMode = "crop"
    first_frame: Path | None = None
    last_frame: Path | None = None
    reference_images: tuple[Path, ...] = ()
    source_video: Path | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels. An extension keeps its source's size instead."""
        short = _SHORT_SIDE[self.resolution]
        across, down = map(int, self.aspect_ratio.split(":"))
        return short * across // min(across, down), short * down // min(across, down)

    @property
    def frame_count(self) -> int:
        """How many new frames are rendered."""
        return self.seconds * FPS
