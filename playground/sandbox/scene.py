"""A shot drawn from words: its layers from the sky to the rain, and the camera that moves past them."""

from bisect import bisect
from dataclasses import replace

import numpy as np

from playground.sandbox.elements import Water, Weather, sky
from playground.sandbox.land import Painter
from playground.sandbox.paint import palette_of
from playground.sandbox.planes import Planes, Size, blank, copied
from playground.sandbox.plates import Frame, Plate, Pose
from playground.sandbox.spec import FPS
from playground.sandbox.stills import Shot
from playground.sandbox.story import Shot as Setting
from playground.sandbox.story import Story, table


def scene(story: Story, size: Size, frame_count: int, seed: int) -> Shot:
    """Draw the shots of a story, one after the other over a number of frames, with hard cuts between them."""
    starts, stages = story.starts(frame_count), dict[Setting, _Stage]()
    # Shots that differ in their camera only are taken on one stage, from another place.
    places = [replace(shot, move="", sentences=()) for shot in story.shots]
    for place in places:
        if place not in stages:
            stages[place] = _Stage(place, size, (seed, story.key, len(stages)))

    def frame(index: int) -> Planes:
        number = bisect(starts, index, hi=len(places)) - 1
        stage, past, length = stages[places[number]], index - starts[number], starts[number + 1] - starts[number]
        start = 2.7 * number, 0.25 * (number % 2)
        pose = stage.frame.pose(story.shots[number].move, past / max(1, length - 1), past / FPS, start)
        return stage.drawn(pose, index / FPS)

    return frame


class _Stage:
    """What stands before the camera in a shot, painted once."""

    def __init__(self, shot: Setting, size: Size, seeds: tuple[int, ...]) -> None:
        horizon = size[1] * (0.5 if shot.place == "ocean" else 0.6)
        self.frame = Frame(*size, horizon, 0.6 * max(size), min(size) / 720)
        dice, palette = np.random.default_rng(seeds), palette_of(shot)
        painter = Painter(shot, palette, self.frame, dice)
        self._layers: list[Plate | Water | Weather] = [sky(palette, self.frame, dice, space=shot.place == "space")]
        self._layers += [*painter.strips(), *painter.things()]
        if shot.water:
            self._layers.append(Water(shot, palette, self.frame, dice))
        if shot.weather is not None and shot.place not in ("room", "space"):
            self._layers.append(Weather(table("scenery")["weathers"][shot.weather], palette, self.frame, dice))
        self._layers.sort(key=lambda layer: -layer.depth)
        self._sky = blank(size)
        self._layers[0].draw(self._sky, Pose(), 0, size[1])

    def drawn(self, pose: Pose, seconds: float) -> Planes:
        """Draw it as it looks from a place at a moment. Nothing is drawn where something nearer hides it."""
        bottoms = [self.frame.height]
        for layer in reversed(self._layers):
            bottoms.append(min(bottoms[-1], layer.hides_from(pose)))
        # The sky is too far away to change with the camera's place.
        same = pose[3:] == Pose()[3:]
        picture = copied(self._sky)
        for layer, bottom in list(zip(self._layers, bottoms[-2::-1], strict=True))[same:]:
            layer.draw(picture, pose, seconds, bottom)
        return picture
