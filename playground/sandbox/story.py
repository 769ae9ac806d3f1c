"""What a prompt says, as far as a picture without a model can show it: place, hour, weather, camera, captions."""

import re
from dataclasses import dataclass
from typing import Literal, TypeVar
from zlib import crc32

Place = Literal["hills", "mountains", "ocean", "city", "desert", "forest", "space"]
Hour = Literal["golden", "sunset", "night", "dawn", "day", "storm", "neon"]
Weather = Literal["clear", "rain", "snow", "fog", "motes"]
Camera = Literal["dolly-in", "dolly-out", "pan-left", "pan-right", "crane", "track", "static"]
Choice = TypeVar("Choice", Place, Hour, Weather, Camera)

_PLACES: dict[Place, str] = {
    "mountains": "mountain|alp|peak|cliff|canyon|glacier|summit|volcano",
    "ocean": "ocean|sea\\b|beach|wave|harbou?r|lake|shore|river|island|boat|ship|whale",
    "city": "city|street|skyline|downtown|rooftop|alley|tokyo|new york|paris|london|bridge|caf[eé]|market",
    "desert": "desert|dune|sahara|mars\\b|savann",
    "forest": "forest|woods?\\b|jungle|pine|tree",
    "space": "space|galaxy|planet|nebula|astronaut|spaceship|rocket",
    "hills": "field|meadow|hill|farm|countryside|grass|garden|park\\b|village",
}
_HOURS: dict[Hour, str] = {
    "night": "night|midnight|moonlit|moonlight|dark\\b",
    "neon": "neon|cyberpunk|synthwave",
    "sunset": "sunset|dusk|twilight|evening",
    "dawn": "dawn|sunrise|morning",
    "golden": "golden|warm light|autumn",
    "storm": "storm|overcast|thunder|moody|noir|gloomy",
    "day": "day\\b|daylight|noon|sunny|bright|summer|blue sky",
}
_WEATHERS: dict[Weather, str] = {
    "rain": "rain|storm|downpour|drizzl",
    "snow": "snow|blizzard|winter|frost",
    "fog": "fog|mist|haze|hazy",
    "motes": "firefl|ember|spark|magic|dust|petal",
}
_CAMERAS: dict[Camera, str] = {
    "dolly-in": "(?:dolly|push|zoom)(?:es|s)?[ -]?in|closes? in|moves? closer",
    "dolly-out": "dolly out|(?:pull|zoom)(?:s|ing)? ?(?:out|back)|pull-out",
    "pan-left": "pan(?:s|ning)?(?: to the)? left",
    "pan-right": "pan(?:s|ning)?\\b",
    "crane": "crane|aerial|drone|bird.s.eye|ris(?:es|ing)|fl(?:y|ies|ying) over",
    "static": "static|locked|tripod|still shot",
    "track": "track|follow|alongside|runs?\\b|running|walks?\\b|walking|drives?\\b|driving|sail",
}
_COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (208, 52, 44), "crimson": (176, 24, 56), "orange": (240, 132, 48), "amber": (248, 172, 64),
    "yellow": (246, 214, 84), "gold": (236, 190, 90), "green": (70, 150, 90), "emerald": (30, 150, 110),
    "teal": (30, 140, 146), "turquoise": (64, 196, 196), "cyan": (70, 210, 230), "blue": (52, 110, 210),
    "indigo": (70, 60, 160), "violet": (136, 84, 196), "purple": (128, 66, 176), "lavender": (180, 160, 226),
    "magenta": (206, 60, 160), "pink": (242, 150, 186), "white": (240, 242, 246), "grey": (136, 142, 150),
    "gray": (136, 142, 150), "black": (24, 26, 32), "silver": (190, 198, 208),
}  # fmt: skip

_MOST_CAPTIONS = 5
_SENTENCE_END = re.compile(r"(?<=[.!?;。！？])\s+|\n+|, then ")


@dataclass(frozen=True)
class Story:
    """A prompt, read. `tint` is the first colour it names, as RGB; `key` differs from prompt to prompt."""

    place: Place
    hour: Hour
    weather: Weather
    camera: Camera
    tint: tuple[int, int, int] | None
    captions: tuple[str, ...]
    key: int


def read(prompt: str, negative: str = "") -> Story:
    """Read a prompt; what the negative prompt names is not chosen."""
    text, unwanted = prompt.lower(), negative.lower()
    place = _first(text, unwanted, _PLACES, "hills")
    hour = _first(text, unwanted, _HOURS, "night" if place == "space" else "golden")
    return Story(
        place=place,
        hour=hour,
        weather=_first(text, unwanted, _WEATHERS, "clear"),
        camera=_first(text, unwanted, _CAMERAS, "dolly-in"),
        tint=_tint(text, unwanted),
        captions=sentences(prompt),
        key=crc32(prompt.encode("utf-8", "replace")),
    )


def sentences(prompt: str) -> tuple[str, ...]:
    """Split a prompt into its first few sentences, spaces tidied."""
    parts = (" ".join(part.split()) for part in _SENTENCE_END.split(prompt.strip()))
    return tuple(part for part in parts if part)[:_MOST_CAPTIONS]


def _first(text: str, unwanted: str, lexicon: dict[Choice, str], default: Choice) -> Choice:
    """Choose what is named first; the order of the lexicon settles a tie."""
    found: list[tuple[int, Choice]] = []
    for choice, words in lexicon.items():
        match = re.search(rf"\b(?:{words})", text)
        if match and not re.search(rf"\b(?:{words})", unwanted):
            found.append((match.start(), choice))
    return min(found, key=lambda hit: hit[0])[1] if found else default


def _tint(text: str, unwanted: str) -> tuple[int, int, int] | None:
    for word in re.findall(r"[a-z]+", text):
        if word in _COLOURS and word not in unwanted:
            return _COLOURS[word]
    return None
