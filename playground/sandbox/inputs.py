"""What comes in: the pictures of a clip, and the clip that an extension continues."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image, ImageOps

from playground.media import clips, images
from playground.sandbox import planes
from playground.sandbox.encode import SAMPLE_RATE, SAMPLES_A_FRAME, Pcm
from playground.sandbox.planes import Planes, Size
from playground.sandbox.spec import FPS, LABEL, RenderError, ResizeMode

_DAMAGED: dict[str, tuple[type[Exception], ...]] = {
    # Pillow's readers raise nearly anything.
    "image": (Exception,),
    "video": (FFmpegError, OSError, ValueError, IndexError, StopIteration),
}


def load_image(path: Path, near: Size) -> Image.Image:
    """Open an image upright, as RGB, or as RGBA where it has transparency.

    `near` is the size it will be used at; a much larger JPEG is then decoded at a fraction of its size.
    Raises `RenderError` (`bad_media`) when the file cannot be read as a picture.
    """
    with _readable("image", path), images.opened(path) as image:
        # A turned photo is stored on its side, so both sides must stay large enough.
        image.draft("RGB", (max(near), max(near)))
        image.load()
        return images.on_screen(images.upright(image))


def fit(image: Image.Image, size: Size, resize_mode: ResizeMode = "crop") -> Image.Image:
    """Return a loaded image, on white where it is transparent, in exactly `size` (width, height) as RGB.

    `crop` covers the size and cuts what sticks out; `pad` shows everything between black bars.
    """
    fitted = ImageOps.pad if resize_mode == "pad" else ImageOps.fit
    return fitted(images.on_white(image), size, Image.Resampling.LANCZOS)


class Source:
    """A clip to be continued. `size` is what its continuation has: 720 lines; `frame_count` its length at 24 a second.

    `own` means that it was made here: its packets may be able to stand before new ones unchanged.
    Raises `RenderError` (`bad_media`) when it is damaged or no video.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _readable("video", path), clips.opened(path) as clip:
            stream = clip.streams.video[0]
            first = next(clips.frames(clip))
            # Quarter turns that its display matrix asks for, anticlockwise.
            self._turns: int = round(first.rotation / 90) % 4
            sides = (first.height, first.width) if self._turns % 2 else (first.width, first.height)
            clip.seek(0, stream=stream)
            times = sorted(packet.pts * packet.time_base for packet in clip.demux(stream) if packet.pts is not None)
            if len(times) < stream.frames:
                raise RenderError("bad_media", f"The video {path.name} is incomplete.")
            # Extensions come in 720p only, whatever they extend.
            width, height = (max(2, round(side * 720 / min(sides) / 2) * 2) for side in sides)
            regular = not self._turns and times == [Fraction(number, FPS) for number in range(len(times))]
            length = times[-1] - times[0] + 1 / Fraction(stream.average_rate or FPS)
            self.size, self.frame_count = (width, height), max(1, round(length * FPS))
            ours = clip.metadata.get("comment") == LABEL and self.size == (stream.width, stream.height)
            self.own: bool = ours and regular
            # With which of the `pictures` each of its own frames begins, and the end.
            self._begins = [*(round((moment - times[0]) * FPS) for moment in times), self.frame_count]

    def last_picture(self) -> Planes:
        """Return exactly the last frame."""
        with _readable("video", self.path):
            return self._upright(clips.last_frame(self.path))

    def pictures(self) -> Iterator[Planes]:
        """Decode to exactly `frame_count` frames, repeating or leaving out where the clip's rate is another."""
        with _readable("video", self.path), clips.opened(self.path) as clip:
            for frame, begin, end in zip(clips.frames(clip), self._begins, self._begins[1:], strict=False):
                if begin < end:
                    picture = self._upright(frame)
                    # Copies: they are drawn over, and the decoder makes its next frames of this one.
                    yield from (planes.copied(picture) for _ in range(begin, end))

    def sound(self) -> Pcm:
        """Decode the sound, as long as the picture; silence where there is none."""
        length, resampler = self.frame_count * SAMPLES_A_FRAME, av.AudioResampler("fltp", "stereo", SAMPLE_RATE)
        with _readable("video", self.path), clips.opened(self.path) as clip:
            frames = [frame for stream in clip.streams.audio[:1] for frame in (*clip.decode(stream), None)]
            parts: list[Any] = [part.to_ndarray() for frame in frames for part in resampler.resample(frame)]
        return np.concatenate([*parts, np.zeros((2, length), np.float32)], axis=1)[:, :length]

    def _upright(self, frame: av.VideoFrame) -> Planes:
        lying = (self.size[1], self.size[0]) if self._turns % 2 else self.size
        return [np.rot90(plane, self._turns) for plane in planes.from_frame(frame, lying)]


@contextmanager
def _readable(kind: str, path: Path) -> Generator[None]:
    """What Pillow and FFmpeg say of a damaged file becomes an error for a person."""
    try:
        yield
    except images.TooManyPixels as error:
        raise RenderError("bad_media", f"The {kind} {path.name} has {error}.") from error
    except (MemoryError, RenderError):
        raise
    except _DAMAGED[kind] as error:
        raise RenderError("bad_media", f"The {kind} {path.name} cannot be read: it is damaged or no {kind}.") from error
