"""A thousand jobs at once in one process, watched by three hundred, beside the plain loop over the same operations.

Every program is a process of its own: the provider (stood in for), the playground, the plain loop, the watchers, and
Chromium. What each job took is the provider's word: it says beforehand how long each one will run.
"""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from statistics import mean, median, quantiles
from typing import IO, Any, Final

from tests.bench.load_pages import windows
from tests.bench.load_provider import KINDS, clip
from tests.bench.measure import Line, cpu_seconds
from tests.bench.programs import ROOT, free_port, until_it_answers
from tests.bench.renders import render

VISITORS: Final = 300
PAGES: Final = 2
_WINDOW: Final = 60.0
"""Seconds of which the CPU is told, from when the last job was begun."""
_LONGEST: Final = 900.0


@dataclass(slots=True)
class House:
    """The playground while it runs."""

    process: subprocess.Popen[str]
    base: str
    data: Path
    jobs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    begun: dict[str, float] = field(default_factory=dict[str, float])
    ready: threading.Event = field(default_factory=threading.Event)

    def share(self) -> float:
        """The share of one core that it takes within the window."""
        before, began = cpu_seconds(self.process.pid), time.monotonic()
        time.sleep(_WINDOW)
        return (cpu_seconds(self.process.pid) - before) / (time.monotonic() - began)

    def listen(self, out: IO[str]) -> None:
        """Hear what it says of its jobs."""
        for line in out:
            if line.startswith("{"):
                said = json.loads(line)
                if "job" in said:
                    self.jobs.append(said)
                else:
                    self.begun = said
                    self.ready.set()


def lines(jobs: int, folder: Path) -> Iterator[Line]:
    """First the jobs alone for a while, then everything until the last one is saved."""
    clips = folder / "provider"
    clips.mkdir(parents=True)
    for resolution in sorted({resolution for _, resolution in KINDS}):
        drawn = render({"mode": "text-to-video", "resolution": resolution}, folder, resolution)
        drawn.output.replace(clip(clips, resolution))
    with _provider(folder) as provider, _house(provider, folder / "alone", jobs) as house:
        house.ready.wait(_LONGEST)
        alone, begun = house.share(), house.begun
    with ExitStack() as stack:
        provider = stack.enter_context(_provider(folder))
        plain = stack.enter_context(_program("load_plain", provider, _book(folder), folder / "plain.jsonl", jobs))
        house = stack.enter_context(_house(provider, folder / "watched", jobs))
        shown = stack.enter_context(windows(house.base, PAGES))
        house.ready.wait(_LONGEST)
        seen_by, others = house.jobs[:PAGES], house.jobs[PAGES:VISITORS]
        watched = folder / "watched.jsonl"
        watched.write_text("\n".join(json.dumps(each) for each in others))
        watchers = stack.enter_context(_program("load_watchers", house.base, watched, folder / "seen.jsonl"))
        shown.watch(seen_by)
        together = house.share()
        _all_saved(house, jobs)
        for process in (watchers, plain):
            process.wait(_LONGEST)
        seen = [*_read(folder / "seen.jsonl"), *shown.shown()]
    yield from _told(_Run(jobs, house, folder, seen, alone, together, begun))


@dataclass(frozen=True, slots=True)
class _Run:
    jobs: int
    house: House
    folder: Path
    seen: list[dict[str, Any]]
    alone: float
    together: float
    begun: dict[str, float]

    def operations(self) -> dict[str, float]:
        """When each operation was finished, in seconds since the epoch."""
        accepted = _read(_book(self.folder))
        return {each["id"]: datetime.fromisoformat(each["at"]).timestamp() + each["takes"] for each in accepted}

    def rows(self) -> list[tuple[str, str, float, int, int]]:
        """Of each job its id, its operation, when it was saved, its questions and its writes."""
        events = "(SELECT COUNT(*) FROM job_events WHERE job_id = jobs.id)"
        query = f"SELECT id, json_extract(operation, '$.id'), finished_at, polls, {events} FROM jobs"
        with sqlite3.connect(self.house.data / "playground.db") as ledger:
            rows = list(ledger.execute(f"{query} WHERE state = 'succeeded' AND id NOT LIKE 'before-%'"))
        # Google's names of operations are paths.
        return [(job, operation.rpartition("/")[2], *rest) for job, operation, *rest in rows]


def _told(run: _Run) -> Iterator[Line]:
    ready, rows, plain = run.operations(), run.rows(), _read(run.folder / "plain.jsonl")
    what = f"{run.jobs:,} jobs at once"
    if len(rows) < run.jobs or len(plain) < run.jobs:
        yield Line(f"{what}: saved", f"{len(rows)}, {len(plain)} by the plain loop", f"{run.jobs}", False)
    finished = {job: ready[operation] for job, operation, *_ in rows}
    saved = [at - finished[job] for job, _, at, *_ in rows]
    shown = [each["ready"] - finished[each["job"]] for each in run.seen if each.get("job") in finished]
    theirs = [each["delay"] for each in plain]
    yield Line(
        f"{what}: from finished at the provider to saved",
        f"median {median(saved):.1f} s, p95 {_p95(saved):.1f} s; sleep 10 s, ask, download: "
        f"{median(theirs):.1f} s, {_p95(theirs):.1f} s",
    )
    halves = median(shown) / median(theirs), _p95(shown) / _p95(theirs)
    yield Line(
        f"{what}: from finished at the provider to shown, to {len(shown)} who watch",
        f"median {median(shown):.1f} s ({halves[0]:.2f} × the plain loop), p95 {_p95(shown):.1f} s ({halves[1]:.2f} ×)",
        "≤ 0.5 × both",
        # Whoever was to watch has seen it: a bench without a browser has not measured this.
        max(halves) <= 0.5 and len(shown) == min(VISITORS, run.jobs),
    )
    at_once = _at_once(_read(_book(run.folder)))
    yield Line(f"{what}: running at the provider at once, at the most", f"{at_once:,}", "all", at_once == run.jobs)
    ours, asked = mean(row[3] for row in rows), mean(each["polls"] for each in plain)
    yield Line(f"{what}: questions for each", f"{ours:.1f}; the plain loop {asked:.1f}", "no more", ours <= asked)
    yield Line(
        f"{what}: CPU of the minute after the last was begun",
        f"{run.alone:.0%} of a core for the jobs alone, {max(0.0, run.together - run.alone):.0%} for who watches",
        "≤ 40 % for the jobs",
        run.alone <= 0.4,
    )
    each = run.begun["bytes_a_job"] / 1_000
    yield Line(f"{what}: memory for each that waits", f"{each:.0f} kB", "≤ 100 kB", each <= 100)
    yield Line(f"{what}: writes into the ledger for each", f"{mean(row[4] for row in rows):.1f} transactions")
    yield from _answers(what, [each for each in run.seen if "took" in each])


def _answers(what: str, seen: list[dict[str, Any]]) -> Iterator[Line]:
    kinds = {
        name: [each["took"] * 1_000 for each in seen if each["what"] == name] for each in seen if (name := each["what"])
    }
    slowest = {name: _p95(took) for name, took in kinds.items()}
    told = ", ".join(f"{name} {took:.0f} ms" for name, took in slowest.items())
    failed = sum(each["status"] >= 400 for each in seen)
    told += f"; {failed} of {len(seen)} failed" if failed else ""
    goal = not failed and max(slowest.values()) <= 100
    yield Line(f"{what}: p95 of the page's requests meanwhile", told, "≤ 100 ms", goal)


def _at_once(accepted: list[dict[str, Any]]) -> int:
    """How many operations ran at the same time, at the most."""
    began = [(datetime.fromisoformat(each["at"]).timestamp(), each["takes"]) for each in accepted]
    changes = sorted([(at, 1) for at, _ in began] + [(at + takes, -1) for at, takes in began])
    return max(accumulate(change for _, change in changes))


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


def _all_saved(house: House, jobs: int) -> None:
    until = time.monotonic() + _LONGEST
    query = "SELECT COUNT(*) FROM jobs WHERE state NOT IN ('succeeded', 'failed', 'cancelled')"
    with sqlite3.connect(house.data / "playground.db") as ledger:
        while time.monotonic() < until and ledger.execute(query).fetchone()[0] > 0:
            time.sleep(1)


def _book(folder: Path) -> Path:
    return folder / "provider" / "accepted.jsonl"


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@contextmanager
def _provider(folder: Path) -> Generator[str]:
    """The provider's base URL; what it drew once is kept, what it accepted is not."""
    _book(folder).unlink(missing_ok=True)
    port = free_port()
    with _program("load_provider", port, folder / "provider") as process:
        until_it_answers(f"http://127.0.0.1:{port}/__journal", process)
        yield f"http://127.0.0.1:{port}/vertex/v1"


@contextmanager
def _house(provider: str, data: Path, jobs: int) -> Generator[House]:
    port = free_port()
    environment = {
        "VERTEX_BASE_URL": provider,
        "VERTEX_PROJECT": "load",
        "VERTEX_ACCESS_TOKEN": "a-key-of-the-load",
        "VERTEX_STORAGE_URI": "gs://load/videos",
    }
    with _program("load_house", port, data, jobs, VISITORS, **environment) as process:
        house = House(process, f"http://127.0.0.1:{port}", data)
        assert process.stdout is not None
        threading.Thread(target=house.listen, args=(process.stdout,), daemon=True).start()
        until_it_answers(f"{house.base}/healthz", process)
        yield house


@contextmanager
def _program(name: str, *arguments: object, **environment: str) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", f"tests.bench.{name}", *map(str, arguments)]
    own = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", ""), **environment}
    process = subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
