"""A real server in a process of its own, and a real browser: what every end-to-end test stands on."""

import os
import struct
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    expect,
    sync_playwright,
)

from tests.e2e.server import ROOT, Server, free_port
from tests.e2e.steps import DESKTOP, PATIENCE, Clip, Visit, Visiting, made, new_context

SAMPLES = ROOT / "assets" / "samples"
_BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The browser notes every answer that is no success; these are provoked on purpose.
_LOST = (
    "net::ERR_CONNECTION_REFUSED",
    "net::ERR_CONNECTION_RESET",
    "net::ERR_EMPTY_RESPONSE",
    "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
    "net::ERR_INTERNET_DISCONNECTED",
    "net::ERR_SOCKET_NOT_CONNECTED",
)
_EXPECTED = ("status of 404", "status of 422", "status of 413", "net::ERR_FAILED")


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each kind of clip is kept once it was drawn, for all workers."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "clips"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Iterator[str]:
    """The base URL of a server that all tests share."""
    # Pictures for the README show what was asked for.
    shared = clips if os.environ.get("PLAYGROUND_SCREENSHOTS") != "1" else None
    running = Server(tmp_path_factory.mktemp("home"), clips=shared)
    running.start()
    try:
        yield running.url
    finally:
        running.stop()


@pytest.fixture(scope="package")
def clip(server: str) -> Clip:
    """A finished video of somebody, for tests that only look at it or go on from it."""
    return made(server, "A paper boat in the rain")


@pytest.fixture
def own_server(tmp_path: Path, second_port: int, clips: Path) -> Iterator[Server]:
    """A server for one test, which may kill it and start it again."""
    running = Server(tmp_path, second_port, clips=clips)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="package")
def second_port() -> int:
    """Where every other server stands, one after another: to a browser the same place, whose scripts it has read."""
    return free_port()


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium for this folder.

    Not for the session: until it is stopped, its event loop runs in the main thread, where other tests want theirs.
    """
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(_BROWSER_FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="package")
def usual(browser: Browser, server: str) -> BrowserContext:
    """The browser of most visitors: it has read the page's scripts before, which takes three seconds of a core."""
    return new_context(browser, base_url=server)


@dataclass
class Watch:
    """What a page may not do: complain, or talk to another host."""

    host: str
    expected: tuple[str, ...] = _EXPECTED
    complaints: list[str] = field(default_factory=list[str])

    def over(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)

    def away_from(self, context: BrowserContext) -> None:
        """Listen no more."""
        context.remove_listener("console", self._on_console)
        context.remove_listener("weberror", self._on_error)
        context.remove_listener("request", self._on_request)

    def _on_error(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(each in message.text for each in self.expected):
            self.complaints.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("blob", "data") and parts.netloc != self.host:
            self.complaints.append(f"request to another host: {request.url}")


@pytest.fixture
def visit(visiting: Visiting, server: str) -> Iterator[Visit]:
    """Open the page as a new visitor, or as the visitor of a context; afterwards nothing may have complained."""
    with visiting(server) as visit:
        yield visit


@pytest.fixture
def visit_cut_off(visiting: Visiting, own_server: Server) -> Iterator[Visit]:
    """The same, of a server that will be killed or a network that will go: each lost request is noted."""
    with visiting(own_server.url, (*_EXPECTED, *_LOST)) as visit:
        yield visit


@pytest.fixture
def visiting(browser: Browser, usual: BrowserContext) -> Visiting:
    """The same of any server, for a block."""

    @contextmanager
    def block(url: str, expected: tuple[str, ...] = _EXPECTED) -> Generator[Visit]:
        watch = Watch(urlsplit(url).netloc, expected)
        watch.over(usual)
        guests = _Guests(browser, usual, url, watch)
        yield guests.open
        guests.leave()
        assert not watch.complaints

    return block


class _Guests:
    """Who visits during one test: the first with the usual browser, emptied, everybody else with a new one."""

    def __init__(self, browser: Browser, usual: BrowserContext, url: str, watch: Watch) -> None:
        self._browser, self._usual, self._url, self._watch = browser, usual, url, watch
        self._others: list[BrowserContext] = []
        self._came = False

    def open(
        self,
        path: str | None = "/?__theme=light",
        *,
        size: tuple[int, int] = DESKTOP,
        context: BrowserContext | None = None,
        owner: str | None = None,
    ) -> Page:
        page = (context or self._next()).new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if owner is not None:
            page.add_init_script(f"localStorage.setItem('veo.owner', '{owner}')")
        if path is None:
            return page
        page.goto(urljoin(self._url, path))
        page.locator(".card").wait_for()
        # The draft has been restored, so what is typed from now on is kept.
        page.locator('[data-ready="yes"]').wait_for()
        return page

    def _next(self) -> BrowserContext:
        if not self._came:
            self._came = True
            return self._usual
        other = new_context(self._browser, base_url=self._url)
        self._watch.over(other)
        self._others.append(other)
        return other

    def leave(self) -> None:
        for context in self._others:
            context.close()
        self._watch.away_from(self._usual)
        forget(self._usual, self._url)


def forget(context: BrowserContext, url: str) -> None:
    """Make a browser one that was never at an address, but for the files that it has read."""
    for page in context.pages:
        page.close()
    context.set_offline(False)
    context.clear_permissions()
    page = context.new_page()
    kept = "cookies,local_storage,indexeddb,cache_storage,service_workers"
    context.new_cdp_session(page).send("Storage.clearDataForOrigin", {"origin": url, "storageTypes": kept})  # pyright: ignore[reportUnknownMemberType] - Playwright types a message as a bare dict
    page.close()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The pictures that are shipped for trying things out."""
    assert (SAMPLES / "first-frame.jpg").is_file(), "assets/samples is missing"
    return SAMPLES


@pytest.fixture(scope="session")
def spoilt(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A folder of files that cannot be used."""
    folder = tmp_path_factory.mktemp("spoilt")
    (folder / "text.png").write_text("This is no picture.")
    (folder / "vast.png").write_bytes(_vast_png(30_000))
    with (folder / "heavy.jpg").open("wb") as heavy:
        heavy.write((samples / "first-frame.jpg").read_bytes())
        heavy.truncate(60_000_000)
    (folder / "cut.mp4").write_bytes(b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41\x00\x00\x10\x00moov")
    return folder


def _vast_png(side: int) -> bytes:
    """A black square whose file is small and whose pixels are not."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    squeeze = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    pixels = b"".join(squeeze.compress(row) for _ in range(side)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
