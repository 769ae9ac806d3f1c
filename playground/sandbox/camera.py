"""The camera, and the plates it looks at: painted strips of a scene, one behind the other."""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from playground.sandbox.paint import smooth
from playground.sandbox.planes import SPARE, Planes, cut, from_image, lay, padded, size_of, view
from playground.sandbox.story import table

PERIOD = 2048
"""Columns of a plate in units (pixels where the shorter side of the picture has 720); then it begins again."""
EYE = 0.42
"""How high the camera stands above the ground, in world units."""

_AT_REST = 1.06
"""No camera looks at a plate pixel by pixel: `view` finds the places between them only where it is scaled."""
_CLOSEST = 1.45


class Pose(NamedTuple):
    """Where the camera is: across, up and forward in world units; turned and tilted in pixels; its zoom."""

    across: float
    up: float
    forward: float
    turn: float
    tilt: float
    zoom: float


class Frame(NamedTuple):
    """A picture's geometry in pixels: its size, the row of the horizon, the focal length; `unit` is 1 at 720p."""

    width: int
    height: int
    horizon: float
    focal: float
    unit: float

    def level(self, pose: Pose) -> float:
        """The row of the horizon as the camera stands."""
        return self.height / 2 + (self.horizon - self.height / 2) * pose.zoom + pose.tilt

    def foot(self, depth: float) -> float:
        """How many rows below the horizon the ground lies so far away."""
        return EYE * self.focal / depth

    def pose(self, move: str, passed: float, seconds: float, shot: int) -> Pose:
        """Where a move has brought the camera when a share of it is over; every shot begins at another place."""
        share, way = float(smooth(passed)), table("scenery")["camera"][move]
        ends = (way.get("goes", {}).get(name, (0, 0)) for name in Pose._fields)
        across, up, forward, turn, tilt, zoom = (begin + (end - begin) * share for begin, end in ends)
        shaken = way.get("shakes", 0) * self.unit
        turn = self.width * turn + shaken * (math.sin(seconds * 2.1) + 0.5 * math.sin(seconds * 5.3 + 1))
        tilt = self.height * tilt + 0.7 * shaken * math.sin(seconds * 2.9 + 2)
        return Pose(across + 2.7 * shot, up, forward + 0.25 * (shot % 2), turn, tilt, _AT_REST * _CLOSEST**zoom)


class Plate:
    """A painted strip, an RGBA image. It begins again beside itself, and goes on above and below as its outer rows.

    `top` is its first row, in pixels below the horizon (mostly negative); `followed` is the share of the camera's way
    across that it keeps.
    """

    def __init__(self, frame: Frame, image: Image.Image, depth: float, top: float, followed: float = 0) -> None:
        self.depth, self._frame, self._followed, self._period = depth, frame, followed, image.width
        first, margin = max(0, (image.getbbox() or (0, 0))[1] - 2) & ~1, frame.height // 6 * 2
        painted = from_image(image.crop((0, first, *image.size)))
        see_through = np.flatnonzero((painted[3] < 255).any(1))
        solid = int(see_through[-1]) + 1 if see_through.size else 0
        # Below the last row that lets something through it hides all behind it; without any it needs no coverage.
        self._solid = margin + solid if solid < image.height - first else float("inf")
        beside = padded(painted if solid else painted[:3], 0, frame.width // 2 + SPARE, "wrap")
        self._painted, self._margin, self._top = padded(beside, margin, 0, "edge"), margin, top + first - margin

    def _place(self, pose: Pose) -> tuple[float, float, float]:
        """Which column and row of the plate the picture's first pixel shows, and how far the next one is."""
        step, shift = (1 - pose.forward / self.depth) / pose.zoom, self._frame.focal / self.depth
        left = (pose.turn * pose.zoom - self._frame.width / 2) * step + pose.across * (1 - self._followed) * shift
        top = -self._frame.level(pose) * step - pose.up * shift - self._top
        return SPARE + (left + (self._period + self._frame.width) / 2) % self._period, top, step

    def hides_from(self, pose: Pose) -> int:
        """The picture's first row (even) from which it hides everything behind it."""
        _, top, step = self._place(pose)
        return int(min(self._frame.height, max(0, (self._solid - top) / step + 2))) + 1 & ~1

    def draw(self, picture: Planes, pose: Pose, seconds: float) -> None:
        """Draw what the camera sees of it on the upper part of a picture, in place."""
        (left, top, step), width = self._place(pose), self._frame.width
        first = max(0, math.ceil((self._margin - top) / step) + 1 & ~1)
        high = min(size_of(picture)[1], int((size_of(self._painted)[1] - 1 - top) / step) & ~1) - first
        if high > 0:
            seen = view(self._painted, left, top + first * step, step, (width, high))
            solid = max(0, min(high, self.hides_from(pose) - first))
            lay(picture, cut(seen, 0, 0, width, solid), 0, first)
            lay(picture, cut(seen[:3], 0, solid, width, high - solid), 0, first + solid)
