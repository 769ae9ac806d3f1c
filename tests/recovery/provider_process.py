"""The sandbox's stand-in in the test's own process, on a real socket, stopping at named points so that a test can kill.

Its book outlives every kill of ours: what it accepted is what was paid.
"""

import asyncio
import socket
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.emulator.sandbox import SandboxProvider
from tests.house import WORKER, small_clip

PIECES_BEFORE_STOP = 24
"""Of a download: one and a half megabytes, more than the client keeps before it writes."""

Point = Literal["before-accepting", "before-replying", "status", "download"]


@dataclass
class Gate:
    """Holds the provider at one point until the test has done what it wants to do there."""

    at: Point | None = None
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    log: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Method, path and Range of every request."""

    async def stop(self, point: Point) -> None:
        if self.at != point or self.go_on.is_set():
            return
        self.reached.set()
        while not self.go_on.is_set():  # noqa: ASYNC110 - the event is another thread's
            await asyncio.sleep(0.005)

    def arm(self, point: Point | None) -> None:
        self.at = point
        self.reached.clear()
        self.go_on.clear()


class Gated:
    """The provider's app with the gate's points in its way."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        headers = dict(scope["headers"])
        self._gate.log.append((method, path, headers.get(b"range", b"").decode()))
        creates = method == "POST" and path == "/v1/videos"
        if creates:
            await self._gate.stop("before-accepting")
        elif "/files/" not in path:
            await self._gate.stop("status")
        sent = 0

        async def held(message: Message) -> None:
            nonlocal sent
            if message["type"] == "http.response.start" and creates:
                await self._gate.stop("before-replying")
            if message["type"] == "http.response.body" and "/files/" in path and message.get("body"):
                sent += 1
                if sent == PIECES_BEFORE_STOP:
                    await self._gate.stop("download")
            await send(message)

        await self._app(scope, receive, held)


@dataclass
class ProviderProcess:
    base_url: str
    gate: Gate
    folder: Path

    def accepted(self) -> int:
        """How many creates were taken, by the provider's own book."""
        book = self.folder / "sandbox" / "accepted.jsonl"
        return len(book.read_text().splitlines()) if book.exists() else 0

    def creates(self) -> int:
        """How many creates arrived."""
        return sum(1 for method, path, _ in self.gate.log if (method, path) == ("POST", "/v1/videos"))


@contextmanager
def provider_process(folder: Path, clip_seconds: int = 4) -> Generator[ProviderProcess]:
    """Serve on a free loopback port until the block ends. The clip is padded, so that a download has many pieces."""
    folder.mkdir(parents=True)
    clip = small_clip(folder / "prepared.mp4", clip_seconds, padding=2_000_000)
    worker = folder / "worker.py"
    worker.write_text(WORKER)
    sandbox = SandboxProvider(
        folder, clock=lambda: datetime.now(UTC), worker=(sys.executable, "-S", "-E", str(worker), str(clip))
    )
    gate = Gate()
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    config = uvicorn.Config(Gated(sandbox.app, gate), log_level="error", lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield ProviderProcess(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", gate, folder)
    finally:
        gate.go_on.set()
        server.should_exit = True
        thread.join(10)
        listening.close()
