"""A scene drawn from a prompt: sky, layers of land or water, weather, and a slow camera through them."""

import math

import numpy as np
from numpy.typing import NDArray

from playground.sandbox import planes
from playground.sandbox.palette import Palette, blend, colours
from playground.sandbox.planes import Planes, luma_chroma
from playground.sandbox.shots import smooth
from playground.sandbox.sky import Sky
from playground.sandbox.spec import FPS
from playground.sandbox.story import Camera, Story
from playground.sandbox.terrain import DEPTHS, Frame, Layer, Line, View
from playground.sandbox.weather import Specks

_FAR_SHORES = 2
_EYE = 0.46


class Scene:
    """The shot that shows a story. Nothing in it depends on which frame was drawn before."""

    def __init__(self, story: Story, size: tuple[int, int], frame_count: int, seed: int) -> None:
        width, height = size
        dice = np.random.default_rng([seed, story.key, 1])
        self._story, self._size, self._frame_count = story, size, frame_count
        wet = story.place == "ocean"
        horizon = int(height * (0.58 if wet else 0.64)) & ~1
        self._frame = Frame(width, height, horizon, 0.59 * max(size))
        palette = colours(story)
        self._sky = Sky(story, palette, width, min(height, horizon + height // 8), dice)
        ranks = range(_FAR_SHORES if wet else len(DEPTHS))
        self._layers = [Layer(story.place, rank, palette, self._frame, (seed, story.key)) for rank in ranks]
        self._water = _Water(palette, self._frame) if wet else None
        self._specks = Specks(story.weather, size, dice)
        self._vignette = _vignette(size)
        self._start = float(dice.random() * 40)

    def frame(self, index: int) -> Planes:
        """Draw the scene at frame `index`."""
        seconds = index / FPS
        view = self._view(index / max(1, self._frame_count - 1))
        picture = self._with_sky(view, seconds)
        for layer in self._layers:
            layer.draw(picture, view)
        if self._water is not None:
            self._water.draw(picture, seconds)
        self._specks.draw(picture, seconds)
        picture.y[...] = (picture.y * self._vignette) >> 8
        return picture

    def _view(self, passed: float) -> View:
        across, height, forward, turn = _moved(self._story.camera, smooth(passed), passed)
        return View(self._start + across, _EYE + height, forward, turn * self._frame.width)

    def _with_sky(self, view: View, seconds: float) -> Planes:
        sky = self._sky.window(0.9 * view.turn / self._frame.width * 3 + 0.008 * seconds)
        width, height = self._size
        picture = Planes(*(np.empty((height >> step, width >> step), np.uint8) for step in (0, 1, 1)))
        for plane, part in zip(picture, sky, strict=True):
            plane[: part.shape[0]] = part
            plane[part.shape[0] :] = part[-1]
        return picture


class _Water:
    """Still water: the sky and the shore mirrored below the horizon, broken by ripples."""

    def __init__(self, palette: Palette, frame: Frame) -> None:
        self._horizon = frame.horizon
        self._depth = frame.height - frame.horizon
        self._tone = luma_chroma(blend(palette.ground, palette.horizon, 0.1))
        self._width = frame.width

    def draw(self, picture: Planes, seconds: float) -> None:
        """Replace everything below the horizon by its reflection, in place."""
        for step, (plane, tone) in enumerate(zip(picture, self._tone, strict=True)):
            shift = min(step, 1)
            horizon, depth = self._horizon >> shift, self._depth >> shift
            below = np.arange(depth, dtype=np.float32)
            near = (below + 1) / depth
            source = np.clip(horizon - 1 - below * 0.92 - self._ripple(near, seconds) * depth, 0, horizon - 1)
            mirrored = plane[source.astype(np.int64)].astype(np.int16)
            # The nearer the water, the more of its own colour shows instead of the mirror.
            own = (96 + 110 * near[:, None]).astype(np.int16)
            mirrored += ((np.int16(round(tone)) - mirrored) * own) >> 8
            plane[horizon : horizon + depth] = mirrored
            if step == 0:
                self._glitter(plane[horizon : horizon + depth], near, seconds)

    def _ripple(self, near: Line, seconds: float) -> Line:
        closeness = 1 / (near + 0.12)
        waves = np.sin(closeness * 34 + seconds * 2.2) + 0.6 * np.sin(closeness * 61 - seconds * 3.1)
        return 0.028 * near**0.7 * waves

    def _glitter(self, plane: planes.Plane, near: Line, seconds: float) -> None:
        across = np.arange(self._width, dtype=np.float32) / self._width
        fine = np.sin((across[None, :] - 0.5) * (30 / (near[:, None] + 0.15)) + seconds * 0.8)
        rows = np.sin(150 * np.log(near + 0.1) + seconds * 2.6)[:, None]
        plane += (np.clip(fine * rows - 0.35, 0, 1) * 22).astype(np.uint8)


def _moved(camera: Camera, eased: float, passed: float) -> tuple[float, float, float, float]:
    """Return the way gone across, up and forward (world units) and the turn (shares of the width)."""
    moves: dict[Camera, tuple[float, float, float, float]] = {
        "dolly-in": (0.25 * eased, 0.0, 1.1 * eased, 0.0),
        "dolly-out": (0.0, 0.0, 1.1 * (1 - eased), 0.0),
        "pan-left": (0.0, 0.0, 0.0, -0.34 * (eased - 0.5)),
        "pan-right": (0.0, 0.0, 0.0, 0.34 * (eased - 0.5)),
        "track": (2.6 * passed, 0.0, 0.2 * eased, 0.0),
        "crane": (0.2 * passed, -0.1 + 0.5 * eased, 0.5 * eased, 0.0),
        "static": (0.05 * math.sin(passed * 2), 0.0, 0.03 * passed, 0.0),
    }
    return moves[camera]


def _vignette(size: tuple[int, int]) -> NDArray[np.uint16]:
    width, height = size
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :] ** 2
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
    return (256 - 38 * (across + down)).astype(np.uint16)
