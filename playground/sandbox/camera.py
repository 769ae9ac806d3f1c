"""The camera, and the plates it looks at: painted strips of a scene, one behind the other."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from playground.sandbox.paint import smooth
from playground.sandbox.planes import HALVINGS, SPARE, Planes, cut, lay, padded, size_of, view
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
        return Pose(across + 2.7 * shot, up, forward, turn, tilt, _AT_REST * _CLOSEST**zoom)


class Plate:
    """A painted strip, with its coverage or without. It begins again beside itself, and goes on above and below.

    `top` is its first row, in pixels below the horizon (mostly negative); `followed` is the share of the camera's way
    across that it keeps.
    """

    def __init__(self, frame: Frame, painted: Planes, depth: float, top: float, followed: float = 0) -> None:
        self.depth, self._frame, self._followed, self._period = depth, frame, followed, size_of(painted)[0]
        self._margin, self._beside = frame.height // 6 * 2, frame.width // 2 + SPARE
        see_through = np.flatnonzero((painted[3] < 255).any(1)) if len(painted) > 3 else np.zeros(0)
        solid = int(see_through[-1]) + 1 if see_through.size else 0
        # Below the last row that lets something through it hides all behind it; without any it needs no coverage.
        self._solid = self._margin + solid if solid < size_of(painted)[1] else float("inf")
        shown = painted[3].max(0) if solid else np.ones(self._period, np.uint8)
        # The columns between which it shows anything.
        self._columns = int((shown > 0).argmax()) - 2, self._period - int((shown[::-1] > 0).argmax()) + 2
        beside = padded(painted if solid else painted[:3], (0, 0), (self._beside, self._beside), "wrap")
        self._painted, self._top = padded(beside, (self._margin, self._margin), (0, 0), "edge"), top - self._margin
        self._seen: tuple[object, Planes] = None, []

    @classmethod
    def made_of(cls, plates: Sequence["Plate"], pose: Pose) -> "Plate":
        """Make one of the sky and what stands before it, for a camera that only turns and zooms."""
        frame, top = plates[0]._frame, plates[0]._top
        canvas = plates[0]._whole(0)
        for plate in plates[1:]:
            aside = round(pose.across * (1 - plate._followed) * frame.focal / plate.depth)
            lay(canvas, plate._whole(aside & ~1), 0, int(plate._top - top))
        return cls(frame, canvas, float("inf"), top)

    def _whole(self, first: int) -> Planes:
        """All of it once, from a column (even) on."""
        middle = cut(self._painted, self._beside, 0, self._period, size_of(self._painted)[1])
        return [np.roll(plane, -first >> halving, 1) for halving, plane in zip(HALVINGS, middle, strict=False)]

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
        left, top, step = place = self._place(pose)
        x, right = self._shown(left, step)
        first = max(0, math.ceil((self._margin - top) / step) + 1 & ~1)
        rows = int((size_of(self._painted)[1] - 1 - top) / step) - first & ~1
        high = min(rows, size_of(picture)[1] - first)
        if min(high, right - x) <= 0:
            return
        held, seen = self._seen
        if held != place or size_of(seen)[1] < high:
            # Where the camera rests, one view serves for all that follows, however much of it is hidden.
            rows = high if held != place else min(rows, self._frame.height - first)
            seen = view(self._painted, left + x * step, top + first * step, step, (right - x, rows))
            self._seen = place, seen
        solid = max(0, min(high, self.hides_from(pose) - first))
        lay(picture, cut(seen, 0, 0, right - x, solid), x, first)
        lay(picture, cut(seen[:3], 0, solid, right - x, high - solid), x, first + solid)

    def _shown(self, left: float, step: float) -> tuple[int, int]:
        """The picture's columns (even) between which there is anything of it."""
        begins, ends = (
            [int((self._beside + turn * self._period + column - left) / step) for turn in (-1, 0, 1)]
            for column in self._columns
        )
        begin = min(one for one, end in zip(begins, ends, strict=True) if end > 0)
        end = max(one for one, begin in zip(ends, begins, strict=True) if begin < self._frame.width)
        return max(0, begin) & ~1, min(self._frame.width, end + 1) & ~1
