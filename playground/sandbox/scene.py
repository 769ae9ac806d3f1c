"""A shot drawn from words: its layers from the sky to the rain, and the camera that moves past them."""

from bisect import bisect
from dataclasses import replace
from functools import cache
from typing import TypeAlias

import numpy as np

from playground.sandbox.air import Water, Weather
from playground.sandbox.camera import Frame, Plate
from playground.sandbox.land import SHORE, land
from playground.sandbox.planes import Planes, Size, blank, scaled
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

    @cache
    def layers(number: int) -> list[Layer]:
        frame, whole = stages[places[number]]
        begin, end = (frame.pose(story.shots[number].move, passed, 0, number) for passed in (0, 1))
        if begin[:3] != end[:3]:
            return whole
        # Where the camera does not travel, nothing of the land moves against the sky: they become one plate.
        far = [layer for layer in whole if isinstance(layer, Plate) and layer.depth >= SHORE]
        return [Plate.made_of(far, frame, begin), *(layer for layer in whole if layer not in far)]

    def picture(index: int) -> Planes:
        number = bisect(starts, index, hi=len(places)) - 1
        past, length = index - starts[number], starts[number + 1] - starts[number]
        pose = stages[places[number]][0].pose(story.shots[number].move, past / max(1, length - 1), past / FPS, number)
        drawn = blank(small)
        for layer in layers(number):
            layer.draw(drawn, pose, index / FPS)
        return scaled(drawn, size)

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
