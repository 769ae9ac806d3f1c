"""A person who has come in, and how the gate speaks for one to what lies behind it."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

SPOKEN_FOR: Final = "playground.person"
"""Where the gate puts a person's token in the scope of a request; nothing that a client sends gets there."""
Derive = Callable[[str], bytes]
"""A key of this installation for a purpose, the same for all its processes and after a restart."""


class Person(BaseModel):
    """Somebody who has logged in."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Never somebody else's: the way of logging in and the name there."""
    name: str
    """What the page calls the person."""
    mark: str
    """Changes with whatever lets the person in, so that an old session ends with it."""

    @classmethod
    def of(cls, session: Mapping[str, object]) -> "Person | None":
        """Whom a session was made for; None where nobody logged in."""
        try:
            return cls.model_validate(session.get("person"))
        except ValidationError:
            return None

    def as_session(self) -> dict[str, str]:
        """What a signed cookie keeps of it."""
        return self.model_dump()


class Way(Protocol):
    """One way of logging in."""

    def still_lets_in(self, person: Person) -> bool:
        """Whether somebody whom it let in some time ago may stay."""
        ...


def token_of(person: Person, derive: Derive) -> str:
    """The owner token of a person: the same in every browser, and nobody's to guess."""
    key = hmac.new(derive("person"), person.id.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(key).decode().rstrip("=")
