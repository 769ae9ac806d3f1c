"""What everything drawn is made of: colours, polygons and noise."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from playground.sandbox.planes import Plane, Planes, Size, from_image, opencv
from playground.sandbox.story import Shot, table

Field: TypeAlias = NDArray[Any]
"""Values (float32) over a picture (rows, columns) or a line; a colour (red, green and blue, 0 to 255) or colours."""
Polygon: TypeAlias = tuple[Iterable[tuple[float, float]], Field, float]
"""Its corners in pixels, its colour, and how much it covers, 0 to 1."""
Look: TypeAlias = SimpleNamespace
"""The colours of a shot, as the tables of hours, weathers and places explain them."""


def colour(channels: Sequence[float]) -> Field:
    """Red, green and blue to be calculated with."""
    return np.array(channels, np.float32)


WHITE = colour((242, 244, 250))


def blend(first: Field, second: Field, share: Field | float) -> Field:
    """Mix two colours, or lay one over a canvas; `share` is the second's, 0 to 1, for each place or for all."""
    each = np.asarray(share, np.float32)
    return first + (second - first) * (each[..., None] if each.ndim else each)


def look_of(shot: Shot) -> Look:
    """What the tables say of a shot: its place before its weather, that before the hour."""
    tables = table("scenery")
    said = tables["usual"] | tables["hours"][shot.hour] | tables["weathers"].get(shot.weather, {})
    look = Look(**said | tables["places"][shot.place])
    look.glow, look.light = colour(look.glow), colour(look.light)
    look.land = blend(colour(look.land), WHITE, 0.7 * look.snowy)
    look.sky = [blend(tone, tone.mean() * WHITE / 250, look.grey * look.vivid) for tone in map(colour, look.sky)]
    # What far land fades into.
    look.air = blend(look.sky[2], look.sky[3], 0.6)
    return look


def drawn(size: Size, ground: Field, polygons: Iterable[Polygon]) -> Plane:
    """Polygons one over the other, as 8-bit colours and coverage (rows, columns, 4); where nothing is, `ground`."""
    image = Image.new("RGBA", (2 * size[0], 2 * size[1]), (*map(int, ground), 0))
    pen = ImageDraw.Draw(image)
    for corners, tone, covering in polygons:
        pen.polygon([(2 * x, 2 * y) for x, y in corners], fill=(*map(int, tone), round(255 * covering)))
    return opencv.resize(np.asarray(image), size, interpolation=opencv.INTER_AREA)


def wash(canvas: Plane, tone: Field, share: Field) -> Plane:
    """Lay a colour over a canvas of 8 bits; `share` is its part of each place, or of each row, 0 to 1."""
    each = np.broadcast_to(share.astype(np.float32), canvas.shape[:2]).copy()
    plain = opencv.merge([np.full(each.shape, channel, np.uint8) for channel in tone])
    return opencv.blendLinear(canvas, plain, 1 - each, each)


def painted(canvas: Field) -> Planes:
    """The planes of a canvas of colours, with its coverage or without."""
    return from_image(Image.fromarray(canvas.clip(0, 255).astype(np.uint8)))


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


def smooth(value: Field | float) -> Field:
    """Ease from 0 to 1 with soft ends; what is outside is held."""
    held = np.clip(value, 0, 1)
    return held * held * (3 - 2 * held)
