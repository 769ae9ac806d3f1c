"""What comes in: images of any kind a person may give, and the clip that an extension continues."""

import warnings
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image, ImageOps

from playground.sandbox import planes
from playground.sandbox.encode import SAMPLE_RATE, SAMPLES_A_FRAME, Pcm, opened_by_index
from playground.sandbox.planes import Planes, Size
from playground.sandbox.spec import FPS, LABEL, RenderError, ResizeMode

MOST_PIXELS = 50_000_000
"""Larger images are refused before they are decoded (a few kilobytes can declare gigapixels)."""
EXTENDED_SHORT_SIDE = 720
"""Extensions come in 720p only, whatever they extend."""

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")


def load_image(path: Path, near: Size) -> Image.Image:
    """Open an image upright, as RGB, or as RGBA where it has transparency.

    `near` is the size it will be used at; a much larger JPEG is then decoded at a fraction of its size.
    Raises `RenderError` (`bad_media`) when the file cannot be read as a picture.
    """
    try:
        # Pillow warns of large images and odd metadata; the size is checked here, the rest is harmless.
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            # A turned photo is stored on its side, so both sides must stay large enough.
            image.draft("RGB", (max(near), max(near)))
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith(("I", "F")):
                # Pillow clips 16-bit greys to white instead of scaling them.
                grey = np.asarray(upright, np.float32)
                upright = Image.fromarray((grey / (257 if grey.max() > 255 else 1)).clip(0, 255).astype(np.uint8))
            return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Image.DecompressionBombError as error:
        raise RenderError("bad_media", f"The image {path.name} is too large (over 50 megapixels).") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise RenderError("bad_media", f"The image {path.name} cannot be read.") from error


def fit(image: Image.Image, size: Size, resize_mode: ResizeMode = "crop") -> Image.Image:
    """Return a loaded image, on white where it is transparent, in exactly `size` (width, height) as RGB.

    `crop` covers the size and cuts what sticks out; `pad` shows everything between black bars.
    """
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return (ImageOps.pad if resize_mode == "pad" else ImageOps.fit)(image, size, Image.Resampling.LANCZOS)


class Source:
    """A clip to be continued. `size` is what its continuation has: 720 lines; `frame_count` its length at 24 a second.

    `own` means that it was made here: its packets may be able to stand before new ones unchanged.
    Raises `RenderError` (`bad_media`) when it is damaged or no video.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with opened(path) as clip:
            stream = clip.streams.video[0]
            first = next(clip.decode(stream))
            # Quarter turns that its display matrix asks for, anticlockwise.
            self._turns: int = round(first.rotation / 90) % 4
            sides = (first.height, first.width) if self._turns % 2 else (first.width, first.height)
            clip.seek(0, stream=stream)
            times = sorted(packet.pts * packet.time_base for packet in clip.demux(stream) if packet.pts is not None)
            if len(times) < stream.frames:
                raise RenderError("bad_media", f"The video {path.name} is incomplete.")
            width, height = (max(2, round(side * EXTENDED_SHORT_SIDE / min(sides) / 2) * 2) for side in sides)
            regular = not self._turns and times == [Fraction(number, FPS) for number in range(len(times))]
            length = times[-1] - times[0] + 1 / Fraction(stream.average_rate or FPS)
            self.size, self.frame_count = (width, height), max(1, round(length * FPS))
            ours = clip.metadata.get("comment") == LABEL and self.size == (stream.width, stream.height)
            self.own: bool = ours and regular
            # With which of the `pictures` each of its own frames begins, and the end.
            self._begins = [*(round((moment - times[0]) * FPS) for moment in times), self.frame_count]

    def last_picture(self) -> Planes:
        """Return exactly the last frame."""
        with opened(self.path) as clip:
            stream = clip.streams.video[0]
            if stream.duration:
                clip.seek(stream.duration - 1, stream=stream, backward=True)
            # Of other encoders' pictures nobody knows which no other one refers to.
            decoded = _needed if self.own else _decoded
            # Keeping only one frame: holding all of a long group of pictures would cost gigabytes at 4K.
            return self._upright(deque(decoded(clip, stream), 1)[0])

    def pictures(self) -> Iterator[Planes]:
        """Decode to exactly `frame_count` frames, repeating or leaving out where the clip's rate is another."""
        with opened(self.path) as clip:
            frames = _decoded(clip, clip.streams.video[0])
            for frame, begin, end in zip(frames, self._begins, self._begins[1:], strict=False):
                if begin < end:
                    picture = self._upright(frame)
                    # Copies: they are drawn over, and the decoder makes its next frames of this one.
                    yield from (planes.copied(picture) for _ in range(begin, end))

    def sound(self) -> Pcm:
        """Decode the sound, as long as the picture; silence where there is none."""
        length, resampler = self.frame_count * SAMPLES_A_FRAME, av.AudioResampler("fltp", "stereo", SAMPLE_RATE)
        with opened(self.path) as clip:
            frames = [frame for stream in clip.streams.audio[:1] for frame in (*clip.decode(stream), None)]
            parts: list[Any] = [part.to_ndarray() for frame in frames for part in resampler.resample(frame)]
        return np.concatenate([*parts, np.zeros((2, length), np.float32)], axis=1)[:, :length]

    def _upright(self, frame: Any) -> Planes:
        return planes.scaled([np.rot90(plane, self._turns) for plane in planes.from_frame(frame)], self.size)


def _needed(clip: Any, stream: Any) -> Iterator[Any]:
    """Decode what the last picture is made of: those that no other one refers to are most, and left out."""
    stream.thread_type = "AUTO"
    packets = list(clip.demux(stream))
    last = max(packet.pts for packet in packets if packet.pts is not None)
    for packet in packets:
        stream.codec_context.skip_frame = "DEFAULT" if packet.pts in (None, last) else "NONREF"
        yield from packet.decode()


def _decoded(clip: Any, stream: Any) -> Iterator[Any]:
    stream.thread_type = "AUTO"
    return clip.decode(stream)


@contextmanager
def opened(path: Path) -> Generator[Any]:
    """Open a clip; what the decoder says of a damaged one becomes an error for a person."""
    try:
        with opened_by_index(path) as clip:
            yield clip
    except (FFmpegError, OSError, ValueError, IndexError, StopIteration) as error:
        message = f"The video {path.name} cannot be read: it is damaged or no video."
        raise RenderError("bad_media", message) from error
