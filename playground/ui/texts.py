"""The catalogue: every word of the page that comes neither from a table nor from the domain, read from one file."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from playground.assets import asset
from playground.domain.words import MODE_LABELS

LANGUAGE: Final = "en"
Words = Mapping[str, str]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PageWords(_Part):
    """What Python says by itself, outside of any component with a script."""

    title: str
    tagline: str
    theme: str
    capabilities: str
    generate: str
    on: str
    off: str
    not_set: str
    no_rehearsal: str
    not_a_number: str
    one_problem: str
    problems: str
    our_fault: str
    our_fault_next: str
    unknown_browser: str
    locked: str
    shut_down: str
    deprecated: str
    at_risk: str


class TableWords(_Part):
    """What a capability table reads like in a sheet of the Capabilities tab."""

    free: str
    unknown_price: str
    some_unknown: str
    per_second: str
    on_off: str
    always: str
    between: str
    characters: str
    tokens: str
    megabytes: str
    megapixels: str
    seconds_least: str
    seconds_most: str
    frame_rate: str
    younger: str
    extended: str
    made_by: str
    links_only: str
    unknown_default: str
    needed: str
    needed_unless: str
    some_regions: str
    instead: str
    followed_by: str
    answers_once: str
    answers_poll: str
    takes_time: str
    adds: str
    kept: str
    kept_unknown: str
    takes_links: str


class Example(_Part):
    """A prompt to begin with. Media are files of `assets/samples`, or `newest`: the newest result that fits."""

    title: str
    prompt: str
    media: Mapping[str, tuple[str, ...] | str] = {}


class BuilderPart(_Part):
    """One part of a prompt, with the field's terms for it."""

    id: str
    label: str
    placeholder: str
    wide: bool = False
    terms: tuple[str, ...] = ()


class Texts(_Part):
    """The whole catalogue. A section that is a mapping belongs to the script or template of that name."""

    page: PageWords
    readiness: Words
    fields: Words
    placeholders: Words
    prompt_placeholders: Words
    settings: Words
    media: Words
    keys: Words
    login: Words
    deleting: Words
    card: Words
    jobs: Mapping[str, str | Words]
    quote: Words
    advice: Words
    who: Words
    prompt_help: Words
    builder: Words
    builder_parts: tuple[BuilderPart, ...]
    examples: Mapping[str, tuple[Example, ...]]
    tables: TableWords
    short_modes: Words
    evidence_kinds: Words
    matrix: Words

    def field(self, name: str) -> str:
        """What a field is called above its control."""
        return self.fields.get(name, name)

    def for_card(self) -> dict[str, object]:
        """The card's words, with those of deleting a job."""
        return {**self.card, "deleting": self.deleting}

    def for_jobs(self) -> dict[str, object]:
        """The list's words, with those of deleting a job and of the modes."""
        return {**self.jobs, "deleting": self.deleting, "modes": MODE_LABELS}

    def for_advice(self) -> dict[str, str]:
        """The words about what does not fit, and how it would."""
        return {**self.advice, "wholeNumber": self.page.not_a_number}


def read(path: Path) -> Texts:
    """Read a catalogue.

    Raises:
        OSError: there is no such file.
        tomllib.TOMLDecodeError: it is no TOML.
        pydantic.ValidationError: a text is missing, or one is in it that nobody asks for.
    """
    return Texts.model_validate(tomllib.loads(path.read_text("utf-8")))


@cache
def said() -> Texts:
    """The catalogue of the page's language, read when it is first asked for."""
    return read(asset("texts", f"{LANGUAGE}.toml"))
