"""The sound of a story: noise and tones shaped into rain, wind and waves, a chord for the mood, a murmur for speech."""

import math
import re
from typing import Any

import numpy as np

from playground.sandbox.encode import SAMPLE_RATE, Pcm
from playground.sandbox.paint import Field
from playground.sandbox.story import Story, table

_LOW_VOICE = re.compile(r"\b(?:man|he|his|king|detective|robot|father|old)\b")


def soundtrack(story: Story, prompt: str, seconds: int, seed: int) -> Pcm:
    """Return `seconds` of stereo sound that fits the story, between -1 and 1, faded at both ends."""
    dice = np.random.default_rng([seed, story.key, 7])
    clock = np.arange(seconds * SAMPLE_RATE, dtype=np.float32) / np.float32(SAMPLE_RATE)
    mix = np.zeros_like(clock)
    for name in story.sounds:
        for voice in table("scenery")["sounds"][name]:
            mix += _voiced(voice, clock, dice)
    if story.music:
        mix += _chord(story, clock)
    at = int(0.7 * SAMPLE_RATE)
    for quote in story.quotes:
        voice = _murmur(quote, 112 if _LOW_VOICE.search(prompt.lower()) else 190, dice)[: max(0, clock.size - at)]
        # The rest steps back while somebody speaks.
        mix[at : at + voice.size] = mix[at : at + voice.size] * 0.45 + voice
        at += voice.size + SAMPLE_RATE // 2
    mix *= np.clip(np.minimum(clock * 8, (seconds - clock) * 4), 0, 1)
    mix = np.tanh(mix * np.float32(1.6))
    # Two milliseconds between the ears make it wide.
    return np.stack([mix, np.roll(mix, 96)]).astype(np.float32)


def _voiced(voice: dict[str, Any], clock: Field, dice: np.random.Generator) -> Field:
    """One voice of the table of sounds."""
    wave = _noise(voice["noise"], clock.size, dice) if "noise" in voice else _tone(clock, **voice)
    for rate, phase in voice.get("swells", ()):
        wave *= _swell(clock, rate, phase)
    if "every" in voice:
        wave *= _struck(voice, clock, dice)
    return np.float32(voice["level"]) * wave


def _noise(band: tuple[float, float], size: int, dice: np.random.Generator) -> Field:
    """Noise between two pitches in Hz, deviation 1, falling off steeply outside."""
    spectrum = np.fft.rfft(dice.standard_normal(size, np.float32))
    pitch = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 1).astype(np.float32)
    wave = np.fft.irfft(spectrum * pitch**-0.3 / (1 + (band[0] / pitch) ** 6) / (1 + (pitch / band[1]) ** 6), size)
    return (wave / wave.std()).astype(np.float32)


def _tone(clock: Field, tone: float, wobbles: Any = (), overtones: Any = (1,), **_: Any) -> Field:
    turn = np.float32(2 * np.pi * tone) * clock
    for depth, rate in wobbles:
        turn -= np.float32(depth / rate) * np.cos(np.float32(2 * np.pi * rate) * clock)
    return sum((np.float32(part) * np.sin(np.float32(n) * turn) for n, part in enumerate(overtones, 1)), 0 * clock)


def _swell(clock: Field, rate: float, phase: float) -> Field:
    return (0.6 + 0.4 * np.sin(2 * np.pi * rate * clock + phase)).astype(np.float32)


def _struck(voice: dict[str, Any], clock: Field, dice: np.random.Generator) -> Field:
    """How loud something is that sounds again and again, like clockwork or by chance, and dies away each time."""
    every: float = voice["every"] * SAMPLE_RATE
    count = math.ceil(clock.size / every)
    moments, strengths = np.linspace(0, count * every, count, endpoint=False), np.ones(count)
    if voice.get("strewn"):
        moments, strengths = dice.uniform(0, clock.size, count), dice.uniform(0.2, 1, count)
    since = np.arange(int(6 / voice["decay"] * SAMPLE_RATE)) / SAMPLE_RATE
    strike = np.exp(-since * voice["decay"]) * (1 - np.exp(-since * voice.get("attack", 400)))
    loudness = np.zeros(clock.size + strike.size, np.float32)
    for moment, strength in zip(moments.astype(int), strengths, strict=True):
        loudness[moment : moment + strike.size] += strength * strike
    return loudness[: clock.size]


def _chord(story: Story, clock: Field) -> Field:
    """A soft chord that changes with the light of the shots."""
    wave, starts = np.zeros_like(clock), story.starts(clock.size)
    for shot, first, last in zip(story.shots, starts, starts[1:], strict=False):
        part, hour = clock[first:last], table("scenery")["hours"][shot.hour]
        for voice, interval in enumerate((0, 3 if hour["minor"] else 4, 7, 12)):
            tone = _tone(part, hour["root"] * 2 ** (interval / 12), overtones=(1, 0.3))
            wave[first:last] += 0.022 * tone * _swell(part, 0.11 + 0.03 * voice, voice)
    return wave


def _murmur(text: str, pitch: float, dice: np.random.Generator) -> Field:
    """Speech without words: a vowel for every syllable, in the time that saying the text would take."""
    parts, harmonics = [np.zeros(0)], np.arange(1, 24)[:, None]
    for word in re.findall(r"[\w']+|[,.!?;]", text.lower()):
        for vowels in re.findall("[aeiou]+", word) or ["a"] * word.isalnum():
            clock = np.arange(int(SAMPLE_RATE * (0.11 + 0.04 * dice.random()))) / SAMPLE_RATE
            height = pitch * (1.1 - 0.1 * (len(parts) % 9) / 9 + 0.05 * dice.standard_normal())
            off = (harmonics * height - np.array(table("scenery")["vowels"][vowels[0]])) / (90, 110, 130)
            strengths = ((1, 0.6, 0.3) / (1 + off**2)).sum(1, keepdims=True) / harmonics**0.35
            turn = 2 * np.pi * height * clock + 0.3 * np.sin(2 * np.pi * 5 * clock)
            tone = (strengths * np.sin(harmonics * turn)).sum(0)
            parts.append(0.2 * tone * np.clip(np.minimum(clock / 0.02, (clock[-1] - clock) / 0.04), 0, 1))
        parts.append(np.zeros(int(SAMPLE_RATE * (0.05 if word.isalnum() else 0.18))))
    return np.concatenate(parts).astype(np.float32)
