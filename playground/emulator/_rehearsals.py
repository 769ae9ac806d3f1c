"""Endings played on request: `[sandbox:NAME]` anywhere in a prompt."""

import re
from typing import Final

from playground.domain.provider import REHEARSALS

_TOKEN: Final = re.compile(r"\[sandbox:([^\]]*)\]", re.IGNORECASE)
_KNOWN: Final = ", ".join(REHEARSALS)


class UnknownRehearsal(ValueError):
    """A name that nobody can play, or two at once; the message is for a person."""


def take_rehearsal(prompt: str) -> tuple[str, str | None]:
    """Split a prompt into what is to be shown and the name of the ending to play, None for the plain one.

    Raises:
        UnknownRehearsal: the name is none of `REHEARSALS`, or several are asked for.
    """
    names = {name.strip().lower() for name in _TOKEN.findall(prompt)}
    if not names:
        return prompt, None
    if len(names) > 1:
        raise UnknownRehearsal(f"One rehearsal at a time, please: choose among {_KNOWN}.")
    name = names.pop()
    check_rehearsal(name)
    return " ".join(_TOKEN.sub(" ", prompt).split()), name


def check_rehearsal(name: str) -> None:
    """Raise UnknownRehearsal, listing the names, for one that is none of `REHEARSALS`."""
    if name not in REHEARSALS:
        raise UnknownRehearsal(f"There is no rehearsal “{name[:40]}”. There are: {_KNOWN}.")
