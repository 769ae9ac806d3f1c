"""H.264 and AAC, and the MP4 made of them: BT.709, 24 frames a second, playable while it still loads."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from av.container import Flags
from numpy.typing import NDArray

from playground.sandbox.planes import BT709, LIMITED, Planes, Size, to_frame
from playground.sandbox.spec import FPS, LABEL

SAMPLE_RATE = 48_000
SAMPLES_A_FRAME = SAMPLE_RATE // FPS
BLOCK = 1024
"""Samples in a packet of sound. The first packet is the encoder's start and lies before the beginning."""

Pcm: TypeAlias = NDArray[np.float32]
"""Stereo sound, shape (2, samples), -1 to 1."""
Packets: TypeAlias = list[Any]
"""Encoded sound. PyAV's stubs leave much of it open; what is not typed there is Any here."""


def configure(encoder: Any, size: Size, exact: Sequence[int] = ()) -> None:
    """Set up an unopened x264 context. `exact` lists frames that must come out nearly lossless."""
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", Fraction(1, FPS), Fraction(FPS)
    # Another number of encoder threads gives another file, so it does not follow the machine.
    encoder.thread_count, encoder.thread_type = 2, "AUTO"
    encoder.colorspace = encoder.color_primaries = encoder.color_trc = BT709
    encoder.color_range = LIMITED
    # "stitchable" keeps the parameter sets free of what the content suggests: extensions rely on equal ones.
    private = f"keyint={FPS * 2}:stitchable=1:colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv"
    if size[0] % 256:
        # In rows of any number of blocks x264's block tree reads what nobody wrote: each run would be another file.
        private += ":mbtree=0"
    if exact:
        private += ":zones=" + "/".join(f"{frame},{frame},q=4" for frame in exact)
    # The slowest that leaves the time for rendering: seconds at 720p, and still some ten at 4K.
    pixels = size[0] * size[1]
    preset = "veryfast" if pixels <= 1280 * 720 else "superfast" if pixels <= 1920 * 1080 else "ultrafast"
    encoder.options = {"preset": preset, "crf": "21", "x264-params": private}


def encode(path: Path, size: Size, pictures: Iterable[Planes], exact: Sequence[int] = ()) -> None:
    """Write frames, without sound, as a part for `join`."""
    with _writing(path) as container:
        stream = container.add_stream("libx264", rate=FPS)
        configure(stream.codec_context, size, exact)
        stream.time_base = Fraction(1, FPS)
        for number, picture in enumerate(pictures):
            frame = to_frame(picture)
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def encode_sound(chunks: Iterable[Pcm]) -> Packets:
    """Encode chunks of any length."""
    encoder: Any = av.CodecContext.create("aac", "w")
    _configure_sound(encoder)
    packets, written = Packets(), 0
    for chunk in chunks:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(chunk), format="fltp", layout="stereo")
        # The times let the muxer cut off the encoder's 21 ms of priming; without them the clip is longer.
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, written, Fraction(1, SAMPLE_RATE)
        written += chunk.shape[1]
        packets += encoder.encode(frame)
    return packets + encoder.encode(None)


def continue_sound(old: Packets, start: int, new: Pcm) -> Packets:
    """Let a sound go on with new samples from sample `start` on, without encoding the old ones anew.

    The last old packet may reach beyond `start`, and the new sound's priming gives way to it: both are faded there.
    """
    end = (len(old) - 1) * BLOCK
    following = encode_sound([new[:, end - start :]])[1:]
    for packet in old:
        packet.duration = BLOCK
    for packet in following:
        packet.pts = packet.dts = packet.dts + end
    return old + following


def alike(one: Path, other: Path) -> bool:
    """Whether the pictures of two clips can stand in one file: both were encoded with the same parameter sets."""
    with av.open(str(one)) as first, av.open(str(other)) as second:
        contexts = [clip.streams.video[0].codec_context for clip in (first, second)]
        return contexts[0].name == contexts[1].name and contexts[0].extradata == contexts[1].extradata


def join(output: Path, parts: Sequence[tuple[Path, int]], sound: Packets | None) -> None:
    """Write clips one after the other, each with its number of frames, packet by packet, and this sound beside them."""
    with ExitStack() as opened:
        container = opened.enter_context(_writing(output, movflags="+faststart"))
        container.metadata.update({"title": LABEL, "comment": LABEL})
        clips = [(opened.enter_context(av.open(str(path))), count) for path, count in parts]
        video = container.add_stream_from_template(clips[0][0].streams.video[0])
        streams = [_one_after_the_other(clips)]
        targets = {"video": video}
        if sound is not None:
            targets["audio"] = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
            _configure_sound(targets["audio"].codec_context)
            streams.append(("audio", packet) for packet in sound)
        # Side by side in the file too, or seeking would be slow.
        for kind, packet in heapq.merge(*streams, key=lambda item: Fraction(item[1].dts * item[1].time_base)):
            packet.stream = targets[kind]
            container.mux(packet)


def _one_after_the_other(clips: Iterable[tuple[Any, int]]) -> Iterator[tuple[str, Any]]:
    before = 0
    for clip, count in clips:
        for packet in clip.demux(clip.streams.video[0]):
            if packet.dts is not None:
                ticks = round(before / (FPS * packet.time_base))
                packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                yield "video", packet
        before += count


def _writing(path: Path, **options: str) -> Any:
    container = av.open(str(path), "w", format="mp4", options=options)
    container.flags |= Flags.bitexact.value
    return container


def _configure_sound(encoder: Any) -> None:
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "stereo", "fltp"
    encoder.time_base, encoder.bit_rate = Fraction(1, SAMPLE_RATE), 128_000
    # The quick search for its numbers: half the time, and these sounds are soft.
    encoder.options = {"aac_coder": "fast"}
