"""Clips that somebody gave: opened by their index, and decoded to their exact last frame."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer

_STREAMS: Final = 16
"""Of one file; what it has more is opened the long way."""
_THREADS: Final = 2
"""Each has frames of its own in memory."""
# Never left to a guess: a playlist would be followed to other files of this machine.
_ONLY: Final = {"format_whitelist": "mov,matroska", "protocol_whitelist": "file"}


def opened(path: Path) -> InputContainer:
    """Open a clip by its index. FFmpeg would else decode a dozen frames, to guess at what nobody asks here."""
    by_index: Any = [{"skip_frame": "all"}] * _STREAMS  # the stubs of PyAV take it for a list of texts
    return av.open(str(path), "r", metadata_errors="replace", container_options=_ONLY, stream_options=by_index)


def frames(clip: InputContainer) -> Iterator[av.VideoFrame]:
    """Decode the pictures from where the clip stands."""
    stream = clip.streams.video[0]
    stream.thread_type, stream.codec_context.thread_count = "AUTO", _THREADS
    return clip.decode(stream)


def last_frame(path: Path) -> av.VideoFrame:
    """Seek to the end and decode from the last key frame on: far quicker than decoding all, and the same picture.

    Raises:
        ValueError: the clip has no picture; FFmpeg's errors are kinds of it, or of OSError.
    """
    with opened(path) as clip:
        stream = clip.streams.video[0]
        if stream.duration is not None:
            clip.seek(max(0, stream.duration - 1), stream=stream, backward=True)
        # A queue of one keeps the last frame and lets go of the others: at 4k they would take gigabytes.
        last = deque(frames(clip), maxlen=1)
    if not last:
        raise ValueError("the clip has no picture")
    return last[0]
