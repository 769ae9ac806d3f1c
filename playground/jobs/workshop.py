"""What the steps of a job work with, passed in once: no step reaches for anything else."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from playground.domain.credentials import NoLogin, Secret
from playground.domain.errors import Charged, Failure, NotFound, failure
from playground.domain.job import State
from playground.domain.provider import Context, HttpCall, NoAnswer, Reply
from playground.jobs.decoder import Decoder
from playground.jobs.exchanges import Talk, keep, mark_of
from playground.jobs.files import Files
from playground.jobs.inputs import Inputs
from playground.jobs.journal import Journal
from playground.jobs.keys import OWN, Keys
from playground.jobs.rates import Rates
from playground.jobs.record import JobRecord
from playground.jobs.sharing import Sharing
from playground.jobs.store import Store
from playground.jobs.telling import Telling
from playground.jobs.uploads import Uploads
from playground.jobs.usual import UsualWaits
from playground.registry import Provider, Registry
from playground.transport.body import StoredMedia
from playground.transport.client import Transport

_MEGA: Final = 1_000_000
_UNFINISHED: Final = ("queued", "submitting", "running", "downloading")


@dataclass(slots=True)
class Live:
    """What changes with every poll and is not worth a database write each time."""

    progress: float | None = None
    words: str | None = None
    polls: int = 0
    said: tuple[str, object] | None = None
    """The newest question and a mark of its answer, for whether the next one is news."""
    key_refused: bool = False
    """Whether a download was refused with the key."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """The tools, and the few things that every step does with them."""

    me: str
    """This process, as its lock file names it."""
    store: Store
    files: Files
    decoder: Decoder
    inputs: Inputs
    uploads: Uploads
    rates: Rates
    keys: Keys
    sharing: Sharing
    journal: Journal
    registry: Registry
    transport: Transport
    clock: Callable[[], float]
    """Seconds since the epoch."""
    pause: Callable[[float], Awaitable[None]]
    spread: Callable[[], float]
    """A random number from -1 to 1."""
    poll_seconds: float | None
    region: str | None
    allow_retired: bool
    usual: UsualWaits
    announce: Callable[[str], None]
    """Told the id of a job whenever something of it changed."""
    telling: Telling
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once this process is about to end: no create is begun any more."""
    live: dict[str, Live] = field(default_factory=dict[str, Live])
    unwritten: set[str] = field(default_factory=set[str])
    """Jobs of ours that wait until the ledger can be written again, which it cannot tell itself."""

    def now(self) -> datetime:
        """The time as the domain wants it."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def provider(self, job: JobRecord) -> Provider | None:
        """The job's provider; None where its table is gone."""
        return self.registry.get(job.provider)

    async def owned(self, job_id: str, owner: str) -> JobRecord:
        """An owner's job.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        return _of_owner(await self.store.get(job_id), owner)

    async def seen_by(self, job_id: str, owner: str) -> JobRecord:
        """The same as it is known here, for those who only look, and often.

        Raises:
            NotFound: as above.
        """
        return _of_owner(await self.store.glance(job_id), owner)

    def reaches(self, job: JobRecord) -> bool:
        """Whether this process talks to the same base URL and account that a job was made with."""
        provider = self.provider(job)
        if provider is None:
            return False
        context = provider.context_of(job.account) if job.credential == OWN else provider.context
        return (context.base_url, dict(context.account)) == (job.base_url, job.account)

    def context(self, job: JobRecord) -> Context:
        """Base URL and account that a job was made with."""
        return Context(job.base_url, job.account)

    async def secret(self, job: JobRecord, provider: Provider) -> Secret | None:
        """The key for a job, only where it would go to the base URL that the job was made with.

        Raises:
            NoLogin: the operator's login gives none now.
        """
        return await self.keys.secret(job, provider)

    async def has_key(self, job: JobRecord, provider: Provider) -> bool:
        """Whether a job has the key that it needs; a login that gives none just now counts as one."""
        if provider.table.provider.credential is None:
            return True
        try:
            return await self.secret(job, provider) is not None
        except NoLogin:
            return True

    def deadline(self, provider: Provider) -> float:
        """When watching a job that is accepted (or looked at again) now ends by itself."""
        return self.clock() + provider.table.provider.deadline_minutes * 60

    async def ask(self, job: JobRecord, provider: Provider, call: HttpCall) -> Reply:
        """Send a call about a job that is free, and repeated at will; what was said is kept where it is news."""
        talk = await self.send(job, provider, call, {})
        said, live = (call.path, mark_of(talk.reply)), self.live.get(job.id)
        if live is None or live.said != said:
            await self.keep(job, talk)
        if live is not None:
            live.said = said
        return talk.reply

    async def send(self, job: JobRecord, provider: Provider, call: HttpCall, media: Mapping[str, StoredMedia]) -> Talk:
        """Send a call with a job's key to where the job was made."""
        context, secret = self.context(job), None
        try:
            secret = await self.secret(job, provider)
        except NoLogin as none:
            return Talk(provider, context, call, NoAnswer(False, str(none)), None, media)
        began = asyncio.get_running_loop().time()
        reply = await self.transport.send(
            call,
            context,
            secret=secret,
            media=media,
            answer_cap_bytes=answer_cap(provider),
            inline_folder=self.files.inline_folder(job.id),
        )
        took = asyncio.get_running_loop().time() - began
        self.telling.answered(provider.stem, call.timeout, reply, took)
        return Talk(provider, context, call, reply, secret, media, seconds=took)

    async def keep(self, job: JobRecord, talk: Talk) -> None:
        """Keep what was said about a job for its owner to look at."""
        await keep(self.files.talk_folder(job.id), self.clock(), talk)

    async def move(
        self,
        job: JobRecord,
        before: State | tuple[State, ...],
        after: State,
        values: Mapping[str, object] = MappingProxyType({}),
        *,
        because: str | None = None,
    ) -> JobRecord | None:
        """A compare-and-set on a job of ours that also sets columns, announced."""
        moved = await self.store.move(job.id, before, after, runner=self.me, because=because, **values)
        self.unwritten.discard(job.id)
        self.announce(job.id)
        return moved

    async def fail(self, job: JobRecord, failure: Failure) -> JobRecord | None:
        """End a job with a failure, from wherever it is."""
        values = {"failure": failure, "charged": failure.charged, "finished_at": self.clock(), **self.seen(job.id)}
        return await self.move(job, _UNFINISHED, "failed", values, because=failure.code)

    async def doubt(self, job: JobRecord, failure: Failure) -> JobRecord | None:
        """Rest a job whose create may have been accepted."""
        values = {"failure": failure, "charged": "unknown"}
        return await self.move(job, "submitting", "uncertain", values, because=failure.code)

    async def park(self, job: JobRecord, from_state: State, failure: Failure) -> JobRecord | None:
        """Rest until a key is there; it goes on from where it was."""
        return await self.move(
            job, from_state, "parked", {"failure": failure, "parked_from": from_state}, because="key"
        )

    def cannot_write(self, job_id: str) -> None:
        """Let a job's owner see that it waits for the ledger."""
        if job_id not in self.unwritten:
            self.unwritten.add(job_id)
            self.announce(job_id)

    def seen(self, job_id: str) -> dict[str, object]:
        """The live figures of a job as columns, for the next write that happens anyway."""
        live = self.live.get(job_id)
        return {} if live is None else {"progress": live.progress, "words": live.words, "polls": live.polls}


def answer_cap(provider: Provider) -> int:
    """Bytes of an answer that are read at the most, as the provider's table has it."""
    return int(provider.table.provider.answer_cap_megabytes * _MEGA)


def needs_key(provider: Provider, charged: Charged) -> Failure:
    """Why a job rests until its owner enters the key."""
    says = f"This job needs your key for {provider.label} to go on."
    return failure("bad_key", says, charged, next_step="Enter the key and continue the job.")


def _of_owner(job: JobRecord | None, owner: str) -> JobRecord:
    if job is None or not secrets.compare_digest(job.owner.encode(), owner.encode()):
        raise NotFound
    return job
