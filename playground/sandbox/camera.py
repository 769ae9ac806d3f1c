"""The camera, and the plates it looks at: painted strips of a scene, one behind the other."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from playground.sandbox.paint import smooth
from playground.sandbox.planes import Planes, blank, lay, piece, size_of, view
from playground.sandbox.story import table

PERIOD = 2048
"""Columns of a plate in units (pixels where the shorter side of the picture has 720); then it begins again."""
EYE = 0.42
"""How high the camera stands above the ground, in world units."""
SHORE = 4.8
"""Land as far away as this or farther stands behind the water of a shot."""

_CLOSEST = 1.45


class Pose(NamedTuple):
    """Where the camera is: across, up and forward in world units; the column and row (that of the horizon) in the
    picture's pixels that it points at; its zoom.
    """

    across: float
    up: float
    forward: float
    middle: float
    level: float
    zoom: float


class Frame(NamedTuple):
    """A picture's geometry in pixels: its size, the row of the horizon, the focal length; `unit` is 1 at 720p."""

    width: int
    height: int
    horizon: float
    focal: float
    unit: float

    def foot(self, depth: float) -> float:
        """How many rows below the horizon the ground lies so far away."""
        return EYE * self.focal / depth

    def pose(self, move: str, passed: float, seconds: float, shot: int) -> Pose:
        """Where a move has brought the camera when a share of it is over; every shot begins at another place."""
        share, way = float(smooth(passed)), table("scenery")["camera"][move]
        ends = (way.get("goes", {}).get(name, (0, 0)) for name in ("across", "up", "forward", "turn", "tilt", "zoom"))
        across, up, forward, turn, tilt, zoom = (begin + (end - begin) * share for begin, end in ends)
        shaken, nearer = way.get("shakes", 0) * self.unit, _CLOSEST**zoom
        turn = self.width * turn + shaken * (math.sin(seconds * 2.1) + 0.5 * math.sin(seconds * 5.3 + 1))
        tilt = self.height * tilt + 0.7 * shaken * math.sin(seconds * 2.9 + 2)
        level = self.height / 2 + (self.horizon - self.height / 2) * nearer + tilt
        return Pose(across + 2.7 * shot, up, forward, self.width / 2 - turn * nearer, level, nearer)


class Plate:
    """A painted strip, with its coverage or without. It begins again beside itself.

    `top` is its first row, in pixels below the horizon (mostly negative); `followed` is the share of the camera's way
    across that it keeps.
    """

    def __init__(self, frame: Frame, painted: Planes, depth: float, top: float, followed: float = 0) -> None:
        self.depth, self._focal, self._top, self._followed = depth, frame.focal, top, followed
        self._period, self._high = size_of(painted)
        see_through = len(painted) > 3
        endless = 1, 2 + frame.width // self._period
        self._painted = [np.tile(plane, endless) for plane in (piece(painted) if see_through else painted)]

    @classmethod
    def made_of(cls, plates: Sequence["Plate"], frame: Frame, pose: Pose) -> "Plate":
        """Make one of the sky and what stands before it, for a camera that only turns and zooms."""
        period, top = plates[0]._period, plates[0]._top
        canvas = blank((period, int(frame.height - frame.horizon - top) & ~1))
        for plate in plates:
            plate.draw(canvas, pose._replace(middle=period / 2, level=-top, zoom=1), 0)
        return cls(frame, canvas, float("inf"), top)

    def draw(self, picture: Planes, pose: Pose, seconds: float) -> None:
        """Draw what the camera sees of it on a picture, in place."""
        (width, height), shift = size_of(picture), self._focal / self.depth
        step = (1 - pose.forward / self.depth) / pose.zoom
        left = (self._period / 2 - pose.middle * step + pose.across * (1 - self._followed) * shift) % self._period
        top, first = -pose.level * step - pose.up * shift - self._top, 0
        if len(self._painted) > 3:
            first = max(0, math.ceil(-top / step)) + 1 & ~1
            height = min(height, int((self._high - top) / step) & ~1)
        if height > first:
            lay(picture, view(self._painted, left, top + first * step, step, (width, height - first)), 0, first)
