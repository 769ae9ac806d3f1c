"""What the renderer is asked for: one frozen value, read by the worker from a JSON file.

It is no model of Pydantic's, whose import alone would take a tenth of the time that a short clip takes.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

FPS = 24
"""Frames per second of every clip made here."""

LABEL = "SANDBOX PREVIEW — not AI output"
"""Burnt into every frame and written into every file."""

Mode = Literal["text-to-video", "image-to-video", "interpolation", "references", "extension"]
Resolution = Literal["720p", "1080p", "4k"]
AspectRatio = Literal["16:9", "9:16", "1:1"]
ResizeMode = Literal["pad", "crop"]

_ALLOWED: dict[str, Any] = {
    "mode": get_args(Mode),
    "resolution": get_args(Resolution),
    "aspect_ratio": get_args(AspectRatio),
    "resize_mode": get_args(ResizeMode),
    "seconds": range(1, 61),
    "seed": range(2**63),
    "audio": (True, False),
    "prompt": str,
    "negative_prompt": str,
}
_PATHS = "output", "first_frame", "last_frame", "source_video"
_SHORT_SIDE: dict[Resolution, int] = {"720p": 720, "1080p": 1080, "4k": 2160}


class RenderError(Exception):
    """A clip that cannot be made, told to a person.

    `code` is for programs: `bad_spec`, `bad_media`, `no_space`, `no_memory` or `render_failed`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class RenderSpec:
    """One clip to render, with the media that its mode needs.

    `seconds` is the length made (1 to 60); for an extension, the seconds added to the source.
    Raises `RenderError` (`bad_spec`) for a value that is not allowed.
    """

    mode: Mode
    output: Path
    prompt: str = ""
    negative_prompt: str = ""
    resolution: Resolution = "720p"
    aspect_ratio: AspectRatio = "16:9"
    seconds: int = 8
    audio: bool = True
    seed: int = 0
    resize_mode: ResizeMode = "crop"
    first_frame: Path | None = None
    last_frame: Path | None = None
    reference_images: tuple[Path, ...] = ()
    source_video: Path | None = None

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            value = getattr(self, name)
            if not (isinstance(value, str) if allowed is str else value in allowed):
                raise RenderError("bad_spec", f"The spec is wrong: {name} cannot be {value!r}.")

    @classmethod
    def from_json(cls, text: str | bytes) -> "RenderSpec":
        """Read what `to_json` wrote. Raises `RenderError` (`bad_spec`) for anything else."""
        try:
            given: dict[str, Any] = json.loads(text)
            given["reference_images"] = tuple(map(Path, given.get("reference_images", ())))
            given.update({name: Path(given[name]) for name in _PATHS if given.get(name) is not None})
            return cls(**given)
        except (TypeError, ValueError, AttributeError) as error:
            raise RenderError("bad_spec", f"The spec is wrong: {error}.") from error

    def to_json(self) -> str:
        """Write it down for the worker."""
        return json.dumps(asdict(self), default=str)

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
