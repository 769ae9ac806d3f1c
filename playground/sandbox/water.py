"""Water before the land: what stands behind it is mirrored, broken by waves that come nearer in true perspective."""

import numpy as np

from playground.sandbox.land import SHORE
from playground.sandbox.paint import Field, Palette, blend, canvas_of, colour, fractal, piece
from playground.sandbox.planes import HALVINGS, Planes, mixed
from playground.sandbox.plates import EYE, Frame, Pose
from playground.sandbox.story import Shot

_SIDE = 1024
_CELLS_A_UNIT = 190
# Two trains of waves, each with its way across and towards the camera in world units a second.
_TRAINS = ((0.05, 0.16), (-0.11, 0.07))


class Water:
    """Sea, lake, river or wet street from a distance in world units to the camera."""

    def __init__(self, shot: Shot, palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._frame, sea = frame, shot.place == "ocean"
        self.depth = SHORE - 0.01
        self._far = 90.0 if sea else SHORE
        rough = 1.6 if shot.hour == "storm" or shot.weather == "rain" else 1.0
        self._rough = rough * (1.0 if sea else 0.3 if shot.place == "city" else 0.35)
        self._waves = np.clip(fractal(dice, (_SIDE, _SIDE), 1.7, 2.0, least=6) * 42, -127, 127).astype(np.int8).ravel()
        deep = colour(12, 52, 70) if sea else colour(16, 34, 40)
        self._deep = piece(canvas_of(blend(deep * palette.light, palette.sky[1], 0.25), np.ones((2, 2))))
        # Waves are wider than they are high: pixels side by side mirror the same row.
        self._run = 4 if frame.width % 4 == 0 else 2

    def hides_from(self, pose: Pose) -> int:
        """The row at which the water begins."""
        away = (EYE + pose.up) * self._frame.focal * pose.zoom / max(self._far - pose.forward, 1)
        return int(np.clip(self._frame.level(pose) + away, 2, self._frame.height)) & ~1

    def draw(self, picture: Planes, pose: Pose, seconds: float, bottom: int) -> None:
        """Cover the picture from the far shore down."""
        frame, line, run = self._frame, self.hides_from(pose), self._run
        if line >= bottom:
            return
        rows = np.arange(line, bottom, dtype=np.float32)
        away = np.minimum((EYE + pose.up) * frame.focal * pose.zoom / np.maximum(rows - frame.level(pose), 0.5), 120)
        waves = self._heights(away, pose, seconds)
        near = (rows - line) / max(frame.height - line, 1)
        # The reflection is drawn out towards the camera, the more the nearer it is.
        reach = self._rough * (rows - line + 6 * frame.unit) * 0.0075
        mirrored = (line - 1 - (rows - line) * min(1.0, 0.9 * line / len(rows)))[:, None] + waves * reach[:, None]
        source = np.minimum(np.abs(mirrored), line - 1).astype(np.int32)
        own = (0.16 + 0.5 * near[:, None]) * 255
        for halving, plane, deep in zip(HALVINGS, picture, self._deep, strict=False):
            runs = plane.view(f"u{run >> halving}")
            at = (source[:: 1 << halving] >> halving) * runs.shape[1] + np.arange(runs.shape[1], dtype=np.int32)
            taken = runs.ravel().take(at).view(np.uint8)
            share = np.broadcast_to(own[:: 1 << halving].astype(np.uint8), taken.shape)
            plane[line >> halving : bottom >> halving] = mixed(taken, np.broadcast_to(deep[:1, :1], taken.shape), share)
        below = picture[0][line:bottom].reshape(len(rows), -1, run)
        shade = waves * (np.float32(0.16 * self._rough**0.5) * near**0.4)[:, None]
        shade *= below[:, :, 0] * np.float32(0.006) + np.float32(0.25)
        below[...] = np.clip(below + shade.astype(np.int16)[:, :, None], 16, 235)

    def _heights(self, away: Field, pose: Pose, seconds: float) -> Field:
        """The waves' heights over each run of pixels, about -200 to 200."""
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
