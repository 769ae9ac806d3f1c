"""Making the copy of a picture that a provider takes: upright, opaque, in screen colours, within its bytes."""

import io
import math
import os
from pathlib import Path
from typing import Final

from PIL import Image

from playground.domain.pictures import CannotChange, Change
from playground.media import images

_QUALITIES: Final = (95, 88, 80)
_SMALLER: Final = 0.8
_LEAST_SIDE: Final = 64


def make_copy(source: Path, target: Path, change: Change) -> str:
    """Write the copy and answer its format: `png` or `jpeg`. Takes time and memory: call it in a thread.

    Raises:
        CannotChange: the file cannot be opened or decoded, or nothing small enough comes out.
        OSError: the disk is full or fails.
    """
    try:
        # What was judged before is judged again: the file may be another one by now.
        with images.opened(source) as image:
            image.load()
            profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA", "P") else None
            picture = images.on_white(images.on_screen(images.upright(image)))
    except images.TooManyPixels as error:
        raise CannotChange("The picture has too many pixels to be opened.") from error
    except MemoryError:
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
