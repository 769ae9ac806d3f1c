"""The sound of a scene: shaped noise for wind, waves, rain and streets, a few calls, and a soft chord."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.sandbox.encode import SAMPLE_RATE, Pcm
from playground.sandbox.story import Hour, Story

Wave = NDArray[np.floating[Any]]

_ROOTS: dict[Hour, float] = {
    "golden": 146.8, "sunset": 130.8, "night": 110.0, "dawn": 164.8, "day": 146.8, "storm": 98.0, "neon": 110.0,
}  # fmt: skip
_MINOR = ("night", "storm", "neon")


def ambience(story: Story, seconds: int, seed: int) -> Pcm:
    """Return `seconds` of stereo sound that fits the story, between -1 and 1, faded at both ends."""
    dice = np.random.default_rng([seed, story.key, 7])
    count = seconds * SAMPLE_RATE
    clock = np.arange(count, dtype=np.float32) / np.float32(SAMPLE_RATE)
    mix = np.zeros(count, np.float32)
    for name in _beds(story):
        mix += _BEDS[name](clock, dice)
    mix += _chord(story, clock)
    rise, fall = SAMPLE_RATE // 8, SAMPLE_RATE // 4
    mix[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    mix[-fall:] *= np.linspace(1, 0, fall, dtype=np.float32)
    mix = np.tanh(mix * np.float32(1.6))
    # Two milliseconds between the ears make it wide.
    return np.stack([mix, np.roll(mix, 96)])


def _beds(story: Story) -> list[str]:
    names = {
        "ocean": ["waves"], "city": ["street"], "forest": ["wind", "birds"], "space": ["hum"],
        "hills": ["wind", "birds"], "mountains": ["wind"], "desert": ["wind"],
    }[story.place]  # fmt: skip
    if story.hour in _MINOR and "birds" in names:
        names = [*(name for name in names if name != "birds"), "crickets"]
    return [*names, "rain"] if story.weather == "rain" else names


def _noise(clock: Wave, dice: np.random.Generator, low: float, high: float) -> Wave:
    """Noise between two pitches in Hz, peak 1, falling off softly outside."""
    spectrum = np.fft.rfft(dice.standard_normal(clock.size, np.float32))
    pitch = np.maximum(np.fft.rfftfreq(clock.size, 1 / SAMPLE_RATE), 1)
    spectrum *= pitch**-0.3 / (1 + (low / pitch) ** 4) / (1 + (pitch / high) ** 4)
    wave = np.fft.irfft(spectrum, clock.size).astype(np.float32)
    return wave / np.abs(wave).max()


def _swell(clock: Wave, pitch: float, phase: float = 0.0) -> Wave:
    return (0.6 + 0.4 * np.sin(2 * np.pi * pitch * clock + phase)).astype(np.float32)


def _wind(clock: Wave, dice: np.random.Generator) -> Wave:
    return 0.2 * _noise(clock, dice, 60, 480) * _swell(clock, 0.18) * _swell(clock, 0.41, 1)


def _waves(clock: Wave, dice: np.random.Generator) -> Wave:
    return 0.26 * _noise(clock, dice, 120, 2400) * _swell(clock, 0.14) ** 2


def _street(clock: Wave, dice: np.random.Generator) -> Wave:
    return 0.16 * _noise(clock, dice, 50, 320) + 0.04 * _noise(clock, dice, 800, 3000) * _swell(clock, 0.3)


def _rain(clock: Wave, dice: np.random.Generator) -> Wave:
    return 0.14 * _noise(clock, dice, 700, 9000)


def _hum(clock: Wave, dice: np.random.Generator) -> Wave:
    return (0.06 * np.sin(2 * np.pi * 55 * clock) + 0.08 * _noise(clock, dice, 40, 160)).astype(np.float32)


def _birds(clock: Wave, dice: np.random.Generator) -> Wave:
    wave = np.zeros_like(clock)
    length = min(7000, clock.size)
    moment = clock[:length]
    for _ in range(int(clock.size / SAMPLE_RATE * 1.3)):
        start = int(dice.integers(0, clock.size - length + 1))
        pitch = 2500 + 900 * dice.random() + 260 * np.sin(2 * np.pi * 14 * moment)
        call = np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE) * np.hanning(length)
        wave[start : start + length] += (0.05 * dice.random() + 0.02) * call
    return wave


def _crickets(clock: Wave, dice: np.random.Generator) -> Wave:
    pulse = np.clip(np.sin(2 * np.pi * 17 * clock), 0, 1) * (np.sin(2 * np.pi * 1.1 * clock) > 0.1)
    return (0.022 * np.sin(2 * np.pi * (4200 + 200 * dice.random()) * clock) * pulse).astype(np.float32)


_BEDS: dict[str, Callable[[Wave, np.random.Generator], Wave]] = {
    "wind": _wind, "waves": _waves, "street": _street, "rain": _rain,
    "hum": _hum, "birds": _birds, "crickets": _crickets,
}  # fmt: skip


def _chord(story: Story, clock: Wave) -> Wave:
    wave = np.zeros_like(clock)
    third = 3 if story.hour in _MINOR else 4
    for number, interval in enumerate((0, third, 7, 12)):
        pitch = _ROOTS[story.hour] * 2 ** (interval / 12)
        tone = np.sin(2 * np.pi * pitch * clock + number) + 0.3 * np.sin(4 * np.pi * pitch * clock)
        wave += (0.035 * tone * _swell(clock, 0.11 + 0.03 * number, number)).astype(np.float32)
    return wave
