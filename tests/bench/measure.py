"""What every measurement here shares: a median of several runs, and one line of the table."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

_AT_LEAST: Final = 0.05
"""Seconds that one run lasts at least: shorter work is repeated within it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement as it is shown; without a goal nothing is promised."""

    what: str
    measured: str
    goal: str = "—"
    met: bool | None = None

    def cells(self) -> tuple[str, str, str]:
        """What the table shows."""
        mark = {None: "", True: " (met)", False: " (**missed**)"}[self.met]
        return self.what, self.measured, self.goal + mark


def median_of(runs: int, once: Callable[[], float]) -> float:
    """The median of several answers."""
    return median(once() for _ in range(runs))


def milliseconds(work: Callable[[], object], runs: int) -> float:
    """Wall time of one go of something quick, the median of several runs of many goes."""
    work()
    began = time.perf_counter()
    work()
    goes = max(1, int(_AT_LEAST / max(time.perf_counter() - began, 1e-7)))

    def once() -> float:
        began = time.perf_counter()
        for _ in range(goes):
            work()
        return (time.perf_counter() - began) / goes * 1_000

    return median_of(runs, once)


def within(what: str, taken: float, goal: float) -> Line:
    """A line in milliseconds with its goal."""
    return Line(what, f"{taken:.2f} ms", f"≤ {goal:g} ms", taken <= goal)


def machine() -> str:
    """The machine in a few words: measured numbers mean nothing without it."""
    cores = os.cpu_count() or 0
    named = f"{cores} core{'' if cores == 1 else 's'}"
    return f"{platform.system()} {platform.machine()}, {named}, Python {platform.python_version()}"


def busy() -> float:
    """How many processes wanted a core within the last minute: above the number of cores, times are too long."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def cpu_seconds(pid: int) -> float:
    """What a process has taken of the cores so far, with its children that ended."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")
