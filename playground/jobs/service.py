"""The one door: what the page, the API and the command line can do with requests and jobs.

Nothing here waits for a provider but cancelling; jobs run in the background and are looked at.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playground.domain.capabilities import ModeSpec, Table
from playground.domain.errors import InvalidRequest, NotConfigured, NotFound
from playground.domain.media import Facts
from playground.domain.planning import Offer, Quote, price, who_can
from playground.domain.proposals import Proposal, proposals
from playground.domain.request import VideoRequest, job_reference
from playground.domain.snippets import Language, script_for, written
from playground.domain.snippets.script import Placeholders
from playground.domain.snippets.text import Medium, UnknownType
from playground.domain.validation import Choice, Issue, check, errors, remaining, spec_for
from playground.domain.view import JobView
from playground.jobs.cancelling import cancel, cannot_cancel
from playground.jobs.changes import Changes
from playground.jobs.inputs import Found, media_facts
from playground.jobs.probe import MIME_TYPES
from playground.jobs.record import JobRecord, StoredInput
from playground.jobs.runner import Runner
from playground.jobs.views import view_of
from playground.jobs.workshop import Workshop

LOCAL: Final = "local"
"""The owner of jobs made on the command line."""
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


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What is to be said of a request before it is sent."""

    request: VideoRequest
    issues: tuple[Issue, ...]
    quote: Quote
    proposals: tuple[Proposal, ...]
    offers: tuple[Offer, ...]
    choices: Mapping[str, tuple[Choice, ...]]

    @property
    def valid(self) -> bool:
        """Whether it may be sent."""
        return not errors(self.issues)

    def as_json(self) -> dict[str, object]:
        """What `check --json` and `POST /api/check` answer."""
        return {
            "valid": self.valid,
            "price_usd": self.quote.usd,
            "issues": [issue.as_json() for issue in self.issues],
            "proposals": [proposal.as_json() for proposal in self.proposals],
            "providers": [offer.as_json() for offer in self.offers],
        }


class Service:
    """The door. Everything behind it is passed in; open and close it on the loop that uses it."""

    def __init__(self, shop: Workshop, runner: Runner, changes: Changes) -> None:
        self._shop = shop
        self._runner = runner
        self._changes = changes

    @property
    def tables(self) -> Mapping[str, Table]:
        """Every provider's capability table by its stem."""
        return self._shop.registry.tables

    def not_ready(self, provider: str) -> str | None:
        """One sentence why a provider cannot be used now; None: it can."""
        found = self._shop.registry.get(provider)
        if found is not None:
            return found.not_ready()
        table = self.tables.get(provider)
        if table is None:
            return f"There is no provider {provider!r}."
        return f"{table.provider.label} can be checked and priced here, but this version cannot make videos with it."

    async def check(self, request: VideoRequest, *, owner: str, files_under: Path | None) -> CheckResult:
        """Everything that does not fit, the price, and who else can do it. Never touches the network.

        With `files_under`, local files of the request must lie in that folder.
        """
        result, _ = await self._check(request, owner, files_under)
        return result

    async def _check(
        self, request: VideoRequest, owner: str, files_under: Path | None
    ) -> tuple[CheckResult, list[Found]]:
        now = self._shop.now()
        found = await self._shop.inputs.find(request, owner, files_under)
        facts = Facts(media_facts(found), self._shop.region, self._shop.allow_retired)
        table = self.tables.get(request.provider)
        if table is None:
            issue = self._no_such_provider(request.provider)
            return CheckResult(request, (issue,), Quote(None, None, None, None), (), (), {}), found
        result = CheckResult(
            request=request,
            issues=tuple(check(request, table, facts, now)),
            quote=price(request, table, now),
            proposals=tuple(proposals(request, self.tables, facts, now)),
            offers=tuple(who_can(request, self.tables, facts, now)),
            choices=remaining(request, table, facts, now),
        )
        return result, found

    def _no_such_provider(self, name: str) -> Issue:
        known = tuple(self.tables)
        says = f"There is no provider {name[:60]!r}. There are: {', '.join(known)}."
        return Issue("provider", "unknown_provider", says, allowed=known)

    async def code(self, request: VideoRequest, language: Language, *, owner: str, files_under: Path | None) -> str:
        """The request as a runnable program that creates, waits and downloads; a missing key is no error.

        Raises:
            InvalidRequest: it does not fit, as for `submit`.
            NotConfigured: there is no program for this provider.
        """
        result, found = await self._check(request, owner, files_under)
        if not result.valid:
            raise InvalidRequest(result.issues)
        table, provider = self.tables[request.provider], self._shop.registry.get(request.provider)
        spec = spec_for(request, table, self._shop.now())
        assert isinstance(spec, ModeSpec), "a valid request has a mode"
        script = None
        if provider is not None:
            marks = Placeholders(table.provider, provider.context.account, secrets.token_hex(16))
            script = script_for(request, spec, marks, provider.adapter, _media_of(found))
        if script is None:
            raise NotConfigured(f"There is no code for {table.provider.label} here.", "Choose another provider.")
        try:
            return written(script, language)
        except UnknownType as unknown:
            raise InvalidRequest([_no_type(unknown.reference, found)]) from None

    async def submit(
        self, request: VideoRequest, *, owner: str, files_under: Path | None, nonce: str | None = None
    ) -> str:
        """Start a job and answer its id at once. The same owner and nonce give the same job, never a second one.

        Raises:
            InvalidRequest: it does not fit; nothing was sent.
            NotConfigured: a key or an account setting is missing; nothing was sent.
        """
        result, found = await self._check(request, owner, files_under)
        if not result.valid:
            raise InvalidRequest(result.issues)
        missing = self.not_ready(request.provider)
        if missing is not None:
            raise NotConfigured(missing, "Set it in the environment or in .env, or choose another provider.")
        job_id = secrets.token_urlsafe(16)
        inputs = await self._shop.inputs.keep(job_id, found)
        job = await self._shop.store.add(self._record(job_id, result, owner, nonce, inputs, found))
        if job.id != job_id:
            await asyncio.to_thread(self._shop.files.drop_inputs, job_id)
        elif job.runner == self._shop.me:
            self._runner.spawn(job.id)
        return job.id

    def _record(
        self,
        job_id: str,
        result: CheckResult,
        owner: str,
        nonce: str | None,
        inputs: dict[str, StoredInput],
        found: list[Found],
    ) -> JobRecord:
        request = result.request
        provider = self._shop.registry[request.provider]
        spec = spec_for(request, provider.table, self._shop.now())
        assert isinstance(spec, ModeSpec), "a valid request has a mode"
        extended = max((f.facts.extended + 1 for f in found if f.field == "source_video"), default=0)
        return JobRecord(
            id=job_id,
            owner=owner,
            nonce=nonce,
            state="queued",
            runner=self._shop.me,
            credential=provider.credential,
            base_url=provider.context.base_url,
            account=dict(provider.context.account),
            provider=request.provider,
            model=spec.model.id,
            mode=request.mode,
            request=request.model_dump(mode="json", exclude_none=True),
            inputs=inputs,
            operation=None,
            remote=None,
            videos=(),
            notes=tuple(issue.message for issue in result.issues if issue.severity == "warning"),
            failure=None,
            charged="no",
            price_usd=result.quote.usd,
            extended=extended,
            progress=None,
            words=None,
            polls=0,
            attempts=0,
            created_at=self._shop.clock(),
            submitted_at=None,
            finished_at=None,
            overdue=False,
            watch_until=None,
            parked_from=None,
            seq=0,
        )

    async def _owned(self, job_id: str, owner: str) -> JobRecord:
        job = await self._shop.store.get(job_id)
        if job is None or not secrets.compare_digest(job.owner.encode(), owner.encode()):
            raise NotFound
        return job

    async def view(self, job_id: str, *, owner: str) -> JobView:
        """A job as its owner sees it.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        return self._view(await self._owned(job_id, owner))

    def _view(self, job: JobRecord) -> JobView:
        return view_of(job, self._shop, cannot_cancel(self._shop, job))

    async def jobs(self, *, owner: str, limit: int = 50) -> list[JobView]:
        """An owner's newest jobs, newest first."""
        return [self._view(job) for job in await self._shop.store.of_owner(owner, limit)]

    async def cancel(self, job_id: str, *, owner: str) -> JobView:
        """Stop a job where its provider can; otherwise it goes on, and the view says why.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        job = await self._owned(job_id, owner)
        cancelled = await cancel(self._shop, job) if cannot_cancel(self._shop, job) is None else None
        if cancelled is not None and cancelled.state == "cancelled":
            self._runner.let_go(job_id)
        return await self.view(job_id, owner=owner)

    async def look_again(self, job_id: str, *, owner: str) -> JobView:
        """Watch an overdue job anew.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        job = await self._owned(job_id, owner)
        if job.overdue and job.state == "running":
            minutes = self._shop.registry[job.provider].table.provider.deadline_minutes
            until = self._shop.clock() + minutes * 60
            await self._shop.store.note(job_id, "watched-again", overdue=False, watch_until=until)
            await self._runner.adopt(job_id)
            again = await self._owned(job_id, owner)
            if again.runner == self._shop.me:
                self._runner.spawn(job_id)
        return await self.view(job_id, owner=owner)

    async def resume(self, job_id: str | None = None) -> list[str]:
        """Take over the unfinished jobs that no living process runs (all, or one); answers their ids."""
        adopted = await self._runner.adopt(job_id)
        for job in adopted:
            if job.overdue:
                await self.look_again(job.id, owner=job.owner)
        return [job.id for job in adopted]

    async def everybody(self, limit: int = 200) -> list[tuple[str, JobView]]:
        """The newest jobs on this machine with their owners, for the operator's command line."""
        return [(job.owner, self._view(job)) for job in await self._shop.store.of_owner(None, limit)]

    async def watch(self, job_id: str, *, owner: str) -> AsyncGenerator[JobView]:
        """A job's view now and at every change until it rests; leaving early does not touch the job.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        with self._changes.follow(job_id) as changed:
            last: JobView | None = None
            while True:
                view = await self.view(job_id, owner=owner)
                if last is None or _differs(view, last):
                    last = view
                    yield view
                if view.at_rest:
                    return
                await changed()

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

    async def video_files(self, job_id: str, *, owner: str) -> list[Path]:
        """Where a finished job's videos are on this machine, for the command line.

        Raises:
            NotFound: there is no such job of this owner.
        """
        job = await self._owned(job_id, owner)
        return [self._shop.files.video(video.file) for video in job.videos]


def _media_of(found: list[Found]) -> dict[str, Medium]:
    """Where a program finds the media of a request: as it names them, an earlier result by its file."""
    named = {each.reference: each for each in found}
    return {
        reference: Medium(
            str(each.path) if job_reference(reference) is not None else reference,
            MIME_TYPES.get(each.facts.format or ""),
        )
        for reference, each in named.items()
    }


def _no_type(reference: str, found: list[Found]) -> Issue:
    field = next(each.field for each in found if each.reference == reference)
    says = f"The type of {reference[:200]} cannot be told from its name; save it as a file and name that."
    return Issue(field, "unknown_type", says)


def _differs(view: JobView, last: JobView) -> bool:
    """Whether somebody who watches would see a difference; the clock alone is none."""
    ignored = {"elapsed_seconds", "videos"}
    return view.model_dump(exclude=ignored) != last.model_dump(exclude=ignored)
