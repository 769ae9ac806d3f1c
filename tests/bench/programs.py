"""How long the programs take to start, and how much a browser fetches for the page."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.bench.measure import Line, cpu_seconds, median_of
from tests.bench.page import Visit, browser, visit

ROOT: Final = Path(__file__).parents[2]
_UP_WITHIN: Final = 120.0
_SETTLED_AFTER: Final = 3.0
_IDLE_SECONDS: Final = 10.0
_IDLE_GOAL: Final = 2.0
_OURS: Final = '[data-ready="yes"]'
_BARE: Final = "textarea"
_AT_MOST: Final = 1.25
_GOAL: Final = f"≤ {_AT_MOST} × the bare one"
_FIGURES: Final[tuple[tuple[str, str, Callable[[Visit], float]], ...]] = (
    ("the first byte", "ms", lambda seen: seen.first * 1_000),
    ("until it can be used", "s", lambda seen: seen.usable),
    ("on the wire", "kB", lambda seen: seen.wire_bytes / 1_000),
)
_REQUEST: Final = '{"provider": "tokenbay", "mode": "text-to-video", "prompt": "A lake.", "duration_seconds": 8}'


def lines(runs: int, folder: Path) -> Iterator[Line]:
    """Starting the page, starting a command, and the first visit."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "PLAYGROUND_DATA_DIR": str(folder / "data")}
    yield Line(
        "`playground serve`, from its start to the first 200", f"{median_of(runs, lambda: _started(environment)):.1f} s"
    )
    idle = median_of(runs, lambda: _idle(environment))
    yield Line(
        "`playground serve`, nobody there", f"{idle:.1f} % of one core", f"≤ {_IDLE_GOAL:g} %", idle <= _IDLE_GOAL
    )
    yield Line("`playground check`, the whole process", f"{median_of(runs, lambda: _checked(environment)):.1f} s")
    yield from _first_visits(environment, runs)


def _first_visits(environment: Mapping[str, str], runs: int) -> Iterator[Line]:
    """Our page and a bare one, in turns on the same machine, so that whatever else runs there slows both."""
    chromium = browser()
    if chromium is None:
        yield Line("The page, first visit in Chromium", "not measured: no Chromium here")
        return
    quiet = {**environment, "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}
    with serving(environment) as ours, serving(quiet, "tests.bench.bare") as bare:
        # One visit says little where anything else runs.
        pairs = [(visit(ours, chromium, _OURS), visit(bare, chromium, _BARE)) for _ in range(runs * 2)]
    for what, unit, figure in _FIGURES:
        mine, theirs = (median(figure(pair[place]) for pair in pairs) for place in (0, 1))
        measured = f"{mine:.3g} {unit}; a bare Gradio page with the same inputs {theirs:.3g} {unit}"
        share = mine / theirs if theirs else 1.0
        yield Line(
            f"The page, first visit in Chromium: {what}", f"{measured} ({share:.2f} ×)", _GOAL, share <= _AT_MOST
        )
    yield Line(
        "The page, first visit in Chromium: answers", f"{pairs[0][0].answers}; the bare one {pairs[0][1].answers}"
    )


def _started(environment: Mapping[str, str]) -> float:
    began = time.perf_counter()
    with serving(environment):
        return time.perf_counter() - began


def _idle(environment: Mapping[str, str]) -> float:
    """Percent of one core that a server takes which nobody asks for anything."""
    with _process(environment) as (_, pid):
        time.sleep(_SETTLED_AFTER)
        before = cpu_seconds(pid)
        time.sleep(_IDLE_SECONDS)
        return (cpu_seconds(pid) - before) / _IDLE_SECONDS * 100


@contextmanager
def serving(environment: Mapping[str, str], program: str = "playground") -> Generator[str]:
    """Run a page in a process of its own and give its address."""
    with _process(environment, program) as (base, _):
        yield base


@contextmanager
def _process(environment: Mapping[str, str], program: str = "playground") -> Generator[tuple[str, int]]:
    port = str(free_port())
    command = [sys.executable, "-m", program, *(("serve", "--port") if program == "playground" else ()), port]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}/"
        until_it_answers(base, process)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(30)


def until_it_answers(base: str, process: subprocess.Popen[Any]) -> None:
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
