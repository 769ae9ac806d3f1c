"""Names and passwords: the operator keeps bcrypt's hashes, and wrong attempts are counted."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import bcrypt

from playground.ui.login.people import Person

WINDOW_SECONDS: Final = 900.0
"""How long a wrong attempt counts."""
_BCRYPT_READS: Final = 72
"""Bytes of a password that bcrypt looks at; its library refuses longer ones."""
_AT_ONCE: Final = 2
"""Hashes that are computed at once: each takes a core for a moment."""
_COUNTED: Final = 10_000
_NOBODYS_HASH: Final = b"$2b$12$C6UzMDM.H6dfI/f/IKcEeO7ZSlyHCvJ0Bq8z0bHJ8r8k5c0nF5gG2"
"""Checked for a name that there is not, so that it takes as long as for one that there is."""


class TooManyAttempts(Exception):
    """Wrong passwords were tried too often; `seconds` until another one is looked at."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many attempts")
        self.seconds = seconds


@dataclass(slots=True)
class Attempts:
    """Wrong attempts of the last quarter of an hour, by address and by name. `clock` gives seconds."""

    clock: Callable[[], float]
    by_both: int = 5
    by_address: int = 30
    by_name: int = 50
    """Many addresses may try one name; it is then shut for everybody, its owner too."""
    _wrong: dict[str, deque[float]] = field(default_factory=dict[str, "deque[float]"])

    def check(self, address: str, name: str) -> None:
        """Whether one more may be made.

        Raises:
            TooManyAttempts: not now.
        """
        for key, limit in self._limits(address, name).items():
            wrong = self._recent(key)
            if len(wrong) >= limit:
                raise TooManyAttempts(max(1.0, wrong[-limit] + WINDOW_SECONDS - self.clock()))

    def note(self, address: str, name: str) -> None:
        """Count a wrong one."""
        while len(self._wrong) > _COUNTED:
            del self._wrong[next(iter(self._wrong))]
        for key in self._limits(address, name):
            self._recent(key).append(self.clock())

    def forgive(self, address: str, name: str) -> None:
        """The right one came: it was no wrong one, and what this address tried for this name before counts no more."""
        for key in self._limits(address, name):
            wrong = self._recent(key)
            if wrong:
                wrong.pop()
        self._wrong.pop(_key(address, name), None)

    def _limits(self, address: str, name: str) -> Mapping[str, int]:
        return {_key(address, name): self.by_both, _key(address, ""): self.by_address, _key("", name): self.by_name}

    def _recent(self, key: str) -> "deque[float]":
        wrong = self._wrong.setdefault(key, deque(maxlen=self.by_name))
        while wrong and self.clock() - wrong[0] > WINDOW_SECONDS:
            wrong.popleft()
        return wrong


def _key(address: str, name: str) -> str:
    # A name is whatever somebody types, so its length is not his to choose.
    return hashlib.sha256(f"{address}\n{name}".encode()).hexdigest()


class Passwords:
    """The names of an installation with their hashes. Nothing here shows a hash or a password."""

    def __init__(self, hashes: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._hashes = hashes
        self._attempts = Attempts(clock)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def person(self, name: str, password: str, address: str) -> Person | None:
        """Who logs in with this; None: name or password are wrong.

        Raises:
            TooManyAttempts: it was not even looked at.
        """
        self._attempts.check(address, name)
        # Counted before it is known, so that many at once are not all let through.
        self._attempts.note(address, name)
        kept = self._hashes.get(name)
        async with self._turns:
            right = await asyncio.to_thread(_is_right, password, kept.encode() if kept is not None else _NOBODYS_HASH)
        if not right or kept is None:
            return None
        self._attempts.forgive(address, name)
        return Person(id=f"user:{name}", name=name, mark=_mark(kept))

    def still_lets_in(self, person: Person) -> bool:
        """Whether the name is still there and its password the same."""
        kept = self._hashes.get(person.name)
        return person.id == f"user:{person.name}" and kept is not None and person.mark == _mark(kept)


def _is_right(password: str, kept: bytes) -> bool:
    try:
        return bcrypt.checkpw(password.encode()[:_BCRYPT_READS], kept)
    except ValueError:
        return False


def _mark(kept: str) -> str:
    return hashlib.sha256(kept.encode()).hexdigest()[:16]
