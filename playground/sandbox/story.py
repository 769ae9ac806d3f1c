"""What a prompt says, as far as a picture without a model can show it: shots of places, light, weather and camera."""

import re
from dataclasses import dataclass
from zlib import crc32

from playground.sandbox.scenery import looks, words

Rgb = tuple[float, float, float]

_MOST_SENTENCES = 6
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？])\s*|\n+|, then\b,?\s+", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+")
_REFUSED = re.compile(r"\b(?:no|without) (\w+)")
_QUOTED = re.compile(r"[\"“]([^\"”]{2,200})[\"”]")
# A sentence that only directs says how the shot before it is made; it is no shot of its own.
_DIRECTS = re.compile(
    r"\W*(?:(?:the|a|an|slow|smooth|gentle|steady|soft|ambient)\s+)*(?:camera|shot|audio|sounds?|sfx|music|ambien\w+"
    r"|lens|style|lighting|wind and|no\b|pan|tilt|zoom|doll\w+|static|tripod)"
)


@dataclass(frozen=True)
class Shot:
    """One setting of the camera. `water` lies before the land.

    The first colour named is the subject's `coat` where it stands before it, else the `tint` of everything.
    """

    place: str
    hour: str
    weather: str | None
    water: bool
    move: str
    subject: str | None
    coat: Rgb | None
    tint: Rgb | None
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
        """Where in a length each shot begins; every sentence has the same share."""
        counts = [len(shot.sentences) for shot in self.shots]
        return [length * sum(counts[:number]) // max(1, sum(counts)) for number in range(len(counts))]


def read(prompt: str, negative: str = "", most_shots: int = 4) -> Story:
    """Read a prompt; what the negative prompt names, or the prompt after "no" or "without", is left out."""
    unwanted = " ".join([negative.lower(), *_REFUSED.findall(prompt.lower())])
    sentences = _sentences(prompt)
    shots: list[Shot] = []
    for group in _groups(sentences, most_shots):
        shots.append(_shot(group, _plain(prompt), unwanted, shots[-1] if shots else None))
    sounds = _named(_plain(prompt), unwanted, "sounds")
    for shot in shots:
        sounds += [name for name in looks()["places"][shot.place]["sounds"] if not _has(unwanted, "sounds", name)]
    return Story(
        shots=tuple(shots),
        captions=() if _has(unwanted, "without", "captions") else sentences,
        sounds=tuple(dict.fromkeys(sounds))[:4],
        quotes=() if _has(unwanted, "without", "voices") else tuple(_QUOTED.findall(prompt)),
        music=not _has(unwanted, "without", "music"),
        key=crc32(prompt.encode("utf-8", "replace")),
    )


def _shot(sentences: tuple[str, ...], text: str, unwanted: str, before: Shot | None) -> Shot:
    own = _plain(" ".join(sentences))
    # What is said later holds for the first shot too, where that says nothing of it itself.
    later = text if before is None else ""

    def named(lexicon: str) -> str | None:
        return next(iter(_named(own, unwanted, lexicon) or _named(later, unwanted, lexicon)), None)

    wet = any(_has(own, *water) and not _has(unwanted, *water) for water in (("waters", "water"), ("places", "ocean")))
    places = _named(own, unwanted, "places") or ([] if wet else _named(later, unwanted, "places"))
    place = places[0] if places else before.place if before else "hills"
    hour = named("hours") or (before.hour if before else "night" if place == "space" else "golden")
    weather = named("weathers") or (before.weather if before else None)
    same = before if before and before.place == place else None
    subject = named("subjects") or (same.subject if same else None)
    colours = looks()["colours"]
    colour = next((word for word in _WORD.findall(own) if word in colours), None)
    rgb: Rgb | None = tuple(colours[colour]) if colour is not None else None
    coated = rgb is not None and subject is not None and _has(own, "subjects", subject, rf"{colour} (?:\w+ )?")
    # A street shines when it is wet.
    shining = place == "city" and (weather == "rain" or hour == "neon")
    return Shot(
        place=place,
        hour=hour,
        weather=weather,
        water=place == "ocean" or wet or shining or (same is not None and same.water),
        move=named("moves") or named("follows") or (before.move if before else "dolly-in"),
        subject=subject,
        coat=rgb if coated else same.coat if same else None,
        tint=None if coated else rgb or (before.tint if before else None),
        sentences=sentences,
    )


def _plain(text: str) -> str:
    """Lower case, without what is said aloud and what is refused."""
    return _REFUSED.sub(" ", _QUOTED.sub(" ", text.lower()))


def _sentences(prompt: str) -> tuple[str, ...]:
    parts = (" ".join(part.split()) for part in _SENTENCE_END.split(prompt.strip()))
    return tuple(part for part in parts if part)[:_MOST_SENTENCES]


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


def _named(text: str, unwanted: str, lexicon: str) -> list[str]:
    """The choices that a text names, in its order."""
    found: list[tuple[int, str]] = []
    for choice, pattern in words()[lexicon].items():
        match = re.search(rf"\b(?:{pattern})", text)
        if match is not None and not _has(unwanted, lexicon, choice):
            found.append((match.start(), choice))
    return [choice for _, choice in sorted(found, key=lambda hit: hit[0])]


def _has(text: str, lexicon: str, choice: str, lead: str = "") -> bool:
    return re.search(rf"\b{lead}(?:{words()[lexicon][choice]})", text) is not None
