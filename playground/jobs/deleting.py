"""Deleting a job by hand: what it was about and every file of it, here; at the provider nothing is touched."""

import asyncio
from typing import Final

from playground.domain.errors import NotFound, NotNow
from playground.domain.job import ENDS, State
from playground.jobs.record import JobRecord
from playground.jobs.workshop import Workshop

_GONE: Final[State] = "cancelled"
"""What a deleted job that had not ended is kept as: nobody goes on with it."""


def cannot_delete(job: JobRecord) -> str | None:
    """Why a job cannot be deleted, in one sentence; None: it can."""
    if job.state in ENDS or job.state == "parked" or _is_overdue(job):
        return None
    if job.state == "uncertain":
        return "It may have been accepted and charged: say first what became of it."
    return "It is being made: cancel it, or wait for its end."


def left_behind(shop: Workshop, job: JobRecord) -> str:
    """What deleting does not reach, in one sentence."""
    if job.operation is None and job.remote is None:
        if job.charged == "unknown":
            return "Whether its provider has anything of it was never learned."
        return "No provider has anything of it." if job.state in ENDS else "Nothing has been sent yet."
    provider = shop.provider(job)
    label = provider.label if provider is not None else job.provider
    if job.state not in ENDS:
        return f"It may still go on at {label}, and be charged; its video will not be fetched."
    hours = provider.table.provider.retention_hours if provider is not None else None
    if hours is None:
        return f"{label} does not say how long it keeps its own copy."
    return f"{label} keeps its own copy for up to {_span(hours)}."


async def delete(shop: Workshop, job: JobRecord) -> None:
    """Delete a job and its files.

    Raises:
        NotNow: it is being made, or nobody knows whether it is.
        NotFound: it was deleted meanwhile.
    """
    reason = cannot_delete(job)
    if reason is not None:
        raise NotNow(reason)
    if not await forget(shop, job):
        now = await shop.store.get(job.id)
        reason = cannot_delete(now) if now is not None else None
        raise NotNow(reason) if reason is not None else NotFound


async def forget(shop: Workshop, job: JobRecord) -> bool:
    """Blank the row first, then remove the files: what a kill leaves between the two is swept later."""
    ended = job.state in ENDS
    blank: dict[str, object] = {
        "request": {"provider": job.provider, "mode": job.mode},
        "inputs": {},
        "operation": None,
        "remote": None,
        "videos": (),
        "notes": (),
        "failure": None,
        "words": None,
        "account": {},
        **({} if ended else {"finished_at": shop.clock()}),
    }
    after: State = job.state if ended else _GONE
    deleted = await shop.store.delete(job, after, **blank)
    if deleted is None:
        return False
    await asyncio.to_thread(shop.files.remove, job.id)
    shop.announce(job.id)
    return True


def _is_overdue(job: JobRecord) -> bool:
    return job.overdue and job.state in ("running", "downloading")


def _span(hours: float) -> str:
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"  # noqa: PLR2004 - two days
