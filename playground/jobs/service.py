"""The one door: what the page, the API and the command line can do with requests and jobs.

Nothing here waits for a provider but cancelling; jobs run in the background and are looked at.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing, suppress
from datetime import date
from pathlib import Path
from typing import Final

from playground.domain.capabilities import Table
from playground.domain.errors import InvalidRequest, NotConfigured, NotFound, PlaygroundError
from playground.domain.exchange import Conversation
from playground.domain.extending import Extendable
from playground.domain.request import VideoRequest
from playground.domain.snippets import Language
from playground.domain.view import JobView
from playground.jobs.cancelling import cancel, cannot_cancel
from playground.jobs.changes import Changes
from playground.jobs.checking import CheckResult, check_request, check_to_send
from playground.jobs.code import code, code_of_job
from playground.jobs.database import LedgerUnavailable
from playground.jobs.deleting import delete
from playground.jobs.exchanges import kept
from playground.jobs.extending import LOOKED_THROUGH, extendable
from playground.jobs.health import Health
from playground.jobs.intake import Intake
from playground.jobs.key_desk import KeyDesk
from playground.jobs.ordering import order
from playground.jobs.rates import Rates
from playground.jobs.record import JobRecord
from playground.jobs.runner import Runner
from playground.jobs.sharing import LOCAL
from playground.jobs.thumbnails import Thumbnails
from playground.jobs.uncertain_desk import UncertainDesk
from playground.jobs.views import views_of, without_paths
from playground.jobs.workshop import Workshop

STRANGER: Final = "stranger"
"""Whoever shows no token; owns no job and no key."""
_MIN_TOKEN: Final = 22
"""Characters of a 128-bit token."""


def owner_of_token(token: str) -> str:
    """The owner that a browser's token stands for; only its hash is kept.

    Raises:
        NotFound: the token is too short to be a secret.
    """
    if len(token) < _MIN_TOKEN:
        raise NotFound
    return "token:" + hashlib.sha256(token.encode()).hexdigest()


def owner_of_bearer(authorization: str) -> str:
    """The owner behind a header `Authorization: Bearer …`.

    Raises:
        NotFound: there is no such header, or its token is too short to be a secret.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotFound
    return owner_of_token(token.strip())


class Service:
    """The door. Everything behind it is passed in; open and close it on the loop that uses it."""

    def __init__(self, shop: Workshop, runner: Runner, changes: Changes) -> None:
        self._shop = shop
        self._runner = runner
        self._changes = changes
        self._thumbnails = Thumbnails(shop.decoder)
        self.health = Health(shop.store, shop.files, shop.clock)

    @property
    def uploads(self) -> Intake:
        """Where files come in."""
        return Intake(self._shop.uploads, self._shop.rates)

    @property
    def rates(self) -> Rates:
        """What one visitor may set off, for those who count before anything is known of him."""
        return self._shop.rates

    @property
    def keys(self) -> KeyDesk:
        """What an owner may do with keys."""
        return KeyDesk(self._shop, self._runner)

    @property
    def uncertain(self) -> UncertainDesk:
        """What an owner may do with jobs whose create got no clear answer."""
        return UncertainDesk(self._shop, self._runner)

    @property
    def tables(self) -> Mapping[str, Table]:
        """Every provider's capability table by its stem."""
        return self._shop.registry.tables

    @property
    def allow_retired(self) -> bool:
        """Whether the operator lets models past their shutdown be submitted."""
        return self._shop.allow_retired

    def today(self) -> date:
        """The day that lifecycles are judged by."""
        return self._shop.now().date()

    def can_make(self, provider: str) -> bool:
        """Whether this version speaks a provider's protocol; without it, its table is for checking and comparing."""
        return self._shop.registry.get(provider) is not None

    def not_ready(self, provider: str, *, owner: str = LOCAL) -> str | None:
        """One sentence why an owner cannot use a provider now; None: he can."""
        found = self._shop.registry.get(provider)
        if found is not None:
            return self._shop.keys.not_ready(owner, found)
        table = self.tables.get(provider)
        if table is None:
            return f"There is no provider {provider!r}."
        return f"{table.provider.label} can be checked and priced here, but this version cannot make videos with it."

    async def check(
        self, request: VideoRequest, *, owner: str, files_under: Path | None, untouched: Collection[str] = ()
    ) -> CheckResult:
        """Everything that does not fit, the price, and who else can do it. Never touches the network.

        With `files_under`, local files of the request must lie in that folder. `untouched` names fields that hold
        what a form showed by itself: nobody else is asked to honour them.
        """
        return await check_request(self._shop, request, owner, files_under, untouched)

    async def code(self, request: VideoRequest, language: Language, *, owner: str, files_under: Path | None) -> str:
        """The request as a runnable program that creates, waits and downloads; a missing key is no error.

        Raises:
            InvalidRequest: it does not fit, as for `submit`.
            NotConfigured: there is no program for this provider.
        """
        return await code(self._shop, request, language, owner, files_under)

    async def code_of(self, job_id: str, language: Language, *, owner: str) -> str:
        """The program that makes a job again, as `code` writes it.

        Raises:
            NotFound: there is none, or it is somebody else's.
            NotConfigured: there is no program for it.
        """
        return code_of_job(self._shop, await self._shop.owned(job_id, owner), language)

    async def submit(
        self,
        request: VideoRequest,
        *,
        owner: str,
        files_under: Path | None,
        nonce: str | None = None,
        address: str | None = None,
    ) -> str:
        """Start a job and answer its id at once. The same owner and nonce give the same job, never a second one.

        `address` is where somebody asks from, for what one may set off at a time.

        Raises:
            InvalidRequest: it does not fit; nothing was sent.
            NotConfigured: a key or an account setting is missing; nothing was sent.
            OverBudget: the operator's key is not lent for this; nothing was sent.
            Unavailable: there is no room on the disk, or the ledger cannot be written; nothing was sent.
            TooMany: this owner or address did enough for now; nothing was sent.
        """
        try:
            return await self._submit(request, owner, files_under, nonce, address)
        except PlaygroundError as error:
            fields = [issue.field for issue in error.issues] if isinstance(error, InvalidRequest) else []
            self._shop.telling.refused(error.code, request.provider if request.provider in self.tables else "?", fields)
            raise

    async def _submit(
        self, request: VideoRequest, owner: str, files_under: Path | None, nonce: str | None, address: str | None
    ) -> str:
        # A request that does not fit costs as much as its check.
        self._shop.rates.ask(owner, address)
        result, found = await check_to_send(self._shop, request, owner, files_under)
        if not result.valid:
            raise InvalidRequest(result.issues)
        missing = self.not_ready(request.provider, owner=owner)
        if missing is not None:
            usable = (
                "Enter a key of your own under Keys, set it in the environment or in .env, or choose another provider."
            )
            raise NotConfigured(missing, usable if self.can_make(request.provider) else "Choose another provider.")
        twin = await self._shop.store.twin(owner, nonce) if nonce is not None else None
        if twin is not None:
            return twin.id
        self._shop.rates.create(owner, address)
        return await order(self._shop, self._runner, result, found, owner=owner, nonce=nonce, address=address)

    async def view(self, job_id: str, *, owner: str) -> JobView:
        """A job as its owner sees it.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        return await self._view(await self._shop.seen_by(job_id, owner))

    async def _view(self, job: JobRecord) -> JobView:
        return (await views_of(self._shop, [job]))[0]

    async def conversation(self, job_id: str, *, owner: str) -> Conversation:
        """What was sent about a job and what the provider answered, without keys and media.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        job = await self._shop.owned(job_id, owner)
        create, later = await kept(self._shop.files.talk_folder(job_id))
        return Conversation(request=without_paths(job), create=create, later=later)

    async def jobs(self, *, owner: str, limit: int = 50) -> list[JobView]:
        """An owner's newest jobs and those that wait for his word, newest first."""
        return await views_of(self._shop, await self._shop.store.of_owner(owner, limit))

    async def extendable(self, provider: str, model: str | None, *, owner: str) -> list[Extendable]:
        """An owner's earlier results, each with whether a provider's model can extend it; those that it can first.

        Raises:
            NotFound: there is no such provider.
        """
        if provider not in self.tables:
            raise NotFound(f"There is no provider {provider!r}.")
        views = await self.jobs(owner=owner, limit=LOOKED_THROUGH)
        return await extendable(self._shop, provider, model, owner, views)

    async def cancel(self, job_id: str, *, owner: str, address: str | None = None) -> JobView:
        """Stop a job where its provider can; otherwise it goes on, and the view says why.

        Raises:
            NotFound: there is none, or it is somebody else's.
            TooMany: this owner or address did enough for now.
        """
        job = await self._shop.owned(job_id, owner)
        self._shop.rates.call_provider(owner, address)
        cancelled = await cancel(self._shop, job) if cannot_cancel(self._shop, job) is None else None
        if cancelled is not None and cancelled.state == "cancelled":
            self._runner.let_go(job_id)
        return await self.view(job_id, owner=owner)

    async def delete(self, job_id: str, *, owner: str) -> None:
        """Forget a job and remove its files here; what its provider keeps is not touched.

        Raises:
            NotFound: there is none, or it is somebody else's.
            NotNow: it is being made, or may be.
        """
        await delete(self._shop, await self._shop.owned(job_id, owner))

    async def metrics(self) -> bytes:
        """The figures of this process and its ledger, as Prometheus reads them."""
        try:
            in_flight = await self._shop.store.upkeep.in_flight()
        except LedgerUnavailable:
            in_flight = {}
        return self._shop.telling.metrics.text(in_flight, await asyncio.to_thread(self.health.disk))

    async def look_again(self, job_id: str, *, owner: str, address: str | None = None) -> JobView:
        """Watch an overdue job anew.

        Raises:
            NotFound: there is none, or it is somebody else's.
            TooMany: this owner or address did enough for now.
        """
        job = await self._shop.owned(job_id, owner)
        self._shop.rates.call_provider(owner, address)
        await self._watch_anew(job)
        return await self.view(job_id, owner=owner)

    async def _watch_anew(self, job: JobRecord) -> None:
        if job.overdue and job.state in ("running", "downloading"):
            until = self._shop.deadline(self._shop.registry[job.provider])
            await self._shop.store.note(job.id, "watched-again", overdue=False, watch_until=until)
            await self._runner.adopt(job.id)
            again = await self._shop.owned(job.id, job.owner)
            if again.runner == self._shop.me:
                self._runner.spawn(job.id)

    async def resume(self, job_id: str | None = None) -> list[tuple[str, str]]:
        """Take over the unfinished jobs that no living process runs (all, or one); answers their ids and owners."""
        adopted = await self._runner.adopt(job_id)
        for job in adopted:
            await self._watch_anew(job)
        return [(job.id, job.owner) for job in adopted]

    async def let_go(self) -> None:
        """Stop working on the jobs of this process, which is about to end: what becomes of them can be seen then."""
        await self._runner.stop()

    def is_run_here(self, job_id: str) -> bool:
        """Whether this process is at work on a job."""
        return self._runner.runs(job_id)

    async def parked(self) -> list[tuple[str, str]]:
        """Ids and owners of the jobs that wait for a key."""
        return [(job.id, job.owner) for job in await self._shop.store.unfinished() if job.state == "parked"]

    async def owner_of(self, job_id: str) -> str | None:
        """Whose job it is, for the operator's command line; None where there is none."""
        job = await self._shop.store.get(job_id)
        return job.owner if job is not None else None

    async def everybody(self, limit: int = 200) -> list[tuple[str, JobView]]:
        """The newest jobs on this machine with their owners, for the operator's command line."""
        jobs = await self._shop.store.of_owner(None, limit)
        return [(job.owner, view) for job, view in zip(jobs, await views_of(self._shop, jobs), strict=True)]

    async def watch(self, job_id: str, *, owner: str) -> AsyncGenerator[JobView]:
        """A job's view now and at every change until it rests, or the process stops; leaving early does not touch it.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        with self._changes.follow(job_id) as changed:
            last, seen = None, None
            while True:
                job = await self._shop.seen_by(job_id, owner)
                live = self._shop.live.get(job_id)
                # Most who look find nothing new; a view is made only where there may be something.
                waits = job_id in self._shop.unwritten
                now = (job.seq, waits, live and (live.progress, live.words, live.polls))
                if now != seen:
                    seen, view = now, await self._view(job)
                    if view.mark() != last:
                        last = view.mark()
                        yield view
                    if view.at_rest:
                        return
                if not await changed():
                    return

    async def newer(self, job_id: str, *, owner: str, than: str, wait_seconds: float) -> JobView:
        """A job's view once its mark is another one than `than`; as it is after the wait, at rest, or at a stop.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        view = await self.view(job_id, owner=owner)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_seconds), aclosing(self.watch(job_id, owner=owner)) as views:
                async for view in views:
                    if view.mark() != than:
                        break
        return view

    async def settled(self, job_id: str, *, owner: str) -> JobView:
        """Wait until a job rests, and answer its last view."""
        last = await self.view(job_id, owner=owner)
        async for view in self.watch(job_id, owner=owner):
            last = view
        return last

    async def video_file(self, job_id: str, number: int, *, signature: str, expires: int) -> Path:
        """The file behind a signed media link.

        Raises:
            NotFound: the link is not ours, too old, or leads nowhere.
        """
        if not self._shop.files.is_signed(job_id, number, expires, signature) or self._shop.clock() > expires:
            raise NotFound
        job = await self._shop.store.get(job_id)
        if job is None or not 1 <= number <= len(job.videos):
            raise NotFound
        path = self._shop.files.video(job.videos[number - 1].file)
        if not await asyncio.to_thread(path.is_file):
            raise NotFound
        return path

    async def thumbnail_file(self, job_id: str, number: int, *, signature: str, expires: int) -> Path:
        """A small JPEG of the video behind a signed media link.

        Raises:
            NotFound: as for the video, or no picture can be made of it.
        """
        return await self._thumbnails.of(await self.video_file(job_id, number, signature=signature, expires=expires))

    async def video_files(self, job_id: str, *, owner: str) -> list[Path]:
        """Where a finished job's videos are on this machine, for the command line.

        Raises:
            NotFound: there is no such job of this owner.
        """
        job = await self._shop.owned(job_id, owner)
        return [self._shop.files.video(video.file) for video in job.videos]
