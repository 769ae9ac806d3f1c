"""The exact last frame of a clip, as a picture beside it."""

import os
import secrets
from collections import deque
from pathlib import Path

import av
from PIL import Image


def save_last_frame(video: Path, target: Path) -> None:
    """Write a clip's last decoded frame as a PNG, once; the file appears whole or not at all.

    Raises:
        ValueError: the clip has no picture.
    """
    if target.exists():
        return
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    try:
        last_frame(video).save(fresh, format="PNG")
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def last_frame(video: Path) -> Image.Image:
    """Seek to the end and decode from the last key frame on: far quicker than decoding all, and the same picture."""
    with av.open(video, "r", metadata_errors="replace") as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        if stream.duration is not None:
            container.seek(max(0, stream.duration - 1), stream=stream, backward=True)
        # A queue of one keeps the last frame and lets go of the others.
        newest = deque(container.decode(stream), maxlen=1)
        if not newest:
            raise ValueError("the clip has no picture")
        # Through reformat, which honours the clip's own colour tags.
        return Image.fromarray(newest[0].reformat(format="rgb24").to_ndarray())
