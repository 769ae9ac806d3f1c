"""What every `emulator/<stem>.py` gives: a provider's protocol as an ASGI app, strict and with its real wording."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from starlette.responses import Response
from starlette.routing import Route

from playground.emulator._desk import Desk

Problem = Callable[[int], Response]
"""The service's own error answer of an HTTP status, for faults that any service may have: 404, 405, 413, 429, 5xx."""


async def _nothing() -> None:
    """Nothing to close."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """One provider, stood in for."""

    base_path: str
    """Of the provider's base URL below this server's origin, such as `/gemini/v1beta`; every route lies below it."""
    routes: tuple[Route, ...]
    """Named `create`, `status`, `file` (a finished video), or anything else; faults are played by these names.
    Their paths begin with `base_path`."""
    problem: Problem
    scripts: frozenset[str]
    """Which of `_rehearsals.SCRIPTS` it plays."""
    accepted: Callable[[], int] | None = None
    """How many creates it accepted since ever, where it does not use the desk for them; may read a file."""
    aclose: Callable[[], Awaitable[None]] = _nothing


@runtime_checkable
class Dialect(Protocol):
    """The module of a stand-in."""

    def stand_in(self, desk: Desk) -> StandIn:
        """The provider behind a desk of its own or a shared one. Reads and starts nothing yet."""
        ...
