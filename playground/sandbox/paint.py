"""What everything drawn is made of: colours, polygons and noise."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from playground.sandbox.planes import HALVINGS, Planes, Size, from_image, mixed

_BT709 = np.array([[0.1826, 0.6142, 0.062], [-0.1006, -0.3386, 0.4392], [0.4392, -0.3989, -0.0403]], np.float32)
_BLACK = np.array([16, 128, 128], np.float32)
Field: TypeAlias = NDArray[np.floating[Any]]
"""Values over a picture (rows, columns) or a line; a colour (red, green and blue, 0 to 255), or a canvas of colours."""
Polygon: TypeAlias = tuple[Iterable[tuple[float, float]], Field, float]
"""Its corners in pixels, its colour, and how much it covers, 0 to 1."""


def colour(channels: Sequence[float]) -> Field:
    """Red, green and blue to be calculated with."""
    return np.array(channels, np.float32)


def blend(first: Field, second: Field, share: Field | float) -> Field:
    """Mix two colours, or lay one over a canvas; `share` is the second's, 0 to 1, for each place or for all."""
    each = np.asarray(share, np.float32)
    return first + (second - first) * (each[..., None] if each.ndim else each)


def code(tone: Field) -> Field:
    """A colour, or a canvas of colours, as the planes hold it: luma and the two chromas, 0 to 255."""
    return tone @ _BT709.T + _BLACK


def drawn(size: Size, ground: Field, polygons: Iterable[Polygon]) -> Planes:
    """Polygons one over the other, with their coverage; `ground` is the colour of what nothing covers."""
    image = Image.new("RGBA", (2 * size[0], 2 * size[1]), _rgba(ground, 0))
    pen = ImageDraw.Draw(image)
    for corners, tone, covering in polygons:
        pen.polygon([(2 * x, 2 * y) for x, y in corners], fill=_rgba(tone, covering))
    return from_image(image, size)


def wash(painted: Planes, tone: Field, share: Field) -> None:
    """Lay a colour over planes, in place; `share` is its part of each pixel, or of each row, 0 to 1."""
    parts = (255 * share).astype(np.uint8)
    for halving, plane, value in zip(HALVINGS, painted[:3], code(tone).astype(np.uint8), strict=False):
        plane[...] = mixed(plane, value, parts[:: 1 << halving, :: 1 << halving])


def shade(painted: Planes, bright: Field) -> None:
    """Make planes brighter or darker, in place, each pixel so many times."""
    for halving, plane, dark in zip(HALVINGS, painted[:3], _BLACK, strict=False):
        plane[...] = np.clip((plane - dark) * bright[:: 1 << halving, :: 1 << halving] + dark, 0, 255)


def fractal(
    dice: np.random.Generator, shape: tuple[int, ...], slope: float, squash: float = 1.0, least: float = 1.0
) -> Field:
    """Noise like clouds or hills, mean 0 and deviation 1, endless in every direction; a greater slope is smoother.

    `squash` above 1 draws it out sideways; `least` is how often its widest waves come.
    """
    steps = [np.fft.fftfreq(side, 1 / side) / squash for side in shape[:-1]]
    steps.append(np.fft.rfftfreq(shape[-1], 1 / shape[-1]))
    far = np.sqrt(sum(step**2 for step in np.meshgrid(*steps, indexing="ij", sparse=True)))
    strength = np.where(far >= least, np.maximum(far, least) ** -slope, 0).astype(np.float32)
    waves = dice.standard_normal((2, *far.shape), np.float32)
    noise = np.fft.irfftn((waves[0] + 1j * waves[1]) * strength, shape, range(len(shape))).astype(np.float32)
    return noise / noise.std()


def resized(field: Field, shape: tuple[int, int]) -> Field:
    """Scale a field of values smoothly to (rows, columns)."""
    return np.array(Image.fromarray(field).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def smooth(value: Field | float) -> Field:
    """Ease from 0 to 1 with soft ends; what is outside is held."""
    held = np.clip(value, 0, 1)
    return held * held * (3 - 2 * held)


def _rgba(tone: Field, covering: float = 1) -> tuple[int, ...]:
    return (*map(int, tone), round(255 * covering))
