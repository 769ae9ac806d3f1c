"""What is laid over a picture: the label on every frame, the prompt's sentences as captions, reference pictures."""

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from playground.assets import asset
from playground.sandbox.planes import Planes, Size, copied, cut, from_image, lay, piece, size_of
from playground.sandbox.spec import FPS, LABEL

_LABEL_GROUND = (14, 16, 20, 255)
_CAPTION_GROUND = (10, 12, 16, 150)
_MOST_LINES = 4
# Both ends stay free of captions: a clip begins on the very picture it was given, and a last frame taken
# from it can begin another one.
_QUIET_FRAMES = FPS // 2
# How far a decoded label is from the drawn one at most, in levels.
_ALIKE = 9
_UNASSIGNED = "\U0010fffe"


@dataclass(frozen=True)
class Laid:
    """A piece, where it is laid, and on which frames."""

    piece: Planes
    left: int
    top: int
    frames: range | None = None

    def draw(self, picture: Planes, index: int) -> None:
        """Draw it over the picture of a frame, in place."""
        if self.frames is None or index in self.frames:
            lay(picture, self.piece, self.left, self.top)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in pixels."""
        return self.left, self.top, self.left + size_of(self.piece)[0], self.top + size_of(self.piece)[1]


@cache
def label(size: Size) -> Laid:
    """The label, top right on an opaque ground: drawn twice, it covers itself."""
    margin = min(size) // 36 & ~1
    piece = _text([LABEL], min(size) // 36, _LABEL_GROUND)
    return Laid(piece, size[0] - size_of(piece)[0] - margin & ~1, margin)


def without_label(picture: Planes) -> Planes:
    """Return a picture that bears our label with the label's place filled from the rows above and below.

    A camera moving over it would otherwise carry a second label across the picture.
    """
    ours = label(size_of(picture))
    left, top, right, bottom = ours.box
    if np.abs(picture[0][top:bottom, left:right].astype(int) - ours.piece[0]).mean() > _ALIKE:
        return picture
    healed = copied(picture)
    for plane in cut(healed, left, top - 2, right - left, bottom - top + 4):
        plane[:] = np.linspace(plane[0], plane[-1], len(plane))
    return healed


def captions(texts: Sequence[str], size: Size, frame_count: int) -> list[Laid]:
    """Sentences one after the other, each with its share of the frames, as the shots have."""
    pixels, laid = min(size) // 28, list[Laid]()
    for number, text in enumerate(map(showable, texts)):
        if text is not None:
            # Letters as wide as this one: lines of usual ones fill some two thirds of the width.
            letters = int(size[0] * 0.84 / _font(pixels).getlength("w"))
            lines = textwrap.wrap(text, letters, max_lines=_MOST_LINES, placeholder=" …")
            piece = _text(lines, pixels, _CAPTION_GROUND)
            first, following = (frame_count * step // len(texts) for step in (number, number + 1))
            frames = range(max(first, _QUIET_FRAMES), min(following, frame_count - _QUIET_FRAMES))
            wide, high = size_of(piece)
            laid.append(Laid(piece, (size[0] - wide) // 2, size[1] - high - size[1] // 16, frames))
    return laid


def prints(images: Sequence[Image.Image], size: Size) -> list[Laid]:
    """Reference pictures, each in its own shape, in a row or a column: photos with a white border, cut-outs free."""
    laid, edge = list[Laid](), min(size) // 100
    across, down = (len(images), 1) if size[0] >= size[1] else (1, len(images))
    for number, image in enumerate(images):
        wide, high = 0.86 * size[0] / across, 0.62 * size[1] / down
        picture = ImageOps.contain(image.convert("RGBA"), (round(0.92 * wide), round(0.92 * high)))
        if np.asarray(picture)[..., 3].min() > 250:
            picture = ImageOps.expand(ImageOps.crop(picture, edge), edge, "white")
        shown = Image.new("RGBA", (picture.width + 7 * edge & ~1, picture.height + 7 * edge & ~1))
        # Its shadow falls a little below it.
        shown.paste((0, 0, 0, 102), (3 * edge, 4 * edge), picture)
        shown = shown.filter(ImageFilter.GaussianBlur(edge))
        shown.alpha_composite(picture, (3 * edge, 3 * edge))
        x, y = 0.07 * size[0] + wide * (number % across + 0.5), 0.14 * size[1] + high * (number // across + 0.5)
        laid.append(Laid(piece(from_image(shown)), round(x - shown.width / 2), round(y - shown.height / 2)))
    return laid


def showable(text: str) -> str | None:
    """Return the text without signs the font lacks, or None if letters of it would be empty boxes."""
    spaced = "".join(" " if sign.isspace() else sign for sign in unicodedata.normalize("NFC", text))
    if any(unicodedata.category(sign)[0] in "LMN" and not _has_glyph(sign) for sign in spaced):
        return None
    return " ".join("".join(filter(_has_glyph, spaced)).split()) or None


@cache
def _font(pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(asset("fonts", "DejaVuSans.ttf"), pixels)


@cache
def _has_glyph(sign: str) -> bool:
    drawn, empty = (bytes(cast(Any, _font(24).getmask(text))) for text in (sign, _UNASSIGNED))
    return unicodedata.category(sign)[0] != "C" and drawn != empty


def _text(lines: Sequence[str], pixels: int, ground: tuple[int, int, int, int]) -> Planes:
    """Centre lines on a ground."""
    font, padding, line_height = _font(pixels), round(pixels * 0.5), round(pixels * 1.32)
    width = int(max(map(font.getlength, lines))) + 2 * padding + 1 & ~1
    height = line_height * (len(lines) - 1) + pixels + 2 * padding + 1 & ~1
    image = Image.new("RGBA", (width, height), ground)
    middle = width / 2, padding - pixels * 0.12
    ImageDraw.Draw(image).multiline_text(
        middle, "\n".join(lines), "white", font, "ma", spacing=pixels * 0.16, align="center"
    )
    return piece(from_image(image))
