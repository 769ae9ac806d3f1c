"""What every `emulator/<stem>.py` gives: a provider's protocol as an ASGI app, strict and with its real wording."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

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


def bearer(request: Request) -> str | None:
    """The key behind `Authorization: Bearer …`; None for none, and for one that begins with `wrong`."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    key = key.strip()
    return key if scheme.lower() == "bearer" and key and not key.startswith("wrong") else None


def refused_by_script(
    desk: Desk, script: str | None, body: bytes, problem: Callable[..., Response], rows: Mapping[str, Sequence[object]]
) -> Response | None:
    """What a create is answered whose script refuses it: its row, worded by `problem`; a rate limit once for each body.

    None for a script that does not refuse it, or not again.
    """
    limited = script in ("rate-limited", "rate-limited-without-hint")
    if limited and desk.first_time("rate-limited", hashlib.sha256(body).hexdigest()):
        answer = problem(429)
        if script == "rate-limited":
            answer.headers["retry-after"] = "2"
        return answer
    return problem(*rows[script]) if script is not None and script in rows else None


class CutReply(Response):
    """A reply that breaks off in the middle of its body, as when the connection is lost."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a head and the beginning of a body."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"120")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"id":', "more_body": True})
        # Returning here makes a server close the connection.
