"""Water before the land: what stands behind it is mirrored, broken by waves that come nearer in true perspective."""

import numpy as np
from numpy.typing import NDArray

from playground.sandbox.land import EYE
from playground.sandbox.palette import Field, Palette, Rgb, blend, canvas, fractal
from playground.sandbox.planes import WHOLE, Plane, Planes, mixed
from playground.sandbox.plates import Frame, Pose
from playground.sandbox.story import Shot

_SIDE = 1024
_CELLS_A_UNIT = 190
# Two trains of waves, each with its way across and towards the camera in world units a second.
_TRAINS = ((0.05, 0.16), (-0.11, 0.07))


class Water:
    """Sea, lake, river or wet street from a distance in world units to the camera."""

    def __init__(self, shot: Shot, palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._frame = frame
        sea = shot.place == "ocean"
        self._far = 90.0 if sea else 4.8
        rough = 1.6 if shot.hour == "storm" or shot.weather == "rain" else 1.0
        self._rough = rough * (1.0 if sea else 0.3 if shot.place == "city" else 0.35)
        heights = fractal(dice, (_SIDE, _SIDE), 1.7, 2.0, least=6)
        self._waves = np.clip(heights * 42, -127, 127).astype(np.int8).ravel()
        deep: Rgb = (12, 52, 70) if sea else (16, 34, 40)
        light = palette.light
        lit = blend((deep[0] * light[0], deep[1] * light[1], deep[2] * light[2]), palette.sky[1], 0.25)
        self._deep = canvas(lit, np.ones((2, 2), np.float32)).planes()

    def line(self, pose: Pose) -> int:
        """The picture's row (even) at which the water begins."""
        away = (EYE + pose.up) * self._frame.focal * pose.zoom / max(self._far - pose.forward, 1)
        return int(np.clip(self._frame.level(pose) + away, 2, self._frame.height)) & ~1

    def draw(self, picture: Planes, pose: Pose, seconds: float) -> None:
        """Cover the picture from the far shore down, in place."""
        frame, line, horizon = self._frame, self.line(pose), self._frame.level(pose)
        focal, eye = frame.focal * pose.zoom, EYE + pose.up
        if line >= frame.height:
            return
        rows = np.arange(line, frame.height, dtype=np.float32)
        away = np.minimum(eye * focal / np.maximum(rows - horizon, 0.5), 120)
        waves = self._heights(away, pose, focal, seconds)
        near = (rows - line) / max(frame.height - line, 1)
        # The reflection is drawn out towards the camera, the more the nearer it is.
        reach = self._rough * (rows - line + 6 * frame.unit) * 0.0075
        mirrored = (line - 1 - (rows - line) * min(1.0, 0.9 * line / len(rows)))[:, None] + waves * reach[:, None]
        source = np.minimum(np.abs(mirrored), line - 1).astype(np.int32)
        own = ((0.16 + 0.5 * near) * WHOLE).astype(np.uint8)[:, None]
        for shift, plane, deep in zip((0, 1, 1), picture, self._deep, strict=True):
            at: NDArray[np.int32] = (source[::2] >> 1 if shift else source.repeat(2, 1)) * plane.shape[1]
            at += np.arange(plane.shape[1], dtype=np.int32)
            taken: Plane = plane.ravel().take(at)
            plane[line >> shift :] = mixed(taken, deep[:1, :1], own[:: 1 << shift])
        below = picture.y[line:]
        shade = waves * (np.float32(0.16 * self._rough**0.5) * near**0.4)[:, None]
        shade *= below[:, ::2] * np.float32(0.006) + np.float32(0.25)
        below[...] = np.clip(below + shade.astype(np.int16).repeat(2, 1), 16, 235)

    def _heights(self, away: Field, pose: Pose, focal: float, seconds: float) -> Field:
        """The waves' heights at every second column, about -200 to 200: they are wider than they are high."""
        columns = (
            np.arange(0, self._frame.width, 2, dtype=np.float32)
            + np.float32(0.5)
            - self._frame.width / 2
            + pose.turn * pose.zoom
        )
        across = columns[None, :] * (away / focal * _CELLS_A_UNIT)[:, None]
        total = np.zeros(across.shape, np.float32)
        for number, (sideways, towards) in enumerate(_TRAINS):
            offset = (pose.across + sideways * seconds) * _CELLS_A_UNIT + 333 * number
            row = ((away + pose.forward + towards * seconds) * _CELLS_A_UNIT).astype(np.int32) & (_SIDE - 1)
            at = (across + np.float32(offset)).astype(np.int32)
            at &= _SIDE - 1
            at += (row * _SIDE)[:, None]
            total += self._waves.take(at)
        # Far waves are smaller than a pixel.
        total *= np.minimum(1, 5 / away)[:, None]
        return total
