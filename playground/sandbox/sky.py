"""The sky of a shot: colours, clouds, stars, a sun or a moon; in space nebulae and a planet."""

import numpy as np

from playground.sandbox.palette import Canvas, Field, Palette, blend, canvas, fractal, resized, smooth
from playground.sandbox.plates import FAR, PLATE_WIDTH, Frame, Plate, plate
from playground.sandbox.story import Shot

_COARSE = (320, 640)
_STARS = 1200


def sky(shot: Shot, palette: Palette, frame: Frame, dice: np.random.Generator) -> Plate:
    """Paint it, half as high again as the picture shows."""
    wide, high = int(PLATE_WIDTH * frame.unit) & ~1, int(frame.horizon * 1.6 + frame.height * 0.1) & ~1
    above = frame.horizon * 1.5
    up = np.linspace(1.5, (above - high) / frame.horizon, _COARSE[0], dtype=np.float32)[:, None]
    sun = wide / 2 + float(dice.uniform(-0.3, 0.3)) * frame.width, above - palette.sun * frame.horizon
    across = np.linspace(0, wide, _COARSE[1], dtype=np.float32)[None, :] - np.float32(sun[0])
    distance = np.hypot(across, (above - up * frame.horizon) - sun[1]) / frame.height
    overcast = shot.hour == "storm" or shot.weather in ("rain", "snow", "fog")
    air = canvas(palette.sky[0], np.ones(_COARSE, np.float32), halved=False)
    for colour, start, end in zip(palette.sky[1:], (1.15, 0.5, 0.2), (0.5, 0.2, 0.0), strict=True):
        air.wash(colour, np.clip((start - up) / (start - end), 0, 1))
    if shot.place == "space":
        _nebulae(air, dice)
    else:
        warmth = 0.75 * np.exp(-distance * 3.2) + 0.4 * np.exp(-distance * 12)
        air.wash(palette.glow, np.clip(warmth, 0, 1) * (0.3 if overcast or palette.dark else 0.75))
        _clouds(air, shot, palette, up, distance, dice)
    air = air.enlarged(wide, high)
    if not overcast:
        if palette.dark:
            _stars(air, dice)
        _disc(air, sun, frame, palette, shot, dice)
    # A grain finer than a step of the encoder keeps wide gradients from banding.
    air.y[...] += resized(dice.standard_normal((high // 2, wide // 2), np.float32), wide, high)
    return plate(air, np.ones((high, wide), np.float32), FAR, -above)


def _clouds(air: Canvas, shot: Shot, palette: Palette, up: Field, distance: Field, dice: np.random.Generator) -> None:
    # Near the horizon clouds are far away: rows of the same noise crowd together there.
    rows = (np.clip(up[:, 0], 0.004, None) ** 0.42 * 215).astype(int) % _COARSE[0]
    noise = fractal(dice, _COARSE, 1.75, 2.6)[rows]
    heavy = {"storm": 1.3, "rain": 1.3, "snow": 1.2, "fog": 0.8}
    amount = max(heavy.get(shot.hour, 0.0), heavy.get(shot.weather or "", 0.0), float(dice.uniform(-0.35, 0.25)))
    cover = smooth((noise + amount - 0.25) / 1.5) * smooth(up * 9) * 0.9
    # The side towards the light is bright, the body below it in shade.
    lit = smooth(0.5 + 0.9 * (noise - np.roll(noise, -7, axis=0)) + 0.5 * np.exp(-distance * 2.5))
    bright, shade = blend(palette.glow, palette.sky[3], 0.35), blend(palette.sky[1], palette.sky[2], 0.5)
    if palette.dark:
        bright, shade = blend(palette.sky[3], palette.sky[1], 0.3), palette.sky[1]
    elif shot.weather is not None:
        # Under a closed sky there is no bright side.
        bright = blend(bright, shade, 0.65)
    air.wash(shade, cover)
    air.wash(bright, cover * lit)


def _nebulae(air: Canvas, dice: np.random.Generator) -> None:
    for tone in ((130, 50, 170), (30, 110, 180), (210, 100, 80)):
        veil = smooth((fractal(dice, _COARSE, 2.0, 1.6) + 0.1) / 2.4)
        air.wash(tone, veil * smooth(0.8 + fractal(dice, _COARSE, 1.5) * 0.3) * 0.6)


def _stars(air: Canvas, dice: np.random.Generator) -> None:
    high, wide = air.y.shape
    down, along = dice.integers(2, high - 3, _STARS), dice.integers(2, wide - 3, _STARS)
    shine = 30 + 190 * dice.random(_STARS, np.float32) ** 5
    for row, column, part in ((0, 0, 1.0), (0, 1, 0.5), (1, 0, 0.5), (1, 1, 0.3)):
        np.maximum.at(air.y, (down + row, along + column), shine * np.float32(part))


def _disc(
    air: Canvas, at: tuple[float, float], frame: Frame, palette: Palette, shot: Shot, dice: np.random.Generator
) -> None:
    """Draw the sun, the moon with its seas, or a planet half in the dark, with smooth rims."""
    planet = shot.place == "space"
    radius = frame.unit * (150 if planet else 30 if palette.dark else 34)
    reach = int(radius * (1.3 if planet else 7))
    rows, columns = (slice(max(0, int(middle) - reach) & ~1, int(middle) + reach & ~1) for middle in (at[1], at[0]))
    part = air.at(rows, columns)
    high, wide = part.y.shape
    down = (np.arange(high, dtype=np.float32)[:, None] + rows.start - at[1]) / radius
    along = (np.arange(wide, dtype=np.float32)[None, :] + columns.start - at[0]) / radius
    out = np.hypot(down, along)
    disc = np.clip((1 - out) * radius + 0.5, 0, 1)
    spots = resized(fractal(dice, (64, 64), 1.8, 3.0 if planet else 1.0), wide, high)
    if planet:
        light = np.clip(0.12 - 0.75 * along - 0.55 * down, 0.0, 1) ** 0.8
        part.wash((4, 4, 10), disc)
        part.wash((216, 150, 104), np.clip(disc * light * (0.85 + 0.14 * spots), 0, 1))
        part.wash((120, 160, 240), np.exp(-np.abs(out - 1) * 20) * light * 0.7)
        return
    part.wash(palette.glow, np.exp(-np.maximum(out - 1, 0)) * (0.2 if palette.dark else 0.5))
    part.wash(blend(palette.glow, (255, 255, 255), 0.5), disc)
    if palette.dark:
        part.wash(palette.sky[2], disc * smooth(spots) * 0.3)
