"""Moving pictures made of stills: a camera over one, a morph from one to another, one shot giving way to the next."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from playground.sandbox.paint import Field, smooth
from playground.sandbox.planes import HALVINGS, Plane, Planes, Size, copied, mixed, opencv, scaled, size_of, view
from playground.sandbox.spec import FPS
from playground.sandbox.story import table

Shot: TypeAlias = Callable[[int], Planes]
"""Draws the picture of a frame number, which alone decides what it shows; the caller may draw over it."""

_LARGEST_DRAWN = 1920 * 1088
_CLOSEST = 1.18
_UNSEEN = 1 / 128
"""A share that changes a picture by less than is kept of it in encoding."""
_RUN = 8
_SEARCHED = 640
"""The longer side of the pictures in which a morph looks for what is alike; there nothing moves farther than this:"""
_FARTHEST = 90


def drawn_size(size: Size) -> Size:
    """Larger than full HD is drawn at half its size, as there is nothing fine in a picture on the move; in fours."""
    half = 1 if size[0] * size[1] <= _LARGEST_DRAWN else 2
    return -(-size[0] // (4 * half)) * 4, -(-size[1] // (4 * half)) * 4


def still(picture: Planes, frame_count: int, move: str) -> Shot:
    """Move a camera over one picture. Frame 0 is exactly the picture."""
    size, way = size_of(picture), table("scenery")["camera"][move]
    # Drawing back shows more than there is: the picture goes on mirrored.
    margin = max(size) // 10 * 2
    fine = [
        opencv.copyMakeBorder(plane, *[margin >> halving] * 4, opencv.BORDER_REFLECT)
        for plane, halving in zip(_doubled(picture), HALVINGS, strict=False)
    ]

    def frame(index: int) -> Planes:
        share, seconds = float(smooth(index / max(1, frame_count - 1))), index / FPS
        nearer, across, down = (part * share for part in way.get("over", (0, 0, 0)))
        if nearer == 0:
            return copied(picture)
        across += 0.07 * way.get("shakes", 0) * math.sin(2.1 * seconds)
        down += 0.07 * way.get("shakes", 0) * math.sin(2.9 * seconds)
        step = 2 / _CLOSEST**nearer
        left, top = (side * (1 - step / 2) * (1 + aside) for side, aside in zip(size, (across, down), strict=True))
        return view(fine, margin + left, margin + top, step, size)

    return frame


def dissolve(before: Shot, after: Shot, first: int, last: int) -> Shot:
    """Let one shot give way to another between two frame numbers."""

    def frame(index: int) -> Planes:
        share = float(smooth((index - first) / (last - first)))
        return _between(lambda: before(index), lambda: after(index), share)

    return frame


def _between(before: Callable[[], Planes], after: Callable[[], Planes], share: float) -> Planes:
    """Draw two pictures and mix them; one that nobody would see is not drawn."""
    if share < _UNSEEN:
        return before()
    if share > 1 - _UNSEEN:
        return after()
    return mixed(before(), after(), share)


def morph(first: Planes, last: Planes, frame_count: int) -> Shot:
    """Move what is alike in both from one to the other, let the rest dissolve; both ends are exact."""
    small = drawn_size(size_of(first))
    ends = [scaled(picture, small) for picture in (first, last)]
    one, other = map(_moving, ends, flows(*ends))

    def frame(index: int) -> Planes:
        if index in (0, frame_count - 1):
            return copied(last if index else first)
        share = float(smooth(index / (frame_count - 1)))
        # Both at once for no longer than it takes: two outlines of what did not meet are seen meanwhile.
        drawn = _between(lambda: one(share), lambda: other(1 - share), float(smooth((share - 0.2) / 0.6)))
        return scaled(drawn, size_of(first))

    return frame


def flows(one: Planes, other: Planes) -> tuple[Field, Field]:
    """Say how many pixels across and down each place of a picture moves to its like in the other, and back.

    Each (rows, columns, 2), by dense inverse search (T. Kroeger and others, 2016) in small pictures.
    """
    wide, high = size_of(one)
    finer, area = max(wide, high) / _SEARCHED, opencv.INTER_AREA
    greys = [opencv.resize(each[0], None, fx=1 / finer, fy=1 / finer, interpolation=area) for each in (one, other)]
    search = opencv.DISOpticalFlow_create(opencv.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there, back = (search.calc(*pair, np.empty(0)).clip(-_FARTHEST, _FARTHEST) for pair in (greys, greys[::-1]))
    sure = _confirmed(there, back), _confirmed(back, there)
    return tuple(opencv.resize(way, (wide, high)) * np.float32(finer) for way in sure)


def _confirmed(way: Field, back: Field) -> Field:
    """What the flow back confirms of a flow; each place takes what those around it say, and stays if none is sure."""
    arrived = np.dstack(np.meshgrid(*map(np.arange, way.shape[1::-1]))).astype(np.float32) + way
    returned = way + opencv.remap(back, arrived, np.empty(0), opencv.INTER_LINEAR)
    sure = (opencv.magnitude(*opencv.split(returned)) < 1).astype(np.float32)[..., None]
    # What is so smooth afterwards needs no fine grid.
    coarse = opencv.resize(np.dstack([way * sure, sure]), None, fx=1 / 4, fy=1 / 4, interpolation=opencv.INTER_AREA)
    around = opencv.GaussianBlur(coarse, (0, 0), 10 / 4)
    return around[..., :2] / (0.9 * around[..., 2:] + 0.1)


def _moving(picture: Planes, way: Field) -> Callable[[float], Planes]:
    """A picture that can be moved any share of the way along a flow, in half pixels; runs of them move together."""
    wide, high = size_of(picture)
    fine = [_runs(plane, _RUN >> halving) for plane, halving in zip(_doubled(picture), HALVINGS, strict=False)]
    starts = np.dstack(np.meshgrid(np.arange(0, 2 * wide, 2 * _RUN), np.arange(0, 2 * high, 2))).astype(np.float32)
    ways = 2 * opencv.resize(way, (wide // _RUN, high))

    def moved(share: float) -> Planes:
        luma = starts - ways * np.float32(share)
        chroma = luma[::2] / 2
        how = None, opencv.INTER_NEAREST, None, opencv.BORDER_REPLICATE
        return [
            opencv.remap(runs, at, *how).view(np.uint8) for runs, at in zip(fine, (luma, chroma, chroma), strict=True)
        ]

    return moved


def _runs(fine: Plane, run: int) -> Plane:
    """Of a plane twice as fine as what is seen, the run of every second pixel from each place on, its bytes as one."""
    wider = np.pad(fine, ((0, 0), (0, 2 * run)), "edge")
    seen = opencv.merge([wider[:, first : first - 2 * run] for first in range(0, 2 * run, 2)])
    # No number is meant: of what OpenCV moves as it is, nothing else is eight bytes long.
    return seen.view(f"f{run}")[..., 0]


def _doubled(picture: Planes) -> Planes:
    """A picture twice as large: what lies between its pixels is found where there are more."""
    wide, high = size_of(picture)
    return scaled(picture, (2 * wide, 2 * high))
