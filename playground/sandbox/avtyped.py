"""The few calls into PyAV whose stubs leave a type open, each given the type it has."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from av import AudioFrame, VideoFrame
from av.audio.stream import AudioStream
from av.container import Flags, OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

# Quoted: the class is generic in the stubs only.
AnyPacket: TypeAlias = "Packet[Any]"


def keep_bitexact(container: OutputContainer) -> None:
    """Leave the muxer's version and the time of writing out of the file."""
    untyped: Any = container
    untyped.flags |= Flags.bitexact.value


def add_h264(container: OutputContainer, rate: int) -> VideoStream:
    """Add a stream with its own x264 encoder."""
    untyped: Any = container
    return untyped.add_stream("libx264", rate=rate)


def add_copy_of(container: OutputContainer, source: VideoStream) -> VideoStream:
    """Add a stream that takes the packets of another file's stream."""
    untyped: Any = container
    return untyped.add_stream_from_template(source)


def add_aac(container: OutputContainer, rate: int) -> AudioStream:
    """Add a stereo AAC stream."""
    untyped: Any = container
    return untyped.add_stream("aac", rate=rate, layout="stereo")


def encode_picture(encoder: VideoCodecContext, frame: VideoFrame | None) -> list[AnyPacket]:
    """Encode a frame; None ends the stream."""
    untyped: Any = encoder
    return untyped.encode(frame)


def encode_sound(stream: AudioStream, frame: AudioFrame | None) -> list[AnyPacket]:
    """Encode samples; None ends the stream."""
    untyped: Any = stream
    return untyped.encode(frame)


def mux(container: OutputContainer, packets: Sequence[AnyPacket]) -> None:
    """Write packets, interleaved by time."""
    untyped: Any = container
    untyped.mux(packets)
