"""A picture as the encoder wants it: three 8-bit planes, BT.709 limited range, chroma at half size.

Everything is composited here and not in RGB, because the conversion per frame would cost more than the drawing.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import av
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import Colorspace, Interpolation
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.uint8]

BT709 = 1
"""The number of BT.709 in colour space, primaries and transfer alike."""
LIMITED = 1
"""Limited ("TV") range: luma 16-235, chroma 16-240."""


class Planes(NamedTuple):
    """Luma (height, width) and the two chroma planes (height/2, width/2), all writable uint8."""

    y: Plane
    u: Plane
    v: Plane

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.y.shape[1], self.y.shape[0]

    def copy(self) -> "Planes":
        """Return planes that share no memory with these."""
        return Planes(*(plane.copy() for plane in self))


WHOLE = 255
"""All of a share: what is mixed in by so much leaves nothing of what was there."""


@dataclass(frozen=True)
class Patch:
    """A picture with coverage (0 to `WHOLE`, at the size of luma and of chroma), to be laid over another."""

    planes: Planes
    alpha: Plane
    half: Plane


def blank(size: tuple[int, int]) -> Planes:
    """Return planes of a size in pixels with nothing certain in them."""
    width, height = size
    return Planes(*(np.empty((height >> shift, width >> shift), np.uint8) for shift in (0, 1, 1)))


def from_frame(frame: av.VideoFrame, size: tuple[int, int] | None = None) -> Planes:
    """Decoded frame to planes of `size` (default: its own), whatever its pixel format."""
    width, height = size or (frame.width, frame.height)
    # HD without a tag is BT.709 in every player; swscale would take BT.601.
    untagged = frame.colorspace not in (BT709, *range(4, 11))
    source = Colorspace.ITU709 if untagged and frame.height >= 720 else None
    flat = frame.reformat(width, height, "yuv420p", source, Colorspace.ITU709, Interpolation.BICUBIC, None, "MPEG")
    return Planes(*(_rows(plane)[: plane.height, : plane.width].copy() for plane in flat.planes))


def from_image(image: Image.Image) -> Planes:
    """Convert an RGB image of even size."""
    return from_frame(av.VideoFrame.from_ndarray(np.asarray(image.convert("RGB")), format="rgb24"))


def to_frame(planes: Planes) -> av.VideoFrame:
    """Return an encoder frame, tagged BT.709."""
    frame = av.VideoFrame(*planes.size, "yuv420p")
    for target, plane in zip(frame.planes, planes, strict=True):
        # Rows of the frame may be padded to its alignment, so each is written up to its own width.
        _rows(target)[: plane.shape[0], : plane.shape[1]] = plane
    frame.colorspace = frame.color_primaries = frame.color_trc = BT709
    frame.color_range = LIMITED
    return frame


def scaled(planes: Planes, size: tuple[int, int]) -> Planes:
    """Scale to `size`."""
    return planes if planes.size == size else from_frame(to_frame(planes), size)


def patch(image: Image.Image) -> Patch:
    """Prepare an image (its alpha is kept) for `lay`; odd sizes grow by a transparent pixel."""
    canvas = Image.new("RGBA", (image.width + image.width % 2, image.height + image.height % 2))
    canvas.paste(image.convert("RGBA"), (0, 0))
    alpha = canvas.getchannel("A")
    return Patch(from_image(canvas), np.asarray(alpha), np.asarray(alpha.reduce(2)))


def view(plane: Plane, left: float, top: float, step: float, size: tuple[int, int]) -> Plane:
    """Sample a plane from (left, top) on, between its pixels too, or slow moves would tremble; `size` is the result's.

    `step` is the way from one sample to the next. Rows beyond the edge repeat it, columns begin again.
    """
    width, height = size
    corner = left + 0.5 - 0.5 * step, top + 0.5 - 0.5 * step
    column, row = math.floor(corner[0]), math.floor(corner[1])
    if step == 1:
        # Most moves leave the scale alone: then it is one piece, or two that are mixed.
        seen = _cut(plane, column, row, width + 1, height + 1)
        seen = mixed(seen[:, :-1], seen[:, 1:], corner[0] - column)
        return mixed(seen[:-1], seen[1:], corner[1] - row)
    wide, high = width * step, height * step
    if min(corner) < 1 or corner[0] + wide > plane.shape[1] - 1 or corner[1] + high > plane.shape[0] - 1:
        # It looks beyond an edge.
        corner = corner[0] - column + 1, corner[1] - row + 1
        plane = _cut(plane, column - 1, row - 1, math.ceil(corner[0] + wide) + 1, math.ceil(corner[1] + high) + 1)
    box = *corner, corner[0] + wide, corner[1] + high
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR, box))


def viewed(picture: Planes, left: float, top: float, step: float, size: tuple[int, int]) -> Planes:
    """Sample a whole picture; the result may be drawn over."""
    half = size[0] // 2, size[1] // 2
    x, y = halved(left, step), halved(top, step)
    luma, *chroma = picture
    planes = view(luma, left, top, step, size), *(view(plane, x, y, step, half) for plane in chroma)
    return Planes(*(plane.copy() for plane in planes))


def halved(place: float, step: float) -> float:
    """Where chroma, on half the grid, has the place of a first luma sample."""
    return (place + 0.5 * step) / 2 - 0.25


def _cut(plane: Plane, left: int, top: int, width: int, height: int) -> Plane:
    high, wide = plane.shape
    if top < 0 or top + height > high:
        plane = plane.take(np.arange(top, top + height).clip(0, high - 1), 0)
    else:
        plane = plane[top : top + height]
    left %= wide
    if left + width > wide:
        return plane.take(np.arange(left, left + width), 1, mode="wrap")
    return plane[:, left : left + width]


def mixed(one: Plane, other: Plane, share: "Plane | float") -> Plane:
    """Mix two planes; `share` is the other's: 0 to 1 for all pixels, or 0 to `WHOLE` for each."""
    if isinstance(share, float):
        if share in (0.0, 1.0):
            return other if share else one
        return np.asarray(Image.blend(Image.fromarray(one), Image.fromarray(other), share))
    over, mask = (Image.fromarray(np.broadcast_to(part, one.shape)) for part in (other, share))
    return np.asarray(Image.composite(over, Image.fromarray(one), mask))


def lay(target: Planes, piece: Patch, left: int, top: int, opacity: float = 1.0) -> None:
    """Draw a patch in place. It is moved to even pixels (chroma has half the grid) and clipped at the edges."""
    left, top = left & ~1, top & ~1
    (width, height), (wide, high) = target.size, piece.planes.size
    x0, y0, x1, y1 = max(0, -left), max(0, -top), min(wide, width - left), min(high, height - top)
    if x1 <= x0 or y1 <= y0:
        return
    for shift, alpha, under, over in zip(
        (0, 1, 1), (piece.alpha, piece.half, piece.half), target, piece.planes, strict=True
    ):
        inner = slice(y0 >> shift, y1 >> shift), slice(x0 >> shift, x1 >> shift)
        outer = slice((top + y0) >> shift, (top + y1) >> shift), slice((left + x0) >> shift, (left + x1) >> shift)
        weight = alpha[inner] if opacity >= 1 else (alpha[inner] * opacity).astype(np.uint8)
        under[outer] = mixed(under[outer], over[inner], weight)


def _rows(plane: VideoPlane) -> Plane:
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
