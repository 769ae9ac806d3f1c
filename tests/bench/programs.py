"""How long the programs take to start, and how much a browser fetches for the page."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.measure import Line, median_of
from tests.bench.page import browser, visit

ROOT: Final = Path(__file__).parents[2]
_UP_WITHIN: Final = 120.0
_REQUEST: Final = '{"provider": "tokenbay", "mode": "text-to-video", "prompt": "A lake.", "duration_seconds": 8}'


def lines(runs: int, folder: Path) -> Iterator[Line]:
    """Starting the page, starting a command, and the first visit."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "PLAYGROUND_DATA_DIR": str(folder / "data")}
    yield Line(
        "`playground serve`, from its start to the first 200", f"{median_of(runs, lambda: _started(environment)):.1f} s"
    )
    yield Line("`playground check`, the whole process", f"{median_of(runs, lambda: _checked(environment)):.1f} s")
    with _serving(environment) as base:
        yield _first_visit(base, runs)


def _first_visit(base: str, runs: int) -> Line:
    what = "The page, first visit in Chromium on the same machine"
    chromium = browser()
    if chromium is None:
        return Line(what, "not measured: no Chromium here")
    visits = sorted((visit(base, chromium) for _ in range(runs)), key=lambda each: each.seconds)
    seen = visits[len(visits) // 2]
    weight = f"{seen.wire_bytes / 1_000:.0f} kB on the wire in {seen.answers} answers"
    return Line(what, f"{weight}; {seen.seconds:.1f} s until it can be used")


def _started(environment: Mapping[str, str]) -> float:
    began = time.perf_counter()
    with _serving(environment):
        return time.perf_counter() - began


@contextmanager
def _serving(environment: Mapping[str, str]) -> Generator[str]:
    port = _free_port()
    command = [sys.executable, "-m", "playground", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}/"
        _until_it_answers(base, process)
        yield base
    finally:
        process.terminate()
        process.wait(30)


def _until_it_answers(base: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _UP_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(base, timeout=30) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise RuntimeError("the playground did not start")


def _checked(environment: Mapping[str, str]) -> float:
    command = [sys.executable, "-m", "playground", "check", "-", "--json"]
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, input=_REQUEST, text=True, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
