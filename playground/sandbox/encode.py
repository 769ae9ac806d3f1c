"""One MP4 being written: H.264 and AAC, BT.709, 24 frames a second, playable while it still loads."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.container import Flags
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from playground.sandbox.planes import BT709, LIMITED, Planes, to_frame
from playground.sandbox.spec import FPS, LABEL

SAMPLE_RATE = 48_000
SAMPLES_A_FRAME = SAMPLE_RATE // FPS

Pcm = NDArray[np.float32]
"""Stereo sound, shape (2, samples), -1 to 1."""

# Sound runs this far ahead of the picture in the file: enough to play on, too little to make seeking slow.
_LEAD_SECONDS = 0.5
# Another number of encoder threads gives another file, so it does not follow the machine.
_ENCODER_THREADS = 2
_CODEC_GLOBAL_HEADER = 1 << 22
_PARAMETER_SETS = {7, 8}
_START_CODE = re.compile(b"\x00\x00\x00\x01|\x00\x00\x01")


# PyAV's stubs leave much of it open; what is not typed there is Any here.
def configure(encoder: Any, size: tuple[int, int], exact: Sequence[int] = ()) -> None:
    """Set up an unopened x264 context. `exact` lists frames that must come out nearly lossless."""
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.thread_count, encoder.thread_type = _ENCODER_THREADS, "AUTO"
    encoder.colorspace = encoder.color_primaries = encoder.color_trc = BT709
    encoder.color_range = LIMITED
    # "stitchable" keeps the parameter sets free of what the content suggests: extensions rely on equal ones.
    private = f"keyint={FPS * 2}:stitchable=1:colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv"
    if size[0] % 256:
        # In rows of any number of blocks x264's block tree reads what nobody wrote: each run would be another file.
        private += ":mbtree=0"
    if exact:
        private += ":zones=" + "/".join(f"{frame},{frame},q=4" for frame in exact)
    encoder.options = {"preset": _preset(size[0] * size[1]), "crf": "21", "x264-params": private}


def parameter_sets(extradata: bytes) -> frozenset[bytes]:
    """Return the SPS and PPS units of an H.264 header, whether in Annex B or in avcC form."""
    if extradata.startswith((b"\x00\x00\x01", b"\x00\x00\x00\x01")):
        units = _START_CODE.split(extradata)
    else:
        units = _avcc_units(extradata)
    return frozenset(unit for unit in units if unit and unit[0] & 31 in _PARAMETER_SETS)


def own_parameter_sets(size: tuple[int, int]) -> frozenset[bytes]:
    """Return the parameter sets that clips of this size get here."""
    return parameter_sets(_standalone_encoder(size).extradata or b"")


class ClipWriter:
    """Writes one clip: frames rendered here, and before them packets copied from a clip of the same encoder.

    `frame_count` is the whole length, `sound` yields chunks of any length (silence follows when it ends), and
    `source` is the stream whose packets will be copied.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        frame_count: int,
        sound: Iterator[Pcm] | None = None,
        *,
        exact: Sequence[int] = (),
        source: VideoStream | None = None,
    ) -> None:
        self._container: Any = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._container.flags |= Flags.bitexact.value
        self._container.metadata.update({"title": LABEL, "comment": LABEL})
        self._copies = source is not None
        if self._copies:
            self._stream = self._container.add_stream_from_template(source)
            self._encoder = _standalone_encoder(size, exact)
        else:
            self._stream = self._container.add_stream("libx264", rate=FPS)
            self._encoder = self._stream.codec_context
            configure(self._encoder, size, exact)
            self._stream.time_base = Fraction(1, FPS)
        self._sound = _SoundTrack(self._container, sound, frame_count) if sound is not None else None
        self._copied = self._encoded = 0

    def copy(self, packet: "Packet[Any]") -> None:
        """Take over a packet as it is."""
        packet.stream = self._stream
        self._container.mux(packet)
        self._copied += 1
        self._keep_sound_ahead()

    def add(self, picture: Planes) -> None:
        """Encode the next frame."""
        frame = to_frame(picture)
        frame.pts, frame.time_base = self._encoded, Fraction(1, FPS)
        self._encoded += 1
        self._mux(self._encoder.encode(frame))
        self._keep_sound_ahead()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error the half-written file is left to the caller: closing would only move it about.
        if kind is None:
            self._mux(self._encoder.encode(None))
            if self._sound is not None:
                self._sound.finish()
            self._container.close()

    def _mux(self, packets: "Sequence[Packet[Any]]") -> None:
        for packet in packets:
            ready = self._as_continuation(packet) if self._copies else packet
            ready.stream = self._stream
            self._container.mux(ready)

    def _as_continuation(self, packet: "Packet[Any]") -> "Packet[Any]":
        """Rewrite a new packet in the container's form, after the copied ones."""
        tick = self._stream.time_base or Fraction(1, FPS)
        ticks = round(1 / (FPS * tick))
        units = [unit for unit in _START_CODE.split(bytes(packet)) if unit]
        moved: Packet[Any] = Packet(b"".join(len(unit).to_bytes(4, "big") + unit for unit in units))
        moved.time_base = tick
        moved.pts = ((packet.pts or 0) + self._copied) * ticks
        moved.dts = ((packet.dts or 0) + self._copied) * ticks
        moved.duration = ticks
        moved.is_keyframe = packet.is_keyframe
        return moved

    def _keep_sound_ahead(self) -> None:
        if self._sound is not None:
            self._sound.write_until((self._copied + self._encoded) / FPS + _LEAD_SECONDS)


class _SoundTrack:
    """The AAC half of a clip, written piece by piece so that a long one is never held whole."""

    def __init__(self, container: Any, chunks: Iterator[Pcm], frames: int) -> None:
        self._container, self._chunks = container, chunks
        self._total, self._written = frames * SAMPLES_A_FRAME, 0
        # The quick search for its numbers: half the time, and these sounds are soft.
        options = {"aac_coder": "fast"}
        self._stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", options=options)
        self._stream.bit_rate = 128_000

    def write_until(self, seconds: float) -> None:
        """Encode up to this moment."""
        wanted = min(self._total, int(seconds * SAMPLE_RATE))
        while self._written < wanted:
            silence = np.zeros((2, SAMPLE_RATE), np.float32)
            chunk = next(self._chunks, silence)[:, : self._total - self._written]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(chunk), format="fltp", layout="stereo")
            # The times let the muxer cut off the encoder's 21 ms of priming; without them the clip is longer.
            frame.sample_rate, frame.pts = SAMPLE_RATE, self._written
            frame.time_base = Fraction(1, SAMPLE_RATE)
            self._container.mux(self._stream.encode(frame))
            self._written += chunk.shape[1]

    def finish(self) -> None:
        """Encode what is left."""
        self.write_until(self._total / SAMPLE_RATE + 1)
        self._container.mux(self._stream.encode(None))


def _standalone_encoder(size: tuple[int, int], exact: Sequence[int] = ()) -> Any:
    encoder = av.CodecContext.create("libx264", "w")
    configure(encoder, size, exact)
    encoder.flags |= _CODEC_GLOBAL_HEADER
    encoder.open()
    return encoder


def _preset(pixels: int) -> str:
    # The slowest that leaves the time for rendering: seconds at 720p, and still some ten at 4K.
    return "veryfast" if pixels <= 1280 * 720 else "superfast" if pixels <= 1920 * 1080 else "ultrafast"


def _avcc_units(extradata: bytes) -> Iterator[bytes]:
    """Yield the units of an avcC record: counted SPS, then counted PPS, each with a 16-bit length."""
    position = 5
    for count_mask in (0x1F, 0xFF):
        if position >= len(extradata):
            return
        count = extradata[position] & count_mask
        position += 1
        for _ in range(count):
            length = int.from_bytes(extradata[position : position + 2], "big")
            yield extradata[position + 2 : position + 2 + length]
            position += 2 + length
