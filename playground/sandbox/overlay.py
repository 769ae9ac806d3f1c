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
from playground.sandbox.planes import HALVINGS, Planes, Size, copied, from_image, lay, size_of
from playground.sandbox.spec import FPS, LABEL

_WHITE = (255, 255, 255, 255)
_LABEL_GROUND = (14, 16, 20, 255)
_CAPTION_GROUND = (10, 12, 16, 150)
_MOST_LINES = 3
_FADE_FRAMES = 6
# Both ends stay free of captions: a clip begins on the very picture it was given, and a last frame taken
# from it can begin another one.
_QUIET_FRAMES = FPS // 2
# How far a decoded label is from the drawn one at most, in levels.
_ALIKE = 9
_UNASSIGNED = "\U0010fffe"


@dataclass(frozen=True)
class Laid:
    """A piece and the frames from which it comes up and until which it is gone; it may rise by some rows meanwhile."""

    piece: Planes
    left: int
    top: int
    first: float = float("-inf")
    last: float = float("inf")
    fade: int = _FADE_FRAMES
    rise: int = 0

    def draw(self, picture: Planes, index: int) -> None:
        """Draw it over the picture of a frame, in place."""
        share = min(1.0, (index - self.first) / self.fade, (self.last - index) / self.fade)
        if share > 0:
            lay(picture, self.piece, self.left, self.top + round(self.rise * (1 - share)), share)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in pixels."""
        return self.left, self.top, self.left + size_of(self.piece)[0], self.top + size_of(self.piece)[1]


@cache
def label(size: Size) -> Laid:
    """The label, top right on an opaque ground: drawn twice, it covers itself."""
    width, height = size
    margin, pixels = max(2, min(size) // 36) & ~1, max(10, min(size) // 36)
    while pixels > 1 and _font(pixels).getlength(LABEL) + 2 * pixels + 2 * margin > width:
        pixels -= 1
    piece = _text([LABEL], pixels, _LABEL_GROUND)
    wide, high = size_of(piece)
    return Laid(piece, max(0, width - wide - margin) & ~1, min(margin, max(0, height - high) & ~1))


def without_label(picture: Planes) -> Planes:
    """Return a picture that bears our label with the label's place filled from the rows above and below.

    A camera moving over it would otherwise carry a second label across the picture.
    """
    ours = label(size_of(picture))
    left, top, right, bottom = ours.box
    if top < 2 or np.abs(picture[0][top:bottom, left:right].astype(int) - ours.piece[0]).mean() > _ALIKE:
        return picture
    healed = copied(picture)
    for halving, plane in zip(HALVINGS, healed, strict=False):
        first, last, columns = top >> halving, bottom >> halving, slice(left >> halving, right >> halving)
        share = np.linspace(0, 1, last - first)[:, None]
        plane[first:last, columns] = plane[first - 1, columns] * (1 - share) + plane[last, columns] * share
    return healed


def captions(texts: Sequence[str], size: Size, frame_count: int) -> list[Laid]:
    """Sentences one after the other, each with its share of the frames, as the shots have."""
    if frame_count - 2 * _QUIET_FRAMES < len(texts) * 2 * _FADE_FRAMES:
        return []
    pixels, laid = max(10, min(size) // 28), list[Laid]()
    for number, text in enumerate(map(showable, texts)):
        if text is not None:
            piece = _text(_wrapped(text, _font(pixels), size[0] * 0.84), pixels, _CAPTION_GROUND)
            first, following = (frame_count * step // len(texts) for step in (number, number + 1))
            first, last = max(first, _QUIET_FRAMES), min(following, frame_count - _QUIET_FRAMES)
            wide, high = size_of(piece)
            laid.append(Laid(piece, (size[0] - wide) // 2, size[1] - high - size[1] // 16, first, last))
    return laid


def prints(images: Sequence[Image.Image], size: Size) -> list[Laid]:
    """Reference pictures, each in its own shape, in a row or a column: photos with a white border, cut-outs free."""
    laid, edge, many = list[Laid](), min(size) // 100, max(1, len(images))
    columns, rows = (many, 1) if size[0] >= size[1] else (1, many)
    wide, high = 0.86 * size[0] / columns, 0.62 * size[1] / rows
    for number, image in enumerate(images):
        picture = ImageOps.contain(image.convert("RGBA"), (round(0.92 * wide), round(0.92 * high)))
        if np.asarray(picture.getchannel("A")).min() > 250:
            picture = ImageOps.expand(ImageOps.crop(picture, edge), edge, "white")
        piece = Image.new("RGBA", (picture.width + 7 * edge & ~1, picture.height + 7 * edge & ~1))
        # Its shadow falls a little below it.
        piece.paste((0, 0, 0, 102), (3 * edge, 4 * edge), picture)
        piece = piece.filter(ImageFilter.GaussianBlur(edge))
        piece.alpha_composite(picture, (3 * edge, 3 * edge))
        x, y = 0.07 * size[0] + wide * (number % columns + 0.5), 0.14 * size[1] + high * (number // columns + 0.5)
        left, top = round(x - piece.width / 2), round(y - piece.height / 2)
        laid.append(Laid(from_image(piece), left, top, first=6 * number, fade=14, rise=size[1] // 30))
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


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Break into at most `_MOST_LINES` lines; what does not fit ends in an ellipsis."""
    letters = max(2, min(len(text), int(width / font.getlength("i"))))
    while True:
        lines = textwrap.wrap(text, letters, max_lines=_MOST_LINES, placeholder=" …")
        if letters == 2 or max(map(font.getlength, lines)) <= width:
            return lines
        letters -= max(1, letters // 20)


def _text(lines: Sequence[str], pixels: int, ground: tuple[int, int, int, int]) -> Planes:
    """Centre lines on a ground with round corners, or square ones where nothing may show through."""
    font, padding, line_height = _font(pixels), round(pixels * 0.5), round(pixels * 1.32)
    width = int(max(map(font.getlength, lines))) + 2 * padding + 1 & ~1
    height = line_height * (len(lines) - 1) + pixels + 2 * padding + 1 & ~1
    image = Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, width - 1, height - 1), 0 if ground == _LABEL_GROUND else padding, ground)
    middle = width / 2, padding - pixels * 0.12
    pen.multiline_text(middle, "\n".join(lines), _WHITE, font, "ma", spacing=pixels * 0.16, align="center")
    return from_image(image)
