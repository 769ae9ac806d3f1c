"""Plates: painted strips of a scene, one behind the other, and the camera that looks at them."""

import math
from typing import NamedTuple, Protocol

import numpy as np

from playground.sandbox.paint import Field, piece
from playground.sandbox.planes import SPARE, Planes, lay, padded, size_of, view

PERIOD = 2048
"""Columns of a plate in units (pixels where the shorter side of the picture has 720); then it begins again."""
EYE = 0.42
"""How high the camera stands above the ground, in world units."""
AT_REST = 1.06
"""No camera looks at a plate pixel by pixel: `view` finds the places between them only where it is scaled."""


class Pose(NamedTuple):
    """Where the camera is: across, up and forward in world units; turned and tilted in pixels; its zoom."""

    across: float = 0.0
    up: float = 0.0
    forward: float = 0.0
    turn: float = 0.0
    tilt: float = 0.0
    zoom: float = AT_REST


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


class Layer(Protocol):
    """Something at one depth, drawn after what is farther away."""

    @property
    def depth(self) -> float:
        """How far away it is, in world units."""
        ...

    def hides_from(self, pose: Pose) -> int:
        """The picture's first row (even) from which it hides everything behind it."""
        ...

    def draw(self, picture: Planes, pose: Pose, seconds: float, bottom: int) -> None:
        """Draw it as it is at a moment down to a row (even), in place."""
        ...


class Plate(NamedTuple):
    """A painted strip. `top` is its first row, in pixels below the horizon (mostly negative).

    From row `solid` on it hides everything behind it. `followed` is the share of the camera's way across that it keeps.
    """

    frame: Frame
    painted: Planes
    depth: float
    top: float
    solid: int
    period: int
    followed: float

    def _place(self, pose: Pose) -> tuple[float, float, float]:
        """Which column and row of the plate the picture's first pixel shows, and how far the next one is."""
        step, shift = (1 - pose.forward / self.depth) / pose.zoom, self.frame.focal / self.depth
        left = (pose.turn * pose.zoom - self.frame.width / 2) * step + pose.across * (1 - self.followed) * shift
        return (
            SPARE + (left + self.period / 2) % self.period,
            -self.frame.level(pose) * step - pose.up * shift - self.top,
            step,
        )

    def hides_from(self, pose: Pose) -> int:
        """From its last see-through row on it hides what is behind it."""
        _, top, step = self._place(pose)
        return min(self.frame.height, max(0, math.ceil((self.solid - top) / step)) + 2 & ~1)

    def draw(self, picture: Planes, pose: Pose, seconds: float, bottom: int) -> None:
        """Draw what the camera sees of it."""
        left, top, step = self._place(pose)
        first = max(0, math.ceil(-top / step) + 1 & ~1)
        high = min(bottom, int((size_of(self.painted)[1] - 1 - top) / step) & ~1) - first
        if high > 0:
            lay(picture, view(self.painted, left, top + first * step, step, (self.frame.width, high)), 0, first)


def plate(
    frame: Frame,
    canvas: Field,
    alpha: Field | None,
    depth: float,
    top: float,
    *,
    ends: bool = False,
    followed: float = 0.0,
) -> Plate:
    """Make a plate of what was painted and its coverage (0 to 1). What does not end goes on below as its last row."""
    first = 0 if alpha is None else max(0, int(np.flatnonzero(alpha.any(1))[0]) - 2) & ~1
    alpha = None if alpha is None else alpha[first:]
    painted = piece(canvas[:, first:], alpha)
    see_through = np.flatnonzero((painted[3] < 255).any(1)) if alpha is not None else np.array([0])
    solid = frame.height * 9 if ends else int(see_through[-1]) + 1 if see_through.size else 0
    period = size_of(painted)[0]
    # On even rows: chroma has half of them.
    painted = padded(painted, (0, 0), (SPARE, frame.width + SPARE), "wrap")
    painted = painted if ends else padded(painted, (0, frame.height // 6 * 2), (0, 0), "edge")
    return Plate(frame, painted, depth, top + first, solid, period, followed)
