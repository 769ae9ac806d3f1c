"""The colours of a shot, and the noise that everything drawn is made of."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from playground.sandbox.planes import Planes
from playground.sandbox.scenery import looks
from playground.sandbox.story import Rgb, Shot

Field: TypeAlias = NDArray[np.floating[Any]]
"""Values over a picture (rows, columns) or a line."""

_HAZES = {"fog": 0.55, "rain": 0.25, "snow": 0.25}
_SPACE: tuple[Rgb, Rgb, Rgb, Rgb] = ((2, 3, 10), (5, 5, 18), (10, 9, 28), (18, 16, 44))
_SNOW: Rgb = (232, 238, 248)


@dataclass(frozen=True)
class Palette:
    """Colours, 0 to 255. `air` is what far land fades into, `haze` (0 to 1) how soon; `light` falls on the land.

    The `sky` goes from the zenith to the horizon; `sun` is how high the sun or the moon stands in it (1 is its edge).
    """

    sky: tuple[Rgb, Rgb, Rgb, Rgb]
    glow: Rgb
    sun: float
    light: Rgb
    land: Rgb
    air: Rgb
    haze: float
    dark: bool

    def lit(self, colour: Rgb) -> Rgb:
        """What the light makes of a colour."""
        red, green, blue = (channel * light for channel, light in zip(colour, self.light, strict=True))
        return red, green, blue


def colours(shot: Shot) -> Palette:
    """Choose the colours; one that the prompt names tints sky, light and land."""
    hour, place = looks()["hours"][shot.hour], looks()["places"][shot.place]
    high, upper, lower, low = _SPACE if shot.place == "space" else hour["sky"]
    glow, land = hour["glow"], place["land"]
    if shot.weather in _HAZES:
        grey = 0.25 if shot.hour == "neon" else 0.75
        high, upper, lower, low = (_greyed(colour, grey) for colour in (high, upper, lower, low))
        high, upper = blend(high, lower, 0.4), blend(upper, lower, 0.4)
    if shot.weather == "snow" and shot.place != "room":
        land = blend(land, _SNOW, 0.7)
    if shot.tint is not None:
        upper, lower, low = blend(upper, shot.tint, 0.15), blend(lower, shot.tint, 0.3), blend(low, shot.tint, 0.3)
        land, glow = blend(land, shot.tint, 0.2), blend(glow, shot.tint, 0.2)
    haze = _HAZES.get(shot.weather or "", 0.0)
    dark = shot.hour in ("night", "neon") or shot.place == "space"
    air = blend(lower, low, 0.6)
    return Palette((high, upper, lower, low), glow, hour["sun"], hour["light"], land, air, haze, dark)


def _greyed(colour: Rgb, share: float) -> Rgb:
    grey = sum(colour) / 3
    return blend(colour, (grey, grey, grey), share)


def blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Mix two colours."""
    red, green, blue = (one + (other - one) * share for one, other in zip(first, second, strict=True))
    return red, green, blue


class Canvas(NamedTuple):
    """A picture being painted: luma and, at half or the same size, chroma, as floats around zero."""

    y: Field
    u: Field
    v: Field

    def wash(self, colour: Rgb, share: Field) -> None:
        """Lay a colour over it, in place; `share` (0 to 1) has a value for each pixel, row (n, 1) or column (1, n)."""
        for field, tone in zip(self, _luma_chroma(colour), strict=True):
            part = share if field is self.y else _fitting(share, self.y.shape, field.shape)
            field *= 1 - part
            field += np.float32(tone) * part

    def at(self, rows: slice, columns: slice) -> "Canvas":
        """The same canvas within even edges; what is painted there is painted here."""
        half = slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2)
        return Canvas(self.y[rows, columns], self.u[half], self.v[half])

    def enlarged(self, width: int, height: int) -> "Canvas":
        """Scale to even sides, chroma to half of them."""
        return Canvas(
            *(resized(field, width >> step, height >> step) for field, step in zip(self, (0, 1, 1), strict=True))
        )

    def planes(self) -> Planes:
        """What the encoder takes."""
        luma, *chroma = (np.rint(field) for field in self)
        return Planes(
            np.clip(luma + 16, 16, 235).astype(np.uint8),
            *(np.clip(field + 128, 16, 240).astype(np.uint8) for field in chroma),
        )


def canvas(colour: Rgb, shade: Field, halved: bool = True) -> Canvas:
    """A canvas of one colour, darker or brighter by `shade` (1 is as it is, even sides)."""
    luma, *chroma = (np.float32(tone) for tone in _luma_chroma(colour))
    small = shade[::2, ::2] if halved else shade
    return Canvas(shade * luma, small * chroma[0], small * chroma[1])


def _luma_chroma(colour: Rgb) -> tuple[float, float, float]:
    red, green, blue = (channel / 255 for channel in colour)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 219 * luma, 224 * (blue - luma) / 1.8556, 224 * (red - luma) / 1.5748


def _fitting(share: Field, shape: tuple[int, ...], wanted: tuple[int, ...]) -> Field:
    if shape == wanted:
        return share
    return share[:: 2 if share.shape[0] > 1 else 1, :: 2 if share.shape[1] > 1 else 1]


def fractal(
    dice: np.random.Generator, shape: tuple[int, ...], slope: float, squash: float = 1.0, least: float = 1.0
) -> Field:
    """Noise like clouds or hills, mean 0 and deviation 1, endless in every direction; a greater slope is smoother.

    `squash` above 1 draws it out sideways; `least` is how often its widest waves come.
    """
    steps = [np.fft.fftfreq(side, 1 / side) / squash for side in shape[:-1]] + [
        np.fft.rfftfreq(shape[-1], 1 / shape[-1])
    ]
    far = np.sqrt(sum(step**2 for step in np.meshgrid(*steps, indexing="ij", sparse=True)))
    strength = np.where(far >= least, np.maximum(far, least) ** -slope, 0)
    waves = dice.standard_normal((2, *far.shape), np.float32)
    noise = np.fft.irfftn((waves[0] + 1j * waves[1]) * strength.astype(np.float32), shape, range(len(shape)))
    noise = noise.astype(np.float32)
    return noise / noise.std()


def resized(field: Field, width: int, height: int) -> Field:
    """Scale a field of values smoothly."""
    return np.array(Image.fromarray(field).resize((width, height), Image.Resampling.BILINEAR))


def smooth(value: Field) -> Field:
    """Ease from 0 to 1 with soft ends; what is outside is held."""
    held = np.clip(value, 0, 1)
    return held * held * (3 - 2 * held)
