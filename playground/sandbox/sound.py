"""The sound of a story: rain, wind or waves, a chord for the mood, a murmur where somebody speaks.

What each is made of, chains of libavfilter's filters written as FFmpeg writes them, stands in the table of sounds.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from av.filter import Graph

from playground.sandbox.encode import SAMPLE_RATE, Pcm
from playground.sandbox.story import Story, table

_SECONDS_A_LETTER = 0.07


def soundtrack(story: Story, seconds: int, seed: int) -> Pcm:
    """Return `seconds` of stereo sound that fits the story, between -1 and 1, faded at both ends."""
    graph, mix, frames = Graph(), table("scenery")["mix"]["all"], list[Any]()
    facts: dict[str, Any] = {"end": seconds - 0.25, "samples": seconds * SAMPLE_RATE}
    for name, rate in (("lasting", SAMPLE_RATE), ("slowly", SAMPLE_RATE // 3)):
        facts[name] = f"duration={seconds}:sample_rate={rate}"
    voices = [
        _added(graph, voice, facts | own | {"seed": seed % 2**31 + number})
        for name, own in _heard(story, seconds)
        for number, voice in enumerate(table("scenery")["sounds"][name])
    ]
    whole = _added(graph, [f"amix=inputs={len(voices)}:normalize=0", *mix, "abuffersink"], facts)
    for number, voice in enumerate(voices):
        voice[-1].link_to(whole[0], 0, number)
    graph.configure()
    with suppress(EOFError):
        while True:
            frames.append(graph.pull().to_ndarray())
    return np.concatenate(frames, axis=1)


def _added(graph: Graph, steps: Iterable[str], facts: dict[str, Any]) -> list[Any]:
    """Add a chain of filters to a graph, and to each what it should know."""
    told = (step.format(**facts).partition("=") for step in steps)
    chain = [graph.add(name, options or None) for name, _, options in told]
    graph.link_nodes(*chain)
    return chain


def _heard(story: Story, seconds: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The names of the sounds, each with what its filters are told."""
    yield "silence", {}
    yield from ((name, {}) for name in story.sounds)
    starts = story.starts(seconds * 1000) if story.music else []
    for shot, start, end in zip(story.shots, starts, starts[1:], strict=False):
        for pitch in table("scenery")["hours"][shot.hour]["chord"]:
            yield "tone", {"pitch": pitch, "start": start / 1000, "end": end / 1000}
    start = 0.7
    for quote in story.quotes:
        end = start + 0.5 + len(quote) * _SECONDS_A_LETTER
        yield "murmur", {"start": start, "end": end}
        start = end + 0.4
