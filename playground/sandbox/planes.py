"""A picture as the encoder wants it: three 8-bit planes, BT.709 limited range, chroma at half size.

Everything is composited here and not in RGB, because the conversion per frame would cost more than the drawing.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import av
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import Colorspace, Interpolation
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.uint8]
Line = NDArray[np.floating[Any]]
"""Positions or heights along one side of a picture."""

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


WHOLE = 128
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
    return Patch(
        from_image(canvas), *(np.asarray(part) // 2 + np.asarray(part) // 255 for part in (alpha, alpha.reduce(2)))
    )


def look(plane: Plane, rows: Line, columns: Line) -> Plane:
    """Sample a plane at any positions, between its pixels too, or slow moves would tremble.

    Rows beyond its edge repeat the edge; columns begin again on the other side.
    """
    rows = np.clip(rows, 0, len(plane) - 1)
    upper, left = np.floor(rows).astype(np.intp), np.floor(columns).astype(np.intp)
    low = int(upper.min())
    part = plane[low : int(upper.max()) + 2]
    seen = _columns(part, left)
    share = weights(columns - left)
    if share.any():
        seen = mixed(seen, _columns(part, left + 1), share)
    upper -= low
    share = weights(rows - np.floor(rows))[:, None]
    lower = np.minimum(upper + 1, len(seen) - 1)
    return mixed(seen.take(upper, 0), seen.take(lower, 0), share) if share.any() else seen.take(upper, 0)


def _columns(plane: Plane, wanted: NDArray[np.intp]) -> Plane:
    first, last = int(wanted[0]), int(wanted[-1])
    # Most moves leave the scale alone: then it is one piece, and costs nothing.
    if last - first == len(wanted) - 1 and first >= 0 and last < plane.shape[1]:
        return plane[:, first : last + 1]
    return plane[:, np.mod(wanted, plane.shape[1])]


def mixed(one: Plane, other: Plane, share: NDArray[np.integer[Any]]) -> Plane:
    """Mix two planes; `share` is the other's, 0 to `WHOLE`, for all pixels or for each."""
    # Few and small steps in place: new memory for every one of them would cost more than the sums.
    mix: NDArray[np.int16] = np.subtract(other, one, dtype=np.int16)
    mix *= np.asarray(share, np.int16)
    mix += np.int16(WHOLE // 2)
    mix >>= np.int16(7)
    mix += one
    return np.asarray(mix, np.uint8)


def weights(share: "NDArray[np.floating[Any]] | float") -> NDArray[np.int16]:
    """Shares from 0 to 1 as `mixed` takes them."""
    return np.asarray(share * WHOLE + 0.5).astype(np.int16)


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
        weight = alpha[inner] if opacity >= 1 else weights(alpha[inner] * (opacity / WHOLE))
        under[outer] = mixed(under[outer], over[inner], weight)


def _rows(plane: VideoPlane) -> Plane:
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
