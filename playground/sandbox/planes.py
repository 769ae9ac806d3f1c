"""A picture as the encoder wants it: 8-bit planes, BT.709 limited range, chroma at half size.

Everything is composited here and not in RGB, because the conversion per frame would cost more than the drawing.
"""

import math
from typing import Any, TypeAlias

import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace, Interpolation
from numpy.typing import NDArray
from PIL import Image

Plane: TypeAlias = NDArray[Any]
"""Values of 0 to 255 (uint8)."""
Planes: TypeAlias = list[Plane]
"""Luma (height, width) and two chroma planes (height/2, width/2); what is painted has its coverage as a fourth."""
Size: TypeAlias = tuple[int, int]
"""Width and height in pixels, both even."""

opencv: Any = cv2
"""OpenCV, whose type stubs lack much of it."""
BT709 = 1
"""The number of BT.709 as colour space, primaries and transfer; limited range (luma 16-235) has the same."""
HALVINGS = (0, 1, 1, 0, 1)
"""How often the grid of each plane is halved, in a piece too."""


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


def from_image(image: Image.Image) -> Planes:
    """Convert an RGB image, or an RGBA one with its coverage, whose sides are even."""
    frame = av.VideoFrame.from_ndarray(np.asarray(image), format={"RGB": "rgb24", "RGBA": "rgba"}[image.mode])
    return from_frame(frame, see_through=image.mode == "RGBA")


def to_frame(picture: Planes) -> av.VideoFrame:
    """Return a frame, tagged BT.709."""
    frame = av.VideoFrame(*size_of(picture), "yuv420p")
    for target, plane in zip(_views(frame), picture, strict=True):
        target[...] = plane
    frame.colorspace = frame.color_primaries = frame.color_trc = frame.color_range = BT709
    return frame


def scaled(picture: Planes, size: Size) -> Planes:
    """Scale to `size`."""
    return picture if size_of(picture) == size else from_frame(to_frame(picture), size)


def cut(picture: Planes, left: int, top: int, width: int, height: int) -> Planes:
    """A part of a picture or a piece, where it lies."""
    right, bottom = left + width, top + height
    return [
        plane[top >> halving : bottom >> halving, left >> halving : right >> halving]
        for plane, halving in zip(picture, HALVINGS, strict=False)
    ]


def view(picture: Planes, left: float, top: float, step: float, size: Size) -> Planes:
    """What a window shows whose corner lies at (left, top), between pixels too, or slow moves would tremble.

    `step` is the way from one sample to the next. Beyond its edges a picture goes on as they are.
    """
    seen = Planes()
    for plane, halving in zip(picture, HALVINGS, strict=False):
        wide, high = size[0] >> halving, size[1] >> halving
        across, down = math.ceil(wide * step), math.ceil(high * step)
        middle = left / (1 << halving) + (across - 1) / 2, top / (1 << halving) + (down - 1) / 2
        window = opencv.getRectSubPix(plane, (across, down), middle)
        if step != 1:
            window = opencv.resize(window, None, fx=1 / step, fy=1 / step, interpolation=opencv.INTER_LINEAR)
        seen.append(window[:high, :wide])
    return seen


def mixed(one: Planes, other: Planes, share: float) -> Planes:
    """Mix two pictures; `share` is the other's, 0 to 1."""
    return [opencv.addWeighted(a, 1 - share, b, share, 0) for a, b in zip(one, other, strict=True)]


def piece(painted: Planes) -> Planes:
    """What can be laid over a picture: planes multiplied by their coverage, then what luma and chroma let through."""
    *shown, whole = painted
    half = opencv.resize(whole, shown[1].shape[::-1], interpolation=opencv.INTER_AREA)
    covered = (opencv.multiply(*pair, scale=1 / 255) for pair in zip(shown, (whole, half, half), strict=True))
    return [*covered, np.invert(whole), np.invert(half)]


def lay(target: Planes, over: Planes, left: int, top: int) -> None:
    """Draw a picture or a piece in place. It is moved to even pixels and clipped at the edges."""
    (width, height), (wide, high) = size_of(target), size_of(over)
    left, top = left & ~1, top & ~1
    x, y = max(0, left), max(0, top)
    extent = max(0, min(wide + left, width) - x), max(0, min(high + top, height) - y)
    if not all(extent):
        return
    over, under = cut(over, x - left, y - top, *extent), cut(target, x, y, *extent)
    for halving, above, below in zip(HALVINGS, over[:3], under, strict=False):
        if len(over) > 3:
            above = opencv.add(above, opencv.multiply(below, over[3 + halving], scale=1 / 255))
        below[...] = above


def _views(frame: Any) -> Planes:
    """The planes of a frame where they lie. Its rows may be padded to their alignment."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]
