"""Faults played around any stand-in: by header on one request, or by a list that anyone may fill.

`POST /__faults {"provider": "gemini", "step": "create", "fault": "error-500", "times": 2}` queues one; the header
`x-fault: error-500` asks for it on the very request. A step is the name of a route: `create`, `status`, `file`. Of a
create, a script of the stand-in (`filtered`, `retired`, …) can be asked for in the same two ways.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.emulator._rehearsals import ASKED
from playground.emulator._stand_in import Problem

HEADER: Final = b"x-fault"
_BEFORE: Final = (
    "error-500",
    "error-502",
    "error-503",
    "error-504",
    "rate-limited",
    "html",
    "garbage",
    "empty",
    "hang",
)
"""Answered without the service having seen the request."""
_AFTER: Final = ("lost", "cut", "stall", "html-after", "empty-after", "error-500-after", "error-504-after")
"""The service does its part, and then the reply suffers."""
_AROUND: Final = ("range-ignored", "not-a-video", "other-origin", "expired", "gone")
FAULTS: Final = (*_BEFORE, *_AFTER, *_AROUND)
CREATE: Final = "create"
CONNECTION: Final = "connection"
"""The step of faults below HTTP."""
TCP_FAULTS: Final = ("reset", "reset-after", "end-after", "black-hole", "trickle")
_LIMITED_SECONDS: Final = "2"
_HTML: Final = b"<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>"
_GARBAGE: Final = b'{"name": "half an answ'


class Fault(BaseModel):
    """One queued fault."""

    model_config = ConfigDict(extra="forbid")

    provider: str | None = None
    """None: whichever is asked next."""
    step: str
    fault: str
    times: int = Field(default=1, ge=1)
    after_bytes: int = Field(default=0, ge=0)
    """Bytes of the answer that still pass; for faults of a connection."""


def _known(name: str | None, names: Collection[str | None], what: str) -> None:
    """Raise ValueError, listing what there is, for a name that is none of these."""
    if name not in names:
        there_are = ", ".join(each for each in names if each is not None)
        raise ValueError(f"There is no {what} {str(name)[:40]!r}. There are: {there_are}.")


class FaultBook:
    """The queue of faults that are still to be played."""

    def __init__(self, scripts: Mapping[str, Collection[str]], steps: Mapping[str, Collection[str]]) -> None:
        """What each provider's stand-in plays, and what its routes are called."""
        self.waiting: list[Fault] = []
        self._scripts = scripts
        self._steps = steps

    def playable(self, provider: str | None, step: str) -> tuple[str, ...]:
        """The faults of a step; with None, of whichever provider."""
        if step == CONNECTION:
            return TCP_FAULTS
        of = self._scripts if provider is None else (provider,)
        scripts = {name for stem in of for name in self._scripts[stem]} if step == CREATE else set[str]()
        return (*FAULTS, *sorted(scripts.difference(FAULTS)))

    def add(self, fault: Fault) -> None:
        """Queue one. Raises ValueError for a fault that nobody can play."""
        _known(fault.provider, (None, *self._steps), "provider")
        of = self._steps if fault.provider is None else (fault.provider,)
        _known(fault.step, (*sorted({name for stem in of for name in self._steps[stem]}), CONNECTION), "step")
        _known(fault.fault, self.playable(fault.provider, fault.step), f"fault of a {fault.step}")
        self.waiting.append(fault)

    def take(self, provider: str, step: str) -> str | None:
        """The name of the fault for this request; counted off."""
        fault = self.take_whole(provider, step)
        return fault.fault if fault is not None else None

    def take_whole(self, provider: str | None, step: str) -> Fault | None:
        """The fault for this request or connection; counted off."""
        for fault in self.waiting:
            meant = fault.provider in (None, provider) and fault.step == step
            # One that is for whoever comes waits for somebody who plays it.
            if meant and fault.fault in self.playable(provider, step):
                fault.times -= 1
                if fault.times == 0:
                    self.waiting.remove(fault)
                return fault
        return None


@dataclass(frozen=True, slots=True)
class Faulty:
    """One route with faults around it."""

    app: ASGIApp
    provider: str
    step: str
    problem: Problem
    book: FaultBook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or play its fault."""
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        named = headers.get(HEADER, b"").decode("latin-1")
        try:
            if named:
                _known(named, self.book.playable(self.provider, self.step), f"fault of a {self.step}")
        except ValueError as error:
            await _say(send, 400, str(error).encode(), b"text/plain")
            return
        fault = named or self.book.take(self.provider, self.step)
        if fault is None or fault not in FAULTS:
            await self.app({**scope, ASKED: fault}, receive, send)
        elif fault in _BEFORE:
            await self._instead(fault, scope, receive, send)
        elif fault in _AFTER:
            await self._after(fault, scope, receive, send)
        else:
            await self._around(fault, scope, receive, send)

    async def _instead(self, fault: str, scope: Scope, receive: Receive, send: Send) -> None:
        if fault == "hang":
            await asyncio.Event().wait()
        elif fault in ("html", "garbage", "empty"):
            await _say(send, 200 if fault != "html" else 502, _PLAIN[fault])
        else:
            status = 429 if fault == "rate-limited" else int(fault.removeprefix("error-"))
            answer = self.problem(status)
            if fault == "rate-limited":
                answer.headers.setdefault("retry-after", _LIMITED_SECONDS)
            await answer(scope, receive, send)

    async def _after(self, fault: str, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Kept()
        await self.app(scope, receive, answer)
        if fault in ("html-after", "empty-after"):
            await _say(send, 200, _PLAIN[fault.removesuffix("-after")])
        elif fault.endswith("-after"):
            await self.problem(int(fault[len("error-") : len("error-") + 3]))(scope, receive, send)
        elif fault != "lost":
            # The head and half of the body; returning then makes the server cut the connection.
            await send(answer.start)
            await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
            if fault == "stall":
                await asyncio.Event().wait()
        # Returning without any answer would make the server write one of its own: for `lost` it breaks off instead.
        if fault == "lost":
            await send({**answer.start, "headers": [(b"content-length", b"1000000")]})

    async def _around(self, fault: str, scope: Scope, receive: Receive, send: Send) -> None:
        if fault == "range-ignored":
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"range"]
            await self.app(scope, receive, send)
        elif fault == "not-a-video":
            await _say(send, 200, b"<!doctype html><p>Sign in to continue</p>", b"video/mp4")
        elif fault == "other-origin":
            await self._elsewhere(scope, receive, send)
        else:
            await _say(send, 403 if fault == "expired" else 410, b"This link has expired.", b"text/plain")

    async def _elsewhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the client to the same file under another name of this machine, where no key is needed."""
        answer = _Kept()
        # A server that could send a file by itself is told the file's path instead of its bytes.
        await self.app({**scope, "extensions": {"http.response.pathsend": {}}}, receive, answer)
        path = answer.path
        if path is None:
            await send(answer.start)
            await send({"type": "http.response.body", "body": answer.body})
            return
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        other = (
            host.replace("127.0.0.1", "localhost") if "127.0.0.1" in host else host.replace("localhost", "127.0.0.1")
        )
        to = f"{scope['scheme']}://{other}{scope['emulator.storage'](path)}"
        await send({"type": "http.response.start", "status": 302, "headers": [(b"location", to.encode())]})
        await send({"type": "http.response.body", "body": b""})


class _Kept:
    """An answer that is kept instead of being sent."""

    def __init__(self) -> None:
        self.start: Message = {"type": "http.response.start", "status": 200, "headers": []}
        self.body = b""
        self.path: Path | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.pathsend":
            self.path = Path(message["path"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


_PLAIN: Final = {"html": _HTML, "garbage": _GARBAGE, "empty": b""}


async def _say(send: Send, status: int, body: bytes, kind: bytes = b"text/html") -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
