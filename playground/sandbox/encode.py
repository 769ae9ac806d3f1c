"""H.264 and AAC, and the MP4 made of them: BT.709, 24 frames a second, playable while it still loads."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from av.container import Flags
from numpy.typing import NDArray

from playground.media.clips import opened
from playground.sandbox.planes import BT709, Planes, Size, to_frame
from playground.sandbox.spec import FPS, LABEL

SAMPLE_RATE = 48_000
SAMPLES_A_FRAME = SAMPLE_RATE // FPS
Pcm: TypeAlias = NDArray[np.float32]
"""Stereo sound, shape (2, samples), -1 to 1."""
_AHEAD = 3
"""Pictures that are drawn or wait: some take longer than the encoder does, some less."""
_BLOCK = 1024
"""Samples in a packet of sound."""


def configure(encoder: Any, size: Size, exact: Sequence[int] = ()) -> None:
    """Set up an unopened x264 context. `exact` lists frames that must come out nearly lossless."""
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", Fraction(1, FPS), Fraction(FPS)
    # Another number of encoder threads gives another file, so it does not follow the machine.
    encoder.thread_count, encoder.thread_type = 2, "AUTO"
    encoder.colorspace = encoder.color_primaries = encoder.color_trc = encoder.color_range = BT709
    # "stitchable" keeps the parameter sets free of what the content suggests: extensions rely on equal ones.
    private = f"keyint={FPS * 2}:stitchable=1:colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv"
    if exact:
        private += ":zones=" + "/".join(f"{frame},{frame},q=4" for frame in exact)
    # What leaves the time for rendering: seconds, and still some ten at 4K. Neither looks ahead for blocks that later
    # frames build on: where rows hold any number of blocks, x264's tree of them reads what nobody wrote.
    preset, crf = ("superfast", "23") if size[0] * size[1] <= 1920 * 1080 else ("ultrafast", "21")
    encoder.options = {"preset": preset, "crf": crf, "x264-params": private}


def encode(
    path: Path,
    size: Size,
    pictures: Iterator[Planes],
    sound: Callable[[], Pcm] | None,
    exact: Sequence[int] = (),
    before: int = 0,
) -> None:
    """Write a clip. Pictures are drawn while those before them are encoded, and the sound beside them, if any.

    `before` is how many samples the clip will have before it, in `join`.
    """
    with _writing(path) as container, ThreadPoolExecutor(1) as drawer, ThreadPoolExecutor(1) as beside:
        video = container.add_stream("libx264", rate=FPS)
        configure(video.codec_context, size, exact)
        packets, video.time_base = None, Fraction(1, FPS)
        if sound is not None:
            audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
            packets = beside.submit(_encoded, audio, sound, before)
        following, number = deque(drawer.submit(next, pictures, None) for _ in range(_AHEAD)), 0
        while (picture := following.popleft().result()) is not None:
            following.append(drawer.submit(next, pictures, None))
            frame = to_frame(picture)
            frame.pts, frame.time_base, number = number, Fraction(1, FPS), number + 1
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        container.mux(packets.result() if packets is not None else [])


def _encoded(stream: Any, sound: Callable[[], Pcm], before: int) -> list[Any]:
    stream.bit_rate, stream.format = 128_000, "fltp"
    # The quick search for its numbers: half the time, and these sounds are soft.
    stream.options = {"aac_coder": "fast"}
    # The last packet before it reaches into it.
    late = -before % _BLOCK
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound()[:, late:]), format="fltp", layout="stereo")
    # The times let the muxer cut off the encoder's 21 ms of priming; without them the clip is longer.
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, late, Fraction(1, SAMPLE_RATE)
    return stream.encode(frame) + stream.encode(None)


def alike(one: Path, other: Path) -> bool:
    """Whether two clips can stand in one file: what both have was encoded with the same parameter sets."""
    with opened(one) as first, opened(other) as second:
        sets = {stream.type: stream.codec_context.extradata for stream in first.streams}
        return all(sets.get(stream.type) in (None, stream.codec_context.extradata) for stream in second.streams)


def join(output: Path, first: Path, seconds: Fraction, second: Path) -> None:
    """Write a clip of so many seconds and one after it, packet by packet; silent where the second is."""
    with _writing(output) as container, opened(first) as one, opened(second) as other:
        streams = {stream.type: container.add_stream_from_template(stream) for stream in other.streams}
        heard = -_BLOCK
        for clip, start in ((one, Fraction(0)), (other, seconds)):
            for packet in clip.demux([stream for stream in clip.streams if stream.type in streams]):
                if packet.dts is None or packet.pts is None:
                    continue
                ticks = round(start / packet.time_base)
                packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                # The start of the second sound gives way to the end of the first: both are faded there.
                if packet.stream.type == "audio":
                    if packet.dts < heard:
                        continue
                    heard = packet.dts + _BLOCK
                packet.stream = streams[packet.stream.type]
                container.mux(packet)


def _writing(path: Path) -> Any:
    # However far one stream is behind the other, the muxer waits, and lays them side by side for quick seeking.
    container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "max_interleave_delta": "0"})
    container.flags |= Flags.bitexact.value
    container.metadata.update({"title": LABEL, "comment": LABEL})
    return container
