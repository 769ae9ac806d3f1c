"""Moving pictures made of stills: a camera over one, a passage between two, cards over another shot.

A shot's frame depends on its number only, so that several threads can draw at once and always draw the same.
"""

from collections.abc import Sequence
from typing import Protocol

from PIL import Image, ImageDraw, ImageOps

from playground.sandbox import planes
from playground.sandbox.planes import Patch, Planes
from playground.sandbox.spec import FPS
from playground.sandbox.story import Camera

_CLOSEST = 1.16
_PASSAGE_CLOSEST = 1.08
_BICUBIC_PIXELS = 1920 * 1080

# Where the camera ends, as a share of the room its zoom gives: -1 left or up, 1 right or down.
_DRIFTS: dict[Camera, tuple[float, float]] = {
    "dolly-in": (0.15, -0.1),
    "dolly-out": (-0.15, 0.1),
    "pan-left": (-0.9, 0.0),
    "pan-right": (0.9, 0.0),
    "track": (0.8, 0.1),
    "crane": (0.0, -0.9),
    "static": (0.0, 0.0),
}


class Shot(Protocol):
    """A row of pictures without writing on them."""

    def frame(self, index: int) -> Planes:
        """Draw one picture; the caller may draw over it."""
        ...


class Still:
    """A camera moving over one picture. Frame 0 is exactly the picture."""

    def __init__(self, picture: Planes, frame_count: int, camera: Camera = "dolly-in") -> None:
        self._lens = _Lens(picture)
        self._frame_count = frame_count
        self._drift = _DRIFTS[camera]

    def frame(self, index: int) -> Planes:
        """Draw the picture as seen at frame `index`."""
        moved = smooth(index / max(1, self._frame_count - 1))
        across, down = self._drift
        return self._lens.view(1 + (_CLOSEST - 1) * moved, across * moved, down * moved)


class Passage:
    """From one picture to another: frame 0 is exactly the first, the last frame exactly the second."""

    def __init__(self, first: Planes, last: Planes, frame_count: int) -> None:
        self._first, self._last = _Lens(first), _Lens(last)
        self._frame_count = frame_count

    def frame(self, index: int) -> Planes:
        """Draw the mixture at frame `index`; in the first and last quarter only one picture shows."""
        passed = index / max(1, self._frame_count - 1)
        share = smooth((passed - 0.25) / 0.5)
        closer = _PASSAGE_CLOSEST - 1
        if share <= 0:
            return self._first.view(1 + closer * smooth(passed))
        if share >= 1:
            return self._last.view(1 + closer * smooth(1 - passed))
        first = self._first.view(1 + closer * smooth(passed))
        return planes.mix(first, self._last.view(1 + closer * smooth(1 - passed)), share)


class Dissolve:
    """One shot giving way to another between two frame numbers."""

    def __init__(self, before: Shot, after: Shot, first: int, last: int) -> None:
        self._before, self._after = before, after
        self._first, self._last = first, last

    def frame(self, index: int) -> Planes:
        """Draw whichever shows at frame `index`, or both."""
        share = smooth((index - self._first) / (self._last - self._first))
        if share <= 0:
            return self._before.frame(index)
        if share >= 1:
            return self._after.frame(index)
        return planes.mix(self._before.frame(index), self._after.frame(index), share)


class Enlarged:
    """A shot drawn small and scaled up, because drawing it at 4K would take several times as long."""

    def __init__(self, shot: Shot, size: tuple[int, int]) -> None:
        self._shot, self._size = shot, size

    def frame(self, index: int) -> Planes:
        """Draw frame `index` at the larger size."""
        return planes.scaled(self._shot.frame(index), self._size)


class Cards:
    """Reference images standing over another shot, side by side; cut-outs keep their transparency."""

    def __init__(self, shot: Shot, images: Sequence[Image.Image], size: tuple[int, int]) -> None:
        self._shot = shot
        width, height = size
        side = int(min(0.42 * min(size), 0.84 * width / len(images)))
        gap = side // 12
        left = (width - len(images) * (side + gap) + gap) // 2
        middle = int(height * 0.44)
        self._cards: list[tuple[Patch, int, int]] = []
        for number, image in enumerate(images):
            card = planes.patch(_card(image, side))
            at = left + number * (side + gap) + (side - card.size[0]) // 2
            self._cards.append((card, at, middle - card.size[1] // 2))
        self._rise = max(2, height // 30)

    def frame(self, index: int) -> Planes:
        """Draw the shot with the cards that have come up by frame `index`, one after the other."""
        picture = self._shot.frame(index)
        for number, (card, left, top) in enumerate(self._cards):
            arrived = smooth((index / FPS - 0.25 * number) / 0.6)
            if arrived > 0:
                planes.lay(picture, card, left, top + round(self._rise * (1 - arrived)), arrived)
        return picture


def smooth(share: float) -> float:
    """Ease from 0 to 1 with soft ends; what is outside is held."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


class _Lens:
    """Looks at a part of a picture, with sub-pixel steps (a zoom in whole pixels trembles)."""

    def __init__(self, picture: Planes) -> None:
        self._images = [Image.fromarray(plane) for plane in picture]
        self._exact = picture
        large = picture.y.size > _BICUBIC_PIXELS
        self._filter = Image.Resampling.BILINEAR if large else Image.Resampling.BICUBIC

    def view(self, zoom: float, across: float = 0.0, down: float = 0.0) -> Planes:
        if zoom == 1:
            return self._exact.copy()
        return Planes(*(planes.as_plane(self._crop(image, zoom, across, down)) for image in self._images))

    def _crop(self, image: Image.Image, zoom: float, across: float, down: float) -> Image.Image:
        width, height = image.width / zoom, image.height / zoom
        left, top = (image.width - width) / 2 * (1 + across), (image.height - height) / 2 * (1 + down)
        return image.resize(image.size, self._filter, (left, top, left + width, top + height))


def _card(image: Image.Image, side: int) -> Image.Image:
    """Fit an image into a square: a cut-out as it is, a photo with round corners and a thin frame."""
    card = ImageOps.contain(image.convert("RGBA"), (side, side), Image.Resampling.LANCZOS)
    lowest, _ = card.getchannel("A").getextrema()
    if isinstance(lowest, (int, float)) and lowest < 250:
        return card
    radius, line = max(2, side // 16), max(1, side // 100)
    mask = Image.new("L", (card.width * 2, card.height * 2))
    corners = (0, 0, mask.width - 1, mask.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(corners, radius * 2, fill=255)
    pen = ImageDraw.Draw(card)
    pen.rounded_rectangle((0, 0, card.width - 1, card.height - 1), radius, outline="white", width=line)
    card.putalpha(mask.reduce(2))
    return card
