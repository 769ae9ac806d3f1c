"""What comes in: images of any kind a person may give, and the clip that an extension continues."""

import warnings
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from av.filter import Graph
from PIL import Image, ImageOps

from playground.sandbox import planes
from playground.sandbox.encode import BLOCK, SAMPLE_RATE, SAMPLES_A_FRAME, Packets, Pcm
from playground.sandbox.planes import Planes, Size
from playground.sandbox.spec import FPS, LABEL, RenderError, ResizeMode

MOST_PIXELS = 50_000_000
"""Larger images are refused before they are decoded (a few kilobytes can declare gigapixels)."""
EXTENDED_SHORT_SIDE = 720
"""Extensions come in 720p only, whatever they extend."""
LARGEST_SIDE = 4096
"""Clips with a longer side are refused: they would need more memory than the renderer may take."""

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
# By the quarter turns that a clip's display matrix asks for, anticlockwise.
_TURNS = ((), (("transpose", "cclock"),), (("hflip", ""), ("vflip", "")), (("transpose", "clock"),))


def load_image(path: Path, near: Size) -> Image.Image:
    """Open an image upright, as RGB, or as RGBA where it has transparency.

    `near` is the size it will be used at; a much larger JPEG is then decoded at a fraction of its size.
    Raises `RenderError` (`bad_media`) when the file cannot be read as a picture.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of large images and odd metadata; the size is checked here, the rest is harmless.
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=_FORMATS)
        with image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            # A turned photo is stored on its side, so both sides must stay large enough.
            image.draft("RGB", (max(near), max(near)))
            return _plain(image)
    except Image.DecompressionBombError as error:
        raise RenderError("bad_media", f"The image {path.name} is too large (over 50 megapixels).") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise RenderError("bad_media", f"The image {path.name} cannot be read.") from error


def fit(image: Image.Image, size: Size, resize_mode: ResizeMode = "crop") -> Image.Image:
    """Return the image upright, on white where it is transparent, in exactly `size` (width, height) as RGB.

    `crop` covers the size and cuts what sticks out; `pad` shows everything between black bars.
    """
    upright = _plain(image)
    if upright.mode == "RGBA":
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")
    fitted = ImageOps.pad if resize_mode == "pad" else ImageOps.fit
    return fitted(upright, size, Image.Resampling.LANCZOS)


def _plain(image: Image.Image) -> Image.Image:
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        # Pillow clips 16-bit greys to white instead of scaling them.
        grey = np.asarray(image, np.float32)
        return Image.fromarray((grey / (257 if grey.max() > 255 else 1)).clip(0, 255).astype(np.uint8)).convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


@dataclass(frozen=True)
class Source:
    """A surveyed clip. `size` is what its continuation has: 720 lines; `frame_count` its length at 24 frames a second.

    `own` means that it was made here: its packets may be able to stand before new ones unchanged.
    """

    path: Path
    size: Size
    frame_count: int
    quarter_turns: int
    own: bool
    has_sound: bool

    def last_picture(self) -> Planes:
        """Return exactly the last frame."""
        with opened(self.path) as clip:
            stream = clip.streams.video[0]
            if stream.duration:
                clip.seek(stream.duration - 1, stream=stream, backward=True)
            # Keeping only one frame: holding all of a long group of pictures would cost gigabytes at 4K.
            return planes.from_frame(deque(_filtered(clip, stream, *_TURNS[self.quarter_turns]), 1)[0], self.size)

    def pictures(self) -> Iterator[Planes]:
        """Decode to exactly `frame_count` frames, repeating or leaving out where the clip's rate is another."""
        even = ("setpts", "PTS-STARTPTS"), ("fps", f"{FPS}"), ("tpad", "stop=-1:stop_mode=clone")
        with opened(self.path) as clip:
            frames = _filtered(clip, clip.streams.video[0], *_TURNS[self.quarter_turns], *even)
            yield from (planes.from_frame(frame, self.size) for frame in islice(frames, self.frame_count))

    def sound(self) -> Iterator[Pcm]:
        """Decode the sound, as long as the picture; silence where there is none."""
        left = self.frame_count * SAMPLES_A_FRAME
        with opened(self.path) as clip:
            plain = ("aformat", f"sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo")
            for frame in _filtered(clip, clip.streams.audio[0], plain) if self.has_sound else ():
                piece = np.asarray(frame.to_ndarray(), np.float32)[:, :left]
                left -= piece.shape[1]
                yield piece
                if not left:
                    return
        yield np.zeros((2, left), np.float32)

    def sound_packets(self) -> Packets | None:
        """The sound as it was encoded here, to be taken over as it is; None where there is no such."""
        if not (self.own and self.has_sound):
            return None
        with opened(self.path) as clip:
            packets = [packet for packet in clip.demux(clip.streams.audio[0]) if packet.dts is not None]
        regular = all(packet.dts == (number - 1) * BLOCK for number, packet in enumerate(packets))
        return packets if regular and (len(packets) - 1) * BLOCK >= self.frame_count * SAMPLES_A_FRAME else None


def survey(path: Path) -> Source:
    """Look at a clip without decoding more than its first frame.

    Raises `RenderError` (`bad_media`) when it is damaged, no video, or too large.
    """
    with opened(path) as clip:
        stream = clip.streams.video[0]
        first = next(clip.decode(stream))
        turns = round(first.rotation / 90) % 4
        sides = (first.height, first.width) if turns % 2 else (first.width, first.height)
        if max(sides) > LARGEST_SIDE:
            raise RenderError("bad_media", f"The video {path.name} is larger than 4K.")
        clip.seek(0, stream=stream)
        times = sorted(packet.pts * packet.time_base for packet in clip.demux(stream) if packet.pts is not None)
        if len(times) < stream.frames:
            raise RenderError("bad_media", f"The video {path.name} is incomplete.")
        width, height = (max(2, round(side * EXTENDED_SHORT_SIDE / min(sides) / 2) * 2) for side in sides)
        regular = all(moment == Fraction(number, FPS) for number, moment in enumerate(times))
        ours = clip.metadata.get("comment") == LABEL and not turns
        length = times[-1] - times[0] + 1 / Fraction(stream.average_rate or FPS)
        own = ours and regular and (width, height) == (stream.width, stream.height)
        frame_count, has_sound = max(1, round(length * FPS)), bool(clip.streams.audio)
        return Source(path, (width, height), frame_count, turns, own, has_sound)


@contextmanager
def opened(path: Path) -> Generator[Any]:
    """Open a clip; what the decoder says of a damaged one becomes an error for a person."""
    try:
        with av.open(str(path), metadata_errors="replace") as clip:
            yield clip
    except (FFmpegError, OSError, ValueError, IndexError, StopIteration) as error:
        message = f"The video {path.name} cannot be read: it is damaged or no video."
        raise RenderError("bad_media", message) from error


def _filtered(clip: Any, stream: Any, *filters: tuple[str, str]) -> Iterator[Any]:
    """A stream's frames after a chain of libavfilter's filters, each with its arguments."""
    graph: Any = Graph()
    video = stream.type == "video"
    stream.thread_type = "AUTO"
    begin = graph.add_buffer(template=stream) if video else graph.add_abuffer(template=stream)
    chained = [graph.add(name, arguments or None) for name, arguments in filters]
    graph.link_nodes(begin, *chained, graph.add("buffersink" if video else "abuffersink")).configure()
    for frame in chain(clip.decode(stream), (None,)):
        graph.push(frame)
        with suppress(BlockingIOError, EOFError):
            while True:
                yield graph.pull()
