"""What is known of a job whose create got no clear answer, as its owner is told it."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from playground.domain.view import Doubt
from playground.jobs.keys import OWN
from playground.jobs.record import JobRecord
from playground.jobs.sharing import LOCAL
from playground.jobs.workshop import Workshop
from playground.registry import NO_CREDENTIAL

_NOBODY_KNOWS = "Nobody has looked into how a lost job of this provider can be found."


def doubt_of(job: JobRecord, shop: Workshop) -> Doubt | None:
    """What is known of an uncertain job; None for any other."""
    if job.state != "uncertain":
        return None
    provider = shop.provider(job)
    facts = provider.table.provider.look_up if provider is not None else None
    evidence = provider.table.evidence[facts.evidence].told() if provider is not None and facts is not None else None
    return Doubt(
        sent_at=datetime.fromtimestamp(job.submitted_at if job.submitted_at is not None else job.created_at, UTC),
        sent_to=urlsplit(job.base_url).hostname or job.base_url,
        may_cost_usd=job.price_usd,
        look_up=facts.by if facts is not None else "nothing",
        needs=facts.needs if facts is not None else _NOBODY_KNOWS,
        evidence=evidence,
        id_example=facts.id_example if facts is not None else None,
        cannot_ask=why_not_ask(job, shop),
    )


def why_not_ask(job: JobRecord, shop: Workshop) -> str | None:
    """Why the provider cannot be asked for a job here and now, in one sentence; None: it can."""
    provider = shop.provider(job)
    facts = provider.table.provider.look_up if provider is not None else None
    if provider is None or facts is None or facts.by == "nothing":
        label = provider.label if provider is not None else job.provider
        return f"{label} cannot be asked about it."
    if not shop.reaches(job):
        return f"It was made with another address or account of {provider.label}, and can be looked up only there."
    if job.credential == OWN and not shop.keys.has_own(job.owner, job.provider):
        return f"Enter your key for {provider.label} first: it is asked with the key that the job was made with."
    if shop.sharing.public and job.owner != LOCAL and job.credential not in (OWN, NO_CREDENTIAL):
        # By an id, or from a list, of somebody else's job he would get somebody else's video.
        return f"It was made with a key of this server's, so only who runs the server can ask {provider.label} for it."
    return None
