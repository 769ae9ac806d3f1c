"""What comes in: images of any kind a person may give, and the clip that an extension continues."""

import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
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
                raise RenderError("bad_media", f"The image {path.name} is too large (over 50 megapixels).")
            # A turned photo is stored on its side, so both sides must stay large enough.
            image.draft("RGB", (max(near), max(near)))
            return _plain(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise RenderError("bad_media", f"The image {path.name} is too large (over 50 megapixels).") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise RenderError("bad_media", f"The image {path.name} cannot be read.") from error


def fit(image: Image.Image, size: Size, resize_mode: ResizeMode = "crop") -> Image.Image:
    """Return the image upright, on white where it is transparent, in exactly `size` (width, height) as RGB.

    `crop` covers the size and cuts what sticks out; `pad` shows everything between black bars.
    """
    upright = _plain(ImageOps.exif_transpose(image))
    if upright.mode == "RGBA":
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")
    if resize_mode == "pad":
        return ImageOps.pad(upright, size, Image.Resampling.LANCZOS, color=(0, 0, 0))
    return ImageOps.fit(upright, size, Image.Resampling.LANCZOS)


@dataclass(frozen=True)
class Source:
    """A surveyed clip. `size` is what its continuation has: 720 lines; `frame_count` its length at 24 frames a second.

    `own` means that it was made here: its packets may be able to stand before new ones unchanged.
    """

    path: Path
    size: Size
    frame_count: int
    own: bool
    has_sound: bool

    def last_planes(self) -> Planes:
        """Return exactly the last frame."""
        last = None
        # Keeping only one frame: holding all of a long group of pictures would cost gigabytes at 4K.
        for last in self._decoded(from_end=True):  # noqa: B007
            pass
        if last is None:
            raise _unreadable(self.path)
        return _upright(last, self.size)

    def frames(self) -> Iterator[Planes]:
        """Decode to exactly `frame_count` frames, repeating or leaving out where the clip's rate is another."""
        held, shown, start = None, 0, 0.0
        for frame in chain(self._decoded(), (None,)):
            if frame is not None and held is None:
                start = frame.time
            # The held frame is shown until the middle of the interval in which the next one begins.
            due = self.frame_count if frame is None else min(self.frame_count, round((frame.time - start) * FPS))
            if held is not None and due > shown:
                still = _upright(held, self.size)
                yield from (planes.copied(still) for _ in range(due - shown))
                shown = due
            held = frame
        if shown < self.frame_count:
            raise _unreadable(self.path)

    def sound_packets(self) -> Packets | None:
        """The sound as it was encoded here, to be taken over as it is; None where there is no such."""
        if not (self.own and self.has_sound):
            return None
        with opened(self.path) as clip:
            packets = [packet for packet in clip.demux(clip.streams.audio[0]) if packet.dts is not None]
        regular = all(packet.dts == (number - 1) * BLOCK for number, packet in enumerate(packets))
        return packets if regular and len(packets) * BLOCK > self.frame_count * SAMPLES_A_FRAME else None

    def sound(self) -> Iterator[Pcm]:
        """Decode the sound, as long as the picture; silence where there is none."""
        left = self.frame_count * SAMPLES_A_FRAME
        if self.has_sound:
            resampler = av.AudioResampler("fltp", "stereo", SAMPLE_RATE)
            with opened(self.path) as clip:
                for frame in chain(clip.decode(clip.streams.audio[0]), (None,)):
                    for part in resampler.resample(frame):
                        piece = np.asarray(part.to_ndarray(), np.float32)[:, :left]
                        left -= piece.shape[1]
                        yield piece
                    # What an encoder adds at the end may be no samples at all, which the resampler cannot take.
                    if not left:
                        return
        yield np.zeros((2, left), np.float32)

    def _decoded(self, from_end: bool = False) -> Iterator[av.VideoFrame]:
        with opened(self.path) as clip:
            stream = clip.streams.video[0]
            stream.thread_type = "AUTO"
            if from_end and stream.duration:
                clip.seek(stream.duration - 1, stream=stream, backward=True)
            yield from (frame for frame in clip.decode(stream) if frame.pts is not None)


@contextmanager
def opened(path: Path) -> Generator[InputContainer]:
    """Open a clip; what the decoder says of a damaged one becomes an error for a person."""
    with _readable(path), av.open(str(path), metadata_errors="replace") as clip:
        yield clip


def survey(path: Path) -> Source:
    """Look at a clip without decoding more than its first frame.

    Raises `RenderError` (`bad_media`) when it is damaged, no video, or too large.
    """
    with opened(path) as clip:
        stream = clip.streams.video[0]
        first = next(clip.decode(stream), None)
        if first is None:
            raise _unreadable(path)
        turned = round(first.rotation / 90) % 2
        width, height = (first.height, first.width) if turned else (first.width, first.height)
        if max(width, height) > LARGEST_SIDE:
            raise RenderError("bad_media", f"The video {path.name} is larger than 4K.")
        scale = EXTENDED_SHORT_SIDE / min(width, height)
        size = max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
        clip.seek(0, stream=stream)
        tick = stream.time_base or Fraction(1, FPS)
        times = sorted(packet.pts * tick for packet in clip.demux(stream) if packet.pts is not None)
        regular = all(moment == Fraction(number, FPS) for number, moment in enumerate(times))
        if len(times) < stream.frames:
            raise RenderError("bad_media", f"The video {path.name} is incomplete.")
        labelled = clip.metadata.get("comment") == LABEL and not first.rotation
        length = times[-1] - times[0] + 1 / Fraction(stream.average_rate or FPS)
        return Source(
            path=path,
            size=size,
            frame_count=max(1, round(length * FPS)),
            own=labelled and regular and size == (stream.width, stream.height),
            has_sound=bool(clip.streams.audio),
        )


def _upright(frame: av.VideoFrame, size: Size) -> Planes:
    """Decoded frame to planes, turned as its display matrix says; `size` is the upright size."""
    quarter_turns = round(frame.rotation / 90) % 4
    still = planes.from_frame(frame, (size[1], size[0]) if quarter_turns % 2 else size)
    if not quarter_turns:
        return still
    return [np.ascontiguousarray(np.rot90(plane, quarter_turns)) for plane in still]


def _unreadable(path: Path) -> RenderError:
    return RenderError("bad_media", f"The video {path.name} cannot be read: it is damaged or no video.")


@contextmanager
def _readable(path: Path) -> Generator[None]:
    try:
        yield
    except (FFmpegError, OSError, ValueError, IndexError) as error:
        raise _unreadable(path) from error


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        # Pillow clips 16-bit greys to white instead of scaling them.
        grey = np.asarray(image, np.float32)
        scale = 255 / max(255.0, 65535.0 if grey.max() > 255 else 255.0)
        return Image.fromarray((grey * scale).clip(0, 255).astype(np.uint8)).convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
