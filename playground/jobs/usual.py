"""How long such jobs usually take: from what finished here once there is enough, else as the provider documents it."""

from collections.abc import Callable, Sequence
from statistics import median, quantiles
from typing import Final, cast

from playground.domain.capabilities import Table
from playground.domain.job import ACTIVE
from playground.domain.request import Mode
from playground.domain.view import Usual
from playground.jobs.record import JobRecord
from playground.jobs.store import Store

ENOUGH: Final = 5
"""Jobs of one kind before their times are worth telling."""
_LOOKED_AT: Final = 200
_GOOD_FOR_SECONDS: Final = 60.0


class UsualWaits:
    """Tells times over everybody's jobs, of which nobody learns more than that.

    Asks the ledger at most once a minute for each kind of job: provider, model and resolution.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[tuple[str, str, object], tuple[float, Usual | None]] = {}

    async def of(self, job: JobRecord, table: Table | None) -> Usual | None:
        """What to tell while a job runs; None at its end, and where nothing is known."""
        if job.state not in ACTIVE or job.overdue:
            return None
        resolution = _resolution(job, table)
        key = (job.provider, job.model, resolution)
        until, usual = self._known.get(key, (0.0, None))
        if self._clock() >= until:
            alike = await self._store.newest_succeeded(job.provider, job.model, _LOOKED_AT)
            usual = from_here([_took(each) for each in alike if _resolution(each, table) == resolution])
            self._known[key] = (self._clock() + _GOOD_FOR_SECONDS, usual)
        return usual if usual is not None else _documented(table)


def from_here(seconds: Sequence[float]) -> Usual | None:
    """Median and 90th percentile; None for too few."""
    if len(seconds) < ENOUGH:
        return None
    tenths = quantiles(seconds, n=10, method="inclusive")
    return Usual(low=round(median(seconds), 1), high=round(tenths[-1], 1), jobs=len(seconds))


def _documented(table: Table | None) -> Usual | None:
    wait = table.provider.usual_wait if table is not None else None
    return Usual(low=wait.at_least, high=wait.at_most, jobs=0) if wait is not None else None


def _took(job: JobRecord) -> float:
    """From the create that was taken to the last saved video: what was waited for before it says nothing of others."""
    began = job.submitted_at if job.submitted_at is not None else job.created_at
    return max(0.0, (job.finished_at or began) - began)


def _resolution(job: JobRecord, table: Table | None) -> object:
    asked = job.request.get("resolution")
    spec = table.specs.get((job.model, cast("Mode", job.mode))) if table is not None else None
    return asked if asked is not None or spec is None else spec.default("resolution")
