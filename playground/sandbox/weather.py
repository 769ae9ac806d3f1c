"""What falls or floats in front of a scene: tiles of light specks that wander over the picture."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from playground.sandbox.planes import Plane, Planes, as_plane
from playground.sandbox.story import Weather

_WHITE = 235


class Specks:
    """Rain, snow or motes for a picture size. Fog has no specks: it is in the colours."""

    def __init__(self, weather: Weather, size: tuple[int, int], dice: np.random.Generator) -> None:
        self._weather = weather
        self._unit = min(size) / 720
        kinds = {"rain": ((300, 1.0), (200, 1.5)), "snow": ((260, 1.0), (120, 1.7), (40, 2.8)), "motes": ((46, 1.6),)}
        self._tiles = [(self._tile(count, scale, size, dice), scale) for count, scale in kinds.get(weather, ())]

    def draw(self, picture: Planes, seconds: float) -> None:
        """Brighten the picture where specks are at this moment, in place."""
        for number, (tile, nearness) in enumerate(self._tiles):
            down, across = self._moved(seconds, nearness, number)
            light = np.roll(tile, (round(down), round(across)), (0, 1))
            picture.y[...] += np.minimum(light, _WHITE - np.minimum(picture.y, _WHITE))

    def _moved(self, seconds: float, nearness: float, number: int) -> tuple[float, float]:
        unit = self._unit * nearness
        if self._weather == "rain":
            return 900 * unit * seconds, -110 * unit * seconds
        if self._weather == "snow":
            return 74 * unit * seconds, 26 * unit * math.sin(seconds * 0.9 + 2 * number)
        return -16 * unit * seconds, 30 * unit * math.sin(seconds * 0.5)

    def _tile(self, count: int, scale: float, size: tuple[int, int], dice: np.random.Generator) -> Plane:
        image = Image.new("L", size)
        pen = ImageDraw.Draw(image)
        unit = self._unit * scale
        for across, down, large, bright in dice.random((count, 4)):
            x, y = across * size[0], down * size[1]
            if self._weather == "rain":
                length = (10 + 10 * large) * unit
                shade = int(26 + 40 * bright)
                pen.line((x, y, x - length * 0.12, y + length), fill=shade, width=max(1, round(unit)))
                continue
            radius = (0.9 + 1.3 * large) * unit
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=int(120 + 110 * bright))
        soft = {"rain": 0.4, "snow": 0.8, "motes": 1.8}.get(self._weather, 1.0)
        return as_plane(image.filter(ImageFilter.GaussianBlur(soft * unit)))
