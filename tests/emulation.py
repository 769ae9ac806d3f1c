"""Every stand-in on a loopback port, for tests: real sockets, real faults; only the renderer is ours."""

import asyncio
import json
import sys
import threading
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from playground.catalog import load_tables
from playground.commands.serve import listen
from playground.emulator._server import Emulator, emulator_of
from tests.house import WORKER, small_clip

TABLES = load_tables()


@dataclass(frozen=True)
class Emulation:
    """A running server of stand-ins."""

    origin: str
    built: Emulator
    folder: Path
    """Where the stand-ins keep what is theirs."""

    def base_url(self, stem: str) -> str:
        return self.origin + self.built.paths[stem]

    def environment(self) -> dict[str, str]:
        """What the playground needs to reach every stand-in: base URLs, keys and accounts, named as the tables do."""
        values: dict[str, str] = {}
        for stem in self.built.paths:
            facts = TABLES[stem].provider
            values[facts.base_url.env] = self.base_url(stem)
            values |= {each.env: f"our-{name}" for name, each in facts.account.items() if each.required}
            if facts.credential is not None:
                values[facts.credential.env] = key_of(stem)
        return values

    def fault(self, stem: str | None, step: str, fault: str, times: int = 1, after_bytes: int = 0) -> None:
        """Queue a fault of the wire."""
        queued = {"provider": stem, "step": step, "fault": fault, "times": times, "after_bytes": after_bytes}
        self._call("POST", "/__faults", queued)

    def waiting_faults(self) -> int:
        """How many queued faults nobody has met yet."""
        return len(self._call("GET", "/__faults"))

    def forget_faults(self) -> None:
        """Forget every queued fault."""
        self._call("DELETE", "/__faults")

    def forget(self) -> None:
        """Forget every request, count and fault."""
        self.forget_faults()
        self._call("DELETE", "/__journal")

    def accepted(self, stem: str) -> int:
        """How many creates a stand-in accepted since `forget`."""
        return self._call("GET", "/__journal")["accepted"][stem]

    def newest(self, stem: str) -> str:
        """The id of the newest create that a stand-in accepted, by the book of its desk."""
        book = (self.folder / "accepted.jsonl").read_text("utf-8").splitlines()
        return next(line["id"] for line in map(json.loads, reversed(book)) if line["provider"] == stem)

    def requests(self) -> list[dict[str, Any]]:
        """What came in since `forget`: method, path, query, header names, status, length and hash of the body."""
        return self._call("GET", "/__journal")["requests"]

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.origin + path, data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else None


def key_of(stem: str) -> str:
    """The key that tests use for a provider; no two are alike, so that a leak names its source."""
    return f"canary-{stem}-3f9a"


@contextmanager
def emulation(
    folder: Path,
    *,
    proxied: bool = False,
    padding: int = 0,
    slow_seconds: float = 0.2,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Generator[Emulation]:
    """Run the server in a thread until the block ends; with its proxy in front, for faults below HTTP.

    `padding` makes its videos so many bytes larger; `slow_seconds` is what a slow job takes; `around` puts something
    in front of the stand-ins.
    """
    folder.mkdir(parents=True, exist_ok=True)
    worker, clip = folder / "worker.py", small_clip(folder / "prepared.mp4", padding=padding)
    worker.write_text(WORKER)
    command = (sys.executable, "-S", "-E", str(worker), str(clip))
    built = emulator_of(folder / "data", clock=lambda: datetime.now(UTC), worker=command, slow_seconds=slow_seconds)
    listening, behind = listen("127.0.0.1", 0), listen("127.0.0.1", 0) if proxied else None
    config = uvicorn.Config(
        around(built.app),  # pyright: ignore[reportArgumentType] - uvicorn's own ASGI types are narrower than Starlette's
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)

    async def serve() -> None:
        if behind is None:
            await server.serve(sockets=[listening])
            return
        await built.proxy.start(listening, behind.getsockname()[1])
        await server.serve(sockets=[behind])
        await built.proxy.aclose()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield Emulation(f"http://127.0.0.1:{listening.getsockname()[1]}", built, folder / "data")
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listening.close()
