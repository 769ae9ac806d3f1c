"""What is written over the picture: the label on every frame, the prompt's sentences as captions."""

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from playground.assets import asset
from playground.sandbox import planes
from playground.sandbox.planes import Patch, Planes
from playground.sandbox.spec import FPS, LABEL

_SHOWN = (255, 255, 255, 255)
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
class _Caption:
    first: int
    last: int
    piece: Patch
    left: int
    top: int

    def opacity(self, index: int) -> float:
        """How strongly it shows at a frame: it fades in and out."""
        return min(1.0, (index - self.first) / _FADE_FRAMES, (self.last - index) / _FADE_FRAMES)


class Overlay:
    """The label, and captions spread evenly over `frame_count` frames of a clip of this size."""

    def __init__(self, size: tuple[int, int], frame_count: int, captions: Sequence[str] = ()) -> None:
        self._label, self._label_at = _label(size)
        self._captions = _placed(captions, size, frame_count)

    def draw(self, picture: Planes, index: int) -> None:
        """Write over the picture of frame `index`, in place."""
        for caption in self._captions:
            if caption.first <= index <= caption.last:
                planes.lay(picture, caption.piece, caption.left, caption.top, caption.opacity(index))
        planes.lay(picture, self._label, *self._label_at)


def label_box(size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return where the label sits: left, top, right and bottom in pixels, always the same for a size."""
    piece, (left, top) = _label(size)
    return left, top, left + piece.planes.size[0], top + piece.planes.size[1]


def without_label(picture: Planes) -> Planes:
    """Return a picture that bears our label with the label's place filled from the rows above and below.

    A camera moving over it would otherwise carry a second label across the picture.
    """
    left, top, right, bottom = label_box(picture.size)
    label = _label(picture.size)[0].planes.y
    if np.abs(picture.y[top:bottom, left:right].astype(np.int16) - label).mean() > _ALIKE:
        return picture
    healed = picture.copy()
    for shift, plane in zip((0, 1, 1), healed, strict=True):
        rows, columns = slice(top >> shift, bottom >> shift), slice(left >> shift, right >> shift)
        above = plane[max(0, rows.start - 4) : rows.start, columns]
        below = plane[rows.stop : rows.stop + 4, columns]
        if above.size and below.size:
            share = np.linspace(0, 1, rows.stop - rows.start, dtype=np.float32)[:, None]
            plane[rows, columns] = (above.mean(0) * (1 - share) + below.mean(0) * share).round()
    return healed


def showable(text: str) -> str | None:
    """Return the text without signs the font lacks, or None if letters of it would be empty boxes."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFC", text):
        if sign.isspace():
            kept.append(" ")
        elif _has_glyph(sign):
            kept.append(sign)
        elif unicodedata.category(sign)[0] in "LMN":
            return None
    return " ".join("".join(kept).split()) or None


@cache
def _font(pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(asset("fonts", "DejaVuSans.ttf"), pixels)


@cache
def _has_glyph(sign: str) -> bool:
    return unicodedata.category(sign)[0] != "C" and _drawn(sign) != _drawn(_UNASSIGNED)


def _drawn(sign: str) -> bytes:
    canvas = Image.new("L", (64, 64))
    ImageDraw.Draw(canvas).text((16, 16), sign, font=_font(24), fill=255)
    return canvas.tobytes()


@cache
def _label(size: tuple[int, int]) -> tuple[Patch, tuple[int, int]]:
    """Draw the label on an opaque ground (drawn twice, it covers itself) and place it top right."""
    width, height = size
    margin = max(2, min(size) // 36) & ~1
    pixels = max(10, min(size) // 36)
    while pixels > 1 and _font(pixels).getlength(LABEL) + 2 * pixels + 2 * margin > width:
        pixels -= 1
    piece = planes.patch(_text_image([LABEL], pixels, _LABEL_GROUND))
    wide, high = piece.planes.size
    return piece, (max(0, width - wide - margin) & ~1, min(margin, max(0, height - high)))


def _placed(captions: Sequence[str], size: tuple[int, int], frame_count: int) -> list[_Caption]:
    shown = [showable(text) for text in captions]
    if frame_count - 2 * _QUIET_FRAMES < len(shown) * 2 * _FADE_FRAMES:
        return []
    width, height = size
    pixels = max(10, min(size) // 28)
    placed: list[_Caption] = []
    for number, text in enumerate(shown):
        if text is None:
            continue
        piece = planes.patch(_text_image(_wrapped(text, _font(pixels), width * 0.84), pixels, _CAPTION_GROUND))
        left, top = (width - piece.planes.size[0]) // 2, height - piece.planes.size[1] - height // 16
        # With the shots, which the sentences share out alike.
        first, following = (frame_count * step // len(shown) for step in (number, number + 1))
        first, following = max(first, _QUIET_FRAMES), min(following, frame_count - _QUIET_FRAMES)
        placed.append(_Caption(first, following - 1, piece, left, top))
    return placed


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Break into at most `_MOST_LINES` lines; what does not fit ends in an ellipsis."""
    letters = max(2, min(len(text), int(width / font.getlength("i"))))
    while True:
        lines = textwrap.wrap(text, letters, max_lines=_MOST_LINES, placeholder=" …")
        if letters == 2 or max(map(font.getlength, lines)) <= width:
            return lines
        letters -= max(1, letters // 20)


def _text_image(lines: Sequence[str], pixels: int, ground: tuple[int, int, int, int]) -> Image.Image:
    """Centre lines on a ground, a see-through one with round corners."""
    font = _font(pixels)
    padding, line_height = round(pixels * 0.5), round(pixels * 1.32)
    # Multiples of two, because chroma has half the grid and a covered edge must stay covered.
    width = (int(max(map(font.getlength, lines))) + 2 * padding + 1) & ~1
    height = (line_height * (len(lines) - 1) + pixels + 2 * padding + 1) & ~1
    image = Image.new("RGBA", (width, height), ground)
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        left = (width - font.getlength(line)) / 2
        pen.text((left, padding - pixels * 0.12 + number * line_height), line, font=font, fill=_SHOWN)
    if ground[3] < _SHOWN[3]:
        corners = Image.new("L", (width * 2, height * 2), 255)
        ImageDraw.Draw(corners).rounded_rectangle((0, 0, width * 2 - 1, height * 2 - 1), padding * 2, fill=0)
        image.paste((0, 0, 0, 0), mask=corners.reduce(2))
    return image
