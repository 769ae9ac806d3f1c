"""Pure: what may help a prompt. Nothing here blocks or warns of a rule: it is the field's experience, said quietly.

The experience is that of Google's prompt guide for Veo (ai.google.dev/gemini-api/docs/video, read 2026-11-20): quote
what is spoken, describe sounds outright, and name in a negative prompt what is unwanted instead of negating it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import Final

from playground.domain.capabilities import ModeSpec, Parameter
from playground.domain.request import Value, VideoRequest
from playground.domain.validation import CHARACTERS_PER_TOKEN

WORDS_PER_SECOND: Final = 3
"""Quick speech; more than that is not spoken to its end."""
_NEGATION: Final = re.compile(
    r"(?:\b(?:there (?:is|are)|with|have|has|show|include)\s+)?"
    r"\b(?:no|not any|without|(?:don['’]t|do not)(?: show| include| have)?|avoid|never)\b\s+(?:any\s+)?",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"“([^”]+)”|\"([^\"]+)\"|(?<!\w)['‘]([^'’]+(?:['’]\w[^'’]*)*)['’](?!\w)")
_HEARD: Final = re.compile(
    r"\b(?:sfx|sound effects?|sounds? of|audio|music|soundtrack|voice-?over|narrat\w+|whisper\w*|murmur\w*|shout\w*|"
    r"sing(?:s|ing)|hum(?:s|ming)?|says?|saying|ambient (?:noise|sounds?)|laughter|applause)\b",
    re.IGNORECASE,
)
_PEOPLE: Final = re.compile(
    r"\b(?:man|men|woman|women|person|people|child|children|boy|girl|kids?|crowd|dancer|couple|someone)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hint:
    """One remark about a text of the request, and perhaps the change that follows it."""

    field: str
    code: str
    message: str
    changes: Mapping[str, Value] = with_default(default_factory=dict[str, Value])
    """Values of the request that one click may set."""

    def as_json(self) -> dict[str, object]:
        """The shape that `/api/check` answers with."""
        return {"field": self.field, "code": self.code, "message": self.message, "changes": dict(self.changes)}


@dataclass(frozen=True, slots=True)
class Length:
    """How much of what is read a text takes up. Tokens are estimated from characters, so they are *about*."""

    count: int
    limit: int
    unit: str
    about: bool

    def as_json(self) -> dict[str, object]:
        """The shape that `/api/check` answers with."""
        return {"count": self.count, "limit": self.limit, "unit": self.unit, "about": self.about}


def lengths(request: VideoRequest, spec: ModeSpec) -> dict[str, Length]:
    """For each text whose limit is known: its length against it."""
    texts = {name: p for name in ("prompt", "negative_prompt") if (p := spec.parameters.get(name)) is not None}
    measured = {name: _length(str(request.value(name) or ""), parameter) for name, parameter in texts.items()}
    return {name: length for name, length in measured.items() if length is not None}


def _length(text: str, parameter: Parameter) -> Length | None:
    if parameter.max_tokens is not None:
        return Length(-(-len(text) // CHARACTERS_PER_TOKEN), parameter.max_tokens, "tokens", about=True)
    if parameter.max_characters is not None:
        return Length(len(text), parameter.max_characters, "characters", about=False)
    return None


def hints(request: VideoRequest, spec: ModeSpec) -> list[Hint]:
    """Everything that may help, the prompt first. Each hint is about what was written, never about what was not."""
    return [*_silent(request, spec), *_hurried(request, spec), *_peopled(request, spec), *_negated(request, spec)]


def _silent(request: VideoRequest, spec: ModeSpec) -> Iterator[Hint]:
    """Somebody speaks, and the video has no sound."""
    if _effective(request, spec, "generate_audio") is not False:
        return
    prompt = request.prompt or ""
    heard = next(spoken_in(prompt), None)
    cue = _HEARD.search(prompt)
    if heard is None and cue is None:
        return
    what = f"“{_shortened(heard)}”" if heard is not None else f"“{cue[0]}”" if cue is not None else ""
    audio = spec.parameters.get("generate_audio")
    switchable = audio is not None and not audio.fixed
    says = f"Sound is off, so {what} will not be heard."
    yield Hint("prompt", "audio_cue", says, {"generate_audio": True} if switchable else {})


def _hurried(request: VideoRequest, spec: ModeSpec) -> Iterator[Hint]:
    """More is said than there is time for."""
    seconds = spec.adds_seconds if spec.adds_seconds is not None else _effective(request, spec, "duration_seconds")
    words = sum(len(each.split()) for each in spoken_in(request.prompt or ""))
    if isinstance(seconds, int) and seconds > 0 and words > seconds * WORDS_PER_SECOND:
        says = f"The dialogue has {words} words; in {seconds} s about {seconds * WORDS_PER_SECOND} can be spoken."
        yield Hint("prompt", "long_dialogue", says)


def _peopled(request: VideoRequest, spec: ModeSpec) -> Iterator[Hint]:
    """The prompt has people in it that the settings keep out."""
    if _effective(request, spec, "person_generation") != "dont_allow":
        return
    found = _PEOPLE.search(request.prompt or "")
    if found is not None:
        yield Hint("prompt", "people", f"The prompt speaks of “{found[0]}”, and the setting for people keeps them out.")


def _negated(request: VideoRequest, spec: ModeSpec) -> Iterator[Hint]:
    """`no walls` in a negative prompt asks for the opposite of what is meant."""
    text = request.negative_prompt or ""
    if "negative_prompt" not in spec.parameters or not _NEGATION.search(text):
        return
    plain = plainly(text)
    if plain:
        says = f"Name what shall be left out plainly: “{_shortened(plain)}” instead of “{_shortened(text)}”."
        yield Hint("negative_prompt", "negation", says, {"negative_prompt": plain})


def plainly(text: str) -> str:
    """A negative prompt without its negations: `no walls, don't show frames` is `walls, frames`."""
    parts = (_NEGATION.sub("", part).strip(" .;\n") for part in re.split(r"[,;\n]|\.\s", text))
    return ", ".join(part for part in parts if part)


def spoken_in(prompt: str) -> Iterator[str]:
    """What stands in quotation marks: dialogue. An apostrophe is none."""
    for found in _QUOTED.finditer(prompt):
        yield next(part for part in found.groups() if part is not None)


_LONGEST: Final = 40


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _effective(request: VideoRequest, spec: ModeSpec, name: str) -> Value | None:
    parameter = spec.parameters.get(name)
    value = request.value(name)
    return spec.default(name) if value is None or (parameter is not None and parameter.fixed) else value
