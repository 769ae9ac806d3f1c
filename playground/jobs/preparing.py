"""What some providers have to be asked before the one call that may cost money, free and as often as it takes."""

from playground.domain.errors import Failure, failure
from playground.domain.provider import Answer, NotYet, Prepares, Ready, Refused
from playground.jobs import policy
from playground.jobs.record import JobRecord
from playground.jobs.workshop import Workshop
from playground.registry import Provider

_SERVER_ERRORS = 500
_LIMITED = 429
_AGAIN_SECONDS = 5.0


async def until_ready(shop: Workshop, job: JobRecord, provider: Provider) -> JobRecord | Failure | None:
    """Ask until the create may leave, for two minutes at the most.

    Answers the job, why it can never leave, or None where somebody stopped it meanwhile.
    """
    adapter = provider.adapter
    handles = {reference: each.handle for reference, each in job.inputs.items() if each.handle is not None}
    call = adapter.prepare(job.asked(), handles, shop.context(job)) if isinstance(adapter, Prepares) else None
    if call is None or not isinstance(adapter, Prepares):
        return job
    waited, misses = 0.0, 0
    while True:
        reply = await shop.ask(job, provider, call)
        step = NotYet(policy.backoff(misses + 1), f"{provider.label} cannot be asked about the clip just now.")
        if isinstance(reply, Answer) and reply.status < _SERVER_ERRORS and reply.status != _LIMITED:
            step, misses = adapter.prepared(reply), 0
        else:
            misses += 1
        match step:
            case Ready():
                return job
            case Refused(reason):
                return reason
            case NotYet(seconds, why):
                if waited >= policy.NOT_YET_SECONDS:
                    return failure("refused", f"{provider.label} was still not ready after two minutes: {why}", "no")
                wait = min(seconds if seconds > 0 else _AGAIN_SECONDS, policy.MAX_HINT_SECONDS)
                job = await shop.store.note(job.id, "preparing", words=why) or job
                shop.announce(job.id)
                if job.state != "queued":
                    return None
                waited += wait
                await shop.pause(wait)
