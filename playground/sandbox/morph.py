"""From one picture to another: what is alike in both moves over, the rest dissolves, and both ends are exact."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.sandbox.palette import Field, resized
from playground.sandbox.planes import Plane, Planes, scaled
from playground.sandbox.stills import dissolved, eased

_LEVELS, _ROUNDS, _WINDOW = 4, 5, 6
_LONG_SIDE = 320
_FARTHEST = 0.14
"""The longest way that anything moves, as a share of the picture's width."""
_LARGEST = 1920 * 1088
_RUNS = (8, 4, 2)
"""How many pixels side by side move together, the most that a width allows: neighbours part by far less than one."""


class Morph:
    """Frame 0 is exactly the first picture, the last frame exactly the second."""

    def __init__(self, first: Planes, last: Planes, frame_count: int) -> None:
        self._ends, self._frame_count = (first, last), frame_count
        width, height = first.size
        # More than this is drawn at half its size: there is nothing fine in a picture on the move.
        inner = (width // 4 * 2, height // 4 * 2) if width * height > _LARGEST else (width, height)
        small = [_small(picture) for picture in self._ends]
        there, back = flow(small[0], small[1]), flow(small[1], small[0])
        scaled_ends = [scaled(picture, inner) for picture in self._ends]
        self._warps = [_Warp(picture, way) for picture, way in zip(scaled_ends, (there, back), strict=True)]

    def frame(self, index: int) -> Planes:
        """Draw the picture at frame `index`."""
        if index in (0, self._frame_count - 1):
            return self._ends[index > 0].copy()
        share = eased(index / (self._frame_count - 1))
        first, last = self._warps[0].moved(share), self._warps[1].moved(1 - share)
        return scaled(dissolved(first, last, eased(share)), self._ends[0].size)


class _Warp:
    """A picture that can be moved any part of the way along a flow."""

    def __init__(self, picture: Planes, way: tuple[Field, Field]) -> None:
        self._size = picture.size
        self._shifted = [_half_steps(plane) for plane in picture]
        self._grids: list[tuple[Field, Field, Field, Field]] = []
        for plane in picture[:2]:
            height, width = plane.shape
            run = _run(width)
            runs = width // run
            # Twice the pixels, because half steps are counted.
            along, down = (2 * resized(part, runs, height) * (width / part.shape[1]) for part in way)
            starts = (
                np.arange(runs, dtype=np.float32)[None, :] * (2 * run),
                np.arange(height, dtype=np.float32)[:, None] * 2,
            )
            self._grids.append((along, down, *starts))

    def moved(self, share: float) -> Planes:
        luma, *chroma = self._shifted
        width, height = self._size
        grid, half = (
            self._places(*grid, share, side) for grid, side in zip(self._grids, (width, width // 2), strict=True)
        )
        return Planes(
            _taken(luma, grid, (height, width)), *(_taken(plane, half, (height // 2, width // 2)) for plane in chroma)
        )

    def _places(
        self, along: Field, down: Field, left: Field, top: Field, share: float, width: int
    ) -> NDArray[np.int32]:
        """Where in the shifted copies each run of pixels is found."""
        height = len(along)
        x = (left - along * np.float32(share)).clip(0, 2 * (width - _run(width))).astype(np.int32)
        y = (top - down * np.float32(share)).clip(0, 2 * (height - 1)).astype(np.int32)
        return ((y & 1) * 2 + (x & 1)) * (height * width) + (y >> 1) * width + (x >> 1)


def flow(one: Field, other: Field) -> tuple[Field, Field]:
    """Say how far each pixel of one small grey picture moves to its like in the other: across and down, in pixels.

    Lucas and Kanade's method from coarse to fine (B. Lucas, T. Kanade, 1981), starting from the shift of the whole
    picture that phase correlation finds. Where nothing is alike the pixels stay.
    """
    height, width = one.shape
    guess = _whole_shift(one, other)
    across, down = (np.full((height >> _LEVELS, width >> _LEVELS), part, np.float32) for part in guess)
    for level in reversed(range(_LEVELS)):
        wide, high = width >> level, height >> level
        grow = wide / across.shape[1] if level < _LEVELS - 1 else 1 / (1 << level)
        across, down = (resized(part, wide, high) * np.float32(grow) for part in (across, down))
        across, down = _refined(resized(one, wide, high), resized(other, wide, high), across, down)
    # Where the moved picture is no better than the still one, the flow means nothing.
    still, moved = (_blurred(np.abs(one - there)) for there in (other, _sampled(other, across, down)))
    trust = _blurred(np.clip((still - moved) / (still + 4) * 2.5, 0, 1))
    far = _FARTHEST * width
    across, down = (np.clip(_blurred(part * trust), -far, far) for part in (across, down))
    return across, down


def _refined(one: Field, other: Field, across: Field, down: Field) -> tuple[Field, Field]:
    steep_down, steep_across = np.gradient(one, axis=0), np.gradient(one, axis=1)
    xx, yy = _blurred(steep_across**2) + 60, _blurred(steep_down**2) + 60
    xy = _blurred(steep_across * steep_down)
    area = xx * yy - xy * xy
    for _ in range(_ROUNDS):
        off = _sampled(other, across, down) - one
        x, y = _blurred(steep_across * off), _blurred(steep_down * off)
        across = across - np.clip((yy * x - xy * y) / area, -1, 1)
        down = down - np.clip((xx * y - xy * x) / area, -1, 1)
    return _blurred(across), _blurred(down)


def _whole_shift(one: Field, other: Field) -> tuple[float, float]:
    """The one shift that brings most of a picture onto the other, or none where no shift stands out."""
    height, width = one.shape
    window = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    spectra = [np.fft.rfft2((picture - picture.mean()) * window) for picture in (one, other)]
    cross = np.conj(spectra[0]) * spectra[1]
    likeness = np.fft.irfft2(cross / (np.abs(cross) + 1e-6), (height, width))
    if likeness.max() < 12 * likeness.std():
        return 0.0, 0.0
    row, column = np.unravel_index(int(likeness.argmax()), likeness.shape)
    return float((column + width // 2) % width - width // 2), float((row + height // 2) % height - height // 2)


def _sampled(picture: Field, across: Field, down: Field) -> Field:
    height, width = picture.shape
    x = np.clip(np.arange(width, dtype=np.float32) + across, 0, width - 1.01)
    y = np.clip(np.arange(height, dtype=np.float32)[:, None] + down, 0, height - 1.01)
    left, top = x.astype(np.intp), y.astype(np.intp)
    x, y = x - left, y - top
    upper = picture[top, left] * (1 - x) + picture[top, left + 1] * x
    return upper * (1 - y) + (picture[top + 1, left] * (1 - x) + picture[top + 1, left + 1] * x) * y


def _blurred(field: Field) -> Field:
    """The mean around each value, nearer ones counting more."""
    height, width = field.shape
    return resized(resized(field, max(2, width // _WINDOW), max(2, height // _WINDOW)), width, height)


def _small(picture: Planes) -> Field:
    width, height = picture.size
    scale = _LONG_SIDE / max(width, height)
    small = scaled(picture, (round(width * scale / 32) * 32, round(height * scale / 32) * 32))
    grey = small.y.astype(np.float32)
    # Day and night of the same view are alike too: what counts is how a place differs from what is around it.
    for _ in range(2):
        grey -= _blurred(_blurred(grey))
        grey *= 40 / (np.sqrt(_blurred(_blurred(grey**2))) + 3)
    return grey


def _run(width: int) -> int:
    return next(run for run in _RUNS if width % run == 0)


def _half_steps(plane: Plane) -> NDArray[np.unsignedinteger[Any]]:
    """Four copies, each half a pixel further on, in which every item holds a run of pixels."""
    height, width = plane.shape
    run = _run(width)
    wide = np.pad(plane, ((0, 1), (0, run)), mode="edge").astype(np.uint16)
    copies: list[NDArray[np.uint8]] = []
    for low in (wide[:-1], (wide[:-1] + wide[1:]) >> 1):
        copies += [low.astype(np.uint8), ((low[:, :-1] + low[:, 1:]) >> 1).astype(np.uint8)]
    runs = np.zeros((4, height, width, run), np.uint8)
    for number, copy in enumerate(copies):
        for step in range(run):
            part = copy[:, step : step + width]
            runs[number, :, : part.shape[1], step] = part
    return runs.reshape(-1, run).view(f"u{run}").ravel()


def _taken(runs: NDArray[np.unsignedinteger[Any]], places: NDArray[np.int32], shape: tuple[int, int]) -> Plane:
    return runs.take(places).view(np.uint8).reshape(shape)
