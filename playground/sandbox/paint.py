"""What everything drawn is made of: colours, noise, outlines, and a canvas to lay them on."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from playground.sandbox.planes import Planes, from_image
from playground.sandbox.story import Shot, table

Field: TypeAlias = NDArray[np.floating[Any]]
"""Values over a picture (rows, columns) or a line."""
Colour: TypeAlias = NDArray[np.floating[Any]]
"""Red, green and blue, 0 to 255."""
Outline: TypeAlias = Sequence[tuple[float, float]]
"""A polygon in a square of 100, up from its foot."""
WHITE: Colour = np.array((255, 255, 255), np.float32)
SNOW: Colour = np.array((236, 242, 252), np.float32)
LAMP: Colour = np.array((255, 208, 132), np.float32)


class Palette(NamedTuple):
    """The `sky` goes from the zenith to the horizon; `light` is what is left of each channel of what it falls on.

    `air` is what far land fades into, `haze` (0 to 1) how soon; `sun` is how high the sun or the moon stands (1 is the
    picture's edge), `clouds` how much heavier they are than by chance. Lamps are lit when it is `late`.
    """

    sky: list[Colour]
    glow: Colour
    light: Colour
    land: Colour
    air: Colour
    sun: float
    haze: float
    clouds: float
    dark: bool
    late: bool
    snowy: bool

    @property
    def overcast(self) -> bool:
        """Whether clouds hide the sun."""
        return self.clouds >= 0.8


def palette_of(shot: Shot) -> Palette:
    """Choose the colours; one that the prompt names tints sky, light and land."""
    tables = table("scenery")
    weather: dict[str, Any] = tables["weathers"].get(shot.weather, {})
    look: dict[str, Any] = tables["hours"][shot.hour] | weather | tables["places"][shot.place]
    sky = [colour(tone) for tone in look["sky"]]
    glow, light, land = (colour(look[name]) for name in ("glow", "light", "land"))
    haze, clouds, dark = look.get("haze", 0.0), look.get("clouds", 0.0), look.get("dark", False)
    snowy = shot.weather == "snow" and shot.place != "room"
    if haze:
        sky = [blend(tone, tone.mean() * WHITE / 255, 0.25 if shot.hour == "neon" else 0.75) for tone in sky]
        sky[:2] = blend(sky[0], sky[2], 0.4), blend(sky[1], sky[2], 0.4)
    if snowy:
        land = blend(land, SNOW, 0.7)
    if shot.tint is not None:
        tint = colour(tables["colours"][shot.tint])
        sky = [blend(tone, tint, share) for tone, share in zip(sky, (0, 0.15, 0.3, 0.3), strict=True)]
        land, glow = blend(land, tint, 0.2), blend(glow, tint, 0.2)
    air, late = blend(sky[2], sky[3], 0.6), dark or look.get("late", False)
    return Palette(sky, glow, light, land, air, look["sun"], haze, clouds, dark, late, snowy)


def colour(channels: Sequence[float]) -> Colour:
    """Red, green and blue to be calculated with."""
    return np.array(channels, np.float32)


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """Mix two colours."""
    return first + (second - first) * np.float32(share)


def wash(canvas: Field, tone: Colour, share: Field | float) -> None:
    """Lay a colour over a canvas (3, rows, columns), in place; `share` is 0 to 1."""
    for channel, value in zip(canvas, tone, strict=True):
        channel += (value - channel) * np.float32(share)


def primed(tone: Colour, shade: Field) -> Field:
    """A canvas of one colour, darker or brighter by `shade`."""
    return tone[:, None, None].astype(np.float32) * shade.astype(np.float32)


def piece(canvas: Field, alpha: Field | None = None) -> Planes:
    """What was painted, and its coverage (0 to 1), as the planes of a picture."""
    layers = canvas if alpha is None else [*canvas, alpha * 255]
    pixels = np.stack([np.clip(layer + 0.5, 0, 255).astype(np.uint8) for layer in layers], axis=-1)
    return from_image(Image.fromarray(pixels))


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


def cut_out(shape: tuple[int, int], outlines: Iterable[tuple[Outline, float, float, float]], blur: float = 0) -> Field:
    """Coverage (0 to 1) of (rows, columns) by outlines, each with its left edge, its foot and its height in pixels."""
    image = Image.new("L", (shape[1] * 2, shape[0] * 2))
    pen = ImageDraw.Draw(image)
    for points, left, foot, high in outlines:
        pen.polygon([((left + x * high / 100) * 2, (foot - y * high / 100) * 2) for x, y in points], fill=255)
    return np.asarray(image.reduce(2).filter(ImageFilter.GaussianBlur(blur)), np.float32) / 255
