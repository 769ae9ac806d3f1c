"""Endings played on request: `[sandbox:NAME]` anywhere in a prompt, or a word from outside with the request."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from playground.domain.provider import REHEARSALS

_TOKEN: Final = re.compile(r"\[sandbox:([^\]]*)\]", re.IGNORECASE)

REFUSALS: Final = (
    "rate-limited-without-hint",
    "daily-quota",
    "bad-key",
    "no-credit",
    "not-allowed",
    "retired",
    "use-case",
    "overloaded",
    "filtered-at-once",
    "error-in-200",
)
"""What a create may be answered besides the endings of a run; each dialect plays those that its service has."""
SCRIPTS: Final = (*REHEARSALS, *REFUSALS)
ASKED: Final = "emulator.script"
"""Where the scope of a request holds the script that was asked for from outside."""


class UnknownRehearsal(ValueError):
    """A name that nobody can play, or two at once; the message is for a person."""


def take_rehearsal(prompt: str, known: Collection[str] = REHEARSALS) -> tuple[str, str | None]:
    """Split a prompt into what is to be shown and the name of the ending to play, None for the plain one.

    Raises:
        UnknownRehearsal: the name is none of `known`, or several are asked for.
    """
    names = {name.strip().lower() for name in _TOKEN.findall(prompt)}
    if not names:
        return prompt, None
    if len(names) > 1:
        raise UnknownRehearsal(f"One rehearsal at a time, please: choose among {', '.join(known)}.")
    name = names.pop()
    check_rehearsal(name, known)
    return " ".join(_TOKEN.sub(" ", prompt).split()), name


def asked_for(scope: Mapping[str, Any]) -> str | None:
    """The script that was asked for from outside with a request; it goes before the prompt's own."""
    script: str | None = scope.get(ASKED)
    return script


def check_rehearsal(name: str, known: Collection[str] = REHEARSALS) -> None:
    """Raise UnknownRehearsal, listing the names, for one that is none of `known`."""
    if name not in known:
        raise UnknownRehearsal(f"There is no rehearsal “{name[:40]}”. There are: {', '.join(known)}.")
