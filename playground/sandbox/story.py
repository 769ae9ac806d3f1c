"""What a prompt says, as far as a picture without a model can show it: shots of places, light, weather and camera."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from playground.assets import asset

_MOST_SENTENCES = 6
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？])\s*|\n+|, then\b,?\s+", re.IGNORECASE)
_REFUSED = re.compile(r"\b(?:no|without) (\w+)")
_QUOTED = re.compile(r"[\"“]([^\"”]{2,200})[\"”]")


@cache
def table(name: str) -> dict[str, Any]:
    """Read `words` (regular expressions by lexicon and choice) or `scenery` (colours, shapes, moves and sounds)."""
    return tomllib.loads(asset("sandbox", f"{name}.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Shot:
    """One setting of the camera; all but its sentences are names in the tables. `water` lies before the land."""

    place: str = "hills"
    hour: str = ""
    weather: str = ""
    subject: str = ""
    water: bool = False
    move: str = "dolly-in"
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """A prompt, read."""

    shots: tuple[Shot, ...]
    captions: tuple[str, ...]
    sounds: tuple[str, ...]
    quotes: tuple[str, ...]
    music: bool

    def starts(self, length: int) -> list[int]:
        """Where in a length each shot begins, and its end; every sentence has the same share."""
        counts = [max(1, len(shot.sentences)) for shot in self.shots]
        return [length * sum(counts[:number]) // sum(counts) for number in range(len(counts) + 1)]


def read(prompt: str, negative: str = "", most_shots: int = 4) -> Story:
    """Read a prompt; what the negative prompt names, or the prompt after "no" or "without", is left out."""
    refused = " ".join([negative.lower(), *_REFUSED.findall(prompt.lower())])
    whole, unwanted, shots = _plain(prompt), named("without", refused), list[Shot]()
    sentences = tuple(" ".join(part.split()) for part in _SENTENCE_END.split(prompt) if part.strip())[:_MOST_SENTENCES]
    for group in _groups(sentences, most_shots):
        shots.append(_shot(group, whole, refused, shots[-1] if shots else None))
    sounds = named("sounds", whole) + [sound for shot in shots for sound in _place(shot.place)["sounds"]]
    silenced = named("sounds", refused)
    return Story(
        shots=tuple(shots),
        captions=() if "captions" in unwanted else sentences,
        sounds=tuple(sound for sound in dict.fromkeys(sounds) if sound not in silenced)[:4],
        quotes=() if "voices" in unwanted else tuple(_QUOTED.findall(prompt)),
        music="music" not in unwanted,
    )


def named(lexicon: str, text: str, refused: str = "") -> list[str]:
    """The choices that a text names, in its order; among words at the same place the first choice comes first."""
    hits = {choice: re.search(rf"\b(?:{words})", text) for choice, words in table("words")[lexicon].items()}
    starts = {choice: hit.start() for choice, hit in hits.items() if hit}
    unwanted = named(lexicon, refused) if refused else []
    return sorted((choice for choice in starts if choice not in unwanted), key=lambda choice: starts[choice])


def _shot(sentences: tuple[str, ...], whole: str, refused: str, before: Shot | None) -> Shot:
    """What its sentences say. What they leave open stays as before; in the first shot later sentences may say it."""
    own = _plain(" ".join(sentences))
    asked, before = ((own,), before) if before is not None else ((own, whole), Shot())

    def first(lexicon: str) -> str:
        return next((choice for text in asked for choice in named(lexicon, text, refused)), "")

    wet, homes = bool(named("waters", own, refused)), named("homes", own, refused)
    # A lake needs no other place, and a boat none but one with water.
    afloat = [] if wet or before.water else homes
    place = (named("places", own, refused) or afloat or ["" if wet else first("places")])[0] or before.place
    same, weather = before.place == place, first("weathers") or before.weather
    usual = table("scenery")["weathers"].get(weather, {}) | _place(place)
    hour = first("hours") or before.hour or usual.get("hour", "golden")
    # A street shines when it is wet.
    wet = wet or bool(homes) or (same and before.water) or bool({"always", hour, weather} & set(usual.get("wet", ())))
    subject, move = first("subjects") or before.subject * same, first("moves") or first("follows") or before.move
    return Shot(place, hour, weather, subject, wet, move, sentences)


def _groups(sentences: tuple[str, ...], most: int) -> list[tuple[str, ...]]:
    """The sentences of each shot: one that only directs, or speaks, belongs to the shot before it."""
    groups: list[tuple[str, ...]] = []
    for sentence in sentences:
        if groups and (len(groups) == most or re.match(table("words")["directs"], sentence.lower())):
            groups[-1] += (sentence,)
        else:
            groups.append((sentence,))
    return groups or [()]


def _place(name: str) -> dict[str, Any]:
    return table("scenery")["places"][name]


def _plain(text: str) -> str:
    """Lower case, without what is said aloud and what is refused."""
    return _REFUSED.sub(" ", _QUOTED.sub(" ", text.lower()))
