"""The sound of a story: noise shaped into rain, wind and waves, a chord for the mood, a murmur for what is said."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.sandbox.encode import SAMPLE_RATE, Pcm
from playground.sandbox.scenery import looks
from playground.sandbox.story import Story

Wave = NDArray[np.floating[Any]]
_Dice = np.random.Generator

# The three resonances of a vowel, in Hz, and the highest voice and the lowest.
_VOWELS = {
    "a": (800, 1200, 2500),
    "e": (500, 1900, 2500),
    "i": (320, 2300, 3000),
    "o": (500, 900, 2400),
    "u": (340, 800, 2300),
}
_LOW_VOICE = re.compile(r"\b(?:man|he|his|king|detective|robot|father|old)\b")


def soundtrack(story: Story, prompt: str, seconds: int, seed: int) -> Pcm:
    """Return `seconds` of stereo sound that fits the story, between -1 and 1, faded at both ends."""
    dice = np.random.default_rng([seed, story.key, 7])
    count = seconds * SAMPLE_RATE
    clock = np.arange(count, dtype=np.float32) / np.float32(SAMPLE_RATE)
    mix = np.zeros(count, np.float32)
    for name in story.sounds:
        mix += _BEDS[name](clock, dice)
    if story.music:
        mix += _chord(story, clock)
    at = int(0.7 * SAMPLE_RATE)
    for quote in story.quotes:
        voice = _murmur(quote, 112 if _LOW_VOICE.search(prompt.lower()) else 190, dice)[: max(0, count - at)]
        # The rest steps back while somebody speaks.
        mix[at : at + voice.size] = mix[at : at + voice.size] * 0.45 + voice
        at += voice.size + SAMPLE_RATE // 2
    rise, fall = SAMPLE_RATE // 8, SAMPLE_RATE // 4
    mix[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    mix[-fall:] *= np.linspace(1, 0, fall, dtype=np.float32)
    mix = np.tanh(mix * np.float32(1.6))
    # Two milliseconds between the ears make it wide.
    return np.stack([mix, np.roll(mix, 96)]).astype(np.float32)


def _noise(clock: Wave, dice: _Dice, low: float, high: float) -> Wave:
    """Noise between two pitches in Hz, deviation 1, falling off steeply outside."""
    spectrum = np.fft.rfft(dice.standard_normal(clock.size, np.float32))
    pitch = np.maximum(np.fft.rfftfreq(clock.size, 1 / SAMPLE_RATE), 1)
    spectrum *= pitch**-0.3 / (1 + (low / pitch) ** 6) / (1 + (pitch / high) ** 6)
    wave = np.fft.irfft(spectrum, clock.size).astype(np.float32)
    return wave / wave.std()


def _swell(clock: Wave, pitch: float, phase: float = 0.0) -> Wave:
    return (0.6 + 0.4 * np.sin(2 * np.pi * pitch * clock + phase)).astype(np.float32)


def _strewn(clock: Wave, dice: _Dice, rate: float, length: int, make: Callable[[Wave], Wave]) -> Wave:
    """A short sound again and again, `rate` times a second, each time another."""
    wave = np.zeros_like(clock)
    length = min(length, clock.size)
    for _ in range(max(1, int(clock.size / SAMPLE_RATE * rate))):
        start = int(dice.integers(0, clock.size - length + 1))
        wave[start : start + length] += make(clock[:length])
    return wave


def _waves(clock: Wave, dice: _Dice) -> Wave:
    wash = _swell(clock, 0.14, 5.0) ** 2
    return 0.07 * _noise(clock, dice, 90, 700) * (0.4 + wash) + 0.035 * _noise(clock, dice, 700, 3500) * wash**2


def _fire(clock: Wave, dice: _Dice) -> Wave:
    def snap(moment: Wave) -> Wave:
        return 0.3 * dice.random() * dice.standard_normal(moment.size) * np.exp(-moment * 400)

    return 0.03 * _noise(clock, dice, 60, 400) + _strewn(clock, dice, 14, 1200, snap)


def _birds(clock: Wave, dice: _Dice) -> Wave:
    def call(moment: Wave) -> Wave:
        pitch = 2500 + 900 * dice.random() + 260 * np.sin(2 * np.pi * 14 * moment)
        tone = np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE)
        return (0.05 * dice.random() + 0.02) * tone * np.hanning(moment.size)

    return _strewn(clock, dice, 1.3, 7000, call)


def _crickets(clock: Wave, dice: _Dice) -> Wave:
    pulse = np.clip(np.sin(2 * np.pi * 17 * clock), 0, 1) * (np.sin(2 * np.pi * 1.1 * clock) > 0.1)
    return (0.022 * np.sin(2 * np.pi * (4200 + 200 * dice.random()) * clock) * pulse).astype(np.float32)


def _thunder(clock: Wave, dice: _Dice) -> Wave:
    rumble = _noise(clock, dice, 25, 140)
    return (
        _strewn(clock, dice, 0.2, 3 * SAMPLE_RATE, lambda moment: np.exp(-moment * 1.4) * (1 - np.exp(-moment * 30)))
        * rumble
        * 0.3
    )


def _steps(clock: Wave, dice: _Dice) -> Wave:
    since = clock % np.float32(0.52)
    return (0.12 * _noise(clock, dice, 90, 900) * np.exp(-since * 34)).astype(np.float32)


def _engine(clock: Wave, dice: _Dice) -> Wave:
    pitch = 52 + 6 * np.sin(2 * np.pi * 0.21 * clock)
    turn = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    return (
        0.05 * (np.sin(turn) + 0.6 * np.sin(2 * turn) + 0.4 * np.sin(3 * turn)) + 0.02 * _noise(clock, dice, 80, 500)
    ).astype(np.float32)


_BEDS: dict[str, Callable[[Wave, _Dice], Wave]] = {
    "rain": lambda clock, dice: 0.05 * _noise(clock, dice, 1200, 11000),
    "wind": lambda clock, dice: 0.08 * _noise(clock, dice, 60, 420) * _swell(clock, 0.18) * _swell(clock, 0.41, 1),
    "waves": _waves,
    "street": lambda clock, dice: 0.05 * _noise(clock, dice, 50, 320) + 0.012 * _noise(clock, dice, 800, 3000),
    "fire": _fire,
    "birds": _birds,
    "crickets": _crickets,
    "engine": _engine,
    "thunder": _thunder,
    "hum": lambda clock, dice: 0.04 * np.sin(2 * np.pi * 55 * clock) + 0.02 * _noise(clock, dice, 40, 160),
    "steps": _steps,
}


def _chord(story: Story, clock: Wave) -> Wave:
    """A soft chord that changes with the light of the shots."""
    wave = np.zeros_like(clock)
    starts = [*story.starts(clock.size), clock.size]
    for number, shot in enumerate(story.shots):
        part = slice(starts[number], starts[number + 1])
        moment = clock[part]
        hour = looks()["hours"][shot.hour]
        for voice, interval in enumerate((0, 3 if hour["minor"] else 4, 7, 12)):
            pitch = hour["root"] * 2 ** (interval / 12)
            tone = np.sin(2 * np.pi * pitch * moment + voice) + 0.3 * np.sin(4 * np.pi * pitch * moment)
            wave[part] += 0.022 * tone * _swell(moment, 0.11 + 0.03 * voice, voice)
    return wave


def _murmur(text: str, pitch: float, dice: _Dice) -> Wave:
    """Speech without words: a vowel for every syllable, in the time that saying the text would take."""
    parts: list[Wave] = []
    for word in re.findall(r"[\w']+|[,.!?;]", text.lower()):
        for vowels in re.findall("[aeiou]+", word) or (["a"] if word.isalnum() else []):
            clock = np.arange(int(SAMPLE_RATE * (0.11 + 0.04 * dice.random()))) / SAMPLE_RATE
            height = pitch * (1.1 - 0.1 * (len(parts) % 9) / 9 + 0.05 * dice.standard_normal())
            turn = 2 * np.pi * height * clock + 0.3 * np.sin(2 * np.pi * 5 * clock)
            tone = np.zeros_like(clock)
            for harmonic in range(1, 24):
                away = [
                    (harmonic * height - peak) / (90 + 20 * number) for number, peak in enumerate(_VOWELS[vowels[0]])
                ]
                strength = sum(share / (1 + off**2) for share, off in zip((1, 0.6, 0.3), away, strict=True))
                tone += strength / harmonic**0.35 * np.sin(harmonic * turn)
            parts.append(0.2 * tone * np.clip(np.minimum(clock / 0.02, (clock[-1] - clock) / 0.04), 0, 1))
        parts.append(np.zeros(int(SAMPLE_RATE * (0.05 if word.isalnum() else 0.18))))
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)
