"""What everything drawn is made of: colours, noise, outlines, and a canvas to lay them on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from playground.sandbox import planes
from playground.sandbox.planes import Planes
from playground.sandbox.story import Shot
from playground.sandbox.tables import table

Field: TypeAlias = NDArray[np.floating[Any]]
"""Values over a picture (rows, columns) or a line."""
Colour: TypeAlias = NDArray[np.floating[Any]]
"""Red, green and blue, 0 to 255."""
WHITE: Colour = np.array((255, 255, 255), np.float32)
SNOW: Colour = np.array((236, 242, 252), np.float32)
LAMP: Colour = np.array((255, 208, 132), np.float32)
Outline: TypeAlias = Sequence[tuple[float, float]]
"""A polygon in a square of 100, up from its foot."""


def colour(*channels: float) -> Colour:
    """Red, green and blue to be calculated with."""
    return np.array(channels, np.float32)


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """Mix two colours."""
    return first + (second - first) * np.float32(share)


def wash(canvas: Field, tone: Colour, share: Field | float) -> None:
    """Lay a colour over a canvas (3, rows, columns), in place; `share` is 0 to 1."""
    for channel, value in zip(canvas, tone, strict=True):
        channel += (value - channel) * np.float32(share)


def canvas_of(tone: Colour, shade: Field) -> Field:
    """A canvas of one colour, darker or brighter by `shade`."""
    return tone[:, None, None].astype(np.float32) * shade[None].astype(np.float32)


def piece(canvas: Field, alpha: Field | None = None) -> Planes:
    """What was painted, and its coverage (0 to 1), as the planes of a picture."""
    layers = canvas if alpha is None else [*canvas, alpha * 255]
    pixels = np.stack([np.clip(layer + 0.5, 0, 255).astype(np.uint8) for layer in layers], axis=-1)
    return planes.from_image(Image.fromarray(pixels))


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


def resized(field: Field, width: int, height: int) -> Field:
    """Scale a field of values smoothly."""
    return np.array(Image.fromarray(field).resize((width, height), Image.Resampling.BILINEAR))


def smooth(value: Field | float) -> Field:
    """Ease from 0 to 1 with soft ends; what is outside is held."""
    held = np.clip(value, 0, 1)
    return held * held * (3 - 2 * held)


def cut_out(size: tuple[int, int], shapes: Iterable[tuple[Outline, float, float, float]]) -> Field:
    """Coverage (0 to 1) of polygons, each with its left edge, its foot and its height in pixels."""
    image = Image.new("L", (size[0] * 2, size[1] * 2))
    pen = ImageDraw.Draw(image)
    for points, left, foot, high in shapes:
        pen.polygon([((left + x * high / 100) * 2, (foot - y * high / 100) * 2) for x, y in points], fill=255)
    return np.asarray(image.reduce(2), np.float32) / 255


@dataclass(frozen=True)
class Palette:
    """`air` is what far land fades into, `haze` (0 to 1) how soon; `light` is what it leaves of each channel.

    The `sky` goes from the zenith to the horizon; `sun` is how high the sun or the moon stands in it (1 is its edge).
    """

    sky: tuple[Colour, ...]
    glow: Colour
    sun: float
    light: Colour
    land: Colour
    air: Colour
    haze: float
    clouds: float
    """How much heavier than by chance the clouds are; from 0.8 on they hide the sun."""
    dark: bool
    late: bool
    """Whether lamps are lit."""
    snowy: bool


def palette_of(shot: Shot) -> Palette:
    """Choose the colours; one that the prompt names tints sky, light and land."""
    hour, place = table("scenery")["hours"][shot.hour], table("scenery")["places"][shot.place]
    weather: dict[str, Any] = table("scenery")["weathers"].get(shot.weather, {})
    high, upper, lower, low = (colour(*tone) for tone in place.get("sky", hour["sky"]))
    glow, land, dark = colour(*hour["glow"]), colour(*place["land"]), bool({**hour, **place}.get("dark"))
    if "haze" in weather:
        grey = 0.25 if shot.hour == "neon" else 0.75
        high, upper, lower, low = (blend(tone, colour(*[tone.mean()] * 3), grey) for tone in (high, upper, lower, low))
        high, upper = blend(high, lower, 0.4), blend(upper, lower, 0.4)
    snowy = shot.weather == "snow" and shot.place != "room"
    if snowy:
        land = blend(land, SNOW, 0.7)
    if shot.tint is not None:
        tint = colour(*table("scenery")["colours"][shot.tint])
        upper, lower, low = blend(upper, tint, 0.15), blend(lower, tint, 0.3), blend(low, tint, 0.3)
        land, glow = blend(land, tint, 0.2), blend(glow, tint, 0.2)
    return Palette(
        sky=(high, upper, lower, low),
        glow=glow,
        sun=hour["sun"],
        light=colour(*hour["light"]),
        land=land,
        air=blend(lower, low, 0.6),
        haze=weather.get("haze", 0.0),
        clouds=max(hour.get("clouds", 0.0), weather.get("clouds", 0.0)),
        dark=dark,
        late=dark or hour.get("late", False),
        snowy=snowy,
    )
