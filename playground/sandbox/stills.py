"""Moving pictures made of stills: a camera over one, a morph from one to another, one shot giving way to the next.

A shot's frame depends on its number only.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from playground.sandbox.paint import Field, resized, smooth
from playground.sandbox.planes import SPARE, Plane, Planes, Size, copied, mixed, padded, scaled, size_of, view
from playground.sandbox.spec import FPS
from playground.sandbox.story import table

Shot: TypeAlias = Callable[[int], Planes]
"""Draws the picture of a frame number, without writing on it; the caller may draw over it."""

LARGEST_DRAWN = 1920 * 1088
"""What has more pixels is drawn at half its size: there is nothing fine in a picture on the move."""
_CLOSEST = 1.18
_FINER = 1.25
"""Frames are sampled from a picture enlarged by this: `view` is not exact at the picture's own scale."""
_TILE = 96
_FARTHEST = 0.14
"""The longest way that anything moves in a morph, as a share of the picture's width."""


def still(picture: Planes, frame_count: int, move: str) -> Shot:
    """Move a camera over one picture. Frame 0 is exactly the picture."""
    width, height = size_of(picture)
    way, sides = table("scenery")["camera"][move], (round(width * _FINER / 2) * 2, round(height * _FINER / 2) * 2)
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
            (finer_side - side * step) / 2 + margin + 0.5 * (step - 1) + aside * (side * _FINER - side * step) / 2
            for finer_side, side, aside in zip(sides, (width, height), (across, down), strict=True)
        )
        return view(finer, left, top, step, (width, height))

    return frame


def dissolve(before: Shot, after: Shot, first: int, last: int) -> Shot:
    """Let one shot give way to another between two frame numbers."""

    def frame(index: int) -> Planes:
        share = float(smooth((index - first) / (last - first)))
        if share in (0, 1):
            return after(index) if share else before(index)
        return blended(before(index), after(index), share)

    return frame


def blended(first: Planes, second: Planes, share: float) -> Planes:
    """Mix two pictures: `share` 0 gives the first, 1 the second."""
    return [mixed(one, other, share).copy() for one, other in zip(first, second, strict=True)]


def morph(first: Planes, last: Planes, frame_count: int) -> Shot:
    """Move what is alike in both from one to the other, let the rest dissolve; both ends are exact."""
    width, height = size = size_of(first)
    inner = size if width * height <= LARGEST_DRAWN else (width // 4 * 2, height // 4 * 2)
    ways = flow(_grey(first), _grey(last)), flow(_grey(last), _grey(first))
    moving = [_moving(scaled(picture, inner), way) for picture, way in zip((first, last), ways, strict=True)]

    def frame(index: int) -> Planes:
        if index in (0, frame_count - 1):
            return copied(last if index else first)
        share = float(smooth(index / (frame_count - 1)))
        return scaled(blended(moving[0](share), moving[1](1 - share), float(smooth(share))), size)

    return frame


def flow(one: Field, other: Field) -> Field:
    """Say how far each place of one grey picture moves to its like in the other: across and down, by its width.

    Phase correlation of the whole and then of tiles (C. Kuglin, D. Hines, 1975). What is not alike moves as the whole.
    """
    width = one.shape[1]
    whole = _shift(one[None], other[None], 12)[:, 0]
    other = np.roll(other, -whole[::-1].astype(int), (0, 1))
    pad, stride = _TILE // 2, _TILE // 4
    tiles = [
        sliding_window_view(np.pad(grey, pad, mode="reflect"), (_TILE, _TILE))[::stride, ::stride]
        for grey in (one, other)
    ]
    rows, columns = tiles[0].shape[:2]
    own = _shift(tiles[0].reshape(-1, _TILE, _TILE), tiles[1].reshape(-1, _TILE, _TILE), 7).reshape(2, rows, columns)
    # A grid's smooth surface: each place takes what the tiles around it say.
    steps = np.stack([_blurred(part, 2) for part in own])
    return np.clip((steps + whole[:, None, None]) / width, -_FARTHEST, _FARTHEST).astype(np.float32)


def _shift(ones: Field, others: Field, certain: float) -> Field:
    """The shift (across, down) of each picture onto its like, 0 where none stands out by so many deviations."""
    height, width = ones.shape[1:]
    window = np.hanning(height)[:, None] * np.hanning(width)
    spectra = [np.fft.rfft2((part - part.mean((1, 2), keepdims=True)) * window) for part in (ones, others)]
    cross = np.conj(spectra[0]) * spectra[1]
    likeness = np.fft.irfft2(cross / (np.abs(cross) + 1e-3 * np.abs(cross).mean()), (height, width))
    likeness = likeness.reshape(len(ones), height * width)
    row, column = np.divmod(likeness.argmax(1), width)
    found = np.stack([(column + width // 2) % width - width // 2, (row + height // 2) % height - height // 2])
    return np.where(likeness.max(1) > certain * likeness.std(1), found, 0).astype(np.float32)


def _moving(picture: Planes, way: Field) -> Callable[[float], Planes]:
    """A picture that can be moved any part of the way along a flow, in half pixels, several side by side together."""
    width, height = size_of(picture)
    run = 8 if width % 16 == 0 else 4
    fine = padded(scaled(picture, (width * 2, height * 2)), (0, 0), (0, 4 * run), "edge")
    # In every item of a bank a run of pixels, each two half pixels after the other.
    banks = [_runs(plane, run >> halving) for plane, halving in zip(fine, (0, 1, 1), strict=True)]

    def moved(share: float) -> Planes:
        return [
            _taken(bank, way * np.float32(share), (width >> halving, height >> halving), run >> halving)
            for bank, halving in zip(banks, (0, 1, 1), strict=True)
        ]

    return moved


def _runs(plane: Plane, run: int) -> NDArray[np.unsignedinteger[Any]]:
    windows = np.ascontiguousarray(sliding_window_view(plane, 2 * run, axis=1)[:, : plane.shape[1] - 4 * run, ::2])
    return windows.view(f"u{run}")[..., 0]


def _taken(bank: NDArray[np.unsignedinteger[Any]], way: Field, size: Size, run: int) -> Plane:
    width, height = size
    along, down = (resized(part, (height, width // run)) * np.float32(2 * width) for part in way)
    x = np.clip(np.arange(0, 2 * width, 2 * run, dtype=np.float32) - along, 0, 2 * (width - run)).astype(np.int32)
    y = np.clip(np.arange(0, 2 * height, 2, dtype=np.float32)[:, None] - down, 0, 2 * height - 1).astype(np.int32)
    at: NDArray[np.int32] = y * bank.shape[1] + x
    return bank.ravel().take(at).view(np.uint8).reshape(height, width)


def _grey(picture: Planes) -> Field:
    """A small picture of how each place differs from what is around it: day and night of a view are alike in that."""
    width, height = (round(side * 320 / max(size_of(picture)) / 32) * 32 for side in size_of(picture))
    grey = scaled(picture, (width, height))[0].astype(np.float32)
    for _ in range(2):
        grey -= _blurred(grey, 8)
        grey *= 40 / (np.sqrt(_blurred(grey**2, 8)) + 3)
    return grey


def _blurred(field: Field, reach: int) -> Field:
    rows, columns = field.shape
    return resized(resized(field, (rows // reach, columns // reach)), (rows, columns))
