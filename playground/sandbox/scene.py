"""A shot drawn from words: its layers from the sky to the rain, and the camera that moves past them."""

from bisect import bisect
from dataclasses import replace
from itertools import takewhile
from typing import TypeAlias

import numpy as np

from playground.sandbox.air import Water, Weather
from playground.sandbox.camera import Frame, Plate, Pose
from playground.sandbox.land import SHORE, land
from playground.sandbox.planes import Planes, Size, blank, cut, scaled
from playground.sandbox.sky import look_of, sky
from playground.sandbox.spec import FPS
from playground.sandbox.stills import Shot, drawn_size
from playground.sandbox.story import Shot as Setting
from playground.sandbox.story import Story, table

Layer: TypeAlias = Plate | Water | Weather


def scene(story: Story, size: Size, frame_count: int, seed: int) -> Shot:
    """Draw the shots of a story, one after the other over a number of frames, with hard cuts between them."""
    starts, small = story.starts(frame_count), drawn_size(size)
    # Shots that differ in their camera only are taken on one stage, from another place.
    places = [replace(shot, move="", sentences=()) for shot in story.shots]
    stages = {place: _stage(place, small, [seed, number]) for number, place in enumerate(dict.fromkeys(places))}
    frames = [stages[place][0] for place in places]
    layers = [_lean(*stages[places[number]], shot.move, number) for number, shot in enumerate(story.shots)]

    def picture(index: int) -> Planes:
        number = bisect(starts, index, hi=len(places)) - 1
        past, length = index - starts[number], starts[number + 1] - starts[number]
        pose = frames[number].pose(story.shots[number].move, past / max(1, length - 1), past / FPS, number)
        return scaled(_drawn(layers[number], frames[number], pose, index / FPS), size)

    return picture


def _stage(shot: Setting, size: Size, seeds: list[int]) -> tuple[Frame, list[Layer]]:
    """Paint what stands before the camera in a shot, the farthest first."""
    sea, sheltered = shot.place == "ocean", "sheltered" in table("scenery")["places"][shot.place]
    frame = Frame(*size, size[1] * (0.5 if sea else 0.6), 0.6 * max(size), min(size) / 720)
    dice, look = np.random.default_rng(seeds), look_of(shot)
    layers: list[Layer] = [sky(look, frame, dice), *land(shot, look, frame, dice)]
    if shot.water:
        layers.append(Water(look, frame, dice, 90 if sea else SHORE, 1.2 if sea else 0.4))
    weather = table("scenery")["weathers"].get(shot.weather, {})
    if "layers" in weather and not sheltered:
        layers.append(Weather(weather, frame, dice))
    return frame, sorted(layers, key=lambda layer: -layer.depth)


def _lean(frame: Frame, layers: list[Layer], move: str, number: int) -> list[Layer]:
    """Where the camera does not travel, nothing of the land moves against the sky: they become one plate."""
    begin, end = (frame.pose(move, passed, 0, number) for passed in (0, 1))
    if begin[:3] != end[:3]:
        return layers
    still = [layer for layer in takewhile(lambda layer: isinstance(layer, Plate), layers) if isinstance(layer, Plate)]
    return [Plate.made_of(still, begin), *layers[len(still) :]]


def _drawn(layers: list[Layer], frame: Frame, pose: Pose, seconds: float) -> Planes:
    """Draw them as they look from a place at a moment. Nothing is drawn where something nearer hides it."""
    picture, bottom, parts = blank(frame[:2]), frame.height, list[Planes]()
    for layer in reversed(layers):
        parts.append(cut(picture, 0, 0, frame.width, bottom))
        bottom = min(bottom, layer.hides_from(pose))
    for layer, part in zip(layers, reversed(parts), strict=True):
        layer.draw(part, pose, seconds)
    return picture
