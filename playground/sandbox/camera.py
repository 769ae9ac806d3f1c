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

    @property
    def margin(self) -> int:
        """By how many rows plates go on above and below."""
        return self.height // 6 * 2

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


class Plate(NamedTuple):
    """A painted strip. It begins again beside itself after a `period` of columns.

    `top` is its first row, in pixels below the horizon (mostly negative); from row `solid` on it hides all behind it.
    `followed` is the share of the camera's way across that it keeps.
    """

    frame: Frame
    painted: Planes
    depth: float
    top: float
    solid: float
    period: int
    followed: float

    def _place(self, pose: Pose) -> tuple[float, float, float]:
        """Which column and row of the plate the picture's first pixel shows, and how far the next one is."""
        step, shift = (1 - pose.forward / self.depth) / pose.zoom, self.frame.focal / self.depth
        left = (pose.turn * pose.zoom - self.frame.width / 2) * step + pose.across * (1 - self.followed) * shift
        top = -self.frame.level(pose) * step - pose.up * shift - self.top
        return SPARE + (left + (self.period + self.frame.width) / 2) % self.period, top, step

    def hides_from(self, pose: Pose) -> int:
        """The picture's first row (even) from which it hides everything behind it."""
        _, top, step = self._place(pose)
        return int(min(self.frame.height, max(0, (self.solid - top) / step + 2))) + 1 & ~1

    def draw(self, picture: Planes, pose: Pose, seconds: float) -> None:
        """Draw what the camera sees of it on the upper part of a picture, in place."""
        left, top, step = self._place(pose)
        first = max(0, math.ceil((self.frame.margin - top) / step) + 1 & ~1)
        high = min(size_of(picture)[1], int((size_of(self.painted)[1] - 1 - top) / step) & ~1) - first
        if high > 0:
            seen = view(self.painted, left, top + first * step, step, (self.frame.width, high))
            solid = max(0, min(high, self.hides_from(pose) - first))
            lay(picture, cut(seen, 0, 0, self.frame.width, solid), 0, first)
            lay(picture, cut(seen[:3], 0, solid, self.frame.width, high - solid), 0, first + solid)


def plate(frame: Frame, image: Image.Image, depth: float, top: float, followed: float = 0) -> Plate:
    """Make a strip of an RGBA image; it goes on above and below as its outer rows."""
    first = max(0, (image.getbbox() or (0, 0))[1] - 2) & ~1
    painted = from_image(image.crop((0, first, *image.size)))
    (period, rows), see_through = size_of(painted), np.flatnonzero((painted[3] < 255).any(1))
    solid = int(see_through[-1]) + 1 if see_through.size else 0
    hides = frame.margin + solid if solid < rows else float("inf")
    # What hides everything needs no coverage.
    beside = padded(painted if solid else painted[:3], 0, frame.width // 2 + SPARE, "wrap")
    painted = padded(beside, frame.margin, 0, "edge")
    return Plate(frame, painted, depth, top + first - frame.margin, hides, period, followed)
