"""Every fault of every provider, played by the stand-ins on loopback while somebody watches where the keys go."""

import asyncio
import contextlib
import io
import itertools
import logging
import secrets
import socket
import time
import traceback
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import uvicorn

from playground.commands.leaks import Leak, Search
from playground.commands.serve import listen
from playground.domain.capabilities import Table
from playground.domain.errors import PlaygroundError
from playground.domain.provider import TimeoutClass
from playground.domain.request import Mode, VideoRequest
from playground.domain.snippets import LANGUAGES
from playground.jobs.service import LOCAL, Service
from playground.main import Playground, emulator_app
from playground.settings import load_settings

VISITOR: Final = "token:visitor-of-the-rehearsal"
FASTER: Final = 1200.0
"""Seconds of the rehearsal's own time for each real one: polls, waits and deadlines are passed quickly."""
SILENCE: Final[Mapping[TimeoutClass, float]] = {"status": 0.5, "create": 1.0, "blocking-create": 3.0, "download": 0.5}
"""Real seconds after which a stand-in that says nothing is given up."""
_JOB_SECONDS: Final = 30.0
_PROMPT: Final = "A paper boat on a pond"
_BROKEN_CREATES: Final = (("reset", 0), ("reset-after", 0), ("end-after", 40), ("black-hole", 0), ("trickle", 0))
_BROKEN_LATER: Final = (("reset-after", 40), ("end-after", 4_000), ("black-hole", 400))
"""Below HTTP: the reply is lost, cut within its head or its body, or never ends; and how many bytes pass before."""

App = Callable[[Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Lapse:
    """A clock that runs faster than the real one, with pauses to match."""

    def __init__(self) -> None:
        self._began, self._real = time.time(), time.monotonic()

    def clock(self) -> float:
        """Seconds since the epoch, in the rehearsal."""
        return self._began + (time.monotonic() - self._real) * FASTER

    async def pause(self, seconds: float) -> None:
        """Wait for some of the rehearsal's seconds."""
        await asyncio.sleep(seconds / FASTER)


@dataclass
class Played:
    """What came of a rehearsal."""

    ends: Counter[str] = field(default_factory=Counter[str])
    """How many jobs ended how."""
    requests: int = 0
    places: int = 0
    unmet: int = 0
    """Spoilt connections that were prepared and that nobody came across."""
    leaks: Sequence[Leak] = ()


def canaries(stems: Sequence[str]) -> dict[str, str]:
    """A key of the operator's and one of a visitor's for each provider, no two alike: a leak names its source."""
    return {f"{whose} key for {stem}": secrets.token_hex(16) for stem in stems for whose in ("operator's", "visitor's")}


@dataclass
class Watcher:
    """In front of the stand-ins: a key may be in its own header, on its way to its own provider, and nowhere else."""

    app: App
    search: Search
    allowed: Mapping[str, tuple[str, str, str]]
    """By the name of a key: host, beginning of the path, and header."""
    requests: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Look at a request, and let the stand-in answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.requests += 1
        headers = [(name.decode("latin-1").lower(), value) for name, value in scope["headers"]]
        host = next((value.decode("latin-1") for name, value in headers if name == "host"), "")
        place = f"the request {scope['method']} {host}{scope['path']}"
        self.search.data(place, scope["path"].encode() + b"?" + scope["query_string"])
        for name, value in headers:
            self._header(place, host, scope["path"], name, value)
        body = bytearray()

        async def hear() -> Any:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        try:
            await self.app(scope, hear, send)
        finally:
            self.search.data(f"the body of {place}", bytes(body))

    def _header(self, place: str, host: str, path: str, name: str, value: bytes) -> None:
        for key, spelling in self.search.found(value):
            home, below, header = self.allowed[key]
            at_home = (host, name) == (home, header) and path.startswith((f"{below}/", "/__storage/"))
            if not at_home or spelling != "plain":
                self.search.note(Leak(key, f"the header {name} of {place}", spelling))


class _Listening(logging.Handler):
    """Hands every line of the log to the search, as the formatter would write it, with its traceback and its parts."""

    def __init__(self, search: Search) -> None:
        super().__init__(logging.DEBUG)
        self._search = search

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line."""
        self._search.text(f"the log of {record.name}", f"{self.format(record)} {record.__dict__!r}")


@contextlib.contextmanager
def _overheard(search: Search) -> Generator[None]:
    """Everything that is logged meanwhile, ours at the finest, whatever the operator's level is."""
    ours, everything, handler = logging.getLogger("playground"), logging.getLogger(), _Listening(search)
    before, others = ours.level, [(each, each.level) for each in everything.handlers]
    everything.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    for each, level in others:
        each.setLevel(max(level, logging.WARNING))
    # The stand-ins' troubles are meant; nobody needs to read of them.
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            yield
        search.text("standard error", said.getvalue())
    finally:
        everything.removeHandler(handler)
        ours.setLevel(before)
        for each, level in others:
            each.setLevel(level)


class _Server(uvicorn.Server):
    """A server that leaves signals to the command around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take none."""
        yield


@asynccontextmanager
async def _serving(app: App, listening: socket.socket) -> AsyncGenerator[None]:
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)  # pyright: ignore[reportArgumentType]
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await running


def _nothing() -> None:
    pass


async def rehearse(folder: Path, clip: Path, tables: Mapping[str, Table], only: Sequence[str] = ()) -> Played:
    """Play every fault for every provider, or `only` some, in a folder of its own; each finished video is `clip`."""
    lapse = Lapse()
    emulator = emulator_app(folder / "stand-ins", clip=clip, clock=lapse.clock, slow_seconds=0.1)
    # Who needs no key cannot give one away.
    keyed = [stem for stem, table in tables.items() if table.provider.credential is not None]
    stems = [stem for stem in emulator.paths if stem in keyed and (not only or stem in only)]
    keys = canaries(stems)
    search, played = Search(keys), Played()
    with listen("127.0.0.1", 0) as listening, listen("127.0.0.1", 0) as behind:
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        watcher = Watcher(emulator.app, search, _homes(keys, tables, emulator.paths, host))
        environment = {"HOME": str(folder), "PLAYGROUND_ALLOW_RETIRED": "on", "PLAYGROUND_POLL_SECONDS": "60"}
        for stem in stems:
            environment |= _environment(tables[stem], f"http://{host}{emulator.paths[stem]}", keys)
        settings = load_settings(environment, data_dir=folder / "data")
        playground = Playground(settings, adopts=False, clock=lapse.clock, pause=lapse.pause, read_seconds=SILENCE)
        with _overheard(search):
            async with (
                _serving(watcher, behind),
                emulator.passing_on(listening, behind),
                playground.opened() as service,
            ):
                rounds = [_Round(service, search, played, tables[stem], keys) for stem in stems]
                await asyncio.gather(*(each.play(emulator.troubles(each.stem), emulator.play) for each in rounds))
                await asyncio.gather(*(each.break_connections(emulator.spoil) for each in rounds))
        played.unmet = emulator.unmet()
    await asyncio.to_thread(search.folder, folder / "data")
    played.requests, played.places, played.leaks = watcher.requests, search.places, tuple(search.leaks)
    return played


def _homes(
    keys: Mapping[str, str], tables: Mapping[str, Table], paths: Mapping[str, str], host: str
) -> dict[str, tuple[str, str, str]]:
    homes: dict[str, tuple[str, str, str]] = {}
    for name in keys:
        stem = name.rpartition(" ")[2]
        credential = tables[stem].provider.credential
        assert credential is not None, "only providers with a key have one"
        header = "authorization" if credential.scheme == "bearer" else credential.scheme.lower()
        # A provider's host may serve its files beside its base URL.
        homes[name] = (host, f"/{paths[stem].split('/')[1]}", header)
    return homes


def _environment(table: Table, base_url: str, keys: Mapping[str, str]) -> dict[str, str]:
    facts = table.provider
    values = {facts.base_url.env: base_url}
    values |= {
        each.env: f"account-of-{name.replace('_', '-')}" for name, each in facts.account.items() if each.required
    }
    if facts.credential is not None:
        values[facts.credential.env] = keys[f"operator's key for {table.id}"]
    return values


@dataclass
class _Round:
    """The jobs of one provider, one after another, so that each meets the fault that is meant for it."""

    service: Service
    search: Search
    played: Played
    table: Table
    keys: Mapping[str, str]

    @property
    def stem(self) -> str:
        """The provider."""
        return self.table.id

    async def play(self, troubles: Mapping[str, Sequence[str]], queue: Callable[[str, str, str], None]) -> None:
        """A job for each fault of a create, and one for each of a poll together with one of a download."""
        await self._at_the_desk()
        owners = itertools.cycle((VISITOR, LOCAL))
        for fault in troubles.get("create", ()):
            queue(self.stem, "create", fault)
            await self._job(next(owners), f"{_PROMPT}, {fault}")
        later = [[(step, fault) for fault in faults] for step, faults in troubles.items() if step != "create"]
        for together in itertools.zip_longest(*later):
            for trouble in filter(None, together):
                queue(self.stem, *trouble)
            await self._job(next(owners), f"{_PROMPT}, {together}")
        # What no job came across yet, a job that meets nothing, and one that is sent with a picture.
        for owner in (VISITOR, LOCAL):
            made = await self._job(owner, _PROMPT)
            await self._job(owner, _PROMPT, mode="image-to-video", first_frame=f"job:{made}#last-frame")

    async def break_connections(self, spoil: Callable[[str, int], None]) -> None:
        """A job for each way to spoil a connection: that of its create, or those of what comes after it.

        The rounds of all providers do it side by side, and each fault is for whoever connects next.
        """
        owners = itertools.cycle((VISITOR, LOCAL))
        for fault, after in _BROKEN_CREATES:
            spoil(fault, after)
            await self._job(next(owners), f"{_PROMPT}, {fault}")
        for fault, after in _BROKEN_LATER:
            await self._job(next(owners), f"{_PROMPT}, {fault} later", partial(spoil, fault, after))
        # A job may be through before the fault that is meant for it is prepared: this one meets it.
        await self._job(LOCAL, _PROMPT)

    async def _at_the_desk(self) -> None:
        """What is said about keys themselves: entered, tried out, and refused because they cannot be ones."""
        desk, key = self.service.keys, self.keys[f"visitor's key for {self.stem}"]
        account = {name: "visitors-account" for name, each in self.table.provider.account.items() if each.required}
        for wrong, with_account in (
            (f"{key} {key}", account),
            (key, dict.fromkeys(account, "no/account")),
            (f"ä{key}", {}),
        ):
            with self._watched("an entry at the Keys panel"):
                await desk.enter(VISITOR, self.stem, wrong, with_account)
        view = await desk.enter(VISITOR, self.stem, key, account)
        self.search.text("the Keys panel", view.model_dump_json())
        for owner in (VISITOR, LOCAL):
            with self._watched("the test of a key"):
                self.search.text("the test of a key", (await desk.test(owner, self.stem)).model_dump_json())

    async def _job(
        self,
        owner: str,
        prompt: str,
        accepted: Callable[[], None] = _nothing,
        *,
        mode: Mode = "text-to-video",
        first_frame: str | None = None,
    ) -> str | None:
        """Make a job and watch it to its end; answers its id, None where it was refused."""
        model = next(model for model, offered in self.table.specs if offered == mode)
        request = VideoRequest(provider=self.stem, model=model, mode=mode, prompt=prompt, first_frame=first_frame)
        with self._watched("a submit"):
            job = await self.service.submit(request, owner=owner, files_under=None)
            await self._follow(job, owner, accepted)
            return job
        return None

    async def _follow(self, job: str, owner: str, accepted: Callable[[], None]) -> None:
        """Watch a job to its end; `accepted` is called once, when its provider has it."""
        state, told = "running", False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_JOB_SECONDS):
                async for view in self.service.watch(job, owner=owner):
                    state = view.state
                    if not told and state in ("running", "downloading"):
                        told = True
                        accepted()
                    self.search.text("a job's events", view.model_dump_json())
        self.played.ends[state] += 1
        said = await self.service.conversation(job, owner=owner)
        self.search.text("what was said about a job", said.model_dump_json())
        for language in LANGUAGES:
            with self._watched("generated code"):
                self.search.text(f"generated code ({language})", await self.service.code_of(job, language, owner=owner))

    @contextlib.contextmanager
    def _watched(self, what: str) -> Generator[None]:
        """A refusal is looked through like everything else; a mistake of ours is, too, and counted."""
        try:
            yield
        except Exception as error:
            issues = repr(getattr(error, "issues", ""))
            text = f"{error!s} {error!r} {issues} {''.join(traceback.format_exception(error))}"
            self.search.text(f"the text of an exception in {what}", text)
            if not isinstance(error, PlaygroundError):
                self.played.ends["mistake of ours"] += 1
