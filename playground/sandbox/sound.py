"""The sound of a story: noise and tones shaped into rain, wind and waves, a chord for the mood, a murmur for speech."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.sandbox.encode import SAMPLE_RATE, Pcm
from playground.sandbox.scenery import looks
from playground.sandbox.story import Story

Wave = NDArray[np.floating[Any]]

_VOWELS = {
    "a": (800, 1200, 2500),
    "e": (500, 1900, 2500),
    "i": (320, 2300, 3000),
    "o": (500, 900, 2400),
    "u": (340, 800, 2300),
}
"""The three resonances of a vowel in Hz."""
_LOW_VOICE = re.compile(r"\b(?:man|he|his|king|detective|robot|father|old)\b")


def soundtrack(story: Story, prompt: str, seconds: int, seed: int) -> Pcm:
    """Return `seconds` of stereo sound that fits the story, between -1 and 1, faded at both ends."""
    dice = np.random.default_rng([seed, story.key, 7])
    count = seconds * SAMPLE_RATE
    clock = np.arange(count, dtype=np.float32) / np.float32(SAMPLE_RATE)
    mix = np.zeros(count, np.float32)
    for name in story.sounds:
        for voice in looks()["sounds"][name]:
            mix += _voiced(voice, clock, dice)
    if story.music:
        mix += _chord(story, clock)
    at = int(0.7 * SAMPLE_RATE)
    for quote in story.quotes:
        voice = _murmur(quote, 112 if _LOW_VOICE.search(prompt.lower()) else 190, dice)[: max(0, count - at)]
        # The rest steps back while somebody speaks.
        mix[at : at + voice.size] = mix[at : at + voice.size] * 0.45 + voice
        at += voice.size + SAMPLE_RATE // 2
    mix *= np.clip(np.minimum(clock * 8, (seconds - clock) * 4), 0, 1)
    mix = np.tanh(mix * np.float32(1.6))
    # Two milliseconds between the ears make it wide.
    return np.stack([mix, np.roll(mix, 96)]).astype(np.float32)


def _voiced(voice: dict[str, Any], clock: Wave, dice: np.random.Generator) -> Wave:
    """One line of the table of sounds."""
    wave = _noise(voice["noise"], clock.size, dice) if "noise" in voice else _tone(voice, clock)
    for rate, phase in voice.get("swells", ()):
        wave *= _swell(clock, rate, phase)
    if "every" in voice:
        wave *= _struck(voice, clock, dice)
    return np.float32(voice["level"]) * wave


def _noise(band: tuple[float, float], size: int, dice: np.random.Generator) -> Wave:
    """Noise between two pitches in Hz, deviation 1, falling off steeply outside."""
    low, high = band
    spectrum = np.fft.rfft(dice.standard_normal(size, np.float32))
    pitch = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 1).astype(np.float32)
    below, above = (low / pitch) ** 2, (pitch / high) ** 2
    spectrum *= pitch**-0.3 / (1 + below * below * below) / (1 + above * above * above)
    wave = np.fft.irfft(spectrum, size).astype(np.float32)
    return wave / wave.std()


def _tone(voice: dict[str, Any], clock: Wave) -> Wave:
    turn = np.float32(2 * np.pi * voice["tone"]) * clock
    for depth, rate in voice.get("wobbles", ()):
        turn -= np.float32(depth / rate) * np.cos(np.float32(2 * np.pi * rate) * clock)
    wave = np.zeros_like(clock)
    for number, strength in enumerate(voice.get("overtones", [1]), 1):
        wave += np.float32(strength) * np.sin(np.float32(number) * turn)
    return wave


def _swell(clock: Wave, rate: float, phase: float) -> Wave:
    return (0.6 + 0.4 * np.sin(2 * np.pi * rate * clock + phase)).astype(np.float32)


def _struck(voice: dict[str, Any], clock: Wave, dice: np.random.Generator) -> Wave:
    """How loud something is that sounds again and again, like clockwork or by chance, and dies away each time."""
    seconds = clock.size / SAMPLE_RATE
    moments = np.arange(0, seconds, voice["every"])
    strengths = np.ones(moments.size)
    if voice.get("strewn"):
        moments, strengths = dice.uniform(0, seconds, moments.size), dice.uniform(0.2, 1, moments.size)
    since = np.arange(int(6 / voice["decay"] * SAMPLE_RATE)) / SAMPLE_RATE
    strike = np.exp(-since * voice["decay"]) * (1 - np.exp(-since * voice.get("attack", 400)))
    loudness = np.zeros(clock.size + strike.size, np.float32)
    for moment, strength in zip(moments, strengths, strict=True):
        at = int(moment * SAMPLE_RATE)
        loudness[at : at + strike.size] += strength * strike
    return loudness[: clock.size]


def _chord(story: Story, clock: Wave) -> Wave:
    """A soft chord that changes with the light of the shots."""
    wave = np.zeros_like(clock)
    starts = [*story.starts(clock.size), clock.size]
    for number, shot in enumerate(story.shots):
        part = slice(starts[number], starts[number + 1])
        hour = looks()["hours"][shot.hour]
        for voice, interval in enumerate((0, 3 if hour["minor"] else 4, 7, 12)):
            tone = _tone({"tone": hour["root"] * 2 ** (interval / 12), "overtones": [1, 0.3]}, clock[part])
            wave[part] += 0.022 * tone * _swell(clock[part], 0.11 + 0.03 * voice, voice)
    return wave


def _murmur(text: str, pitch: float, dice: np.random.Generator) -> Wave:
    """Speech without words: a vowel for every syllable, in the time that saying the text would take."""
    parts = [np.zeros(0)]
    harmonics = np.arange(1, 24)[:, None]
    for word in re.findall(r"[\w']+|[,.!?;]", text.lower()):
        for vowels in re.findall("[aeiou]+", word) or (["a"] if word.isalnum() else []):
            clock = np.arange(int(SAMPLE_RATE * (0.11 + 0.04 * dice.random()))) / SAMPLE_RATE
            height = pitch * (1.1 - 0.1 * (len(parts) % 9) / 9 + 0.05 * dice.standard_normal())
            turn = 2 * np.pi * height * clock + 0.3 * np.sin(2 * np.pi * 5 * clock)
            off = (harmonics * height - np.array(_VOWELS[vowels[0]])) / (90, 110, 130)
            strengths = ((1, 0.6, 0.3) / (1 + off**2)).sum(1, keepdims=True) / harmonics**0.35
            tone = (strengths * np.sin(harmonics * turn)).sum(0)
            parts.append(0.2 * tone * np.clip(np.minimum(clock / 0.02, (clock[-1] - clock) / 0.04), 0, 1))
        parts.append(np.zeros(int(SAMPLE_RATE * (0.05 if word.isalnum() else 0.18))))
    return np.concatenate(parts).astype(np.float32)
