"""The sound of a story: rain, wind or waves, a chord for the mood, a murmur where somebody speaks.

What each is made of, chains of libavfilter's filters, stands in the table of sounds.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from av.filter import Graph

from playground.sandbox.encode import SAMPLE_RATE, Pcm
from playground.sandbox.filters import chained, pulled
from playground.sandbox.story import Story, table

_SECONDS_A_LETTER = 0.07


def soundtrack(story: Story, seconds: int, seed: int) -> Pcm:
    """Return `seconds` of stereo sound that fits the story, between -1 and 1, faded at both ends."""
    graph, lasting = Graph(), f"duration={seconds}:sample_rate={SAMPLE_RATE}"
    slowly = f"duration={seconds}:sample_rate={SAMPLE_RATE // 3}"
    voices = [
        [step.format(lasting=lasting, slowly=slowly, seed=seed % 2**31 + number, **facts) for step in voice]
        for name, facts in _heard(story, seconds)
        for number, voice in enumerate(table("scenery")["sounds"][name])
    ]
    whole = table("scenery")["mix"]["all"]
    mixed, _ = chained(
        graph,
        f"amix=inputs={len(voices)}:normalize=0",
        *(step.format(end=seconds - 0.25, samples=seconds * SAMPLE_RATE) for step in whole),
        "abuffersink",
    )
    for number, voice in enumerate(voices):
        chained(graph, *voice)[1].link_to(mixed, 0, number)
    graph.configure()
    return np.concatenate([frame.to_ndarray() for frame in pulled(graph)], axis=1)


def _heard(story: Story, seconds: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The names of the sounds, each with what its filters are told."""
    yield "silence", {}
    for name in story.sounds:
        yield name, {}
    starts = story.starts(seconds * 1000) if story.music else []
    for shot, start, end in zip(story.shots, starts, starts[1:], strict=False):
        for pitch in table("scenery")["hours"][shot.hour]["chord"]:
            yield "tone", {"pitch": pitch, "start": start / 1000, "end": end / 1000}
    start = 0.7
    for quote in story.quotes:
        end = start + 0.5 + len(quote) * _SECONDS_A_LETTER
        yield "murmur", {"start": start, "end": end}
        start = end + 0.4
