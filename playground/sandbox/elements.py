"""What surrounds the land of a shot: the sky above, water before it, and what falls or floats in the air."""

import math
from typing import Any

import numpy as np

from playground.sandbox import paint
from playground.sandbox.land import SHORE
from playground.sandbox.paint import Field, Palette, blend, colour, cut_out, piece, primed, smooth, wash
from playground.sandbox.planes import HALVINGS, Plane, Planes, lay, mixed
from playground.sandbox.plates import EYE, PERIOD, Frame, Plate, Pose, plate
from playground.sandbox.story import Shot

_COARSE = (320, 640)
_STARS = 1200
_SIDE = 1024
_CELLS_A_UNIT = 190
# Two trains of waves, each with its way across and towards the camera in world units a second.
_TRAINS = ((0.05, 0.16), (-0.11, 0.07))


def sky(palette: Palette, frame: Frame, dice: np.random.Generator, *, space: bool) -> Plate:
    """Paint it, half as high again as the picture shows."""
    wide, above = int(PERIOD * frame.unit) & ~1, int(frame.horizon * 1.7) & ~1
    high = above + int(frame.height * 0.2) & ~1
    up = np.linspace(1.7, -0.2 * frame.height / frame.horizon, _COARSE[0], dtype=np.float32)[:, None]
    sun = wide / 2 + float(dice.uniform(-0.3, 0.3)) * frame.width, above - palette.sun * frame.horizon
    across = np.linspace(0, wide, _COARSE[1], dtype=np.float32) - np.float32(sun[0])
    distance = np.hypot(across, above - up * frame.horizon - sun[1]) / frame.height
    air = primed(palette.sky[0], np.ones(_COARSE))
    for tone, start, end in zip(palette.sky[1:], (1.15, 0.5, 0.2), (0.5, 0.2, 0.0), strict=True):
        wash(air, tone, np.clip((start - up) / (start - end), 0, 1))
    if space:
        _nebulae(air, dice)
    else:
        warmth = np.clip(0.75 * np.exp(-distance * 3.2) + 0.4 * np.exp(-distance * 12), 0, 1)
        wash(air, palette.glow, warmth * (0.3 if palette.overcast or palette.dark else 0.75))
        _clouds(air, palette, up, distance, dice)
    air = np.stack([paint.resized(channel, (high, wide)) for channel in air])
    if not palette.overcast:
        if palette.dark:
            _stars(air, dice)
        _disc(air, sun, palette, frame.unit, dice, planet=space)
    # A grain finer than a step of the encoder keeps wide gradients from banding.
    air += paint.resized(dice.standard_normal((high // 2, wide // 2), np.float32), (high, wide))
    return plate(frame, air, np.ones((high, wide), np.float32), float("inf"), -above)


def _clouds(air: Field, palette: Palette, up: Field, distance: Field, dice: np.random.Generator) -> None:
    # Near the horizon clouds are far away: rows of the same noise crowd together there.
    rows = (np.clip(up[:, 0], 0.004, None) ** 0.42 * 215).astype(int) % _COARSE[0]
    noise = paint.fractal(dice, _COARSE, 1.75, 2.6)[rows]
    amount = max(palette.clouds, float(dice.uniform(-0.35, 0.25)))
    cover = smooth((noise + amount - 0.25) / 1.5) * smooth(up * 9) * 0.9
    # The side towards the light is bright, the body below it in shade.
    lit = smooth(0.5 + 0.9 * (noise - np.roll(noise, -7, axis=0)) + 0.5 * np.exp(-distance * 2.5))
    bright, shade = blend(palette.glow, palette.sky[3], 0.35), blend(palette.sky[1], palette.sky[2], 0.5)
    if palette.dark:
        bright, shade = blend(palette.sky[3], palette.sky[1], 0.3), palette.sky[1]
    wash(air, shade, cover)
    # Under a closed sky there is no bright side.
    wash(air, blend(bright, shade, 0.65 if palette.overcast and not palette.dark else 0), cover * lit)


def _nebulae(air: Field, dice: np.random.Generator) -> None:
    for tone in ((130, 50, 170), (30, 110, 180), (210, 100, 80)):
        veil = smooth((paint.fractal(dice, _COARSE, 2.0, 1.6) + 0.1) / 2.4)
        wash(air, colour(tone), veil * smooth(0.8 + paint.fractal(dice, _COARSE, 1.5) * 0.3) * 0.6)


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
        bands = paint.resized(paint.fractal(dice, (64, 64), 1.8, 3.0), out.shape)
        light = np.clip(0.12 - 0.75 * along - 0.55 * down, 0.0, 1) ** 0.8
        wash(part, colour((4, 4, 10)), disc)
        wash(part, colour((216, 150, 104)), np.clip(disc * light * (0.85 + 0.14 * bands), 0, 1))
        wash(part, colour((120, 160, 240)), np.exp(-np.abs(out - 1) * 20) * light * 0.7)
        return
    wash(part, palette.glow, np.exp(-np.maximum(out - 1, 0)) * (0.2 if palette.dark else 0.5))
    wash(part, blend(palette.glow, paint.WHITE, 0.5), disc)
    if palette.dark:
        seas = np.sin(4.1 * along + 2) * np.sin(3.3 * down - 1.2 * along)
        wash(part, palette.sky[2], disc * smooth(seas) * 0.3)


class Water:
    """Sea, lake, river or wet street from a distance in world units to the camera."""

    def __init__(self, shot: Shot, palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._frame, sea = frame, shot.place == "ocean"
        self.depth = SHORE - 0.01
        self._far = 90.0 if sea else SHORE
        rough = 1.6 if shot.hour == "storm" or shot.weather == "rain" else 1.0
        self._rough = rough * (1.0 if sea else 0.3 if shot.place == "city" else 0.35)
        waves = paint.fractal(dice, (_SIDE, _SIDE), 1.7, 2.0, least=6)
        self._waves = np.clip(waves * 42, -127, 127).astype(np.int8).ravel()
        deep = colour((12, 52, 70)) if sea else colour((16, 34, 40))
        self._deep = piece(primed(blend(deep * palette.light, palette.sky[1], 0.25), np.ones((2, 2))))
        # Waves are wider than they are high: pixels side by side mirror the same row.
        self._run = 4 if frame.width % 4 == 0 else 2

    def hides_from(self, pose: Pose) -> int:
        """The row at which the water begins."""
        away = (EYE + pose.up) * self._frame.focal * pose.zoom / max(self._far - pose.forward, 1)
        return int(np.clip(self._frame.level(pose) + away, 2, self._frame.height)) & ~1

    def draw(self, picture: Planes, pose: Pose, seconds: float, bottom: int) -> None:
        """Cover the picture from the far shore down."""
        frame, line, run = self._frame, self.hides_from(pose), self._run
        if line >= bottom:
            return
        rows = np.arange(line, bottom, dtype=np.float32)
        away = np.minimum((EYE + pose.up) * frame.focal * pose.zoom / np.maximum(rows - frame.level(pose), 0.5), 120)
        waves = self._heights(away, pose, seconds)
        near = (rows - line) / max(frame.height - line, 1)
        # The reflection is drawn out towards the camera, the more the nearer it is.
        reach = self._rough * (rows - line + 6 * frame.unit) * 0.0075
        mirrored = (line - 1 - (rows - line) * min(1.0, 0.9 * line / (frame.height - line)))[:, None] + waves * reach[
            :, None
        ]
        source = np.minimum(np.abs(mirrored), line - 1).astype(np.int32)
        own = (0.16 + 0.5 * near[:, None]) * 255
        for halving, plane, deep in zip(HALVINGS, picture, self._deep, strict=False):
            runs = plane.view(f"u{run >> halving}")
            at = (source[:: 1 << halving] >> halving) * runs.shape[1] + np.arange(runs.shape[1], dtype=np.int32)
            taken = runs.ravel().take(at).view(np.uint8)
            share = np.broadcast_to(own[:: 1 << halving].astype(np.uint8), taken.shape)
            plane[line >> halving : bottom >> halving] = mixed(taken, np.broadcast_to(deep[:1, :1], taken.shape), share)
        below = picture[0][line:bottom].reshape(len(rows), -1, run)
        shade = waves * (np.float32(0.16 * self._rough**0.5) * near**0.4)[:, None]
        shade *= below[:, :, 0] * np.float32(0.006) + np.float32(0.25)
        below[...] = np.clip(below + shade.astype(np.int16)[:, :, None], 16, 235)

    def _heights(self, away: Field, pose: Pose, seconds: float) -> Field:
        """The waves' heights over each run of pixels, about -200 to 200."""
        columns = np.arange(self._run / 2, self._frame.width, self._run, dtype=np.float32)
        columns += np.float32(pose.turn * pose.zoom - self._frame.width / 2)
        across = columns * (away * np.float32(_CELLS_A_UNIT / self._frame.focal / pose.zoom))[:, None]
        total = np.zeros(across.shape, np.float32)
        for number, (sideways, towards) in enumerate(_TRAINS):
            offset = (pose.across + sideways * seconds) * _CELLS_A_UNIT + 333 * number
            row = ((away + pose.forward + towards * seconds) * _CELLS_A_UNIT).astype(np.int32) & (_SIDE - 1)
            column = (across + np.float32(offset)).astype(np.int32) & (_SIDE - 1)
            total += self._waves.take(column + (row * _SIDE)[:, None])
        # Far waves are smaller than a pixel.
        return total * np.minimum(1, 5 / away)[:, None]


class Weather:
    """Rain, snow, sparks or fog as a table says, for a picture."""

    depth = 0.0

    def __init__(self, look: dict[str, Any], palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._look, self._frame = look, frame
        self._tiles = [(self._tile(count, near, dice), near) for count, near in look.get("layers", ())]
        self._veil = self._fog(palette, dice) if "veil" in look else None

    def hides_from(self, pose: Pose) -> int:
        """It hides nothing."""
        return self._frame.height

    def draw(self, picture: Planes, pose: Pose, seconds: float, bottom: int) -> None:
        """Lighten the picture where something falls; lay the fog over it."""
        height, width = picture[0].shape
        for number, (tile, near) in enumerate(self._tiles):
            (along, down), (sway, often) = self._look["falls"], self._look["sways"]
            pace = self._frame.unit * near
            left = round(-pace * (along * seconds + sway * math.sin(often * seconds + 2 * number))) % width
            top = round(-pace * down * seconds) % height
            light = tile[top : top + height, left : left + width]
            picture[0][...] = np.minimum(picture[0], 235 - light) + light
            if "halo" in self._look:
                picture[1][...] -= light[::2, ::2] >> 2
                picture[2][...] += light[::2, ::2] >> 3
        if self._veil is not None:
            lay(picture, self._veil, -round(14 * self._frame.unit * seconds), 0)

    def _tile(self, count: int, near: float, dice: np.random.Generator) -> Plane:
        """Paint a tile as large as the picture, twice each way, so that any piece of it can be cut out."""
        size, unit, look = (self._frame.width, self._frame.height), self._frame.unit, self._look
        spots = dice.random((int(count * size[0] * size[1] / (1280 * 720 * unit**2)), 3)) * (*size, 1)
        shapes = [(look["shape"], x, y, look["size"] * near * unit * (0.6 + large)) for x, y, large in spots]
        light = cut_out((size[1], size[0]), shapes, look["soft"] * near * unit)
        if "halo" in look:
            light = np.maximum(light, 3 * cut_out((size[1], size[0]), shapes, look["halo"] * near * unit))
        return np.tile((light.clip(0, 1) * look["bright"]).astype(np.uint8), (2, 2))

    def _fog(self, palette: Palette, dice: np.random.Generator) -> Planes:
        frame = self._frame
        wide = frame.width + int(1000 * frame.unit) & ~1
        noise = paint.resized(paint.fractal(dice, (90, 320), 1.9, 3.0), (frame.height, wide))
        down = np.arange(frame.height, dtype=np.float32)[:, None] - frame.horizon
        low = np.exp(-((down / (0.26 * frame.height)) ** 2))
        share = np.clip(low * (0.42 + 0.22 * noise), 0, 0.85) + 0.06 * smooth(noise)
        return piece(primed(palette.air, np.ones(share.shape)), share)
