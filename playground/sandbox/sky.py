"""The sky of a scene: painted once, wider than the picture, then looked at through a moving window."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from playground.sandbox import planes
from playground.sandbox.palette import Palette
from playground.sandbox.planes import Planes
from playground.sandbox.story import Story

Field = NDArray[np.floating[Any]]

_WIDER = 1.4
_PAINTED_WIDTH = 800
_STARS = 340


class Sky:
    """A painted sky for pictures of `width` pixels, `height` pixels from the top edge to below the horizon."""

    def __init__(self, story: Story, palette: Palette, width: int, height: int, dice: np.random.Generator) -> None:
        self._width, self._height = width, height & ~1
        plate = (int(width * _WIDER) & ~3, self._height)
        self._images = [Image.fromarray(plane) for plane in _painted(story, palette, plate, dice)]

    def window(self, across: float) -> Planes:
        """Look at it; `across` is -1 at the left end and 1 at the right one."""
        room = self._images[0].width - self._width
        left = room * 0.5 * (1 + min(1.0, max(-1.0, across)))
        return Planes(*(self._crop(image, left, shift) for image, shift in zip(self._images, (0, 1, 1), strict=True)))

    def _crop(self, image: Image.Image, left: float, shift: int) -> planes.Plane:
        width, height, left = self._width >> shift, self._height >> shift, left / (1 << shift)
        box = (left, 0, left + width, height)
        return planes.as_plane(image.resize((width, height), Image.Resampling.BILINEAR, box))


def clouds(width: int, height: int, dice: np.random.Generator, octaves: int = 6, cells: int = 4) -> Field:
    """Return soft fractal noise, 0 to 1, shape (height, width)."""
    total = np.zeros((height, width), np.float32)
    strength = 1.0
    for octave in range(octaves):
        across = cells * 2**octave
        down = max(2, 2 * across * height // width)
        grid = Image.fromarray(dice.random((down + 1, across + 1), np.float32))
        total += strength * np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC))
        strength *= 0.54
    total -= total.min()
    return total / total.max()


def _painted(story: Story, palette: Palette, plate: tuple[int, int], dice: np.random.Generator) -> Planes:
    width = min(_PAINTED_WIDTH, plate[0])
    height = max(16, plate[1] * width // plate[0])
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    sun = (0.56, _sun_height(palette, story))
    colour = _gradient(palette, down)
    colour = _with_clouds(colour, story, palette, clouds(width, height, dice), down)
    distance = np.hypot((across - sun[0]) * width, (down - sun[1]) * height) / height
    warmth = (0.62 * np.exp(-distance * 3.4) + 0.3 * np.exp(-distance * 11)) * (0.5 if palette.dark else 1)
    if story.weather in ("rain", "fog"):
        warmth = warmth * 0.35
    colour += (np.asarray(palette.glow, np.float32) - colour) * np.clip(warmth, 0, 1)
    small = Image.fromarray(colour.clip(0, 255).astype(np.uint8))
    large = small.resize(plate, Image.Resampling.BICUBIC)
    if palette.dark:
        _stars(large, dice)
    if story.weather not in ("rain", "fog"):
        _disc(large, (sun[0] * plate[0], sun[1] * plate[1]), plate[1] * (0.045 if palette.dark else 0.06), palette)
    return planes.from_image(large)


def _sun_height(palette: Palette, story: Story) -> float:
    if palette.dark or story.hour in ("day", "storm"):
        return 0.3
    return 0.78 if story.hour in ("sunset", "dawn") else 0.62


def _gradient(palette: Palette, down: Field) -> Field:
    zenith, horizon = (np.asarray(colour, np.float32) for colour in (palette.zenith, palette.horizon))
    return zenith + (horizon - zenith) * np.clip(down * 1.12, 0, 1) ** 1.5


def _with_clouds(colour: Field, story: Story, palette: Palette, noise: Field, down: Field) -> Field:
    if story.place == "space":
        violet, blue = np.asarray((126, 58, 158), np.float32), np.asarray((34, 112, 168), np.float32)
        veil = np.clip(noise - 0.48, 0, 1)[..., None]
        other = np.clip(0.5 - noise, 0, 1)[..., None]
        return colour * 0.4 + violet * veil * 1.7 + blue * other
    heavy = 0.42 if story.weather in ("rain", "snow") or story.hour == "storm" else 0.0
    cover = np.clip(noise * 2.4 - 1.15 + heavy, 0, 1)[..., None] * np.clip(1.25 - down * 1.1, 0, 1)
    lit = np.asarray(palette.glow, np.float32) * 0.55 + np.asarray(palette.horizon, np.float32) * 0.45
    shade = colour * 0.72 if heavy else lit
    return colour + (shade - colour) * cover * (0.35 if palette.dark else 0.62)


def _stars(image: Image.Image, dice: np.random.Generator) -> None:
    pen = ImageDraw.Draw(image)
    unit = max(0.5, image.height / 460)
    for across, down, size, bright in dice.random((_STARS, 4)):
        x, y, radius = across * image.width, down**1.3 * image.height * 0.9, (0.35 + size**4 * 1.1) * unit
        shine = int(110 + 145 * bright)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(shine, shine, min(255, shine + 18)))


def _disc(image: Image.Image, centre: tuple[float, float], radius: float, palette: Palette) -> None:
    """Draw the sun or the moon with a smooth rim (at four times the size, then reduced)."""
    side = max(8, int(radius * 2) & ~1)
    mask = Image.new("L", (side * 4, side * 4))
    ImageDraw.Draw(mask).ellipse((0, 0, side * 4 - 1, side * 4 - 1), fill=244)
    red, green, blue = (round(channel) for channel in palette.glow)
    at = (int(centre[0] - side / 2), int(centre[1] - side / 2))
    image.paste((red, green, blue), at, mask.reduce(4))
