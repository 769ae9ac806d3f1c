"""Making the copy of a picture that a provider takes: upright, opaque, in screen colours, within its bytes."""

import io
import math
import os
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, ImageOps

from playground.domain.media import MAX_IMAGE_PIXELS
from playground.domain.pictures import READABLE, CannotChange, Change

FORMATS: Final = tuple(sorted(name.upper() for name in READABLE))
"""Pillow's names of what is opened; never left to a guess."""
ORIENTATION: Final = 0x0112
"""The EXIF tag; 1 is upright."""
_UPRIGHT: Final = 1
_TURNED: Final = range(2, 9)
_BEHIND: Final = (255, 255, 255)
_QUALITIES: Final = (95, 88, 80)
_SMALLER: Final = 0.8
_LEAST_SIDE: Final = 64
_SHADES: Final = 256
_DEEP_SHADES: Final = 65_536


def orientation(image: Image.Image) -> int:
    """How a picture has to be turned, 1 to 8; 1 where nothing sensible is said."""
    try:
        value = image.getexif().get(ORIENTATION, _UPRIGHT)
    except Exception:
        # A damaged EXIF block can make Pillow raise nearly anything; the picture itself is fine.
        return _UPRIGHT
    return value if value in _TURNED else _UPRIGHT


def is_transparent(image: Image.Image) -> bool:
    """Whether some of an opened picture can be seen through."""
    if not image.has_transparency_data:
        return False
    alpha = image if "A" in image.getbands() else image.convert("RGBA")
    low, _ = alpha.getchannel("A").getextrema()
    return isinstance(low, int) and low < _SHADES - 1


def make_copy(source: Path, target: Path, change: Change) -> str:
    """Write the copy and answer its format: `png` or `jpeg`. Takes time and memory: call it in a thread.

    Raises:
        CannotChange: the file cannot be opened or decoded, or nothing small enough comes out.
        OSError: the disk is full or fails.
    """
    try:
        # What was judged before is judged again: the file may be another one by now.
        with Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > MAX_IMAGE_PIXELS:
                raise CannotChange("The picture has too many pixels to be opened.")
            image.load()
            profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA", "P") else None
            picture = _plain(_turned(image))
    except (CannotChange, MemoryError):
        raise
    except Exception as error:
        raise CannotChange("The picture is damaged: it cannot be decoded to its end.") from error
    if change.max_pixels is not None and picture.width * picture.height > change.max_pixels:
        picture = _scaled(picture, math.sqrt(change.max_pixels / (picture.width * picture.height)))
    name, data = _encoded(picture, change, profile)
    new = target.with_name(f"{target.name}.new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(target)
    return name


def _turned(image: Image.Image) -> Image.Image:
    return image if orientation(image) == _UPRIGHT else ImageOps.exif_transpose(image)


def _plain(image: Image.Image) -> Image.Image:
    """The picture as opaque RGB."""
    if image.mode.startswith("I"):
        # Sixteen bits of grey: Pillow's own conversion would clip, not scale.
        scaled = [value // (_DEEP_SHADES // _SHADES) for value in range(_DEEP_SHADES)]
        return image.convert("I").point(scaled, "L").convert("RGB")
    if image.mode == "CMYK":
        return _from_ink(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image if image.mode == "RGBA" else image.convert("RGBA")
    behind = Image.new("RGB", seen.size, _BEHIND)
    behind.paste(seen, mask=seen.getchannel("A"))
    return behind


def _from_ink(image: Image.Image) -> Image.Image:
    """By the picture's own colour profile where it has a good one."""
    profile = image.info.get("icc_profile")
    try:
        if isinstance(profile, bytes):
            screen = ImageCms.createProfile("sRGB")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - half typed
            return ImageCms.profileToProfile(image, io.BytesIO(profile), screen, outputMode="RGB") or image  # pyright: ignore[reportUnknownArgumentType]
    except (ImageCms.PyCMSError, OSError, ValueError):
        pass  # a damaged profile; without one it is still a picture
    return image.convert("RGB")


def _scaled(picture: Image.Image, share: float) -> Image.Image:
    size = (max(1, int(picture.width * share)), max(1, int(picture.height * share)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _encoded(picture: Image.Image, change: Change, profile: object) -> tuple[str, bytes]:
    """The best quality that is small enough; then a smaller picture.

    Raises:
        CannotChange: even a tiny one is too large.
    """
    kept = {"icc_profile": profile} if isinstance(profile, bytes) else {}
    while True:
        for name, options in _ways(change):
            data = io.BytesIO()
            picture.save(data, name, **options, **kept)
            if data.tell() <= change.max_bytes:
                return name, data.getvalue()
        if max(picture.size) <= _LEAST_SIDE:
            raise CannotChange(f"No copy of the picture is smaller than {change.max_bytes / 1_000_000:g} MB.")
        picture = _scaled(picture, _SMALLER)


def _ways(change: Change) -> list[tuple[str, dict[str, int]]]:
    photos = [("jpeg", {"quality": quality, "subsampling": 0}) for quality in _QUALITIES]
    if change.format == "jpeg":
        return photos
    return [("png", {}), *(photos if change.or_jpeg else [])]
