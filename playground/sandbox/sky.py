"""The sky of a shot: colours, clouds, stars, a sun or a moon; in space nebulae and a planet."""

import numpy as np

from playground.sandbox.paint import WHITE, Field, Palette, blend, canvas_of, colour, fractal, resized, smooth, wash
from playground.sandbox.plates import PERIOD, Frame, Plate, plate

_COARSE = (320, 640)
_STARS = 1200
_OVERCAST = 0.8


def sky(palette: Palette, frame: Frame, dice: np.random.Generator, *, space: bool) -> Plate:
    """Paint it, half as high again as the picture shows."""
    wide, above = int(PERIOD * frame.unit) & ~1, int(frame.horizon * 1.7) & ~1
    high = above + int(frame.height * 0.2) & ~1
    up = np.linspace(1.7, -0.2 * frame.height / frame.horizon, _COARSE[0], dtype=np.float32)[:, None]
    sun = wide / 2 + float(dice.uniform(-0.3, 0.3)) * frame.width, above - palette.sun * frame.horizon
    across = np.linspace(0, wide, _COARSE[1], dtype=np.float32) - np.float32(sun[0])
    distance = np.hypot(across, above - up * frame.horizon - sun[1]) / frame.height
    air = canvas_of(palette.sky[0], np.ones(_COARSE))
    for tone, start, end in zip(palette.sky[1:], (1.15, 0.5, 0.2), (0.5, 0.2, 0.0), strict=True):
        wash(air, tone, np.clip((start - up) / (start - end), 0, 1))
    overcast = palette.clouds >= _OVERCAST
    if space:
        _nebulae(air, dice)
    else:
        warmth = np.clip(0.75 * np.exp(-distance * 3.2) + 0.4 * np.exp(-distance * 12), 0, 1)
        wash(air, palette.glow, warmth * (0.3 if overcast or palette.dark else 0.75))
        _clouds(air, palette, up, distance, dice, overcast=overcast)
    air = np.stack([resized(channel, wide, high) for channel in air])
    if not overcast:
        if palette.dark:
            _stars(air, dice)
        _disc(air, sun, palette, frame.unit, dice, planet=space)
    # A grain finer than a step of the encoder keeps wide gradients from banding.
    air += resized(dice.standard_normal((high // 2, wide // 2), np.float32), wide, high)
    return plate(frame, air, None, float("inf"), -above)


def _clouds(
    air: Field, palette: Palette, up: Field, distance: Field, dice: np.random.Generator, *, overcast: bool
) -> None:
    # Near the horizon clouds are far away: rows of the same noise crowd together there.
    rows = (np.clip(up[:, 0], 0.004, None) ** 0.42 * 215).astype(int) % _COARSE[0]
    noise = fractal(dice, _COARSE, 1.75, 2.6)[rows]
    amount = max(palette.clouds, float(dice.uniform(-0.35, 0.25)))
    cover = smooth((noise + amount - 0.25) / 1.5) * smooth(up * 9) * 0.9
    # The side towards the light is bright, the body below it in shade.
    lit = smooth(0.5 + 0.9 * (noise - np.roll(noise, -7, axis=0)) + 0.5 * np.exp(-distance * 2.5))
    bright, shade = blend(palette.glow, palette.sky[3], 0.35), blend(palette.sky[1], palette.sky[2], 0.5)
    if palette.dark:
        bright, shade = blend(palette.sky[3], palette.sky[1], 0.3), palette.sky[1]
    wash(air, shade, cover)
    # Under a closed sky there is no bright side.
    wash(air, blend(bright, shade, 0.65 if overcast and not palette.dark else 0), cover * lit)


def _nebulae(air: Field, dice: np.random.Generator) -> None:
    for tone in ((130, 50, 170), (30, 110, 180), (210, 100, 80)):
        veil = smooth((fractal(dice, _COARSE, 2.0, 1.6) + 0.1) / 2.4)
        wash(air, colour(*tone), veil * smooth(0.8 + fractal(dice, _COARSE, 1.5) * 0.3) * 0.6)


def _stars(air: Field, dice: np.random.Generator) -> None:
    high, wide = air.shape[1:]
    down, along = dice.integers(2, high - 3, _STARS), dice.integers(2, wide - 3, _STARS)
    shine = 35 + 220 * dice.random(_STARS, np.float32) ** 5
    for row, column, part in ((0, 0, 1.0), (0, 1, 0.5), (1, 0, 0.5), (1, 1, 0.3)):
        at = (slice(None), down + row, along + column)
        air[at] = np.maximum(air[at], shine * np.float32(part))


def _disc(
    air: Field, at: tuple[float, float], palette: Palette, unit: float, dice: np.random.Generator, *, planet: bool
) -> None:
    """Draw the sun, the moon with its seas, or a planet half in the dark, with smooth rims."""
    radius = unit * (150 if planet else 30 if palette.dark else 34)
    down = (np.arange(air.shape[1], dtype=np.float32)[:, None] - at[1]) / radius
    along = (np.arange(air.shape[2], dtype=np.float32) - at[0]) / radius
    rows, columns = (slice(*np.flatnonzero(np.abs(part.ravel()) < 7)[[0, -1]]) for part in (down, along))
    part, down, along = air[:, rows, columns], down[rows], along[columns]
    out = np.hypot(down, along)
    disc = np.clip((1 - out) * radius + 0.5, 0, 1)
    if planet:
        # Bands of cloud as on Jupiter.
        bands = resized(fractal(dice, (64, 64), 1.8, 3.0), *part.shape[:0:-1])
        light = np.clip(0.12 - 0.75 * along - 0.55 * down, 0.0, 1) ** 0.8
        wash(part, colour(4, 4, 10), disc)
        wash(part, colour(216, 150, 104), np.clip(disc * light * (0.85 + 0.14 * bands), 0, 1))
        wash(part, colour(120, 160, 240), np.exp(-np.abs(out - 1) * 20) * light * 0.7)
        return
    wash(part, palette.glow, np.exp(-np.maximum(out - 1, 0)) * (0.2 if palette.dark else 0.5))
    wash(part, blend(palette.glow, WHITE, 0.5), disc)
    if palette.dark:
        seas = np.sin(4.1 * along + 2) * np.sin(3.3 * down - 1.2 * along)
        wash(part, palette.sky[2], disc * smooth(seas) * 0.3)
