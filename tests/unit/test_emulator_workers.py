"""The sandbox's worker processes: the next one waits while nothing is asked, and nobody notices but for the time."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from playground.emulator._sandbox_work import ENVIRONMENT, STOPPED, Workers

WORKER = '''
"""Stands in for the renderer: says in a book that it is up, then which spec it was given and how."""
import json, os, sys
from pathlib import Path

def note(**what):
    with (Path(__file__).parent / "book.jsonl").open("a") as book:
        book.write(json.dumps({"pid": os.getpid(), **what}) + "\\n")

note(up=True, environment=sorted(os.environ))
path, how = (sys.argv[1], "argument") if sys.argv[1:] else (sys.stdin.buffer.readline().decode().rstrip("\\n"), "stdin")
if not path:
    sys.exit(2)
note(spec=path, how=how)
sys.exit(9 if "CRASH" in Path(path).read_text() else 0)
'''


class Bench:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "worker.py").write_text(WORKER)
        self.command = (sys.executable, "-S", "-E", str(folder / "worker.py"))

    def spec(self, name: str, text: str = "{}") -> Path:
        path = self._folder / name
        path.write_text(text)
        return path

    def book(self) -> list[dict[str, Any]]:
        book = self._folder / "book.jsonl"
        return [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []

    async def until_up(self, workers: int) -> int:
        """The process that came up as the last of so many."""
        while len(up := [line for line in self.book() if "up" in line]) < workers:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
        assert len(up) == workers
        return up[-1]["pid"]

    def orders(self) -> list[tuple[int, str]]:
        """By which process each spec was taken, and how it was given."""
        return [(line["pid"], line["how"]) for line in self.book() if "spec" in line]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@asynccontextmanager
async def workers_of(command: Sequence[str], *, waits: bool = True) -> AsyncGenerator[Workers]:
    workers = Workers(command, waits=waits)
    try:
        yield workers
    finally:
        await workers.aclose()


async def untold(_share: float) -> None:
    """Nobody listens."""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_the_next_one_is_up_before_it_is_asked(bench: Bench):
    async with workers_of(bench.command) as workers:
        for number in range(3):
            assert await workers.work(bench.spec(f"{number} ä.json"), untold) is None
            await bench.until_up(number + 2)
        waiting = await bench.until_up(4)
        assert is_alive(waiting)
        ups = [line["pid"] for line in bench.book() if "up" in line]
        assert bench.orders() == [(ups[0], "argument"), (ups[1], "stdin"), (ups[2], "stdin")]
    assert not is_alive(waiting)
    given = [Path(line["spec"]).name for line in bench.book() if "spec" in line]
    assert given == [f"{number} ä.json" for number in range(3)]


async def test_a_worker_knows_nothing_of_the_operators(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GEMINI_API_KEY", "a-key-of-the-operator")
    async with workers_of(bench.command) as workers:
        for _ in range(2):
            await workers.work(bench.spec("one.json"), untold)
    known = {name for line in bench.book() if "up" in line for name in line["environment"]}
    # Python itself adds the last.
    assert known - {"LC_CTYPE"} == set(ENVIRONMENT)


async def test_one_that_is_gone_meanwhile_is_replaced(bench: Bench):
    async with workers_of(bench.command) as workers:
        await workers.work(bench.spec("one.json"), untold)
        waiting = await bench.until_up(2)
        os.kill(waiting, signal.SIGKILL)
        # The loop is held up on purpose: it has not heard of the end when the worker is asked.
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, waiting, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222
        assert await workers.work(bench.spec("two.json"), untold) is None
        assert bench.orders()[-1][1] == "argument"


async def test_one_that_may_be_about_to_leave_is_not_asked(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("playground.emulator._sandbox_work._WAITS_SECONDS", 0)
    async with workers_of(bench.command) as workers:
        await workers.work(bench.spec("one.json"), untold)
        waiting = await bench.until_up(2)
        assert await workers.work(bench.spec("two.json"), untold) is None
        assert not is_alive(waiting)
        assert bench.orders()[-1][1] == "argument"


async def test_after_a_crash_the_next_clip_has_its_worker(bench: Bench):
    async with workers_of(bench.command) as workers:
        assert await workers.work(bench.spec("one.json", "CRASH"), untold) == STOPPED
        await bench.until_up(2)
        assert await workers.work(bench.spec("two.json", "CRASH"), untold) == STOPPED
        assert await workers.work(bench.spec("three.json"), untold) is None


async def test_a_command_that_cannot_wait_is_never_started_beforehand(bench: Bench):
    async with workers_of(bench.command, waits=False) as workers:
        for _ in range(2):
            assert await workers.work(bench.spec("one.json"), untold) is None
        assert [how for _, how in bench.orders()] == ["argument", "argument"]
    assert len(bench.book()) == 4


async def test_a_command_that_cannot_be_started_is_told(bench: Bench):
    async with workers_of(("/nowhere/python",)) as workers:
        for _ in range(2):
            problem = await workers.work(bench.spec("one.json"), untold)
            assert problem is not None
            assert problem.message == "The renderer cannot be started."
