"""A picture as the encoder wants it: three 8-bit planes, BT.709 limited range, chroma at half size.

Everything is composited here and not in RGB, because the conversion per frame would cost more than the drawing.
"""

from dataclasses import dataclass
from typing import NamedTuple

import av
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import Colorspace, Interpolation
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.uint8]
Rgb = tuple[float, float, float]

BT709 = 1
"""The number of BT.709 in colour space, primaries and transfer alike."""
LIMITED = 1
"""Limited ("TV") range: luma 16-235, chroma 16-240."""
OPAQUE = 256
"""Full coverage in a patch's 8.8 fixed-point alpha."""


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
        return Planes(self.y.copy(), self.u.copy(), self.v.copy())


@dataclass(frozen=True)
class Patch:
    """A small picture with coverage, to be laid over planes. `alpha` is uint16, 0 to `OPAQUE`."""

    planes: Planes
    alpha: NDArray[np.uint16]
    alpha_half: NDArray[np.uint16]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, both even."""
        return self.planes.size


def luma_chroma(colour: Rgb) -> tuple[float, float, float]:
    """Return the Y, U and V of an RGB colour (0 to 255 each)."""
    red, green, blue = (channel / 255 for channel in colour)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748


def from_frame(frame: av.VideoFrame, size: tuple[int, int] | None = None) -> Planes:
    """Decoded or scaled frame to planes of `size` (default: its own), whatever its pixel format."""
    width, height = size or (frame.width, frame.height)
    # HD without a tag is BT.709 in every player; swscale would take BT.601.
    untagged = frame.colorspace not in (BT709, *range(4, 11))
    source = Colorspace.ITU709 if untagged and frame.height >= 720 else None
    flat = frame.reformat(width, height, "yuv420p", source, Colorspace.ITU709, Interpolation.BICUBIC, None, "MPEG")
    return Planes(*(_read(plane) for plane in flat.planes))


def from_image(image: Image.Image) -> Planes:
    """Convert an RGB image of even size."""
    return from_frame(av.VideoFrame.from_ndarray(np.asarray(image.convert("RGB")), format="rgb24"))


def to_frame(planes: Planes) -> av.VideoFrame:
    """Return an encoder frame, tagged BT.709."""
    frame = av.VideoFrame(*planes.size, "yuv420p")
    for target, plane in zip(frame.planes, planes, strict=True):
        # Rows of the frame may be padded to its alignment, so each is written up to its own width.
        rows = _rows(target)
        rows[: plane.shape[0], : plane.shape[1]] = plane
    frame.colorspace = frame.color_primaries = frame.color_trc = BT709
    frame.color_range = LIMITED
    return frame


def to_image(planes: Planes) -> Image.Image:
    """Return the picture as RGB."""
    rgb = to_frame(planes).reformat(format="rgb24", src_colorspace=Colorspace.ITU709)
    return Image.fromarray(rgb.to_ndarray())


def scaled(planes: Planes, size: tuple[int, int]) -> Planes:
    """Scale to `size`; swscale takes a tenth of the time Pillow does."""
    return planes if planes.size == size else from_frame(to_frame(planes), size)


def mix(first: Planes, second: Planes, share: float) -> Planes:
    """Cross-dissolve: `share` 0 gives the first picture, 1 the second."""
    weight = round(OPAQUE * share)
    return Planes(*(_mix_plane(one, other, weight) for one, other in zip(first, second, strict=True)))


def as_plane(image: Image.Image) -> Plane:
    """Copy a one-channel image into a writable plane."""
    return np.array(image, np.uint8)


def patch(image: Image.Image) -> Patch:
    """Prepare an image (its alpha is kept) for `lay`; odd sizes grow by a transparent pixel."""
    width, height = image.width + image.width % 2, image.height + image.height % 2
    canvas = Image.new("RGBA", (width, height))
    canvas.paste(image.convert("RGBA"), (0, 0))
    alpha = canvas.getchannel("A")
    return Patch(from_image(canvas), _coverage(alpha), _coverage(alpha.reduce(2)))


def lay(target: Planes, piece: Patch, left: int, top: int, opacity: float = 1.0) -> None:
    """Draw a patch in place. It is moved to even pixels (chroma has half the grid) and clipped at the edges."""
    left, top = left & ~1, top & ~1
    width, height = target.size
    x0, y0 = max(0, -left), max(0, -top)
    x1, y1 = min(piece.size[0], width - left), min(piece.size[1], height - top)
    if x1 <= x0 or y1 <= y0:
        return
    for step, (under, over) in enumerate(zip(target, piece.planes, strict=True)):
        alpha, shift = (piece.alpha, 0) if step == 0 else (piece.alpha_half, 1)
        inner = (slice(y0 >> shift, y1 >> shift), slice(x0 >> shift, x1 >> shift))
        outer = (
            slice((top + y0) >> shift, (top + y1) >> shift),
            slice((left + x0) >> shift, (left + x1) >> shift),
        )
        weight = alpha[inner] if opacity >= 1 else (alpha[inner] * opacity).astype(np.uint16)
        under[outer] = (under[outer] * (OPAQUE - weight) + over[inner] * weight) >> 8


def _read(plane: VideoPlane) -> Plane:
    return _rows(plane)[: plane.height, : plane.width].copy()


def _rows(plane: VideoPlane) -> Plane:
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)


def _coverage(alpha: Image.Image) -> NDArray[np.uint16]:
    # 255 becomes 256, so that full coverage leaves nothing of what is below.
    values = np.asarray(alpha, np.uint16)
    return values + (values >> np.uint16(7))


def _mix_plane(one: Plane, other: Plane, weight: int) -> Plane:
    total = one.astype(np.uint16)
    total *= OPAQUE - weight
    total += other * np.uint16(weight)
    total += 128
    total >>= 8
    return total.astype(np.uint8)
