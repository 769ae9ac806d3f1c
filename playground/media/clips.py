"""Clips that somebody gave: opened by their index, and decoded to their exact last frame."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer

_STREAMS: Final = 16
"""Of one file; what it has more is opened the long way."""
_THREADS: Final = 2
"""Each has frames of its own in memory."""
_ONLY: Final = {"format_whitelist": "mov,matroska", "protocol_whitelist": "file"}
"""Never left to a guess: a playlist would be followed to other files of this machine."""
_SKIPS: Final = frozenset({"h264", "mpeg4"})
"""Decoders that can leave out, packet by packet, what no other picture refers to."""


class NoPicture(ValueError):
    """A clip without a single frame."""

    def __init__(self) -> None:
        super().__init__("the clip has no picture")


def opened(path: Path) -> InputContainer:
    """Open a clip by its index. FFmpeg would else decode a dozen frames, to guess at what nobody asks here.

    Raises `av.error.FFmpegError` or `OSError` where it is damaged or no MP4, MOV, WebM or Matroska.
    """
    by_index: Any = [{"skip_frame": "all"}] * _STREAMS  # the stubs of PyAV take it for a list of texts
    return av.open(str(path), "r", metadata_errors="replace", container_options=_ONLY, stream_options=by_index)


def frames(clip: InputContainer, at: float = 0) -> Iterator[av.VideoFrame]:
    """Decode the pictures, from the last key frame before a share of the clip on (0 to 1).

    Raises `NoPicture` where there is no such stream, and `av.error.FFmpegError` where it is damaged.
    """
    return clip.decode(_seek(clip, at))


def last_frame(path: Path) -> av.VideoFrame:
    """Decode from the last key frame on: far quicker than decoding all, and the same picture. Raises as `frames`."""
    with opened(path) as clip:
        stream = _seek(clip, 1)
        packets, last = list(clip.demux(stream)), None
        latest = max((each.pts for each in packets if each.pts is not None and not each.is_discard), default=None)
        for packet in packets:
            if stream.codec_context.name in _SKIPS:
                # What no other picture refers to is most of them, and left out, but for the one that is wanted.
                stream.codec_context.skip_frame = "DEFAULT" if packet.pts in (None, latest) else "NONREF"
            for frame in packet.decode():
                last = frame
    if last is None:
        raise NoPicture
    return last


def _seek(clip: InputContainer, at: float) -> av.VideoStream:
    if not clip.streams.video:
        raise NoPicture
    stream = clip.streams.video[0]
    stream.thread_type, stream.codec_context.thread_count = "AUTO", _THREADS
    if at > 0 and stream.duration is not None:
        clip.seek(max(0, int(stream.duration * at) - 1), stream=stream, backward=True)
    return stream
