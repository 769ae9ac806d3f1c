"""Moving pictures made of stills: a camera over one, reference pictures before a scene, one shot giving way to another.

A shot's frame depends on its number only, so that several threads can draw at once and always draw the same.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from playground.sandbox.planes import Patch, Planes, lay, mixed, patch, scaled, viewed
from playground.sandbox.scenery import looks
from playground.sandbox.spec import FPS

_CLOSEST = 1.18
_MARGIN = 0.1


class Shot(Protocol):
    """A row of pictures without writing on them."""

    def frame(self, index: int) -> Planes:
        """Draw one picture; the caller may draw over it."""
        ...


class Still:
    """A camera moving over one picture. Frame 0 is exactly the picture."""

    def __init__(self, picture: Planes, frame_count: int, move: str) -> None:
        self._exact, self._frame_count, self._move = picture, frame_count, move
        # Drawing back shows more than there is: the picture goes on mirrored.
        self._margins = [int(side * _MARGIN / 2) * 2 if move.endswith("-out") else 0 for side in picture.size]
        across, down = self._margins
        self._picture = Planes(
            *(
                np.pad(plane, ((down >> step, down >> step), (across >> step, across >> step)), mode="symmetric")
                for plane, step in zip(picture, (0, 1, 1), strict=True)
            )
        )

    def frame(self, index: int) -> Planes:
        """Draw the picture as seen at frame `index`."""
        zoom, across, down = self._view(index)
        if zoom == 1:
            return self._exact.copy()
        width, height = self._exact.size
        left, top = (width - width / zoom) / 2 * (1 + across), (height - height / zoom) / 2 * (1 + down)
        # The first pixel's middle, where its left edge is `left`.
        middle = 0.5 / zoom - 0.5
        left, top = left + self._margins[0] + middle, top + self._margins[1] + middle
        return viewed(self._picture, left, top, 1 / zoom, self._exact.size)

    def _view(self, index: int) -> tuple[float, float, float]:
        moved = eased(index / max(1, self._frame_count - 1))
        if self._move == "static":
            return 1.0, 0.0, 0.0
        if self._move == "handheld":
            seconds = index / FPS
            return 1 + 0.07 * eased(seconds), 0.5 * math.sin(2.1 * seconds), 0.5 * math.sin(2.9 * seconds)
        if self._move.endswith("-out"):
            return 1 / (1 + 2 * _MARGIN * 0.9 * moved), 0.0, 0.0
        across, down = looks()["camera"][self._move].get("drifts", (0.0, 0.0))
        return 1 + (_CLOSEST - 1) * moved, across * moved, down * moved


class Dissolve:
    """One shot giving way to another between two frame numbers."""

    def __init__(self, before: Shot, after: Shot, first: int, last: int) -> None:
        self._before, self._after = before, after
        self._first, self._last = first, last

    def frame(self, index: int) -> Planes:
        """Draw whichever shows at frame `index`, or both."""
        share = eased((index - self._first) / (self._last - self._first))
        if share <= 0:
            return self._before.frame(index)
        if share >= 1:
            return self._after.frame(index)
        return dissolved(self._before.frame(index), self._after.frame(index), share)


class Enlarged:
    """A shot drawn small and scaled up, because drawing it at 4K would take several times as long."""

    def __init__(self, shot: Shot, size: tuple[int, int]) -> None:
        self._shot, self._size = shot, size

    def frame(self, index: int) -> Planes:
        """Draw frame `index` at the larger size."""
        return scaled(self._shot.frame(index), self._size)


class Prints:
    """Reference pictures before another shot: photos as prints, cut-outs standing free, each in its own shape."""

    def __init__(self, shot: Shot, images: Sequence[Image.Image], size: tuple[int, int], seed: int) -> None:
        self._shot = shot
        width, height = size
        dice = np.random.default_rng(seed)
        boxes = _arranged([image.width / image.height for image in images], 0.86 * width, 0.62 * height)
        self._rise = height // 30
        self._pieces: list[tuple[Patch, int, int]] = []
        for image, (left, top, wide, high) in zip(images, boxes, strict=True):
            piece = _mounted(image, round(wide), round(high), float(dice.uniform(-2.4, 2.4)))
            x, y = 0.07 * width + left + wide / 2, 0.14 * height + top + high / 2
            self._pieces.append((patch(piece), round(x - piece.width / 2), round(y - piece.height / 2)))

    def frame(self, index: int) -> Planes:
        """Draw the shot with the pictures that have come up by frame `index`, one after the other."""
        picture = self._shot.frame(index)
        for number, (piece, left, top) in enumerate(self._pieces):
            arrived = eased((index / FPS - 0.25 * number) / 0.6)
            if arrived > 0:
                lay(picture, piece, left, top + round(self._rise * (1 - arrived)), arrived)
        return picture


def dissolved(first: Planes, second: Planes, share: float) -> Planes:
    """Mix two pictures: `share` 0 gives the first, 1 the second."""
    return Planes(*(mixed(one, other, share).copy() for one, other in zip(first, second, strict=True)))


def eased(share: float) -> float:
    """Ease from 0 to 1 with soft ends; what is outside is held."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def _arranged(shapes: Sequence[float], width: float, height: float) -> list[tuple[float, float, float, float]]:
    """Set pictures (width by height) in rows of one height each, as large as the space allows.

    Returns left, top, width and height of each, the whole in the middle.
    """
    best: list[tuple[float, float, float, float]] = []
    for count in range(1, len(shapes) + 1):
        rows = [list(part) for part in np.array_split(np.asarray(shapes), count)]
        high = min(height / (count + 0.08 * (count - 1)), *(width / (sum(row) + 0.08 * (len(row) - 1)) for row in rows))
        gap = 0.08 * high
        top = (height - count * high - (count - 1) * gap) / 2
        placed: list[tuple[float, float, float, float]] = []
        for number, row in enumerate(rows):
            left = (width - sum(row) * high - (len(row) - 1) * gap) / 2
            for shape in row:
                placed.append((left, top + number * (high + gap), shape * high, high))
                left += shape * high + gap
        if not best or high > best[0][3]:
            best = placed
    return best


def _mounted(image: Image.Image, width: int, height: int, angle: float) -> Image.Image:
    """Make a print with a white border, laid a little askew, or leave a cut-out as it is; both cast a shadow."""
    picture = image.convert("RGBA").resize((max(2, width), max(2, height)), Image.Resampling.LANCZOS)
    edge = max(2, min(width, height) // 40)
    if np.asarray(picture.getchannel("A")).min() > 250:
        ImageDraw.Draw(picture).rectangle((0, 0, width - 1, height - 1), outline="white", width=edge)
        picture = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    room = edge * 3
    shadow = Image.new("L", (picture.width + 2 * room, picture.height + 2 * room))
    shadow.paste(picture.getchannel("A").point([value * 2 // 5 for value in range(256)]), (room, room + edge))
    mounted = Image.new("RGBA", shadow.size)
    mounted.putalpha(shadow.filter(ImageFilter.GaussianBlur(edge)))
    mounted.alpha_composite(picture, (room, room))
    return mounted
