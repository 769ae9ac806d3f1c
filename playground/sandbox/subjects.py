"""Silhouettes of what a prompt is about: plain shapes that stand in the scene, no more."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from playground.sandbox.land import EYE
from playground.sandbox.palette import Field, Palette, blend, canvas
from playground.sandbox.plates import Frame, Plate, plate
from playground.sandbox.scenery import looks
from playground.sandbox.story import Shot


def subject(shot: Shot, palette: Palette, frame: Frame, side: float) -> Plate | None:
    """Paint what the shot is about; `side` (-1 to 1) says how far from the middle it stands, and where to."""
    if shot.subject is None:
        return None
    look = looks()["subjects"][shot.subject]
    high = int(look["tall"] * frame.unit) & ~1
    alpha = _mask(look["body"], high)
    body = blend(palette.lit(palette.land), (14, 14, 20), 0.72)
    coat = shot.coat or look.get("coat")
    body = blend(body, palette.lit(coat), 0.7) if coat is not None else body
    painted = canvas(body, np.ones((high, high), np.float32))
    light = 0.9 if palette.dark else 0.8
    painted.wash(palette.lit((246, 240, 228)), _mask(look["pale"], high) * np.float32(light))
    painted.wash((255, 214, 140), _mask(look["shining"], high))
    foot = EYE * frame.focal / look["distance"] - look["above"] * frame.unit
    # A plate's middle is the picture's: wide enough to stand beside it.
    aside = int(abs(side) * frame.width * 0.72) & ~1
    before, after = (aside, 0) if side > 0 else (0, aside)
    alpha = np.pad(alpha, ((0, 0), (before, after)))
    return plate(painted.padded(before // 2 * 2, after // 2 * 2), alpha, look["distance"], foot - high, once=True)


def _mask(shapes: Sequence[Sequence[tuple[float, float]]], high: int) -> Field:
    image = Image.new("L", (high * 2, high * 2))
    pen = ImageDraw.Draw(image)
    for points in shapes:
        pen.polygon([(x * high / 50, (100 - y) * high / 50) for x, y in points], fill=255)
    return np.asarray(image.reduce(2), np.float32) / 255
