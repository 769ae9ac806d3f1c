"""The encoder alone: `python -m tests.bench.encoder CLIP.mp4 [FIRST]` prints the seconds that it takes.

The clip's frames are decoded beforehand and given to the sandbox's encoder as they are; no drawing, no sound, no file.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Final

import av
from av.video.frame import PictureType

from playground.sandbox.encode import configure
from playground.sandbox.spec import FPS

_HELD: Final = 600_000_000
"""Bytes of decoded frames that are held at a time: all of a 1080p clip, a quarter of a 4k one."""
_NICENESS: Final = 10


def seconds(clip: Path, first_frame: int) -> float:
    """Seconds in the encoder for the clip's frames from `first_frame` on."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        width, height = stream.width, stream.height
        encoder: Any = av.CodecContext.create("libx264", "w")
        configure(encoder, (width, height))
        encoder.open()
        frames = islice(container.decode(stream), first_frame, None)
        taken, number = 0.0, 0
        for held in _pieces(frames, _HELD // (width * height * 3 // 2)):
            for frame in held:
                frame.pts, number = number, number + 1
                frame.time_base = Fraction(1, FPS)
                # What it was in the clip would force the same kind of frame.
                frame.pict_type = PictureType.NONE
            began = time.perf_counter()
            for frame in held:
                encoder.encode(frame)
            taken += time.perf_counter() - began
        began = time.perf_counter()
        encoder.encode(None)
        return taken + time.perf_counter() - began


def _pieces(frames: Iterable[av.VideoFrame], most: int) -> Iterator[list[av.VideoFrame]]:
    left = iter(frames)
    while piece := list(islice(left, most)):
        yield piece


if __name__ == "__main__":
    os.nice(_NICENESS)
    sys.stdout.write(f"{seconds(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 0):.3f}\n")
