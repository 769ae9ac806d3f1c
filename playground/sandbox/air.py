"""What is before the land of a shot: water that mirrors it, and what falls or floats in the air."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.sandbox.camera import EYE, SHORE, Frame, Pose
from playground.sandbox.paint import WHITE, Field, Look, Polygon, blend, colour, drawn, fractal, painted
from playground.sandbox.planes import HALVINGS, Plane, Planes, opencv

_SIDE = 1024
_CELLS_A_UNIT = 190
# Two trains of waves, each with its way across and towards the camera in world units a second.
_TRAINS = ((0.05, 0.16), (-0.11, 0.07))
# Waves are wider than they are high: so many pixels side by side mirror the same row.
_RUN = 4


class Water:
    """Sea, lake, river or wet street from its far shore to the camera; `rough` is 1 for a sea in fair weather."""

    depth = SHORE - 0.01

    def __init__(self, look: Look, frame: Frame, dice: np.random.Generator, far: float, rough: float) -> None:
        self._frame, self._far, self._rough = frame, far, rough
        self._waves = fractal(dice, (_SIDE, _SIDE), 1.7, 2.0, least=6)
        deep = blend(colour((14, 44, 56)) * look.light, look.sky[1], 0.25)
        self._deep = [np.float32(plane[0, 0]) for plane in painted(np.full((2, 2, 3), deep))]

    def draw(self, picture: Planes, pose: Pose, seconds: float) -> None:
        """Cover a picture from the far shore down."""
        height, eye = self._frame.height, (EYE + pose.up) * self._frame.focal * pose.zoom
        line = int(np.clip(pose.level + eye / max(self._far - pose.forward, 1), 2, height)) & ~1
        if line == height:
            return
        below = np.arange(height - line, dtype=np.float32)[:, None]
        near, columns = below / len(below), np.arange(self._frame.width // _RUN, dtype=np.int32)
        waves = self._heights(below + line, pose, eye, seconds)
        # The reflection is drawn out towards the camera, the more the nearer it is.
        reach = np.float32(0.315 * self._rough) * (below + 6 * self._frame.unit)
        mirrored = line - 1 - below * min(1.0, 0.9 * line / len(below)) + waves * reach
        source: NDArray[np.int32] = np.minimum(np.abs(mirrored), line - 1).astype(np.int32)
        share = (40 + 128 * near) / 255
        waves *= np.float32(self._rough**0.5) * near**0.4
        for plane, halving, deep in zip(picture, HALVINGS, self._deep, strict=False):
            runs, every = plane.view(f"u{_RUN >> halving}"), slice(None, None, 1 << halving)
            seen = runs.take((source[every] >> halving) * waves.shape[1] + columns).view(np.uint8)
            clear = (255 * (1 - share[every])).astype(np.uint8).repeat(seen.shape[1], axis=1)
            seen = opencv.multiply(seen, clear, scale=1 / 255)
            light = np.broadcast_to(deep * share[every], (len(seen), len(columns)))
            if not halving:
                light = light + waves * (1.7 + 0.04 * opencv.reduce(seen, 1, opencv.REDUCE_AVG, dtype=opencv.CV_32F))
            # Negative where waves darken; all pixels of a run have the same.
            light = opencv.resize(light.astype(np.int16), seen.shape[::-1], interpolation=opencv.INTER_NEAREST)
            plane[line >> halving :] = opencv.add(seen, light, dtype=opencv.CV_8U)

    def _heights(self, rows: Field, pose: Pose, eye: float, seconds: float) -> Field:
        """The heights of the waves, mean 0, over each run of pixels of some rows of the picture."""
        away = np.minimum(eye / np.maximum(rows - pose.level, 0.5), 120)
        # At every other run; what lies between is no surprise.
        columns = np.arange(_RUN, self._frame.width, 2 * _RUN, dtype=np.float32) - np.float32(pose.middle)
        across = columns * (away * np.float32(_CELLS_A_UNIT / self._frame.focal / pose.zoom))
        total = np.zeros(across.shape, np.float32)
        for number, (sideways, towards) in enumerate(_TRAINS):
            begun = np.float32((pose.across + sideways * seconds) * _CELLS_A_UNIT + 333 * number)
            rows = ((away + pose.forward + towards * seconds) * _CELLS_A_UNIT).repeat(across.shape[1], axis=1)
            total += opencv.remap(self._waves, across + begun, rows, opencv.INTER_LINEAR, None, opencv.BORDER_WRAP)
        # Far waves are smaller than a pixel.
        return opencv.resize(total * np.minimum(1, 5 / away), (self._frame.width // _RUN, len(away)))


class Weather:
    """Rain, snow or sparks, as their table says, that fall or float by and come again."""

    depth = 0.0

    def __init__(self, made: dict[str, Any], frame: Frame, dice: np.random.Generator) -> None:
        self._made, self._frame = made, frame
        # Twice as wide and high as the picture: wherever it begins there is enough.
        self._layers = [
            (near * frame.unit, np.tile(self._painted(count, near, dice), (2, 2))) for count, near in made["layers"]
        ]

    def draw(self, picture: Planes, pose: Pose, seconds: float) -> None:
        """Lighten the picture where something falls."""
        (along, down, sway, often), (width, height) = self._made["falls"], self._frame[:2]
        for pace, endless in self._layers:
            fallen = pace * (along * seconds + sway * math.sin(often * seconds + 2 * pace)), pace * down * seconds
            x, y = (round(-way) % side for way, side in zip(fallen, (width, height), strict=True))
            light = endless[y : y + height, x : x + width]
            picture[0][...] = opencv.add(picture[0], light)
            if "warm" in self._made:
                picture[1] -= light[::2, ::2] >> 2
                picture[2] += light[::2, ::2] >> 3

    def _painted(self, count: int, near: float, dice: np.random.Generator) -> Plane:
        """The light of so many shapes in a picture of 720p."""
        (width, height), unit, made, shapes = self._frame[:2], self._frame.unit, self._made, list[Polygon]()
        for x, y, large in dice.random((int(count * width * height / (1280 * 720 * unit**2)), 3)):
            side = made["size"] * near * unit * (0.6 + large) / 100
            corners = [(width * x + across * side, height * y - up * side) for across, up in made["shape"]]
            shapes.append((corners, WHITE, made["bright"]))
        return drawn((width, height), WHITE, shapes)[..., 3]
