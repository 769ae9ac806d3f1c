"""How long a job waits for its key: as long as its provider keeps what the job waits for."""

from playground.domain.errors import Failure, failure
from playground.jobs.record import JobRecord
from playground.registry import Provider

_HOUR = 3600.0
_MINUTE = 60.0


def waited_too_long(job: JobRecord, provider: Provider, now: float) -> Failure | None:
    """Why a parked job ends without its key; None while it may wait. `now` is in seconds since the epoch.

    What was never accepted waits for ever, and so does a job of a provider that does not say how long it keeps results.
    """
    facts = provider.table.provider
    if job.submitted_at is None or job.parked_from == "queued" or facts.retention_hours is None:
        return None
    # It may have been finished as late as at the deadline, and is kept from then on.
    until = job.submitted_at + facts.deadline_minutes * _MINUTE + facts.retention_hours * _HOUR
    if now <= until:
        return None
    says = f"The key did not come back while {provider.label} keeps a result, which is {facts.retention_hours:g} hours."
    return failure(
        "expired", says, job.charged, next_step="What was made is gone there. Enter the key and make it again."
    )
