"""All stand-ins on one origin: `/<stem>/…` each, the sandbox at `/v1`, and the doors of those who test.

`GET /__journal` tells every request that came in (header names only) and how many creates were accepted, by provider;
`DELETE /__journal` forgets them. `GET`, `POST`, `DELETE /__faults`: see `_faults`.
"""

import asyncio
import hashlib
import importlib
import pkgutil
import secrets
import socket
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground import emulator
from playground.emulator._desk import Desk, Wanted
from playground.emulator._faults import CONNECTION, Fault, FaultBook, Faulty
from playground.emulator._stand_in import Dialect, StandIn
from playground.emulator._tcp_proxy import TcpProxy

_REMEMBERED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Emulator:
    """Every stand-in as one ASGI app, and the path of each provider's base URL below its origin."""

    app: ASGIApp
    proxy: TcpProxy
    """To be put in front of the app, for faults below HTTP."""
    paths: Mapping[str, str]
    stand_ins: Mapping[str, StandIn]
    faults: FaultBook

    def troubles(self, stem: str) -> Mapping[str, Sequence[str]]:
        """Every fault and script that a stand-in plays, by the step that meets it."""
        steps = sorted({route.name for route in self.stand_ins[stem].routes} & {"create", "status", "file"})
        return {step: self.faults.playable(stem, step) for step in steps}

    def play(self, stem: str, step: str, fault: str) -> None:
        """Let the next request of a step meet a fault. Raises ValueError for one that nobody plays."""
        self.faults.add(Fault(provider=stem, step=step, fault=fault))

    def spoil(self, fault: str, after_bytes: int) -> None:
        """Let the connection of the next request by the proxy be spoilt once so many bytes of its answer passed."""
        self.faults.add(Fault(step=CONNECTION, fault=fault, after_bytes=after_bytes))

    def unmet(self) -> int:
        """How many connections are still to be spoilt."""
        return sum(fault.step == CONNECTION for fault in self.faults.waiting)

    @asynccontextmanager
    async def passing_on(self, front: socket.socket, behind: socket.socket) -> AsyncGenerator[None]:
        """Connections to `front` go on to the app, served on `behind`, but for those that are to be spoilt."""
        await self.proxy.start(front, behind.getsockname()[1])
        try:
            yield
        finally:
            await self.proxy.aclose()


def stand_in_stems() -> Iterator[str]:
    """The stems that have a stand-in; a leading underscore marks what they share."""
    for module in pkgutil.iter_modules(emulator.__path__):
        if not module.name.startswith("_"):
            yield module.name


def emulator_of(
    data_dir: Path,
    *,
    clock: Callable[[], datetime],
    worker: Sequence[str],
    scenario: str | None = None,
    slow_seconds: float = 20,
    takes: Callable[[Wanted], float | None] = lambda _wanted: None,
) -> Emulator:
    """Build it; nothing is read, written or started yet. `worker` is the renderer's command; `takes` is the desk's.

    Raises:
        ValueError: there is no such scenario.
    """
    desk = Desk(data_dir, clock=clock, worker=worker, scenario=scenario, slow_seconds=slow_seconds, takes=takes)
    stand_ins = {stem: _dialect(stem).stand_in(desk) for stem in stand_in_stems()}
    server = _Server(desk, stand_ins)
    return Emulator(
        server.app,
        TcpProxy(server.faults),
        {stem: each.base_path for stem, each in stand_ins.items()},
        stand_ins,
        server.faults,
    )


def _dialect(stem: str) -> Dialect:
    module = importlib.import_module(f"{emulator.__name__}.{stem}")
    if not isinstance(module, Dialect):
        raise TypeError(f"{module.__name__} lacks the function of a stand-in")
    return module


class _Server:
    def __init__(self, desk: Desk, stand_ins: Mapping[str, StandIn]) -> None:
        self._desk = desk
        self._stand_ins = stand_ins
        self.faults = FaultBook(
            {stem: each.scripts for stem, each in stand_ins.items()},
            {stem: frozenset(route.name for route in each.routes) for stem, each in stand_ins.items()},
        )
        self._journal: deque[dict[str, object]] = deque(maxlen=_REMEMBERED)
        self._before: dict[str, int] = {}
        self._stored: dict[str, Path] = {}
        routes = [
            Route("/__journal", self._tell, methods=["GET"]),
            Route("/__journal", self._forget, methods=["DELETE"]),
            Route("/__faults", self._fault_list, methods=["GET"]),
            Route("/__faults", self._queue, methods=["POST"]),
            Route("/__faults", self._clear, methods=["DELETE"]),
            Route("/__storage/{token}.mp4", self._storage, methods=["GET"], name="storage"),
        ]
        for stem, stand_in in stand_ins.items():
            routes += [self._faulty(stem, stand_in, route) for route in stand_in.routes]
        app = Starlette(routes=routes, exception_handlers={HTTPException: self._refused}, lifespan=self._lifespan)
        self.app = _Journalled(app, self._journal, self._store)

    def _faulty(self, stem: str, stand_in: StandIn, route: Route) -> Route:
        # Wrapped in place: the route still matches as its dialect wrote it.
        route.app = Faulty(route.app, stem, route.name, stand_in.problem, self.faults)
        return route

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncGenerator[None]:
        yield
        for stand_in in self._stand_ins.values():
            await stand_in.aclose()
        await self._desk.aclose()

    async def _refused(self, request: Request, error: Exception) -> Response:
        """An unknown path or method, in the words of the service whose place it is in."""
        assert isinstance(error, HTTPException)
        for stand_in in self._stand_ins.values():
            if request.url.path.startswith(f"{stand_in.base_path}/"):
                return stand_in.problem(error.status_code)
        return PlainTextResponse(error.detail, error.status_code)

    def _store(self, path: Path) -> str:
        token = secrets.token_urlsafe(16)
        self._stored[token] = path
        return f"/__storage/{token}.mp4"

    async def _storage(self, request: Request) -> Response:
        path = self._stored.get(request.path_params["token"])
        return FileResponse(path, media_type="video/mp4") if path is not None else PlainTextResponse("Gone", 404)

    async def _tell(self, _request: Request) -> Response:
        now = await asyncio.to_thread(self._accepted)
        accepted = {stem: count - self._before.get(stem, 0) for stem, count in now.items()}
        return JSONResponse({"accepted": accepted, "requests": list(self._journal)})

    async def _forget(self, _request: Request) -> Response:
        self._journal.clear()
        self._before = await asyncio.to_thread(self._accepted)
        return Response(status_code=204)

    def _accepted(self) -> dict[str, int]:
        return {
            stem: each.accepted() if each.accepted is not None else self._desk.accepted(stem)
            for stem, each in self._stand_ins.items()
        }

    async def _fault_list(self, _request: Request) -> Response:
        return JSONResponse([fault.model_dump() for fault in self.faults.waiting])

    async def _queue(self, request: Request) -> Response:
        try:
            self.faults.add(Fault.model_validate_json(await request.body()))
        except ValidationError as error:
            first = error.errors()[0]
            return PlainTextResponse(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", 400)
        except ValueError as error:
            return PlainTextResponse(str(error), 400)
        return await self._fault_list(request)

    async def _clear(self, _request: Request) -> Response:
        self.faults.waiting.clear()
        return Response(status_code=204)


@dataclass(frozen=True, slots=True)
class _Journalled:
    """Writes down every request with its answer's status; of headers only the names, of bodies length and hash."""

    app: ASGIApp
    journal: deque[dict[str, object]]
    store: Callable[[Path], str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/__faults", "/__journal")):
            await self.app(scope, receive, send)
            return
        digest, size = hashlib.sha256(), 0
        line: dict[str, object] = {
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "headers": sorted({name.decode("latin-1") for name, _ in scope["headers"]}),
            "status": None,
        }

        async def hear() -> Message:
            nonlocal size
            message = await receive()
            if message["type"] == "http.request":
                digest.update(message.get("body", b""))
                size += len(message.get("body", b""))
            return message

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                line["status"] = message["status"]
            await send(message)

        scope["emulator.storage"] = self.store
        self.journal.append(line)
        try:
            await self.app(scope, hear, say)
        finally:
            line.update(body_bytes=size, body_sha256=digest.hexdigest())
