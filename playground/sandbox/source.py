"""The clip that an extension continues: what it is, its frames at 24 a second, its sound."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from playground.sandbox.encode import LABEL, SAMPLE_RATE, Pcm, own_parameter_sets, parameter_sets
from playground.sandbox.errors import RenderError
from playground.sandbox.frames import check_boxes, unreadable_clip, upright_planes, upright_size
from playground.sandbox.planes import Planes
from playground.sandbox.spec import FPS

EXTENDED_SHORT_SIDE = 720
"""Extensions come in 720p only, whatever they extend."""

LARGEST_SIDE = 4096
"""Clips with a longer side are refused: they would need more memory than the renderer may take."""


@dataclass(frozen=True)
class Source:
    """A surveyed clip. `size` is what its continuation has: 720 lines; `frame_count` its length at 24 frames a second.

    `copyable` means its packets can stand before new ones unchanged; `labelled`, that it was made here.
    """

    path: Path
    size: tuple[int, int]
    frame_count: int
    copyable: bool
    labelled: bool
    has_sound: bool


def survey(path: Path) -> Source:
    """Look at a clip without decoding more than its first frame.

    Raises `RenderError` (`bad_media`) when it is damaged, no video, or too large.
    """
    check_boxes(path)
    with _readable(path), av.open(str(path), metadata_errors="replace") as clip:
        stream = clip.streams.video[0]
        first = next(clip.decode(stream), None)
        if first is None:
            raise unreadable_clip(path)
        own_size = upright_size(first)
        size = extended_size(own_size)
        if max(own_size) > LARGEST_SIDE:
            raise RenderError("bad_media", f"The video {path.name} is larger than 4K.")
        labelled = clip.metadata.get("comment") == LABEL
        clip.seek(0, stream=stream)
        times, keyed = _packet_times(clip, stream)
        first_moment, end = times[0], max(times) + _step(stream)
        return Source(
            path=path,
            size=size,
            frame_count=max(1, round((end - first_moment) * FPS)),
            copyable=labelled and keyed and not first.rotation and _as_made_here(stream, size, times),
            labelled=labelled,
            has_sound=bool(clip.streams.audio),
        )


def extended_size(size: tuple[int, int]) -> tuple[int, int]:
    """The size of an extension: 720 pixels on the shorter side, the clip's own shape, even sides."""
    width, height = size
    scale = EXTENDED_SHORT_SIDE / min(size)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def old_frames(source: Source) -> Iterator[Planes]:
    """Decode the clip to exactly `frame_count` frames, repeating or leaving out where its rate is another."""
    with _readable(source.path), av.open(str(source.path), metadata_errors="replace") as clip:
        stream = clip.streams.video[0]
        stream.thread_type = "AUTO"
        given = 0
        held: av.VideoFrame | None = None
        start: float | None = None
        for frame in clip.decode(stream):
            if frame.pts is None:
                continue
            start = frame.time if start is None else start
            # The held frame is shown until the middle of the interval in which the next one begins.
            due = min(source.frame_count, round((frame.time - start) * FPS))
            if held is not None and due > given:
                still = upright_planes(held, source.size)
                for _ in range(given, due):
                    yield still.copy()
                given = due
            held = frame
        if held is None:
            raise unreadable_clip(source.path)
        still = upright_planes(held, source.size)
        for _ in range(given, source.frame_count):
            yield still.copy()


def old_sound(source: Source, sample_count: int) -> Iterator[Pcm]:
    """Decode the clip's sound to exactly `sample_count` samples; silence where it has none."""
    left = sample_count
    for chunk in _decoded_sound(source) if source.has_sound else ():
        piece = chunk[:, :left]
        left -= piece.shape[1]
        yield piece
        if not left:
            return
    while left:
        count = min(left, SAMPLE_RATE)
        left -= count
        yield np.zeros((2, count), np.float32)


@contextmanager
def _readable(path: Path) -> Generator[None]:
    """Turn what the decoder says of a damaged clip into an error for a person."""
    try:
        yield
    except (FFmpegError, OSError, ValueError, IndexError) as error:
        raise unreadable_clip(path) from error


def _decoded_sound(source: Source) -> Iterator[Pcm]:
    resampler = av.AudioResampler("fltp", "stereo", SAMPLE_RATE)
    with _readable(source.path), av.open(str(source.path), metadata_errors="replace") as clip:
        for frame in clip.decode(clip.streams.audio[0]):
            for part in resampler.resample(frame):
                yield np.asarray(part.to_ndarray(), np.float32)
        for part in resampler.resample(None):
            yield np.asarray(part.to_ndarray(), np.float32)


def _packet_times(clip: InputContainer, stream: VideoStream) -> tuple[list[Fraction], bool]:
    """Return the sorted times of all frames in seconds, and whether the first packet is a key frame."""
    tick = stream.time_base or Fraction(1, FPS)
    times: list[Fraction] = []
    keyed = False
    for packet in clip.demux(stream):
        if packet.pts is None:
            continue
        keyed = packet.is_keyframe if not times else keyed
        times.append(packet.pts * tick)
    return sorted(times), keyed


def _step(stream: VideoStream) -> Fraction:
    return 1 / Fraction(stream.average_rate or FPS)


def _as_made_here(stream: VideoStream, size: tuple[int, int], times: list[Fraction]) -> bool:
    """Whether the stream is one of ours: the same parameter sets, frames at every 24th of a second from zero."""
    even = all(moment == Fraction(number, FPS) for number, moment in enumerate(times))
    context = stream.codec_context
    return (
        even
        and context.name == "h264"
        and (context.width, context.height) == size
        and parameter_sets(context.extradata or b"") == own_parameter_sets(size)
    )
