"""Plates: painted strips of a scene, one behind the other, and the camera that looks at them."""

import math
from typing import NamedTuple

import numpy as np

from playground.sandbox.paint import Field, piece, smooth
from playground.sandbox.planes import SPARE, Planes, lay, padded, size_of, view
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

    across: float = 0.0
    up: float = 0.0
    forward: float = 0.0
    turn: float = 0.0
    tilt: float = 0.0
    zoom: float = _AT_REST


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

    def pose(self, move: str, passed: float, seconds: float, start: tuple[float, float]) -> Pose:
        """Where a move has brought the camera from a start (across, forward); `passed` is the share that is over."""
        share, way = float(smooth(passed)), table("scenery")["camera"][move]
        ends = (way.get("goes", {}).get(name, (0, 0)) for name in Pose._fields)
        across, up, forward, turn, tilt, zoom = (begin + (end - begin) * share for begin, end in ends)
        shaken = way.get("shakes", 0) * self.unit
        turn = self.width * turn + shaken * (math.sin(seconds * 2.1) + 0.5 * math.sin(seconds * 5.3 + 1))
        tilt = self.height * tilt + 0.7 * shaken * math.sin(seconds * 2.9 + 2)
        return Pose(start[0] + across, up, start[1] + forward, turn, tilt, _AT_REST * _CLOSEST**zoom)


class Plate(NamedTuple):
    """A painted strip. `top` is its first row, in pixels below the horizon (mostly negative).

    From row `solid` on it hides everything behind it. `followed` is the share of the camera's way across that it keeps.
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
        return SPARE + (left + self.period / 2) % self.period, top, step

    def hides_from(self, pose: Pose) -> int:
        """The picture's first row (even) from which it hides everything behind it."""
        _, top, step = self._place(pose)
        return int(min(self.frame.height, max(0, (self.solid - top) / step + 2))) + 1 & ~1

    def draw(self, picture: Planes, pose: Pose, seconds: float, bottom: int) -> None:
        """Draw what the camera sees of it at a moment down to a row (even), in place."""
        left, top, step = self._place(pose)
        first = max(0, math.ceil((SPARE - top) / step) + 1 & ~1)
        high = min(bottom, int((size_of(self.painted)[1] - 1 - top) / step) & ~1) - first
        if high > 0:
            lay(picture, view(self.painted, left, top + first * step, step, (self.frame.width, high)), 0, first)


def plate(frame: Frame, canvas: Field, alpha: Field, depth: float, top: float) -> Plate:
    """Make a strip of what was painted and its coverage (0 to 1).

    It begins again beside itself, and goes on above and below as its first and last row.
    """
    first = max(0, int(np.flatnonzero(alpha.any(1))[0]) - 2) & ~1
    painted = piece(canvas[:, first:], alpha[first:])
    (period, rows), see_through = size_of(painted), np.flatnonzero((painted[3] < 255).any(1))
    solid = int(see_through[-1]) + 1 if see_through.size else 0
    hides = SPARE + solid if solid < rows else float("inf")
    painted = padded(painted, (0, 0), (SPARE, frame.width + SPARE), "wrap")
    painted = padded(painted, (SPARE, frame.height // 6 * 2), (0, 0), "edge")
    return Plate(frame, painted, depth, top + first - SPARE, hides, period, 0.0)
