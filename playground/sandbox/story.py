"""What a prompt says, as far as a picture without a model can show it: shots of places, light, weather and camera."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

from playground.assets import asset

_MOST_SENTENCES = 6
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？])\s*|\n+|, then\b,?\s+", re.IGNORECASE)
_REFUSED = re.compile(r"\b(?:no|without) (\w+)")
_QUOTED = re.compile(r"[\"“]([^\"”]{2,200})[\"”]")
# A sentence that only directs says how the shot before it is made; it is no shot of its own.
_DIRECTS = re.compile(
    r"\W*(?:(?:the|a|an|slow|smooth|gentle|steady|soft|ambient)\s+)*(?:camera|shot|audio|sounds?|sfx|music|ambien\w+"
    r"|lens|style|lighting|wind and|no\b|pan|tilt|zoom|doll\w+|static|tripod)"
)


@cache
def table(name: str) -> dict[str, Any]:
    """Read `words` (regular expressions by lexicon and choice) or `scenery` (colours, shapes, moves and sounds)."""
    return tomllib.loads(asset("sandbox", f"{name}.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Shot:
    """One setting of the camera; all but its sentences are names in the tables. `water` lies before the land.

    The first colour named is the subject's `coat` where it stands before it, else the `tint` of everything.
    """

    place: str
    hour: str
    weather: str | None
    water: bool
    move: str
    subject: str | None
    coat: str | None
    tint: str | None
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Story:
    """A prompt, read. `key` differs from prompt to prompt."""

    shots: tuple[Shot, ...]
    captions: tuple[str, ...]
    sounds: tuple[str, ...]
    quotes: tuple[str, ...]
    music: bool
    key: int

    def starts(self, length: int) -> list[int]:
        """Where in a length each shot begins, and its end; every sentence has the same share."""
        counts = [max(1, len(shot.sentences)) for shot in self.shots]
        return [length * sum(counts[:number]) // sum(counts) for number in range(len(counts) + 1)]


def read(prompt: str, negative: str = "", most_shots: int = 4) -> Story:
    """Read a prompt; what the negative prompt names, or the prompt after "no" or "without", is left out."""
    reader = _Reader(prompt, negative)
    sentences = tuple(" ".join(part.split()) for part in _SENTENCE_END.split(prompt) if part.strip())[:_MOST_SENTENCES]
    shots: list[Shot] = []
    for group in _groups(sentences, most_shots):
        shots.append(reader.shot(group, shots[-1] if shots else None))
    of_places = (sound for shot in shots for sound in table("scenery")["places"][shot.place]["sounds"])
    sounds = [*reader.named("sounds"), *(sound for sound in of_places if reader.wanted("sounds", sound))]
    captions = sentences if reader.wanted("without", "captions") else ()
    quotes = tuple(_QUOTED.findall(prompt)) if reader.wanted("without", "voices") else ()
    music, key = reader.wanted("without", "music"), crc32(prompt.encode("utf-8", "replace"))
    return Story(tuple(shots), captions, tuple(dict.fromkeys(sounds))[:4], quotes, music, key)


class _Reader:
    """Finds the choices that a prompt names."""

    def __init__(self, prompt: str, negative: str) -> None:
        self._text = _plain(prompt)
        self._unwanted = " ".join([negative.lower(), *_REFUSED.findall(prompt.lower())])

    def wanted(self, lexicon: str, choice: str) -> bool:
        """Whether nobody asked to leave it out."""
        return _found(self._unwanted, lexicon, choice) is None

    def named(self, lexicon: str, text: str | None = None) -> list[str]:
        """The choices that a text names (the whole prompt if none is given), in its order."""
        text = self._text if text is None else text
        hits = {choice: _found(text, lexicon, choice) for choice in table("words")[lexicon]}
        found = {choice: hit.start() for choice, hit in hits.items() if hit and self.wanted(lexicon, choice)}
        return sorted(found, key=lambda choice: found[choice])

    def shot(self, sentences: tuple[str, ...], before: Shot | None) -> Shot:
        """What its sentences say. What they leave open stays as before, or is as later sentences say."""
        own = _plain(" ".join(sentences))
        later = self._text if before is None else ""

        def first(lexicon: str) -> str | None:
            return next(iter(self.named(lexicon, own) or self.named(lexicon, later)), None)

        wet = bool(self.named("waters", own)) or "ocean" in self.named("places", own)
        places = self.named("places", own) or ([] if wet else self.named("places", later))
        place = places[0] if places else before.place if before else "hills"
        hour = first("hours") or (before.hour if before else "night" if place == "space" else "golden")
        weather = first("weathers") or (before.weather if before else None)
        same = before if before and before.place == place else None
        subject = first("subjects") or (same.subject if same else None)
        tint = next((word for word in re.findall("[a-z]+", own) if word in table("scenery")["colours"]), None)
        coated = tint and subject and _found(own, "subjects", subject, rf"{tint} (?:\w+ )?")
        # A street shines when it is wet.
        shining = place == "city" and (weather == "rain" or hour == "neon")
        water = place == "ocean" or wet or shining or (same is not None and same.water)
        move = first("moves") or first("follows") or (before.move if before else "dolly-in")
        coat = tint if coated else same.coat if same else None
        tint = None if coated else tint or (before.tint if before else None)
        return Shot(place, hour, weather, water, move, subject, coat, tint, sentences)


def _groups(sentences: tuple[str, ...], most: int) -> list[tuple[str, ...]]:
    """The sentences of each shot; without any there is one shot all the same."""
    groups: list[tuple[str, ...]] = []
    for sentence in sentences:
        goes_on = sentence[0] in '"“' or _DIRECTS.match(sentence.lower()) is not None
        if groups and (goes_on or len(groups) == most):
            groups[-1] += (sentence,)
        else:
            groups.append((sentence,))
    return groups or [()]


def _plain(text: str) -> str:
    """Lower case, without what is said aloud and what is refused."""
    return _REFUSED.sub(" ", _QUOTED.sub(" ", text.lower()))


def _found(text: str, lexicon: str, choice: str, lead: str = "") -> re.Match[str] | None:
    pattern = table("words")[lexicon][choice]
    return re.search(rf"\b{lead}(?:{pattern})", text)
