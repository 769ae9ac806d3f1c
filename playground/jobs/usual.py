"""How long such jobs usually take: from what finished here once there is enough, else as the provider documents it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median, quantiles
from typing import Final, cast

from playground.domain.capabilities import Table
from playground.domain.job import ACTIVE
from playground.domain.request import Mode
from playground.domain.view import Usual
from playground.jobs.pace import ENOUGH, Pace, documented, learned_by, pace
from playground.jobs.record import JobRecord
from playground.jobs.store import Store

_LOOKED_AT: Final = 200
_GOOD_FOR_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger says of one kind of job, until when (seconds since the epoch) that is good enough."""

    until: float
    usual: Usual | None
    pace: Pace | None
    took: Sequence[float]
    """What both were made of: seconds until such jobs were seen finished."""


class UsualWaits:
    """Tells times over everybody's jobs, of which nobody learns more than that, and paces questions by them.

    Asks the ledger three times a minute at most for each kind of job: provider, model and resolution.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[tuple[str, str, object], _Known] = {}
        self._asking = asyncio.Lock()

    async def of(self, job: JobRecord, table: Table | None) -> Usual | None:
        """What to tell while a job runs; None at its end, and where nothing is known."""
        if job.state not in ACTIVE or job.overdue:
            return None
        usual = (await self._of_its_kind(job, table)).usual
        return usual if usual is not None else _documented(table)

    async def pace(self, job: JobRecord, table: Table) -> Pace | None:
        """When to ask about a running job; None for the table's own steady pace."""
        polling = table.provider.poll_seconds
        if polling is None or polling.steady:
            return None
        return (await self._of_its_kind(job, table)).pace

    async def _of_its_kind(self, job: JobRecord, table: Table | None) -> _Known:
        key = (job.provider, job.model, _resolution(job.model, job.mode, job.request.get("resolution"), table))
        known = self._known.get(key)
        if known is not None and self._clock() < known.until:
            return known
        # One asks for all that wait, however many jobs there are.
        async with self._asking:
            known = self._known.get(key)
            if known is None or self._clock() >= known.until:
                known = await self._learn(job, table, key[-1], known)
                self._known[key] = known
        return known

    async def _learn(self, job: JobRecord, table: Table | None, resolution: object, before: _Known | None) -> _Known:
        alike = await self._store.newest_times(job.provider, job.model, _LOOKED_AT)
        took = [o.seconds for o in alike if _resolution(job.model, o.mode, o.resolution, table) == resolution]
        until = self._clock() + _GOOD_FOR_SECONDS
        if before is not None and before.took == took:
            return replace(before, until=until)
        return _Known(until, from_here(took), _pace(took, table), took)


def _pace(took: Sequence[float], table: Table | None) -> Pace | None:
    """The pace for jobs that took so long, or as long as their provider says."""
    if table is None or table.provider.poll_seconds is None:
        return None
    spread = learned_by(took, table.provider.poll_seconds) or documented(table.provider.usual_wait)
    return pace(spread, table.provider.poll_seconds) if spread is not None else None


def from_here(seconds: Sequence[float]) -> Usual | None:
    """Median and 90th percentile; None for too few."""
    if len(seconds) < ENOUGH:
        return None
    tenths = quantiles(seconds, n=10, method="inclusive")
    return Usual(low=round(median(seconds), 1), high=round(tenths[-1], 1), jobs=len(seconds))


def _documented(table: Table | None) -> Usual | None:
    wait = table.provider.usual_wait if table is not None else None
    return Usual(low=wait.at_least, high=wait.at_most, jobs=0) if wait is not None else None


def _resolution(model: str, mode: str, asked: object, table: Table | None) -> object:
    """What was asked for, or what a job is given that asks for none."""
    spec = table.specs.get((model, cast("Mode", mode))) if table is not None else None
    return asked if asked is not None or spec is None else spec.default("resolution")
