"""A real server in a process of its own, and a real browser: what every end-to-end test stands on."""

import struct
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.e2e.server import ROOT, Server
from tests.e2e.steps import DESKTOP, Visit

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
)
_EXPECTED = ("status of 404", "status of 422", "status of 413", "net::ERR_FAILED")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One server and one browser: these tests stay together on one worker."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a server that all tests share."""
    running = Server(tmp_path_factory.mktemp("home"))
    running.start()
    try:
        yield running.url
    finally:
        running.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server for one test, which may kill it and start it again."""
    running = Server(tmp_path)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium for one module.

    Not for the session: until it is stopped, its event loop runs in the main thread, where other tests want theirs.
    """
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(_BROWSER_FLAGS))
        yield running
        running.close()


@dataclass
class Watch:
    """What a page may not do: complain, or talk to another host."""

    host: str
    expected: tuple[str, ...] = _EXPECTED
    complaints: list[str] = field(default_factory=list[str])

    def over(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(each in message.text for each in self.expected):
            self.complaints.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("blob", "data") and parts.netloc != self.host:
            self.complaints.append(f"request to another host: {request.url}")


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Visit]:
    """Open the page as a new visitor, or as the visitor of a context; afterwards nothing may have complained."""
    with _visiting(browser, server, _EXPECTED) as visit:
        yield visit


@pytest.fixture
def visit_cut_off(browser: Browser, own_server: Server) -> Iterator[Visit]:
    """The same, of a server that will be killed or a network that will go: each lost request is noted."""
    with _visiting(browser, own_server.url, (*_EXPECTED, *_LOST)) as visit:
        yield visit


@pytest.fixture
def visiting(browser: Browser) -> Callable[[str], AbstractContextManager[Visit]]:
    """The same of any server, for a block."""
    return lambda url: _visiting(browser, url, _EXPECTED)


@contextmanager
def _visiting(browser: Browser, server: str, expected: tuple[str, ...]) -> Generator[Visit]:
    contexts: list[BrowserContext] = []
    watch = Watch(urlsplit(server).netloc, expected)

    def open_page(
        path: str = "/?__theme=light", *, size: tuple[int, int] = DESKTOP, context: BrowserContext | None = None
    ) -> Page:
        if context is None:
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                base_url=server,
                # Nothing here looks at a movement, and without a graphics card each one takes half a core.
                reduced_motion="reduce",
            )
            context.set_default_timeout(15_000)
            watch.over(context)
            contexts.append(context)
        page = context.new_page()
        page.goto(path)
        page.locator(".card").wait_for()
        # The draft has been restored, so what is typed from now on is kept.
        page.locator('[data-ready="yes"]').wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not watch.complaints


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
