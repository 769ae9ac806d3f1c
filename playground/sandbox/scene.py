"""A shot drawn from words: its layers from the sky to the rain, and the camera that moves past them."""

from bisect import bisect
from dataclasses import replace

import numpy as np

from playground.sandbox.air import Water, Weather
from playground.sandbox.camera import Frame, Plate, Pose
from playground.sandbox.land import SHORE, land
from playground.sandbox.planes import HALVINGS, Planes, Size, copied, cut, scaled
from playground.sandbox.sky import look_of, sky
from playground.sandbox.spec import FPS
from playground.sandbox.stills import Shot, drawn_size
from playground.sandbox.story import Shot as Setting
from playground.sandbox.story import Story, table


def scene(story: Story, size: Size, frame_count: int, seed: int) -> Shot:
    """Draw the shots of a story, one after the other over a number of frames, with hard cuts between them."""
    starts, small = story.starts(frame_count), drawn_size(size)
    # Shots that differ in their camera only are taken on one stage, from another place.
    places = [replace(shot, move="", sentences=()) for shot in story.shots]
    stages = {place: _Stage(place, small, [seed, number]) for number, place in enumerate(dict.fromkeys(places))}

    def frame(index: int) -> Planes:
        number = bisect(starts, index, hi=len(places)) - 1
        past, length = index - starts[number], starts[number + 1] - starts[number]
        stage = stages[places[number]]
        pose = stage.frame.pose(story.shots[number].move, past / max(1, length - 1), past / FPS, number)
        return scaled(stage.drawn(pose, index / FPS), size)

    return frame


class _Stage:
    """What stands before the camera in a shot, painted once."""

    def __init__(self, shot: Setting, size: Size, seeds: list[int]) -> None:
        sea, sheltered = shot.place == "ocean", "sheltered" in table("scenery")["places"][shot.place]
        self.frame = frame = Frame(*size, size[1] * (0.5 if sea else 0.6), 0.6 * max(size), min(size) / 720)
        dice, look = np.random.default_rng(seeds), look_of(shot)
        self._layers: list[Plate | Water | Weather] = [sky(look, frame, dice), *land(shot, look, frame, dice)]
        if shot.water:
            self._layers.append(Water(look, frame, dice, 90 if sea else SHORE, 1.2 if sea else 0.4))
        weather = table("scenery")["weathers"].get(shot.weather, {})
        if "layers" in weather and not sheltered:
            self._layers.append(Weather(weather, frame, dice))
        self._layers.sort(key=lambda layer: -layer.depth)
        self._resting = frame.pose("static", 0, 0, 0)
        self._sky = [np.empty((size[1] >> halving, size[0] >> halving), np.uint8) for halving in HALVINGS[:3]]
        self._layers[0].draw(self._sky, self._resting, 0)

    def drawn(self, pose: Pose, seconds: float) -> Planes:
        """Draw it as it looks from a place at a moment. Nothing is drawn where something nearer hides it."""
        width, bottom = self.frame.width, self.frame.height
        picture, seen = copied(self._sky), list[tuple[Plate | Water | Weather, Planes]]()
        # The sky is too far away to change with the camera's place.
        same = pose[3:] == self._resting[3:]
        for layer in reversed(self._layers[same:]):
            seen.append((layer, cut(picture, 0, 0, width, bottom)))
            bottom = min(bottom, layer.hides_from(pose))
        for layer, part in reversed(seen):
            layer.draw(part, pose, seconds)
        return picture
