"""Stopping a job: at the provider where it can, otherwise saying that it cannot."""

from playground.domain.errors import Charged
from playground.domain.provider import Answer, Cancelled, Cancels
from playground.jobs.record import JobRecord
from playground.jobs.workshop import Workshop


async def cancel(shop: Workshop, job: JobRecord) -> JobRecord | None:
    """Cancel a job from whichever process; None where it is too late or the provider cannot."""
    match job.state:
        case "queued":
            return await _move(shop, job, charged="no")
        case "submitting":
            return await shop.store.note(job.id, "cancel-requested", cancel_requested=True)
        case "running":
            # Written down first: the next poll may learn of the stop before we do, and must not call it a failure.
            await shop.store.note(job.id, "cancel-requested", cancel_requested=True)
            if not await _at_provider(shop, job):
                return await shop.store.note(job.id, "cancel-refused", cancel_requested=False)
            return await _move(shop, job, charged=charged_when_stopped(job))
        case "parked" if job.operation is None:
            return await _move(shop, job, charged="no")
        case _:
            return None


def charged_when_stopped(job: JobRecord) -> Charged:
    """Whether a job that was stopped at its provider was charged: nobody says so, unless it costs nothing."""
    return "no" if job.price_usd == 0 else "unknown"


def cannot_cancel(shop: Workshop, job: JobRecord) -> str | None:
    """Why a job cannot be cancelled, in one sentence; None: it can."""
    provider = shop.provider(job)
    label = provider.label if provider is not None else job.provider
    if job.state == "downloading":
        return "It is finished at the provider and being saved."
    if job.state in ("running", "submitting") and (provider is None or not provider.can_cancel()):
        return f"{label} cannot stop a job that it has begun."
    if job.state == "parked" and job.operation is not None:
        return f"It goes on at {label}; only its key is missing here."
    return None


async def _at_provider(shop: Workshop, job: JobRecord) -> bool:
    provider = shop.provider(job)
    if provider is None or job.operation is None or not isinstance(provider.adapter, Cancels):
        return False
    reply = await shop.ask(job, provider, provider.adapter.cancel(job.operation, shop.context(job)))
    return isinstance(reply, Answer) and isinstance(provider.adapter.cancelled(reply), Cancelled)


async def _move(shop: Workshop, job: JobRecord, *, charged: Charged) -> JobRecord | None:
    values = {"charged": charged, "finished_at": shop.clock(), **shop.seen(job.id)}
    # Not fenced by the runner: whoever owns the job may stop it from any process.
    moved = await shop.store.move(job.id, job.state, "cancelled", runner=None, because="asked", **values)
    shop.announce(job.id)
    return moved
