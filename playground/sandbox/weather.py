"""What falls or floats before a scene: tiles of light that wander over the picture, and veils of fog."""

import math

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from playground.sandbox.palette import Palette, canvas, fractal, resized, smooth
from playground.sandbox.planes import WHOLE, Plane, Planes, mixed
from playground.sandbox.plates import Frame
from playground.sandbox.scenery import looks

_WHITE = 235


class Weather:
    """Rain, snow, sparks or fog for a picture."""

    def __init__(self, kind: str, palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._look, self._frame = looks()["weathers"].get(kind, {}), frame
        self._tiles = [(self._tile(count, near, dice), near) for count, near in self._look.get("layers", ())]
        self._veil = self._fog(palette, dice) if kind == "fog" else None

    def draw(self, picture: Planes, seconds: float) -> None:
        """Draw it as it is at a moment, in place."""
        height, width = picture.y.shape
        for number, (tile, near) in enumerate(self._tiles):
            down, across = self._moved(seconds, near, number)
            top, left = round(-down) % height, round(-across) % width
            light = tile[top : top + height, left : left + width]
            picture.y[...] = np.minimum(picture.y, _WHITE - light) + light
            if self._look.get("glows"):
                warmth = light[::2, ::2] >> 2
                picture.u[...] -= warmth
                picture.v[...] += warmth >> 1
        if self._veil is not None:
            share, tone = self._veil
            left = round(14 * self._frame.unit * seconds) & ~1
            seen = share[:, left : left + width]
            for shift, plane, colour in zip((0, 1, 1), picture, tone, strict=True):
                plane[...] = mixed(plane, colour[:1, :1], seen[:: 1 << shift, :: 1 << shift])

    def _moved(self, seconds: float, near: float, number: int) -> tuple[float, float]:
        (across, down), (sway, often) = self._look["falls"], self._look["sways"]
        pace = self._frame.unit * near
        return down * pace * seconds, pace * (across * seconds + sway * math.sin(often * seconds + 2 * number))

    def _tile(self, count: int, near: float, dice: np.random.Generator) -> Plane:
        """Paint a tile as large as the picture, twice each way, so that any piece of it can be cut out."""
        width, height = self._frame.width, self._frame.height
        image, unit, look = Image.new("L", (width, height)), self._frame.unit * near, self._look
        pen = ImageDraw.Draw(image)
        count = int(count * width * height / (1280 * 720 * self._frame.unit**2))
        across, down = look["falls"]
        for x, y, large, bright in dice.random((count, 4)) * (width, height, 1, 1):
            shine = int(look["dim"] + look["bright"] * bright)
            if look.get("streaks"):
                long = (22 + 16 * large) * unit
                pen.line((x, y, x + long * across / down, y + long), shine, max(1, round(unit * 0.8)))
                continue
            radius = (0.9 + 1.3 * large) * unit
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), shine)
        blurred = image.filter(ImageFilter.GaussianBlur(look["soft"] * near * self._frame.unit))
        if look.get("glows"):
            halo = image.filter(ImageFilter.GaussianBlur(7 * unit)).point([min(255, 3 * value) for value in range(256)])
            blurred = ImageChops.lighter(blurred, halo)
        return np.tile(np.asarray(blurred), (2, 2))

    def _fog(self, palette: Palette, dice: np.random.Generator) -> tuple[Plane, Planes]:
        frame = self._frame
        wide = frame.width + int(1000 * frame.unit)
        noise = resized(fractal(dice, (90, 320), 1.9, 3.0), wide, frame.height)
        down = np.arange(frame.height, dtype=np.float32)[:, None] - frame.horizon
        low = np.exp(-((down / (0.26 * frame.height)) ** 2))
        share = np.clip(low * (0.42 + 0.22 * noise), 0, 0.85) + 0.06 * smooth(noise)
        return np.asarray(share * WHOLE, np.uint8), canvas(palette.air, np.ones((2, 2), np.float32)).planes()
