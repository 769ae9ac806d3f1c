"""What the sandbox remembers of an operation; each is one JSON file."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from playground.sandbox.spec import AspectRatio, Mode, RenderSpec, ResizeMode, Resolution

SEEDS: Final = 2**32
"""How many seeds there are, from 0."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Order(_Kept):
    """What was accepted; never changes."""

    id: str
    accepted_at: datetime
    link_secret: str
    rehearsal: str | None
    mode: Mode
    prompt: str
    asked: str | None = None
    """The prompt as it was sent, where a rehearsal was taken out of it."""
    negative_prompt: str
    seconds: int
    resolution: Resolution
    aspect_ratio: AspectRatio
    audio: bool
    seed: int
    videos: int
    resize_mode: ResizeMode
    files: tuple[str, ...]
    """Names of the media in the operation's folder."""

    def spec(self, number: int, folder: Path, output: Path) -> RenderSpec:
        """What the renderer is asked for: the `number`-th video (from 1), each with the next seed."""
        named = {Path(name).stem: folder / name for name in self.files}
        return RenderSpec(
            mode=self.mode,
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            resolution=self.resolution,
            aspect_ratio=self.aspect_ratio,
            seconds=self.seconds,
            audio=self.audio,
            seed=(self.seed + number - 1) % SEEDS,
            resize_mode=self.resize_mode,
            first_frame=named.get("first_frame"),
            last_frame=named.get("last_frame"),
            reference_images=tuple(named[name] for name in sorted(named) if name.startswith("reference-")),
            source_video=named.get("source_video"),
            output=output,
        )


class State(_Kept):
    """How far an operation is that has not ended."""

    status: Literal["queued", "rendering"] = "queued"
    progress: float = 0.0


class Problem(_Kept):
    """Why a run failed."""

    code: str
    message: str


class End(_Kept):
    """How an operation ended; written once."""

    status: Literal["succeeded", "failed", "cancelled"]
    videos: int = 0
    filtered: int = 0
    error: Problem | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as it stands now."""

    order: Order
    state: State
    end: End | None
