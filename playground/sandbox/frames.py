"""Pictures in: images of any kind a person may give, and the last frame of a clip."""

import warnings
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image, ImageOps

from playground.sandbox import planes
from playground.sandbox.errors import RenderError
from playground.sandbox.spec import ResizeMode

MOST_PIXELS = 50_000_000
"""Larger images are refused before they are decoded (a few kilobytes can declare gigapixels)."""

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
_LEAST_BOX = 8


def load_image(path: Path, near: tuple[int, int] | None = None) -> Image.Image:
    """Open an image upright, as RGB, or as RGBA where it has transparency.

    `near` is the size it will be used at; a much larger JPEG is then decoded at a fraction of its size.
    Raises `RenderError` (`bad_media`) when the file cannot be read as a picture.
    """
    try:
        with _opened(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise RenderError("bad_media", f"The image {path.name} is too large (over 50 megapixels).")
            if near is not None:
                # A turned photo is stored on its side, so both sides must stay large enough.
                image.draft("RGB", (max(near), max(near)))
            return _plain(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise RenderError("bad_media", f"The image {path.name} is too large (over 50 megapixels).") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise RenderError("bad_media", f"The image {path.name} cannot be read.") from error


def fit(image: Image.Image, size: tuple[int, int], resize_mode: ResizeMode = "crop") -> Image.Image:
    """Return the image upright, without transparency, in exactly `size` (width, height) as RGB.

    `crop` covers the size and cuts what sticks out; `pad` shows everything between black bars.
    """
    upright = _flattened(_plain(ImageOps.exif_transpose(image)))
    if resize_mode == "pad":
        return ImageOps.pad(upright, size, Image.Resampling.LANCZOS, color=(0, 0, 0))
    return ImageOps.fit(upright, size, Image.Resampling.LANCZOS)


def last_frame(path: Path) -> Image.Image:
    """Return exactly the last frame of a clip as RGB, upright, at its own size."""
    return planes.to_image(last_planes(path))


def last_planes(path: Path, size: tuple[int, int] | None = None) -> planes.Planes:
    """Return exactly the last frame of a clip, upright, with even sides; scaled where a `size` is given.

    Raises `RenderError` (`bad_media`) when the file holds no picture that can be decoded.
    """
    check_boxes(path)
    try:
        with av.open(str(path), metadata_errors="replace") as clip:
            stream = clip.streams.video[0]
            stream.thread_type = "AUTO"
            if stream.duration:
                clip.seek(stream.duration - 1, stream=stream, backward=True)
            frame = None
            # Keeping only one frame: holding all of a long group of pictures would cost gigabytes at 4K.
            for frame in clip.decode(stream):  # noqa: B007
                pass
    except (FFmpegError, OSError, ValueError, IndexError) as error:
        raise unreadable_clip(path) from error
    if frame is None:
        raise unreadable_clip(path)
    return upright_planes(frame, size)


def upright_planes(frame: av.VideoFrame, size: tuple[int, int] | None = None) -> planes.Planes:
    """Decoded frame to planes, turned as its display matrix says; `size` is the upright size."""
    quarter_turns = round(frame.rotation / 90) % 4
    width, height = size or upright_size(frame)
    stored = (height, width) if quarter_turns % 2 else (width, height)
    still = planes.from_frame(frame, stored)
    if not quarter_turns:
        return still
    return planes.Planes(*(np.ascontiguousarray(np.rot90(plane, quarter_turns)) for plane in still))


def upright_size(frame: av.VideoFrame) -> tuple[int, int]:
    """Width and height in pixels as shown, each made even."""
    width, height = max(2, frame.width & ~1), max(2, frame.height & ~1)
    return (height, width) if round(frame.rotation / 90) % 2 else (width, height)


def unreadable_clip(path: Path) -> RenderError:
    """Say that a clip cannot be used."""
    return RenderError("bad_media", f"The video {path.name} cannot be read: it is damaged or no video.")


def check_boxes(path: Path) -> None:
    """Refuse an MP4 that was cut off: its top-level boxes must fill the file, `moov` and `mdat` among them.

    A cut MP4 still probes as whole, so decoding would fail only minutes later. Other containers pass.
    """
    kinds: set[bytes] = set()
    try:
        total = path.stat().st_size
        with path.open("rb") as file:
            position = 0
            while position + _LEAST_BOX <= total:
                file.seek(position)
                head = file.read(16)
                length, kind = int.from_bytes(head[:4], "big"), head[4:8]
                if position == 0 and kind != b"ftyp":
                    return
                if length == 1:
                    length = int.from_bytes(head[8:16], "big")
                length = length or total - position
                if length < _LEAST_BOX:
                    break
                kinds.add(kind)
                position += length
    except OSError as error:
        raise unreadable_clip(path) from error
    if position != total or not {b"moov", b"mdat"} <= kinds:
        raise RenderError("bad_media", f"The video {path.name} is incomplete.")


def _opened(path: Path) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow warns of large images and odd metadata; the size is checked here, the rest is harmless.
        warnings.simplefilter("ignore")
        return Image.open(path, formats=_FORMATS)


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        # Pillow clips 16-bit greys to white instead of scaling them.
        grey = np.asarray(image, np.float32)
        scale = 255 / max(255.0, 65535.0 if grey.max() > 255 else 255.0)
        return Image.fromarray((grey * scale).clip(0, 255).astype(np.uint8)).convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _flattened(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, (255, 255, 255))
    ground.paste(image, mask=image.getchannel("A"))
    return ground
