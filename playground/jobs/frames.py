"""Pictures out of a clip, kept beside it: its exact last frame, and a small one to know it by."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

import av
from av.video.reformatter import Interpolation
from PIL import Image

from playground.media import clips

_THUMBNAIL_SIDE: Final = 320
"""Pixels of a thumbnail's longer side."""
_THUMBNAIL_AT: Final = 1 / 3
"""Where in the clip: many begin with a fade."""


def save_last_frame(video: Path, target: Path) -> None:
    """Write a clip's last decoded frame as a PNG, once; the file appears whole or not at all.

    Raises:
        ValueError: the clip has no picture.
    """
    _save_once(target, lambda: _picture(clips.last_frame(video)), "PNG")


def save_thumbnail(video: Path, target: Path) -> None:
    """Write a small JPEG of a clip, once; the file appears whole or not at all.

    Raises:
        ValueError: the clip has no picture.
    """
    _save_once(target, lambda: _small(video), "JPEG", quality=80)


def _save_once(target: Path, picture: Callable[[], Image.Image], kind: str, quality: int = 75) -> None:
    if target.exists():
        return
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    try:
        # PNG has no quality to choose, and ignores it.
        picture().save(fresh, format=kind, quality=quality)
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def _small(video: Path) -> Image.Image:
    """The nearest key frame, which costs one decoded frame, also in 4k."""
    with clips.opened(video) as clip:
        frame = next(clips.frames(clip, _THUMBNAIL_AT), None)
    if frame is None:
        raise clips.NoPicture
    return _picture(frame, _THUMBNAIL_SIDE)


def _picture(frame: av.VideoFrame, most: int | None = None) -> Image.Image:
    """A frame, its longer side no longer than that."""
    sides = frame.width, frame.height
    smaller = min(1, most / max(sides)) if most is not None else 1
    width, height = (max(1, round(side * smaller)) for side in sides)
    # Through reformat, which honours the clip's own colour tags.
    picture = frame.reformat(width, height, "rgb24", interpolation=Interpolation.AREA)
    return cast("Image.Image", picture.to_image())  # pyright: ignore[reportUnknownMemberType] - half typed
