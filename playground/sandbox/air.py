"""What is before the land of a shot: water that mirrors it, and what falls or floats in the air."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from playground.sandbox.camera import EYE, Frame, Pose
from playground.sandbox.land import SHORE
from playground.sandbox.paint import Field, blend, code, colour, fractal
from playground.sandbox.planes import Plane, Planes, mixed, size_of
from playground.sandbox.sky import Look

_SIDE = 1024
_CELLS_A_UNIT = 190
# Two trains of waves, each with its way across and towards the camera in world units a second.
_TRAINS = ((0.05, 0.16), (-0.11, 0.07))


class Water:
    """Sea, lake, river or wet street from its far shore to the camera; `rough` is 1 for a sea in fair weather."""

    depth = SHORE - 0.01

    def __init__(self, look: Look, frame: Frame, dice: np.random.Generator, far: float, rough: float) -> None:
        self._frame, self._far, self._rough = frame, far, rough
        # Waves are wider than they are high: so many pixels side by side mirror the same row.
        self._run = 2 if frame.width % 4 else 4
        waves = fractal(dice, (_SIDE, _SIDE), 1.7, 2.0, least=6)
        self._waves = np.clip(waves * 42, -127, 127).astype(np.int8).ravel()
        deep = blend(colour((14, 44, 56)) * look.light, look.sky[1], 0.25)
        self._deep = code(deep)

    def hides_from(self, pose: Pose) -> int:
        """The row at which the water begins (even)."""
        away = self._eye(pose) / max(self._far - pose.forward, 1)
        return int(np.clip(self._frame.level(pose) + away, 2, self._frame.height)) & ~1

    def draw(self, picture: Planes, pose: Pose, seconds: float) -> None:
        """Cover a picture from the far shore down."""
        line = self.hides_from(pose)
        if line >= size_of(picture)[1]:
            return
        below = np.arange(size_of(picture)[1] - line, dtype=np.float32)
        waves, near = self._heights(below + line, pose, seconds), below / max(self._frame.height - line, 1)
        # The reflection is drawn out towards the camera, the more the nearer it is.
        reach = self._rough * (below + 6 * self._frame.unit) * 0.0075
        mirrored = line - 1 - below * min(1.0, 0.9 * line / max(self._frame.height - line, 1))
        source = np.minimum(np.abs(mirrored[:, None] + waves * reach[:, None]), line - 1).astype(np.int32)
        share = ((40 + 128 * near) / 255)[:, None]
        # A wave is lighter or darker than the water around it, by its 128th parts and by as many more.
        gain = waves * (np.float32(0.16 * self._rough**0.5) * near**0.4)[:, None]
        bright = 128 + 0.77 * gain
        lit = np.multiply(self._taken(picture[0], source), self._spread((1 - share) * bright), dtype=np.uint16)
        lit += self._spread(2048 + 32 * gain + self._deep[0] * share * bright)
        lit >>= 7
        picture[0][line:] = np.clip(lit, 32, 251) - 16
        for plane, deep in zip(picture[1:], self._deep[1:], strict=True):
            taken = self._taken(plane, source[::2] >> 1)
            plane[line >> 1 :] = mixed(taken, deep.astype(np.uint8), (255 * share[::2]).astype(np.uint8))

    def _taken(self, plane: Plane, rows: NDArray[np.int32]) -> Plane:
        """Each run of pixels from its row of a plane."""
        runs = plane.view(f"u{plane.shape[1] // rows.shape[1]}")
        return runs.ravel().take(rows * rows.shape[1] + np.arange(rows.shape[1], dtype=np.int32)).view(np.uint8)

    def _spread(self, values: Field) -> NDArray[np.uint16]:
        """Positive values of runs of pixels, for every pixel of them."""
        return (values.astype(f"u{2 * self._run}") * sum(1 << 16 * pixel for pixel in range(self._run))).view(np.uint16)

    def _eye(self, pose: Pose) -> float:
        return (EYE + pose.up) * self._frame.focal * pose.zoom

    def _heights(self, rows: Field, pose: Pose, seconds: float) -> Field:
        """The waves' heights over each run of pixels, about -200 to 200."""
        away = np.minimum(self._eye(pose) / np.maximum(rows - self._frame.level(pose), 0.5), 120)
        columns = np.arange(self._run / 2, self._frame.width, self._run, dtype=np.float32)
        columns += np.float32(pose.turn * pose.zoom - self._frame.width / 2)
        across = columns * (away * np.float32(_CELLS_A_UNIT / self._frame.focal / pose.zoom))[:, None]
        total = np.zeros(across.shape, np.float32)
        for number, (sideways, towards) in enumerate(_TRAINS):
            offset = (pose.across + sideways * seconds) * _CELLS_A_UNIT + 333 * number
            row = ((away + pose.forward + towards * seconds) * _CELLS_A_UNIT).astype(np.int32) & (_SIDE - 1)
            column = (across + np.float32(offset)).astype(np.int32) & (_SIDE - 1)
            total += self._waves.take(column + (row * _SIDE)[:, None])
        # Far waves are smaller than a pixel.
        return total * np.minimum(1, 5 / away)[:, None]


class Weather:
    """Rain, snow or sparks, as their table says, that fall or float by and come again."""

    depth = 0.0

    def __init__(self, made: dict[str, Any], frame: Frame, dice: np.random.Generator) -> None:
        self._made, self._frame = made, frame
        self._layers = [(near * frame.unit, *self._painted(count, near, dice)) for count, near in made["layers"]]

    def hides_from(self, pose: Pose) -> int:
        """It hides nothing."""
        return self._frame.height

    def draw(self, picture: Planes, pose: Pose, seconds: float) -> None:
        """Lighten the picture where something falls."""
        (width, height), (luma, *chromas) = size_of(picture), (plane.reshape(-1) for plane in picture)
        along, down, sway, often = self._made["falls"]
        for pace, row, column, light in self._layers:
            rows = (row + round(pace * down * seconds)) % height
            columns = (column + round(pace * (along * seconds + sway * math.sin(often * seconds + 2 * pace)))) % width
            at = rows * width + columns
            luma[at] = np.minimum(luma[at], 235 - light) + light
            if "warm" in self._made:
                shared = (rows | columns) & 1 == 0
                at = (rows[shared] >> 1) * (width >> 1) + (columns[shared] >> 1)
                chromas[0][at] -= light[shared] >> 2
                chromas[1][at] += light[shared] >> 3

    def _painted(self, count: int, near: float, dice: np.random.Generator) -> tuple[NDArray[Any], ...]:
        """Rows, columns and light of the pixels of so many shapes in a picture of 720p."""
        (width, height), unit = self._frame[:2], self._frame.unit
        image = Image.new("L", (2 * width, 2 * height))
        pen = ImageDraw.Draw(image)
        for x, y, large in dice.random((int(count * width * height / (1280 * 720 * unit**2)), 3)):
            side = self._made["size"] * near * unit * (0.6 + large) / 50
            left, foot = 2 * width * x, 2 * height * y
            corners = [(left + across * side, foot - up * side) for across, up in self._made["shape"]]
            pen.polygon(corners, fill=round(255 * self._made["bright"]))
        light = np.asarray(image.reduce(2))
        row, column = np.nonzero(light)
        return row, column, light[row, column]
