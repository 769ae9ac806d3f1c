"""A picture as the encoder wants it: 8-bit planes, BT.709 limited range, chroma at half size.

Everything is composited here and not in RGB, because the conversion per frame would cost more than the drawing.
"""

from functools import lru_cache
from typing import Any, Literal, TypeAlias

import av
import numpy as np
from av.video.reformatter import Colorspace, Interpolation
from numpy.typing import NDArray
from PIL import Image

Plane: TypeAlias = NDArray[np.uint8]
Planes: TypeAlias = list[Plane]
"""Luma (height, width), two chroma planes (height/2, width/2) and, in a piece to be laid over others, its coverage."""
Size: TypeAlias = tuple[int, int]
"""Width and height in pixels, both even."""

BT709 = 1
"""The number of BT.709 as colour space, primaries and transfer; limited range (luma 16-235) has the same."""
HALVINGS = (0, 1, 1, 0)
"""How often the grid of each plane is halved."""
SPARE = 96
"""What a piece should have beyond each edge that is seen, for `view` to choose from."""


def size_of(picture: Planes) -> Size:
    """Width and height."""
    return picture[0].shape[1], picture[0].shape[0]


def blank(size: Size) -> Planes:
    """Return planes with nothing in them yet."""
    return [np.empty((size[1] >> halving, size[0] >> halving), np.uint8) for halving in HALVINGS[:3]]


def copied(picture: Planes) -> Planes:
    """Return planes that share no memory with these."""
    return [plane.copy() for plane in picture]


def from_frame(frame: av.VideoFrame, size: Size | None = None, *, see_through: bool = False) -> Planes:
    """Decoded frame to planes of `size` (default: its own), whatever its pixel format."""
    width, height = size or (frame.width, frame.height)
    # HD without a tag is BT.709 in every player; swscale would take BT.601.
    untagged = frame.colorspace not in (BT709, *range(4, 11))
    source = Colorspace.ITU709 if untagged and frame.height >= 720 else None
    layout = "yuva420p" if see_through else "yuv420p"
    return _views(frame.reformat(width, height, layout, source, Colorspace.ITU709, Interpolation.BICUBIC, None, "MPEG"))


def from_image(image: Image.Image, size: Size | None = None) -> Planes:
    """Convert an RGB image, or an RGBA one with its coverage, to planes of `size` (default: its own, which is even)."""
    frame = av.VideoFrame.from_ndarray(np.asarray(image), format={"RGB": "rgb24", "RGBA": "rgba"}[image.mode])
    return from_frame(frame, size, see_through=image.mode == "RGBA")


def to_frame(picture: Planes) -> av.VideoFrame:
    """Return a frame, tagged BT.709."""
    frame = av.VideoFrame(*size_of(picture), "yuva420p" if len(picture) > 3 else "yuv420p")
    for target, plane in zip(_views(frame), picture, strict=True):
        target[...] = plane
    frame.colorspace = frame.color_primaries = frame.color_trc = frame.color_range = BT709
    return frame


def scaled(picture: Planes, size: Size) -> Planes:
    """Scale to `size`."""
    return picture if size_of(picture) == size else from_frame(to_frame(picture), size)


def padded(
    picture: Planes, rows: tuple[int, int], columns: tuple[int, int], mode: Literal["edge", "symmetric", "wrap"]
) -> Planes:
    """Add even numbers of rows above and below, of columns left and right; `mode` is one of `numpy.pad`."""
    widths = [[(before >> halving, after >> halving) for before, after in (rows, columns)] for halving in HALVINGS]
    return [np.pad(plane, width, mode=mode) for plane, width in zip(picture, widths, strict=False)]


def cut(picture: Planes, left: int, top: int, width: int, height: int) -> Planes:
    """A part of a picture, where it lies."""
    right, bottom = left + width, top + height
    return [
        plane[top >> halving : bottom >> halving, left >> halving : right >> halving]
        for plane, halving in zip(picture, HALVINGS, strict=False)
    ]


def view(picture: Planes, left: float, top: float, step: float, size: Size) -> Planes:
    """Sample a picture from pixel (left, top) on, between its pixels too, or slow moves would tremble.

    `step` is the way from one sample to the next. libswscale does it, which only scales whole pixels to whole pixels:
    of all scalings a little larger than needed the one is taken, and cut, that comes nearest, within about 0.05 pixels
    where `step` is no simple fraction (such as 1) and the picture goes on for `SPARE` pixels beyond what is seen.
    """
    x, wide, grown_wide, skip_x = _scaling(left, step, size[0], size_of(picture)[0])
    y, high, grown_high, skip_y = _scaling(top, step, size[1], size_of(picture)[1])
    window = to_frame(cut(picture, x, y, wide, high))
    grown = window.reformat(grown_wide, grown_high, interpolation=Interpolation.BICUBIC, threads=1)
    return cut(_views(grown), skip_x, skip_y, *size)


def mixed(one: Plane, other: Plane | np.uint8, share: Plane | np.uint8) -> Plane:
    """Mix a plane with another, or with one value; `share` is the other's, 0 to 255, for each pixel or for all."""
    part = share.astype(np.uint16)
    total, more = one.astype(np.uint16), part * other.astype(np.uint16)
    total *= 255 - part
    total += more
    # So that 255 parts of 255 are the whole.
    total += 255
    total >>= 8
    return total.astype(np.uint8)


def lay(target: Planes, piece: Planes, left: int, top: int) -> None:
    """Draw a piece in place. It is moved to even pixels (chroma has half the grid) and clipped at the edges."""
    (width, height), (wide, high) = size_of(target), size_of(piece)
    left, top = left & ~1, top & ~1
    x, y = max(0, left), max(0, top)
    extent = max(0, min(wide + left, width) - x), max(0, min(high + top, height) - y)
    if not all(extent):
        return
    over, under = cut(piece, x - left, y - top, *extent), cut(target, x, y, *extent)
    for halving, above, below in zip(HALVINGS, over, under, strict=False):
        below[...] = mixed(below, above, over[3][:: 1 << halving, :: 1 << halving]) if len(over) > 3 else above


def _scaling(start: float, step: float, size: int, extent: int) -> tuple[int, int, int, int]:
    """Of one axis: from which pixel on how many are scaled to how many, and how many of those are then skipped."""
    grown, skip, count, ratio, within, cost = _scalings(step, size, extent)
    begin = within - start
    first = np.clip(-2 * np.rint(begin / 2), 0, (extent & ~1) - count)
    off = first + begin
    best = int((np.abs(off) + np.abs(off + (ratio - step) * size) + cost).argmin())
    large, skipped = divmod(best, len(skip))
    return int(first[large, skipped]), int(count[large, 0]), int(grown[large, 0]), int(skip[skipped])


@lru_cache(32)
def _scalings(step: float, size: int, extent: int) -> tuple[NDArray[Any], ...]:
    """What may be scaled to what: how many pixels, how many of them skipped, from how many, in which ratio.

    Then where the first sample lies in what is scaled, and what the choice costs.
    """
    skip = np.arange(0, SPARE + 1, 2)
    grown = size + skip[:, None]
    count = np.minimum(2 * np.rint(grown * step / 2), extent & ~1)
    ratio = count / grown
    # Pixels that are skipped are scaled in vain.
    cost = np.where(skip <= grown - size, 0.5 * (grown / size - 1), np.inf)
    # The middle of the first sample is half a grown pixel after its edge.
    return grown, skip, count, ratio, (skip + 0.5) * ratio - 0.5, cost


def _views(frame: Any) -> Planes:
    """The planes of a frame where they lie. Its rows may be padded to their alignment."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]
