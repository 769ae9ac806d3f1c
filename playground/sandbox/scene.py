"""A shot drawn from words: its plates, the water before them, and the camera that moves past."""

import math
from bisect import bisect
from dataclasses import replace

import numpy as np
from PIL import Image, ImageChops

from playground.sandbox.land import SHORE, Painter
from playground.sandbox.palette import colours
from playground.sandbox.planes import Planes, blank
from playground.sandbox.plates import Frame, Pose
from playground.sandbox.scenery import looks
from playground.sandbox.sky import sky
from playground.sandbox.spec import FPS
from playground.sandbox.stills import eased
from playground.sandbox.story import Shot, Story
from playground.sandbox.water import Water
from playground.sandbox.weather import Weather

_CLOSEST = 1.45


class Sequence:
    """The shots of a story, one after the other over a number of frames, with hard cuts between them."""

    def __init__(self, story: Story, size: tuple[int, int], frame_count: int, seed: int) -> None:
        self._starts = [*story.starts(frame_count), frame_count]
        self._shots: list[tuple[_Stage, str, Pose]] = []
        stages: dict[Shot, _Stage] = {}
        for number, shot in enumerate(story.shots):
            # Shots that differ in their camera only are taken on one stage, from another place.
            place = replace(shot, move="", sentences=())
            if place not in stages:
                stages[place] = _Stage(place, size, (seed, story.key, len(stages)))
            self._shots.append((stages[place], shot.move, Pose(across=2.7 * number, forward=0.25 * (number % 2))))

    def frame(self, index: int) -> Planes:
        """Draw one picture. It depends on its number only: several threads draw at once and always draw the same."""
        number = bisect(self._starts, index, hi=len(self._shots)) - 1
        stage, move, start = self._shots[number]
        first, following = self._starts[number : number + 2]
        passed = (index - first) / max(1, following - first - 1)
        moved = pose(move, passed, (index - first) / FPS, stage.frame)
        moved = moved._replace(across=moved.across + start.across, forward=moved.forward + start.forward)
        return stage.drawn(moved, index / FPS)


class _Stage:
    """What stands before the camera in a shot, painted once."""

    def __init__(self, shot: Shot, size: tuple[int, int], seeds: tuple[int, ...]) -> None:
        width, height = size
        unit = min(size) / 720
        self.frame = Frame(
            width, height, round(height * (0.25 if shot.place == "ocean" else 0.3)) * 2, 0.6 * max(size), unit
        )
        dice = np.random.default_rng(seeds)
        palette = colours(shot)
        painter = Painter(shot, palette, self.frame, dice)
        self._plates = [sky(shot, palette, self.frame, dice), *painter.strips()]
        self._water = Water(shot, palette, self.frame, dice) if shot.water else None
        for name, side in looks()["places"][shot.place].get("things", ()):
            self._plates.append(painter.stands(name, painter.side * side))
        self._star = None
        if shot.subject is not None:
            side = painter.side * (0.95 if shot.subject == "lighthouse" else 0.35)
            self._star = painter.stands(shot.subject, side, shot.coat)
            self._plates.append(self._star)
        self._plates.sort(key=lambda plate: -plate.depth)
        outside = shot.place not in ("room", "space")
        self._weather = Weather(shot.weather, palette, self.frame, dice) if shot.weather and outside else None
        # The land that stands before the water is drawn after it.
        self._before = sum(plate.depth >= SHORE for plate in self._plates)
        self._sky = blank(size)
        self._plates[0].draw(self._sky, self.frame, Pose(), height)
        self._vignette = _vignette(size)

    def drawn(self, pose: Pose, seconds: float) -> Planes:
        """Draw it as it looks from a place at a moment."""
        frame, water = self.frame, self._water
        bottom, bottoms = frame.height, list[int]()
        for number, plate in reversed([*enumerate(self._plates)]):
            if water is not None and number == self._before - 1:
                bottom = water.line(pose)
            bottoms.append(bottom)
            bottom = min(bottom, plate.hides_from(frame, pose))
        # The sky is too far away to change with the camera's place.
        turned = pose[3:] != Pose()[3:]
        picture = blank((frame.width, frame.height)) if turned else self._sky.copy()
        for number, plate in enumerate(self._plates):
            if number == self._before and water is not None:
                water.draw(picture, pose, seconds)
            # Whoever the shot is about is followed.
            followed = pose._replace(across=0.1 * pose.across) if plate is self._star else pose
            if turned or number > 0:
                plate.draw(picture, frame, followed, bottoms[-1 - number])
        if water is not None and self._before == len(self._plates):
            water.draw(picture, pose, seconds)
        if self._weather is not None:
            self._weather.draw(picture, seconds)
        picture.y[...] = np.asarray(ImageChops.multiply(Image.fromarray(picture.y), self._vignette))
        return picture


def pose(move: str, passed: float, seconds: float, frame: Frame) -> Pose:
    """Where a move has brought the camera; `passed` is the share of the shot that is over."""
    share = eased(passed)
    way = looks()["camera"][move]
    at = {name: start + (end - start) * share for name, (start, end) in way.get("goes", {}).items()}
    shaken = way.get("shakes", 0) * frame.unit
    return Pose(
        across=at.get("across", 0.0),
        up=at.get("up", 0.0),
        forward=at.get("forward", 0.0),
        turn=frame.width * at.get("turn", 0.0) + shaken * (math.sin(seconds * 2.1) + 0.5 * math.sin(seconds * 5.3 + 1)),
        tilt=frame.height * at.get("tilt", 0.0) + 0.7 * shaken * math.sin(seconds * 2.9 + 2),
        zoom=_CLOSEST ** at.get("zoom", 0.0),
    )


def _vignette(size: tuple[int, int]) -> Image.Image:
    across, down = (np.linspace(-1, 1, side, dtype=np.float32) ** 2 for side in size)
    return Image.fromarray((255 - 34 * (across[None, :] + down[:, None])).astype(np.uint8))
