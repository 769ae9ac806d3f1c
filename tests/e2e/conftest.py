"""A real server in a process of its own, and a real browser: what every end-to-end test stands on."""

import os
import socket
import struct
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.e2e.steps import DESKTOP, Visit

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "assets" / "samples"
_UP_WITHIN = 60.0
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
_EXPECTED = ("status of 404", "status of 422", "status of 413", "net::ERR_FAILED")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One server and one browser: these tests stay together on one worker."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("e2e"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of `python -m playground serve`, with a data folder and a home of its own."""
    home = tmp_path_factory.mktemp("home")
    port = _free_port()
    log = home / "server.log"
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "PLAYGROUND_DATA_DIR": str(home / "data"),
        "PYTHONPATH": str(ROOT),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "playground", "serve", "--port", str(port)],
            cwd=home,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(process, url, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
    complaints = [line for line in log.read_text().splitlines() if "Traceback" in line]
    assert not complaints, log.read_text()


def _wait_until_up(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + _UP_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"The server ended with {process.returncode}:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The server did not answer within {_UP_WITHIN:.0f} s:\n{log.read_text()}")


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
    complaints: list[str] = field(default_factory=list[str])

    def over(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(each in message.text for each in _EXPECTED):
            self.complaints.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("blob", "data") and parts.netloc != self.host:
            self.complaints.append(f"request to another host: {request.url}")


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Visit]:
    """Open the page as a new visitor, or as the visitor of a context; afterwards nothing may have complained."""
    contexts: list[BrowserContext] = []
    watch = Watch(urlsplit(server).netloc)

    def open_page(
        path: str = "/?__theme=light", *, size: tuple[int, int] = DESKTOP, context: BrowserContext | None = None
    ) -> Page:
        if context is None:
            context = browser.new_context(viewport={"width": size[0], "height": size[1]}, base_url=server)
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
