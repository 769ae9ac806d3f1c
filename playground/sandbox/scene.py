"""A shot drawn from words: its layers from the sky to the rain, and the camera that moves past them."""

import math
from bisect import bisect
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from playground.sandbox.land import Painter
from playground.sandbox.paint import Palette, canvas_of, colour, fractal, palette_of, piece, resized, smooth
from playground.sandbox.planes import Plane, Planes, Size, blank, copied, lay
from playground.sandbox.plates import AT_REST, Frame, Layer, Pose
from playground.sandbox.sky import sky
from playground.sandbox.spec import FPS
from playground.sandbox.story import Shot, Story
from playground.sandbox.tables import table
from playground.sandbox.water import Water

_CLOSEST = 1.45


def scene(story: Story, size: Size, frame_count: int, seed: int) -> Callable[[int], Planes]:
    """Draw the shots of a story, one after the other over a number of frames, with hard cuts between them."""
    starts, stages = story.starts(frame_count), dict[Shot, _Stage]()
    # Shots that differ in their camera only are taken on one stage, from another place.
    places = [replace(shot, move="", sentences=()) for shot in story.shots]
    for place in places:
        if place not in stages:
            stages[place] = _Stage(place, size, (seed, story.key, len(stages)))

    def frame(index: int) -> Planes:
        number = bisect(starts, index, hi=len(places)) - 1
        stage, first, length = stages[places[number]], starts[number], starts[number + 1] - starts[number]
        moved = pose(story.shots[number].move, (index - first) / max(1, length - 1), (index - first) / FPS, stage.frame)
        moved = moved._replace(across=moved.across + 2.7 * number, forward=moved.forward + 0.25 * (number % 2))
        return stage.drawn(moved, index / FPS)

    return frame


class _Stage:
    """What stands before the camera in a shot, painted once."""

    def __init__(self, shot: Shot, size: Size, seeds: tuple[int, ...]) -> None:
        width, height = size
        horizon = height * (0.5 if shot.place == "ocean" else 0.6)
        self.frame = Frame(width, height, horizon, 0.6 * max(size), min(size) / 720)
        dice, palette, place = np.random.default_rng(seeds), palette_of(shot), table("scenery")["places"][shot.place]
        painter = Painter(shot, palette, self.frame, dice)
        self._layers: list[Layer] = [sky(palette, self.frame, dice, space=shot.place == "space"), *painter.strips()]
        self._layers += [painter.thing(name, painter.side * side) for name, side in place.get("things", ())]
        if shot.water:
            self._layers.append(Water(shot, palette, self.frame, dice))
        if shot.subject is not None:
            side = painter.side * table("scenery")["subjects"][shot.subject].get("aside", 0.35)
            # Whoever the shot is about is followed.
            coat = None if shot.coat is None else colour(*table("scenery")["colours"][shot.coat])
            self._layers.append(painter.thing(shot.subject, side, coat, followed=0.9))
        if shot.weather is not None and shot.place not in ("room", "space"):
            self._layers.append(Weather(shot.weather, palette, self.frame, dice))
        self._layers.sort(key=lambda layer: -layer.depth)
        self._sky = blank(size)
        self._layers[0].draw(self._sky, Pose(), 0, height)

    def drawn(self, pose: Pose, seconds: float) -> Planes:
        """Draw it as it looks from a place at a moment."""
        bottoms = [self.frame.height]
        for layer in reversed(self._layers):
            bottoms.append(min(bottoms[-1], layer.hides_from(pose)))
        # The sky is too far away to change with the camera's place.
        turned = pose[3:] != Pose()[3:]
        picture = blank((self.frame.width, self.frame.height)) if turned else copied(self._sky)
        for layer, bottom in list(zip(self._layers, bottoms[-2::-1], strict=True))[0 if turned else 1 :]:
            layer.draw(picture, pose, seconds, bottom)
        return picture


class Weather:
    """What falls or floats before a scene: tiles of light that wander over the picture, and veils of fog."""

    depth = 0.0

    def __init__(self, kind: str, palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._look, self._frame = table("scenery")["weathers"][kind], frame
        self._tiles = [(self._tile(count, near, dice), near) for count, near in self._look.get("layers", ())]
        self._veil = self._fog(palette, dice) if "veil" in self._look else None

    def hides_from(self, pose: Pose) -> int:
        """It hides nothing."""
        return self._frame.height

    def draw(self, picture: Planes, pose: Pose, seconds: float, bottom: int) -> None:
        """Lighten the picture where something falls; lay the fog over it."""
        height, width = picture[0].shape
        for number, (tile, near) in enumerate(self._tiles):
            (along, down), (sway, often) = self._look["falls"], self._look["sways"]
            pace = self._frame.unit * near
            left = round(-pace * (along * seconds + sway * math.sin(often * seconds + 2 * number))) % width
            top = round(-pace * down * seconds) % height
            light = tile[top : top + height, left : left + width]
            picture[0][...] = np.minimum(picture[0], 235 - light) + light
            if self._look.get("glows"):
                picture[1][...] -= light[::2, ::2] >> 2
                picture[2][...] += light[::2, ::2] >> 3
        if self._veil is not None:
            lay(picture, self._veil, -round(14 * self._frame.unit * seconds), 0)

    def _tile(self, count: int, near: float, dice: np.random.Generator) -> Plane:
        """Paint a tile as large as the picture, twice each way, so that any piece of it can be cut out."""
        width, height, unit, look = self._frame.width, self._frame.height, self._frame.unit * near, self._look
        image = Image.new("L", (width, height))
        pen = ImageDraw.Draw(image)
        count = int(count * width * height / (1280 * 720 * self._frame.unit**2))
        for x, y, large, bright in dice.random((count, 4)) * (width, height, 1, 1):
            shine = int(look["dim"] + look["bright"] * bright)
            if look.get("streaks"):
                down = (22 + 16 * large) * unit
                pen.line(
                    (x, y, x + down * look["falls"][0] / look["falls"][1], y + down), shine, max(1, round(unit * 0.8))
                )
            else:
                radius = (0.9 + 1.3 * large) * unit
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), shine)
        blurred = image.filter(ImageFilter.GaussianBlur(look["soft"] * unit))
        if look.get("glows"):
            halo = image.filter(ImageFilter.GaussianBlur(7 * unit)).point([min(255, 3 * value) for value in range(256)])
            blurred = ImageChops.lighter(blurred, halo)
        return np.tile(np.asarray(blurred), (2, 2))

    def _fog(self, palette: Palette, dice: np.random.Generator) -> Planes:
        frame = self._frame
        wide = frame.width + int(1000 * frame.unit) & ~1
        noise = resized(fractal(dice, (90, 320), 1.9, 3.0), wide, frame.height)
        down = np.arange(frame.height, dtype=np.float32)[:, None] - frame.horizon
        low = np.exp(-((down / (0.26 * frame.height)) ** 2))
        share = np.clip(low * (0.42 + 0.22 * noise), 0, 0.85) + 0.06 * smooth(noise)
        return piece(canvas_of(palette.air, np.ones(share.shape)), share)


def pose(move: str, passed: float, seconds: float, frame: Frame) -> Pose:
    """Where a move has brought the camera; `passed` is the share of the shot that is over."""
    share, way = float(smooth(passed)), table("scenery")["camera"][move]
    at = {name: start + (end - start) * share for name, (start, end) in way.get("goes", {}).items()}
    shaken = way.get("shakes", 0) * frame.unit
    return Pose(
        across=at.get("across", 0.0),
        up=at.get("up", 0.0),
        forward=at.get("forward", 0.0),
        turn=frame.width * at.get("turn", 0.0) + shaken * (math.sin(seconds * 2.1) + 0.5 * math.sin(seconds * 5.3 + 1)),
        tilt=frame.height * at.get("tilt", 0.0) + 0.7 * shaken * math.sin(seconds * 2.9 + 2),
        zoom=AT_REST * _CLOSEST ** at.get("zoom", 0.0),
    )
