"""Two processes on one data folder, killed again and again; then all come to rest, and the books are compared."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, cycle, islice
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.campaign.books import Count, audit
from tests.campaign.points import OWN, PROVOKED, WIRE
from tests.campaign.process import Orders, run
from tests.emulation import TABLES, Emulation

RANDOM = "random"
_PATIENCE_SECONDS = 60.0
"""How long a point is waited for before the process is killed wherever it is."""
_REST_SECONDS = 180.0


@dataclass
class Result:
    """What a campaign found."""

    kills: Counter[str] = field(default_factory=Counter[str])
    """By the point where the process died."""
    counts: dict[str, Count] = field(default_factory=dict[str, Count])
    rested: bool = True
    """Whether every job came to rest in time."""

    @property
    def total(self) -> Count:
        """All providers together."""
        whole = Count()
        for each in self.counts.values():
            whole = whole.plus(each)
        return whole


def plans(kills: int) -> Iterator[tuple[str, str]]:
    """Provider and point of each round: named points and random instants in turn, every provider at every point."""
    pairs = [(stem, point) for stem, point in _pairs() if fits(stem, point)]
    named, anywhere = cycle(pairs), cycle((stem, RANDOM) for stem in stems())
    return islice(chain.from_iterable(zip(named, anywhere, strict=False)), kills)


def short() -> Iterator[tuple[str, str]]:
    """Every point once, over all providers, and a random instant after every sixth."""
    providers = cycle(stems())
    for number, point in enumerate((*OWN, *WIRE), 1):
        yield next(stem for stem in providers if fits(stem, point)), point
        if number % 6 == 0:
            yield next(providers), RANDOM


def _pairs() -> Iterator[tuple[str, str]]:
    """Diagonally, so that even a few rounds see all points and all providers."""
    points, providers = (*OWN, *WIRE), stems()
    for shift in range(len(providers)):
        for place, point in enumerate(points):
            yield providers[(place + shift) % len(providers)], point


def stems() -> tuple[str, ...]:
    """Every provider."""
    return tuple(TABLES)


def fits(stem: str, point: str) -> bool:
    """Whether a provider's jobs come by a point."""
    facts = TABLES[stem].provider
    if point in ("before downloading", "after downloading", "status stall"):
        return facts.answers == "poll"
    # Its videos come inside the answer: there is nothing to download.
    return point != "file stall" or stem != "vertex"


class Campaign:
    """One data folder, its providers, and the two processes that are killed."""

    def __init__(self, folder: Path, server: Emulation, *, seed: int) -> None:
        self.folder, self.server = folder, server
        self.data, self.diary, self.gate = folder / "data", folder / "diary", folder / "gate"
        own = {"HOME": str(folder), "PLAYGROUND_POLL_SECONDS": "0.5", "PLAYGROUND_ALLOW_RETIRED": "1"}
        self._environment = {**own, **server.environment()}
        self._dice = random.Random(seed)
        self._processes = get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.campaign.process"])
        self._keeper: BaseProcess | None = None
        self._children: list[BaseProcess] = []

    def run(self, rounds: Iterable[tuple[str, str]], say: Callable[[str], None] = lambda _: None) -> Result:
        """Kill once a round (both at once in some), then let all rest and compare the books."""
        result = Result()
        try:
            for number, (stem, point) in enumerate(rounds, 1):
                self._round(stem, point, result)
                say(f"{number}: {stem}, {point}; {result.kills.total()} kills")
        finally:
            for child in self._children:
                child.kill()
        self.server.forget_faults()
        last = self._start(until_all_rest=True)
        last.join(_REST_SECONDS)
        result.rested = last.exitcode == 0
        last.kill()
        last.join()
        result.counts = audit(self.data, self.server.folder, self.diary, stems())
        return result

    def _round(self, stem: str, point: str, result: Result) -> None:
        if self._keeper is None or not self._keeper.is_alive():
            self._keeper = self._start(providers=stems(), gate=self.gate)
        if point == RANDOM:
            self._at_random(result)
            return
        self.gate.unlink(missing_ok=True)
        if point in OWN:
            nth = self._dice.choice((1, 1, 2))
            if point in PROVOKED:
                # More than it takes: the other process may come across some with jobs that dead ones left.
                self.server.fault(stem, *PROVOKED[point], times=20)
            victim = self._start(providers=(stem,), point=point, nth=nth)
            victim.join(_PATIENCE_SECONDS)
            self.server.forget_faults()
            if victim.exitcode is None:
                self._kill(victim, RANDOM, result)
            else:
                assert victim.exitcode == -signal.SIGKILL, f"a process ended by itself: {victim.exitcode}"
                result.kills[point] += 1
            return
        taken = self.server.accepted(stem)
        self.server.fault(stem, WIRE[point].step, WIRE[point].fault)
        victim = self._start(providers=(stem,))
        reached = self._until(lambda: self._is_at(point, stem, taken))
        self._kill(victim, point if reached else RANDOM, result)
        if point in ("status stall", "file stall"):
            # Whichever of the two is at it.
            self._kill(self._keeper, point if reached else RANDOM, result)
        self.server.forget_faults()

    def _at_random(self, result: Result) -> None:
        """Two that make videos of everybody, and one or both die whenever."""
        self.gate.touch()
        other = self._start(providers=stems(), gate=self.gate)
        assert self._keeper is not None
        time.sleep(self._dice.uniform(0.1, 2.5))
        dying = self._dice.choice(((other,), (self._keeper,), (self._keeper, other)))
        for each in dying:
            self._kill(each, RANDOM, result)
        if self._keeper in dying:
            self._keeper = other
        elif other not in dying:
            self._kill(other, RANDOM, result)

    def _is_at(self, point: str, stem: str, taken: int) -> bool:
        """Whether somebody waits in vain at a point of the wire."""
        if self.server.waiting_faults() > 0:
            return False
        if point == "create stall":
            return self.server.accepted(stem) > taken
        if point == "file stall":
            return any(part.stat().st_size > 0 for part in (self.data / "media").glob("*/*.part"))
        return True

    def _until(self, good: Callable[[], bool]) -> bool:
        end = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < end:
            if good():
                return True
            time.sleep(0.02)
        return False

    def _start(self, **orders: object) -> BaseProcess:
        given = Orders(self.data, self._environment, self.diary, **orders)  # pyright: ignore[reportArgumentType] - of Orders
        process = self._processes.Process(target=run, args=(given,), daemon=True)
        process.start()
        self._children.append(process)
        return process

    def _kill(self, process: BaseProcess, point: str, result: Result) -> None:
        if process.exitcode is None:
            process.kill()
            result.kills[point] += 1
        process.join()
