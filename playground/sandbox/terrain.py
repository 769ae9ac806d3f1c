"""The land of a scene: layers at different depths, each the area below an endless line of heights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.sandbox.palette import Palette, blend
from playground.sandbox.planes import Planes, luma_chroma
from playground.sandbox.story import Place

Line = NDArray[np.floating[Any]]
Profile = Callable[[Line], Line]
"""Heights over positions; both in units of the layer's depth."""

DEPTHS = (24.0, 13.0, 8.0, 5.2, 3.4)
"""How far away each layer stands, far ones first."""

_CELLS = 4096


@dataclass(frozen=True)
class View:
    """Where the camera is, in world units: across, above the ground, gone forward; `turn` in pixels."""

    across: float
    height: float
    forward: float
    turn: float


@dataclass(frozen=True)
class Frame:
    """The picture's geometry in pixels: its size, the row of the horizon, the focal length."""

    width: int
    height: int
    horizon: int
    focal: float


class Layer:
    """One layer of land. `rank` counts from 0, the farthest."""

    def __init__(self, place: Place, rank: int, palette: Palette, frame: Frame, seeds: tuple[int, int]) -> None:
        dice = np.random.default_rng([*seeds, rank])
        self._depth = DEPTHS[rank]
        self._flatter = 1 - (0.08 if place in ("forest", "city") else 0.17) * rank
        self._profile = profile(place, dice)
        self._frame = frame
        self._columns = np.arange(frame.width, dtype=np.float32) - frame.width / 2
        self._rows = np.arange(frame.height, dtype=np.int32)[:, None]
        self._shades = _shades(palette, rank, frame)
        self._windows = _Windows(dice, palette) if place == "city" and rank > 0 else None

    def draw(self, picture: Planes, view: View) -> None:
        """Cover the picture below this layer's outline, in place."""
        frame = self._frame
        depth = self._depth - view.forward
        world = view.across + (self._columns + np.float32(view.turn)) * np.float32(depth / frame.focal)
        heights = self._profile(world / np.float32(self._depth)) * np.float32(self._depth * self._flatter)
        scale = frame.focal / depth
        outline = frame.horizon + (np.float32(view.height) - heights) * np.float32(scale)
        outline = np.clip(outline, 0, frame.height - 1.001).astype(np.float32)
        self._fill(picture, outline)
        if self._windows is not None:
            rows = self._rows[:, 0]
            up = (view.height - (rows - frame.horizon) / scale) / self._depth
            self._windows.light(picture, outline, world / np.float32(self._depth), up.astype(np.float32))

    def _fill(self, picture: Planes, outline: Line) -> None:
        whole = outline.astype(np.int32)
        top = int(whole.min())
        luma = self._shades[0]
        np.copyto(picture.y[top:], luma[top:], where=self._rows[top:] > whole)
        # The row that the outline crosses is covered in part, or slow moves would shimmer.
        columns = np.arange(self._frame.width)
        part = 1 - (outline - whole)
        picture.y[whole, columns] = picture.y[whole, columns] * (1 - part) + luma[whole, 0] * part
        half = whole[::2] >> 1
        below = self._rows[top // 2 : self._frame.height // 2] > half
        for plane, shade in ((picture.u, self._shades[1]), (picture.v, self._shades[2])):
            np.copyto(plane[top // 2 :], shade[top // 2 :], where=below)


def profile(place: Place, dice: np.random.Generator) -> Profile:
    """Return the line of heights typical of a place, the same for the same dice."""
    noise = _Noise(dice)
    if place == "mountains":
        return lambda x: 0.04 + 0.36 * (1 - np.abs(2 * noise.rough(x * 1.6) - 1)) ** 2
    if place == "city":
        return lambda x: 0.03 + 0.25 * noise.step(x / 0.075) ** 2 + 0.05 * noise.step(x / 0.03 + 90)
    if place == "forest":
        return lambda x: 0.02 + 0.1 * noise.rough(x * 1.8, 3) + _firs(noise, x)
    if place == "desert":
        return lambda x: -0.03 + 0.2 * noise.rough(x * 1.3, 3)
    if place == "space":
        return lambda x: -0.05 + 0.2 * (1 - np.abs(2 * noise.rough(x * 1.1, 4) - 1))
    if place == "ocean":
        return lambda x: -0.03 + 0.3 * np.clip(noise.rough(x * 1.1, 4) - 0.36, 0, 1)
    return lambda x: -0.03 + 0.26 * noise.rough(x * 1.2, 3)


class _Noise:
    """Endless smooth noise over one dimension, 0 to 1."""

    def __init__(self, dice: np.random.Generator) -> None:
        self._values = dice.random(_CELLS, np.float32)

    def step(self, x: Line) -> Line:
        return self._values[np.floor(x).astype(np.int64) % _CELLS]

    def smooth(self, x: Line) -> Line:
        cell = np.floor(x)
        within = (x - cell).astype(np.float32)
        within = within * within * (3 - 2 * within)
        return self.step(cell) * (1 - within) + self.step(cell + 1) * within

    def rough(self, x: Line, octaves: int = 5) -> Line:
        total = np.zeros_like(x, np.float32)
        strength = np.float32(0.5)
        for octave in range(octaves):
            total += strength * self.smooth(x * np.float32(2.03**octave) + np.float32(17.3 * octave))
            strength *= np.float32(0.5)
        return total


def _firs(noise: _Noise, x: Line) -> Line:
    """A row of fir trees: saw-edged triangles of different heights."""
    place = x / np.float32(0.034)
    near_trunk = 1 - np.abs(2 * (place - np.floor(place)) - 1)
    branches = 0.82 + 0.18 * ((near_trunk * 5) % 1)
    return np.float32(0.13) * near_trunk * branches * (0.35 + 0.65 * noise.step(place))


def _shades(palette: Palette, rank: int, frame: Frame) -> tuple[NDArray[np.uint8], ...]:
    """Luma and chroma by row: far layers fade into the air towards their foot, near ones into the dark."""
    nearness = rank / (len(DEPTHS) - 1)
    air = blend(palette.horizon, palette.glow, 0.15)
    top = blend(air, palette.ground, (0.24 + 0.76 * nearness) * (1 - palette.haze * (1 - nearness * 0.6)))
    dark = (palette.ground[0] * 0.42, palette.ground[1] * 0.42, palette.ground[2] * 0.46)
    foot = blend(blend(top, air, 0.5 * (1 - nearness)), dark, 0.85 * nearness)
    start, stop = frame.horizon * (0.62 + 0.4 * nearness), frame.horizon + frame.height * (0.1 + 0.4 * nearness)
    share = np.clip((np.arange(frame.height) - start) / (stop - start), 0, 1)[:, None]
    shades: list[NDArray[np.uint8]] = []
    for step, (first, last) in enumerate(zip(luma_chroma(top), luma_chroma(foot), strict=True)):
        column = (first + (last - first) * share).round().astype(np.uint8)
        shades.append(column if step == 0 else column[::2])
    return tuple(shades)


class _Windows:
    """Lit windows of a city layer, on a grid fixed to the walls."""

    def __init__(self, dice: np.random.Generator, palette: Palette) -> None:
        share = 0.42 if palette.dark else 0.12
        # One row and one column more, always dark, stand for the wall between the windows.
        self._lit = np.pad(dice.random((64, 512)) < share, ((0, 1), (0, 1)))
        self._colour = [round(part) for part in luma_chroma((255, 214, 140) if palette.dark else (236, 226, 205))]

    def light(self, picture: Planes, outline: Line, world: Line, up: Line) -> None:
        """Paint them below the outline; `up` is each row's height on the wall."""
        top, foot = int(outline.min()) & ~1, int(np.searchsorted(-up, 0.02)) & ~1
        if foot <= top:
            return
        across, down = world / np.float32(0.0125), up[top:foot] / np.float32(0.017)
        columns, rows = _cells(across, 512, 0.26), _cells(down, 64, 0.3)
        lit = np.take(np.take(self._lit, rows, axis=0), columns, axis=1)
        lit &= np.arange(top, foot, dtype=np.int32)[:, None] > outline.astype(np.int32) + 3
        for step, (plane, value) in enumerate(zip(picture, self._colour, strict=True)):
            if step == 0:
                np.copyto(plane[top:foot], np.uint8(value), where=lit)
            else:
                np.copyto(plane[top // 2 : foot // 2], np.uint8(value), where=lit[::2, ::2])


def _cells(position: Line, count: int, reach: float) -> NDArray[np.int64]:
    """Return each position's window number, or `count` where it is farther than `reach` from a window's middle."""
    cell = np.floor(position)
    within = np.abs(position - cell - 0.5) < reach
    return np.where(within, cell.astype(np.int64) % count, count)
