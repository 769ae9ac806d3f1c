"""The uncertain desk: what the owner of a job may do whose create got no clear answer. Nothing here is automatic.

It is looked up at its provider, taken for lost, or submitted again. A late receipt may heal it at any moment until
then, and revives it afterwards.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from playground.domain.capabilities import LookUp
from playground.domain.errors import InvalidRequest, NotConfigured, failure
from playground.domain.issues import Issue
from playground.domain.provider import Answer, Listed, LooksUp, Operation
from playground.jobs import policy
from playground.jobs.checking import sendable
from playground.jobs.doubts import why_not_ask
from playground.jobs.ordering import order
from playground.jobs.record import JobRecord
from playground.jobs.runner import Runner
from playground.jobs.workshop import Workshop
from playground.registry import Provider

_CLOCKS_DIFFER_SECONDS: Final = 120
_REPLY_SECONDS: Final = 900
"""How long after we sent it a provider may have written a job down."""
_NO_LONGER: Final = "It is no longer uncertain."
_TAKEN: Final = "Another job here has this id already."
_HEALED: Final = "It was looked up at the provider."


class Candidate(BaseModel):
    """A job at the provider that may be the one."""

    model_config = ConfigDict(frozen=True)

    provider_job_id: str
    created_at: datetime


class LookedUp(BaseModel):
    """What the provider said about an uncertain job."""

    model_config = ConfigDict(frozen=True)

    found: bool
    """Whether it goes on now (or had been settled meanwhile)."""
    says: str
    candidates: tuple[Candidate, ...] = ()
    """Where several jobs of the provider's may be the one; its owner names its id."""


@dataclass(frozen=True, slots=True)
class UncertainDesk:
    """What an owner may do with an uncertain job; every door may be knocked at twice."""

    shop: Workshop
    runner: Runner

    async def look_up(
        self, job_id: str, *, owner: str, provider_job_id: str | None = None, address: str | None = None
    ) -> LookedUp:
        """Ask the provider for a job, by its list or by the id that its owner names; where it has it, the job goes on.

        Raises:
            NotFound: there is no such job, or it is somebody else's.
            InvalidRequest: the id cannot be one, or it is another job's.
            TooMany: this owner or address did enough for now.
        """
        job = await self._uncertain(job_id, owner)
        if job is None:
            return LookedUp(found=True, says=_NO_LONGER)
        provider, facts = self._facts(job)
        why_not = why_not_ask(job, self.shop)
        if why_not is not None or facts is None or provider is None:
            return LookedUp(found=False, says=why_not or "")
        if not await self.shop.has_key(job, provider):
            return LookedUp(found=False, says=f"{provider.label} cannot be asked without the key of this job.")
        self.shop.rates.call_provider(owner, address)
        if provider_job_id is not None:
            return await self._by_id(job, provider, facts, provider_job_id)
        if isinstance(provider.adapter, LooksUp):
            return await self._by_list(job, provider, provider.adapter)
        raise InvalidRequest([Issue("provider_job_id", "required", facts.needs)])

    async def lost(self, job_id: str, *, owner: str) -> None:
        """Settle a job as its owner's loss: failed, and nobody knows whether it was charged.

        Raises:
            NotFound: there is no such job, or it is somebody else's.
        """
        job = await self._uncertain(job_id, owner)
        if job is None:
            return
        says = "You took it for lost; whether it was accepted was never learned."
        reason, now = failure("lost", says, "unknown"), self.shop.clock()
        await self.shop.store.move(job.id, "uncertain", "failed", because="lost", failure=reason, finished_at=now)
        self.shop.announce(job.id)

    async def again(self, job_id: str, *, owner: str, price_usd: float | None, address: str | None = None) -> str:
        """Submit the same request as a new job, whose price its owner has confirmed, and settle the old one for it.

        Answers the job to look at now: the new one; the same one for every further click; or the old one, where it
        turned out well meanwhile and nothing was submitted.

        Raises:
            NotFound: there is no such job, or it is somebody else's.
            InvalidRequest: it fits no longer, or costs something else by now; nothing was sent.
            NotConfigured: a key is missing; nothing was sent.
            OverBudget: the operator's key is not lent for this; nothing was sent.
            Unavailable: there is no room on the disk, or the ledger cannot be written; nothing was sent.
            TooMany: this owner or address did enough for now; nothing was sent.
        """
        job = await self._uncertain(job_id, owner)
        if job is None:
            was = await self.shop.owned(job_id, owner)
            return was.again_as if was.again_as is not None else was.id
        found = await self.shop.inputs.find_kept(job)
        result = sendable(self.shop, job.asked(), found)
        if not result.valid:
            raise InvalidRequest(result.issues)
        if result.quote.usd != price_usd:
            raise InvalidRequest([_not_that_price(result.quote.usd)])
        missing = self.shop.keys.not_ready(owner, self.shop.registry[job.provider])
        if missing is not None:
            raise NotConfigured(missing, "Enter a key, then submit it again.")
        note = "Submitted again, after nobody could tell whether the first one was accepted."
        self.shop.rates.create(owner, address)
        return await order(
            self.shop, self.runner, result, found, owner=owner, instead_of=job.id, note=note, address=address
        )

    async def _uncertain(self, job_id: str, owner: str) -> JobRecord | None:
        """The job while it is uncertain, once receipts that lie about are in the ledger; None where it is not."""
        await self.shop.owned(job_id, owner)
        await self.runner.adopt(job_id)
        job = await self.shop.owned(job_id, owner)
        return job if job.state == "uncertain" else None

    def _facts(self, job: JobRecord) -> tuple[Provider | None, LookUp | None]:
        provider = self.shop.provider(job)
        return provider, provider.table.provider.look_up if provider is not None else None

    async def _by_id(self, job: JobRecord, provider: Provider, facts: LookUp, given: str) -> LookedUp:
        name = given.strip().strip("/")
        if not facts.may_be_id(name):
            raise _bad_id(f"This is no id of a job at {provider.label}; one looks like {facts.id_example}.")
        if name in await self.shop.store.known_operations(job.provider, job.base_url):
            raise _bad_id(_TAKEN)
        operation = Operation(id=name)
        call = provider.adapter.status(operation, self.shop.context(job))
        reply = await self.shop.ask(job, provider, call)
        match policy.after_status(reply, provider.adapter.checked, provider.label, self.shop.clock()):
            case policy.Fails(reason) if reason.code == "gone":
                return LookedUp(found=False, says=f"{provider.label} knows no job of this id.")
            case policy.NeedsKey():
                return LookedUp(found=False, says=f"{provider.label} does not accept the key.")
            case policy.AskAgain():
                said = f"answered {reply.status}" if isinstance(reply, Answer) else "could not be reached"
                says = f"{provider.label} {said}, which does not tell whether it has the job."
                return LookedUp(found=False, says=says)
            case _:
                return await self._goes_on(job, provider, operation)

    async def _by_list(self, job: JobRecord, provider: Provider, adapter: LooksUp) -> LookedUp:
        reply = await self.shop.ask(job, provider, adapter.look_up(self.shop.context(job)))
        listed = adapter.looked_up(reply) if isinstance(reply, Answer) else None
        if listed is None:
            return LookedUp(found=False, says=f"{provider.label} did not tell its list of jobs; try again.")
        taken = await self.shop.store.known_operations(job.provider, job.base_url)
        fitting = [each for each in listed if each.operation.id not in taken and _may_be(each, job)]
        if not fitting:
            says = f"{provider.label} lists no such job of then, but those that are here already."
            return LookedUp(found=False, says=f"{says} It was not accepted, or is gone.")
        if len(fitting) > 1:
            says = f"{provider.label} lists {len(fitting)} jobs that may be this one; look one up by its id."
            return LookedUp(found=False, says=says, candidates=tuple(_candidate(each) for each in fitting))
        return await self._goes_on(job, provider, fitting[0].operation)

    async def _goes_on(self, job: JobRecord, provider: Provider, operation: Operation) -> LookedUp:
        """Attach what was found, to this process: it has the key that was asked with."""
        # Two may name the same one at the same instant.
        moved = await self.shop.store.claim(
            job.id,
            operation,
            notes=(*job.notes, _HEALED),
            watch_until=self.shop.deadline(provider),
            runner=self.shop.me,
        )
        self.shop.announce(job.id)
        if moved is not None:
            self.runner.spawn(job.id)
            return LookedUp(found=True, says=f"{provider.label} has it.")
        now = await self.shop.store.get(job.id)
        is_taken = now is not None and now.state == "uncertain"
        return LookedUp(found=not is_taken, says=_TAKEN if is_taken else _NO_LONGER)


def _may_be(listed: Listed, job: JobRecord) -> bool:
    """Whether a job of the provider's list may be ours, by when it was made and what was asked for."""
    if job.submitted_at is None:
        return False
    after = listed.created_at.timestamp() - job.submitted_at
    same = listed.prompt is None or listed.prompt == (job.asked().prompt or "")
    return same and -_CLOCKS_DIFFER_SECONDS <= after <= _REPLY_SECONDS


def _candidate(listed: Listed) -> Candidate:
    return Candidate(provider_job_id=listed.operation.id, created_at=listed.created_at)


def _bad_id(says: str) -> InvalidRequest:
    return InvalidRequest([Issue("provider_job_id", "malformed", says)])


def _not_that_price(usd: float | None) -> Issue:
    costs = "Nobody knows what it costs" if usd is None else f"It costs {usd:.2f} USD"
    return Issue("price_usd", "unconfirmed", f"{costs}, and may be charged twice: confirm just that.")
