"""A shot drawn from words: its layers from the sky to the rain, and the camera that moves past them."""

from bisect import bisect
from dataclasses import replace
from functools import cache
from typing import TypeAlias

import numpy as np

from playground.sandbox.air import Water, Weather
from playground.sandbox.camera import PERIOD, SHORE, Frame, Plate
from playground.sandbox.land import land
from playground.sandbox.paint import WHITE, Field, Look, blend, fractal, look_of, painted, smooth
from playground.sandbox.planes import Planes, Size, blank, opencv, scaled
from playground.sandbox.spec import FPS
from playground.sandbox.stills import Shot, drawn_size
from playground.sandbox.story import Shot as Setting
from playground.sandbox.story import Story, table

Layer: TypeAlias = Plate | Water | Weather

_COARSE = (320, 640)
_STARS = 1200


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
    layers: list[Layer] = [_sky(look, frame, dice), *land(shot, look, frame, dice)]
    if shot.water:
        layers.append(Water(look, frame, dice, 90 if sea else SHORE, 1.2 if sea else 0.4))
    weather = table("scenery")["weathers"].get(shot.weather, {})
    if "layers" in weather and not sheltered:
        layers.append(Weather(weather, frame, dice))
    return frame, sorted(layers, key=lambda layer: -layer.depth)


def _sky(look: Look, frame: Frame, dice: np.random.Generator) -> Plate:
    """Paint it, half as high again as the picture shows."""
    wide, above = int(PERIOD * frame.unit) & ~1, int(frame.horizon * 1.7) & ~1
    high = above + int(frame.height * 0.2) & ~1
    up = np.linspace(1.7, -0.2 * frame.height / frame.horizon, _COARSE[0], dtype=np.float32)[:, None]
    sun = wide / 2 + float(dice.uniform(-0.3, 0.3)) * frame.width, above - look.sun * frame.horizon
    across = np.linspace(0, wide, _COARSE[1], dtype=np.float32) - np.float32(sun[0])
    distance = np.hypot(across, above - up * frame.horizon - sun[1]) / frame.height
    air = np.broadcast_to(look.sky[0], (*_COARSE, 3))
    for tone, start, end in zip(look.sky[1:], (1.15, 0.5, 0.2), (0.5, 0.2, 0.0), strict=True):
        air = blend(air, tone, np.broadcast_to(np.clip((start - up) / (start - end), 0, 1), _COARSE))
    warmth = np.clip(0.75 * np.exp(-distance * 3.2) + 0.4 * np.exp(-distance * 12), 0, 1)
    air = blend(air, look.glow, warmth * (0.3 if look.clouds > 0 or look.dark else 0.75))
    air = opencv.resize(_clouded(air, look, up, distance, dice), (wide, high))
    if look.clouds <= 0:
        _light(air, sun, look, frame.unit, dice)
    # A grain finer than a step of the encoder keeps wide gradients from banding.
    air += opencv.resize(dice.standard_normal((high // 2, wide // 2), np.float32), (wide, high))[..., None]
    return Plate(frame, painted(air), float("inf"), -above)


def _clouded(air: Field, look: Look, up: Field, distance: Field, dice: np.random.Generator) -> Field:
    # Near the horizon clouds are far away: rows of the same noise crowd together there.
    rows = (np.clip(up[:, 0], 0.004, None) ** 0.42 * 215).astype(int) % _COARSE[0]
    noise = fractal(dice, _COARSE, 1.75, 2.6)[rows]
    cover = smooth((noise + look.clouds + float(dice.uniform(-0.6, 0))) / 1.5) * smooth(up * 9) * 0.9
    # The side towards the light is bright, the body below it in shade; under a closed sky there is no bright side.
    lit = smooth(0.5 + 0.9 * (noise - np.roll(noise, -7, axis=0)) + 0.5 * np.exp(-distance * 2.5))
    bright, shade = blend(look.glow, look.sky[3], 0.35), blend(look.sky[1], look.sky[2], 0.5)
    if look.dark:
        bright, shade = blend(look.sky[3], look.sky[1], 0.3), look.sky[1]
    return blend(blend(air, shade, cover), bright, cover * lit * (0.35 if look.clouds > 0 else 1))


def _light(air: Field, sun: tuple[float, float], look: Look, unit: float, dice: np.random.Generator) -> None:
    """Draw the sun, or stars and the moon, in place."""
    if look.dark:
        stars = np.zeros((air.shape[0] // 2, air.shape[1] // 2), np.float32)
        stars.flat[dice.integers(0, stars.size, _STARS)] = 80 + 350 * dice.random(_STARS, np.float32) ** 5
        np.maximum(air, opencv.resize(stars, air.shape[1::-1])[..., None], out=air)
    radius: float = unit * look.disc
    left, top = (max(0, int(middle - 7 * radius)) for middle in sun)
    part = air[top : top + int(14 * radius), left : left + int(14 * radius)]
    below = (np.arange(part.shape[0], dtype=np.float32)[:, None] + top - sun[1]) / radius
    beside = (np.arange(part.shape[1], dtype=np.float32) + left - sun[0]) / radius
    out = np.hypot(below, beside)
    disc = np.clip((1 - out) * radius + 0.5, 0, 1)
    part[...] = blend(part, look.glow, np.exp(-np.maximum(out - 1, 0)) * (0.2 if look.dark else 0.5))
    if look.dark:
        # A moon is not full.
        part[...] = blend(part, look.sky[1], disc)
        disc *= smooth(0.6 + 0.7 * beside - 0.6 * below)
    part[...] = blend(part, blend(look.glow, WHITE, 0.5), disc)
