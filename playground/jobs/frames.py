"""Pictures out of a clip, kept beside it: its exact last frame, and a small one to know it by."""

import os
import secrets
from collections import deque
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final, cast

import av
from av.video.reformatter import Interpolation
from PIL import Image

from playground.jobs.probe import opened

_THUMBNAIL_SIDE: Final = 320
"""Pixels of a thumbnail's longer side."""
_THUMBNAIL_AT: Final = 1 / 3
"""Where in the clip: many begin with a fade."""

_THREADS: Final = 2
"""Each has frames of its own in memory."""


def save_last_frame(video: Path, target: Path) -> None:
    """Write a clip's last decoded frame as a PNG, once; the file appears whole or not at all.

    Raises:
        ValueError: the clip has no picture.
    """
    _save_once(target, lambda: last_frame(video), "PNG")


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


def last_frame(video: Path) -> Image.Image:
    """Seek to the end and decode from the last key frame on: far quicker than decoding all, and the same picture."""
    with opened(video, "mov") as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = _THREADS
        if stream.duration is not None:
            container.seek(max(0, stream.duration - 1), stream=stream, backward=True)
        # A queue of one keeps the last frame and lets go of the others.
        return _picture(deque(container.decode(stream), maxlen=1))


def _small(video: Path) -> Image.Image:
    """The nearest key frame, which costs one decoded frame, also in 4k."""
    with opened(video, "mov") as container:
        stream = container.streams.video[0]
        if stream.duration is not None:
            container.seek(int(stream.duration * _THUMBNAIL_AT), stream=stream, backward=True)
        return _picture(deque(islice(container.decode(stream), 1)), _THUMBNAIL_SIDE)


def _picture(frames: "deque[av.VideoFrame]", most: int | None = None) -> Image.Image:
    """The first of some frames, its longer side no longer than that."""
    if not frames:
        raise ValueError("the clip has no picture")
    sides = frames[0].width, frames[0].height
    smaller = min(1, most / max(sides)) if most is not None else 1
    width, height = (max(1, round(side * smaller)) for side in sides)
    # Through reformat, which honours the clip's own colour tags.
    picture = frames[0].reformat(width, height, "rgb24", interpolation=Interpolation.AREA)
    return cast("Image.Image", picture.to_image())  # pyright: ignore[reportUnknownMemberType] - half typed
