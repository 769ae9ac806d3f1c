"""A receipt reaches its job wherever that is by now: what may have been paid for is never passed over in silence."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from playground.domain.job import State
from playground.domain.provider import Operation
from playground.jobs import policy
from playground.jobs.database import LedgerUnavailable
from playground.jobs.record import JobRecord
from playground.jobs.workshop import Workshop

_log = logging.getLogger(__name__)

_LAST_TRIES_SECONDS: Final = 0.2
"""Between tries of who is told to stop."""
CAME_AFTER_ALL: Final = "Its receipt came after it had been taken for lost, so it went on after all."
CAME_TWICE: Final = (
    "Its receipt came after it had been submitted again, so it went on as well: both may have been charged."
)


async def hand_over(shop: Workshop, job_id: str, after: State, **values: object) -> JobRecord | None:
    """Write a receipt into the ledger, tried until it is written; None where it changed nothing.

    The first one wins. One for a job that its owner took for lost revives it; one that names another operation than
    the job already has is noted beside it.
    """

    async def write() -> JobRecord | None:
        moved = await shop.store.receipt(job_id, after, **values)
        return moved if moved is not None else await _late(shop, job_id, after, values)

    return await until_written(shop, job_id, write)


async def until_written(
    shop: Workshop, job_id: str, write: Callable[[], Awaitable[JobRecord | None]]
) -> JobRecord | None:
    """Write down what a create was answered with, again and again: it is not dropped while this process lives."""
    attempt = 0
    while True:
        try:
            written = await write()
        except LedgerUnavailable as error:
            # A full disk or a lost database.
            attempt += 1
            _log.warning("what its create was answered with cannot be written yet: %s", error, extra={"job": job_id})
            shop.cannot_write(job_id)
            await _pause_unless_told_to_stop(shop, policy.backoff(attempt, first=0.1, most=5))
        else:
            shop.unwritten.discard(job_id)
            return written


async def _pause_unless_told_to_stop(shop: Workshop, seconds: float) -> None:
    """Wait; who is told to stop meanwhile tries once more at once, since it may be for the last time."""
    if shop.stopping.is_set():
        return await shop.pause(min(seconds, _LAST_TRIES_SECONDS))
    pausing, told = asyncio.ensure_future(shop.pause(seconds)), asyncio.ensure_future(shop.stopping.wait())
    try:
        await asyncio.wait((pausing, told), return_when=asyncio.FIRST_COMPLETED)
    finally:
        pausing.cancel()
        told.cancel()


async def _late(shop: Workshop, job_id: str, after: State, values: Mapping[str, object]) -> JobRecord | None:
    job = await shop.store.get(job_id)
    operation = values.get("operation")
    if job is None:
        named = operation.id if isinstance(operation, Operation) else "no operation"
        _log.error("a receipt (%s) came for a job that is gone from the ledger", named, extra={"job": job_id})
        return None
    if job.operation is None and job.remote is None:
        notes = (*job.notes, CAME_AFTER_ALL if job.again_as is None else CAME_TWICE)
        return await shop.store.revive(job_id, after, **{**values, "notes": notes})
    if isinstance(operation, Operation) and job.operation is not None and job.operation.id != operation.id:
        says = f"Another receipt came for it: {operation.id}. That one may have been charged as well."
        if says not in job.notes:
            await shop.store.note(job_id, "another-receipt", notes=(*job.notes, says))
    return None
