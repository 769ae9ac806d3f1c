"""Plates: painted strips of a scene, one behind the other, and the camera that looks at them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from playground.sandbox.palette import Canvas, Field
from playground.sandbox.planes import WHOLE, Plane, Planes, look, mixed

PLATE_WIDTH = 2048
"""Columns of a plate in units (pixels where the shorter side of the picture has 720); then it begins again."""
FAR = float("inf")


class Pose(NamedTuple):
    """Where the camera is: across, up and forward in world units; turned and tilted in pixels; zoom 1 is none."""

    across: float = 0.0
    up: float = 0.0
    forward: float = 0.0
    turn: float = 0.0
    tilt: float = 0.0
    zoom: float = 1.0


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


@dataclass(frozen=True)
class Plate:
    """A strip at one depth. `top` is its first row, in pixels below the horizon (mostly negative).

    `alpha` is its coverage, 0 to `WHOLE`; from row `solid` on it hides everything behind it.
    """

    planes: Planes
    alpha: Plane
    half: Plane
    depth: float
    top: float
    solid: int
    once: bool = False
    """Whether it stands for itself and does not begin again beside itself."""

    def place(self, frame: Frame, pose: Pose) -> tuple[Field, Field]:
        """Which rows and columns of the plate the picture's rows and columns show."""
        near = 1.0 if self.depth == FAR else self.depth / (self.depth - pose.forward)
        scale = pose.zoom * near
        shift = 0.0 if self.depth == FAR else frame.focal / self.depth
        rows = (np.arange(frame.height) - frame.level(pose)) / scale - pose.up * shift - self.top
        columns = (np.arange(frame.width) - frame.width / 2 + pose.turn * pose.zoom) / scale + pose.across * shift
        columns += self.alpha.shape[1] / 2
        return rows, columns

    def hides_from(self, frame: Frame, pose: Pose) -> int:
        """The picture's first row (even) from which this hides everything behind it."""
        if self.once or self.solid >= len(self.alpha):
            return frame.height
        rows, _ = self.place(frame, pose)
        return min(frame.height, (int(np.searchsorted(rows, self.solid)) + 1) & ~1)

    def draw(self, picture: Planes, frame: Frame, pose: Pose, bottom: int) -> None:
        """Draw it down to a row (even), in place."""
        rows, columns = self.place(frame, pose)
        top, solid = int(np.searchsorted(rows, -1)) & ~1, min(bottom, self.hides_from(frame, pose))
        left, right = 0, frame.width
        if self.once:
            left, right = (int(np.searchsorted(columns, edge)) + 1 & ~1 for edge in (0, self.alpha.shape[1] - 1))
            bottom = min(bottom, int(np.searchsorted(rows, len(self.alpha))) & ~1)
        if left >= right:
            return
        for shift, target, source, alpha in zip((0, 1, 1), picture, self.planes, self._alphas(), strict=True):
            down, along = ((rows[::2] + rows[1::2]) / 4 - 0.25, columns[::2] / 2) if shift else (rows, columns)
            first, edge, last = top >> shift, min(solid, bottom) >> shift, bottom >> shift
            across = slice(left >> shift, right >> shift)
            along = along[across]
            if first < edge:
                under = target[first:edge, across]
                share = look(alpha, down[first:edge], along)
                under[...] = mixed(under, look(source, down[first:edge], along), share)
            if edge < last:
                target[edge:last, across] = look(source, down[edge:last], along)

    def _alphas(self) -> tuple[Plane, Plane, Plane]:
        return self.alpha, self.half, self.half


def plate(painted: Canvas, alpha: Field, depth: float, top: float, once: bool = False) -> Plate:
    """Make a plate of what was painted and its coverage (0 to 1)."""
    first = max(0, int(np.flatnonzero(alpha.any(1))[0]) - 2) & ~1
    alpha, painted, top = alpha[first:], painted.at(slice(first, len(alpha)), slice(0, alpha.shape[1])), top + first
    whole = (alpha * WHOLE + 0.5).astype(np.uint8)
    half = whole[::2, ::2] // 2 + whole[1::2, 1::2] // 2
    see_through = np.flatnonzero((whole < WHOLE).any(1))
    return Plate(painted.planes(), whole, half, depth, top, int(see_through[-1]) + 1 if see_through.size else 0, once)
