"""Plates: painted strips of a scene, one behind the other, and the camera that looks at them."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from playground.sandbox.palette import Canvas, Field
from playground.sandbox.planes import WHOLE, Patch, Planes, halved, mixed, view

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

    From row `solid` on it hides everything behind it.
    """

    patch: Patch
    depth: float
    top: float
    solid: int
    once: bool = False
    """Whether it stands for itself and does not begin again beside itself."""

    def place(self, frame: Frame, pose: Pose) -> tuple[float, float, float]:
        """Which column and row of the plate the picture's first pixel shows, and how far the next one is."""
        near = 1.0 if self.depth == FAR else self.depth / (self.depth - pose.forward)
        shift = 0.0 if self.depth == FAR else frame.focal / self.depth
        step = 1 / (pose.zoom * near)
        left = (pose.turn * pose.zoom - frame.width / 2) * step + pose.across * shift + self.patch.alpha.shape[1] / 2
        return left, -frame.level(pose) * step - pose.up * shift - self.top, step

    def hides_from(self, frame: Frame, pose: Pose) -> int:
        """The picture's first row (even) from which this hides everything behind it."""
        if self.once or self.solid >= len(self.patch.alpha):
            return frame.height
        _, top, step = self.place(frame, pose)
        return min(frame.height, max(0, math.ceil((self.solid - top) / step)) + 2 & ~1)

    def draw(self, picture: Planes, frame: Frame, pose: Pose, bottom: int) -> None:
        """Draw it down to a row (even), in place."""
        left, top, step = self.place(frame, pose)
        first, solid = max(0, math.ceil((-1 - top) / step)) & ~1, min(bottom, self.hides_from(frame, pose))
        begin, end = 0, frame.width
        if self.once:
            high, wide = self.patch.alpha.shape
            begin, end = (min(frame.width, max(0, math.ceil((edge - left) / step)) + 1 & ~1) for edge in (0, wide - 1))
            bottom = min(bottom, max(0, math.ceil((high - top) / step)) & ~1)
        if begin >= end:
            return
        shares = self.patch.alpha, self.patch.half, self.patch.half
        for shift, target, source, share in zip((0, 1, 1), picture, self.patch.planes, shares, strict=True):
            x, y = (halved(left, step), halved(top, step)) if shift else (left, top)
            x, across, width = x + (begin >> shift) * step, slice(begin >> shift, end >> shift), (end - begin) >> shift
            for upper, lower, covers in ((first, min(solid, bottom), False), (max(first, solid), bottom, True)):
                rows = slice(upper >> shift, lower >> shift)
                if rows.start >= rows.stop:
                    continue
                part = x, y + rows.start * step, step, (width, rows.stop - rows.start)
                seen, under = view(source, *part), target[rows, across]
                under[...] = seen if covers else mixed(under, seen, view(share, *part))


def plate(painted: Canvas, alpha: Field, depth: float, top: float, once: bool = False) -> Plate:
    """Make a plate of what was painted and its coverage (0 to 1)."""
    first = max(0, int(np.flatnonzero(alpha.any(1))[0]) - 2) & ~1
    alpha, painted = alpha[first:], painted.at(slice(first, len(alpha)), slice(0, alpha.shape[1]))
    # On even rows: a camera that only turns then has nothing to mix between rows.
    top = round((top + first) / 2) * 2
    whole = (alpha * WHOLE + 0.5).astype(np.uint8)
    half = ((whole[::2, ::2].astype(np.uint16) + whole[1::2, 1::2]) >> 1).astype(np.uint8)
    see_through = np.flatnonzero((whole < WHOLE).any(1))
    solid = int(see_through[-1]) + 1 if see_through.size else 0
    return Plate(Patch(painted.planes(), whole, half), depth, top, solid, once)
