"""Pictures of any kind that a person may give: opened by their bytes, upright, in screen colours."""

import io
import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image, ImageCms, ImageOps

from playground.domain.media import MAX_IMAGE_PIXELS, READABLE

_FORMATS: Final = tuple(sorted(name.upper() for name in READABLE))
"""Pillow's names of what is opened; never left to a guess."""
_SHADES: Final = 256
_DEEP_SHADES: Final = 65_536


class TooManyPixels(Exception):
    """A picture that is not decoded: a few kilobytes can declare gigapixels. Says what it has, after "It has"."""


@contextmanager
def opened(path: Path) -> Generator[Image.Image]:
    """Open a file without decoding it yet. Pillow's warnings, of odd metadata and the like, are nobody's here.

    Raises:
        TooManyPixels: it has more than `MAX_IMAGE_PIXELS`.
        Exception: nearly anything, also when it is decoded, where the file is damaged or no picture.
    """
    with warnings.catch_warnings(action="ignore"), ExitStack() as closing:
        try:
            image = closing.enter_context(Image.open(path, formats=_FORMATS))
        except Image.DecompressionBombError as error:
            raise TooManyPixels("far too many pixels to be opened") from error
        pixels = image.width * image.height
        if pixels > MAX_IMAGE_PIXELS:
            most = MAX_IMAGE_PIXELS // 1_000_000
            raise TooManyPixels(f"{pixels / 1_000_000:,.1f} megapixels; at most {most} are taken")
        yield image


def orientation(image: Image.Image) -> int:
    """How a picture has to be turned, 1 to 8; 1, which is upright, where nothing sensible is said."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        # A damaged EXIF block can make Pillow raise nearly anything; the picture itself is fine.
        return 1
    return value if value in range(1, 9) else 1


def is_transparent(image: Image.Image) -> bool:
    """Whether some of an opened picture can be seen through."""
    if not image.has_transparency_data:
        return False
    alpha = image if "A" in image.getbands() else image.convert("RGBA")
    low, _ = alpha.getchannel("A").getextrema()
    return isinstance(low, int) and low < _SHADES - 1


def upright(image: Image.Image) -> Image.Image:
    """The picture as its EXIF says that it is held."""
    return image if orientation(image) == 1 else ImageOps.exif_transpose(image)


def on_screen(image: Image.Image) -> Image.Image:
    """A decoded picture as RGB, or as RGBA where it may be seen through."""
    if image.mode.startswith(("I", "F")):
        return _from_depth(image)
    if image.mode == "CMYK":
        return _from_ink(image)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    # A copy of what is so already would take the memory of fifty megapixels once more.
    return image if image.mode == mode else image.convert(mode)


def on_white(image: Image.Image) -> Image.Image:
    """What `on_screen` answers, opaque: white where it can be seen through."""
    if image.mode != "RGBA":
        return image
    behind = Image.new("RGB", image.size, "white")
    behind.paste(image, mask=image.getchannel("A"))
    return behind


def _from_depth(image: Image.Image) -> Image.Image:
    """Sixteen bits of grey scaled, which Pillow's own conversion would clip."""
    deep = image.convert("I")
    _, most = deep.getextrema()
    if not image.mode.startswith("I;16") and isinstance(most, int) and most < _SHADES:
        return deep.convert("RGB")
    scaled = [value // (_DEEP_SHADES // _SHADES) for value in range(_DEEP_SHADES)]
    return deep.point(scaled, "L").convert("RGB")


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
