"""Moving pictures made of stills: a camera over one, a morph from one to another, one shot giving way to the next."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from playground.sandbox.paint import Field, resized, smooth
from playground.sandbox.planes import HALVINGS, SPARE, Plane, Planes, Size, copied, mixed, padded, scaled, size_of, view
from playground.sandbox.spec import FPS
from playground.sandbox.story import table

Shot: TypeAlias = Callable[[int], Planes]
"""Draws the picture of a frame number, which alone decides what it shows; the caller may draw over it."""

_LARGEST_DRAWN = 1920 * 1088
_CLOSEST = 1.18
_FINER = 1.25
"""Frames are sampled from a picture enlarged by this: `view` is not exact at the picture's own scale."""
_TILE = 96
_RUN = 8
_FARTHEST = 0.14
"""The longest way that anything moves in a morph, as a share of the picture's width."""


def drawn_size(size: Size) -> Size:
    """Larger than full HD is drawn at half its size: there is nothing fine in a picture on the move."""
    return size if size[0] * size[1] <= _LARGEST_DRAWN else (size[0] // 4 * 2, size[1] // 4 * 2)


def still(picture: Planes, frame_count: int, move: str) -> Shot:
    """Move a camera over one picture. Frame 0 is exactly the picture."""
    size, way = size_of(picture), table("scenery")["camera"][move]
    sides = round(size[0] * _FINER / 2) * 2, round(size[1] * _FINER / 2) * 2
    # Drawing back shows more than there is: the picture goes on mirrored.
    margin = SPARE + max(sides) // 20 * 2
    finer = padded(scaled(picture, sides), (margin, margin), (margin, margin), "symmetric")

    def frame(index: int) -> Planes:
        share, seconds = float(smooth(index / max(1, frame_count - 1))), index / FPS
        nearer, across, down = (part * share for part in way.get("over", (0, 0, 0)))
        if nearer == 0:
            return copied(picture)
        across += 0.07 * way.get("shakes", 0) * math.sin(2.1 * seconds)
        down += 0.07 * way.get("shakes", 0) * math.sin(2.9 * seconds)
        step = _FINER / _CLOSEST**nearer
        # From the middle of the first pixel seen, half a step from the edge.
        left, top = (
            margin + (finer_side - side * step + aside * side * (_FINER - step) + step - 1) / 2
            for finer_side, side, aside in zip(sides, size, (across, down), strict=True)
        )
        return view(finer, left, top, step, size)

    return frame


def dissolve(before: Shot, after: Shot, first: int, last: int) -> Shot:
    """Let one shot give way to another between two frame numbers."""

    def frame(index: int) -> Planes:
        share = float(smooth((index - first) / (last - first)))
        if share in (0, 1):
            return after(index) if share else before(index)
        return [
            mixed(one, other, np.uint8(255 * share)) for one, other in zip(before(index), after(index), strict=True)
        ]

    return frame


def morph(first: Planes, last: Planes, frame_count: int) -> Shot:
    """Move what is alike in both from one to the other, let the rest dissolve; both ends are exact."""
    size = size_of(first)
    small = round(size[0] * 320 / max(size) / 32) * 32, round(size[1] * 320 / max(size) / 32) * 32
    greys = [scaled(picture, small)[0].astype(np.float32) for picture in (first, last)]
    one, other = _moving(first, flow(*greys)), _moving(last, flow(*greys[::-1]))

    def frame(index: int) -> Planes:
        if index in (0, frame_count - 1):
            return copied(last if index else first)
        share = float(smooth(index / (frame_count - 1)))
        eased = np.uint8(255 * float(smooth(share)))
        return scaled([mixed(a, b, eased) for a, b in zip(one(share), other(1 - share), strict=True)], size)

    return frame


def flow(one: Field, other: Field) -> Field:
    """Say how far each place of one grey picture moves to its like in the other: across and down, by its width.

    Phase correlation of the whole and then of tiles (C. Kuglin, D. Hines, 1975). What is not alike moves as the whole.
    """
    whole = _shift(one[None], other[None], 12)[:, 0]
    other = np.roll(other, -whole[::-1].astype(int), (0, 1))
    ones, others = (
        sliding_window_view(np.pad(grey, _TILE // 2, mode="reflect"), (_TILE, _TILE))[:: _TILE // 4, :: _TILE // 4]
        for grey in (one, other)
    )
    rows, columns = ones.shape[:2]
    own = _shift(ones.reshape(-1, _TILE, _TILE), others.reshape(-1, _TILE, _TILE), 7).reshape(2, rows, columns)
    # Each place takes what the tiles around it say.
    steps = np.stack([resized(resized(part, (rows // 2, columns // 2)), (rows, columns)) for part in own])
    return np.clip((steps + whole[:, None, None]) / one.shape[1], -_FARTHEST, _FARTHEST).astype(np.float32)


def _shift(ones: Field, others: Field, certain: float) -> Field:
    """The shift (across, down) of each picture onto its like, 0 where none stands out by so many deviations."""
    height, width = ones.shape[1:]
    window = (np.hanning(height)[:, None] * np.hanning(width)).astype(np.float32)
    spectra = [np.fft.rfft2((part - part.mean((1, 2), keepdims=True)) * window) for part in (ones, others)]
    cross = np.conj(spectra[0]) * spectra[1]
    likeness = np.fft.irfft2(cross / (np.abs(cross) + 1e-3 * np.abs(cross).mean()), (height, width))
    likeness = likeness.reshape(len(ones), height * width)
    row, column = np.divmod(likeness.argmax(1), width)
    found = np.stack([(column + width // 2) % width - width // 2, (row + height // 2) % height - height // 2])
    return np.where(likeness.max(1) > certain * likeness.std(1), found, 0).astype(np.float32)


def _moving(picture: Planes, way: Field) -> Callable[[float], Planes]:
    """A picture that can be moved any part of the way along a flow, in half pixels, several side by side together."""
    width, height = drawn_size(size_of(picture))
    fine = scaled(picture, (2 * width, 2 * height))
    luma, *chromas = (_runs(plane, _RUN >> halving) for plane, halving in zip(fine, HALVINGS, strict=False))
    along, down = (resized(part, (height, width // _RUN)) * np.float32(2 * width) for part in way)
    x, y = np.arange(0, 2 * width, 2 * _RUN, dtype=np.float32), np.arange(0, 2 * height, 2, dtype=np.float32)[:, None]

    def moved(share: float) -> Planes:
        column = np.clip(x - along * np.float32(share), 0, 2 * (width - _RUN)).astype(np.int32)
        row = np.clip(y - down * np.float32(share), 0, 2 * height - 1).astype(np.int32)
        coarse = row[::2] >> 1, column[::2] >> 1
        return [luma(row, column), *(chroma(*coarse) for chroma in chromas)]

    return moved


def _runs(fine: Plane, run: int) -> Callable[[NDArray[np.int32], NDArray[np.int32]], Plane]:
    """Of a plane twice as fine as what is seen, runs of every second pixel from the given rows and columns on."""
    high, wide = fine.shape[0], fine.shape[1] // 2
    pixels = np.concatenate([fine[:, ::2].ravel(), fine[:, 1::2].ravel(), np.zeros(run, np.uint8)])
    # A run begins at any byte.
    starting = np.ndarray(fine.size, f"u{run}", pixels, strides=(1,))
    return lambda row, column: starting[((column & 1) * high + row) * wide + (column >> 1)].view(np.uint8)
