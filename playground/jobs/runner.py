"""Runs this process's jobs and adopts those of dead ones. What decides *who runs when* is all that lives here:

`advance` is idempotent, so anything that delivers job ids may take this module's place.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from playground.domain.errors import failure
from playground.jobs import policy
from playground.jobs.cancelling import cancel
from playground.jobs.creating import create
from playground.jobs.database import LedgerUnavailable
from playground.jobs.following import follow
from playground.jobs.locks import ProcessLock
from playground.jobs.parking import waited_too_long
from playground.jobs.receipts import hand_over
from playground.jobs.record import JobRecord
from playground.jobs.saving import save
from playground.jobs.workshop import Workshop

_log = logging.getLogger(__name__)

_STEPS: Final[dict[str, Callable[[Workshop, JobRecord], Awaitable[JobRecord | None]]]] = {
    "queued": create,
    "running": follow,
    "downloading": save,
}

ADOPT_EVERY_SECONDS: Final = 3.0
_LAST_WORDS_SECONDS: Final = 1.0
"""For what is written down at the very end: who stops us waits five seconds in all."""
_GRACE_SECONDS: Final = 2.0
"""How long a create that is answered at once may still get its reply when we are told to stop."""


async def _nothing(_seconds: float) -> None:
    pass


class Runner:
    """The tasks of one process. `start` first, `stop` last; in between `spawn` what is ours."""

    def __init__(
        self,
        shop: Workshop,
        lock: ProcessLock,
        *,
        adopts: bool,
        drain_seconds: float = 0,
        passed: Callable[[float], Awaitable[None]] = _nothing,
    ) -> None:
        """With `adopts`, jobs of dead processes are taken over, now and every few seconds.

        `passed` is told in the same loop, after each pause, how many seconds it was.
        `drain_seconds` is how long `stop` waits for creates that are answered only when the video is finished.
        """
        self._drain_seconds = drain_seconds
        self._passed = passed
        self._shop = shop
        self._lock = lock
        self._adopts = adopts
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._foreign: set[str] = set()

    async def start(self) -> None:
        """Take care of what was left behind, then keep looking."""
        if self._adopts:
            await self.adopt()
            self._sweeper = asyncio.create_task(self._sweep(), name="adopt")

    async def stop(self) -> None:
        """Stop watching; jobs stay where they are and go on with whoever adopts them.

        No create is begun from now on, and one whose answer does not come in time is uncertain.
        """
        self._shop.stopping.set()
        self._shop.store.hurry()
        if self._sweeper is not None:
            self._sweeper.cancel()
        await self._drain()
        tasks = [task for task in (self._sweeper, *self._tasks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sweeper = None
        # Where the ledger cannot be written now, whoever starts next puts them in doubt.
        with suppress(LedgerUnavailable, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                jobs = await self._submitting()
                for job in jobs:
                    says = "uncertain: its create had no answer when the playground was stopped"
                    _log.warning(says, extra={"job": job.id})
                await asyncio.gather(*(self._in_doubt(job) for job in jobs))

    async def _drain(self) -> None:
        """Give the creates that are under way their time: those that are answered only at the end another one."""
        submitting = await self._submitting()
        slow = {job.id for job in submitting if self._answers_once(job)}
        waits = ((_GRACE_SECONDS, [job.id for job in submitting if job.id not in slow]), (self._drain_seconds, slow))
        waiting = [(seconds, [self._tasks[i] for i in ids if i in self._tasks]) for seconds, ids in waits]
        if slow and self._drain_seconds:
            _log.warning("waiting up to %g s for %d creates to be answered", self._drain_seconds, len(slow))
        await asyncio.gather(*(asyncio.wait(tasks, timeout=seconds) for seconds, tasks in waiting if tasks))

    def _answers_once(self, job: JobRecord) -> bool:
        provider = self._shop.provider(job)
        return provider is not None and provider.table.provider.answers == "once"

    async def _submitting(self) -> list[JobRecord]:
        """Jobs of ours whose create is under way; a ledger that cannot be asked must not keep us from stopping."""
        try:
            unfinished = await self._shop.store.unfinished()
        except LedgerUnavailable:
            return []
        return [job for job in unfinished if job.runner == self._shop.me and job.state == "submitting"]

    def spawn(self, job_id: str) -> asyncio.Task[None]:
        """Run a job of ours in the background; once, however often it is asked for."""
        task = self._tasks.get(job_id)
        if task is None or task.done():
            task = asyncio.create_task(self._run(job_id), name=f"job {job_id}")
            self._tasks[job_id] = task
        return task

    def runs(self, job_id: str) -> bool:
        """Whether this process is at work on a job."""
        task = self._tasks.get(job_id)
        return task is not None and not task.done()

    def let_go(self, job_id: str) -> None:
        """Stop watching a job that ended elsewhere (it was cancelled)."""
        task = self._tasks.get(job_id)
        if task is not None:
            task.cancel()

    async def _run(self, job_id: str) -> None:
        try:
            await self._persevere(job_id)
        except asyncio.CancelledError:
            raise
        except Exception:
            # A mistake of ours must not leave a job without an end; what it had paid for is not lost: see the row.
            _log.exception("stopped by a mistake of ours", extra={"job": job_id})
            await self._stopped_by_mistake(job_id)
        finally:
            if self._tasks.get(job_id) is asyncio.current_task():
                del self._tasks[job_id]
            self._shop.live.pop(job_id, None)
            self._shop.unwritten.discard(job_id)
            self._shop.announce(job_id)

    async def _persevere(self, job_id: str) -> None:
        """Advance; a ledger that cannot be used is waited for, since `advance` may be called again."""
        tries = 0
        while True:
            try:
                return await self.advance(job_id)
            except LedgerUnavailable as error:
                tries += 1
                _log.warning("waits for the ledger: %s", error, extra={"job": job_id})
                self._shop.cannot_write(job_id)
                await self._shop.pause(policy.backoff(tries))

    async def _stopped_by_mistake(self, job_id: str) -> None:
        job = await self._shop.store.get(job_id)
        if job is None or job.runner != self._shop.me:
            return
        if job.state == "submitting":
            await self._in_doubt(job)
        elif job.operation is not None or job.remote is not None:
            # It is paid for and still lies at the provider: not an end, but a rest that one click ends.
            says = "Something went wrong here; the server's log has the details."
            await self._shop.store.note(job_id, "overdue", overdue=True, words=says)
        else:
            says = "Something went wrong here before anything was sent; the server's log has the details."
            await self._shop.fail(job, failure("internal", says, "no"))

    async def _in_doubt(self, job: JobRecord) -> JobRecord | None:
        says = "The playground stopped while it was submitting this job; it may have been accepted and charged."
        return await self._shop.doubt(job, failure("uncertain", says, "unknown"))

    async def advance(self, job_id: str) -> None:
        """Do the next legal thing, again and again, until the job rests. Harmless to call twice."""
        job = await self._shop.store.get(job_id)
        if job is not None and job.state == "submitting" and job.runner == self._shop.me:
            # Nobody is at it any more, or this would not run.
            await self._in_doubt(job)
            return
        while job is not None and job.runner == self._shop.me:
            step = _STEPS.get(job.state)
            if step is None or job.overdue:
                return
            job = await step(self._shop, job)
            if job is not None and job.cancel_requested and job.state == "running":
                job = await cancel(self._shop, job) or job.model_copy(update={"cancel_requested": False})

    async def adopt(self, only: str | None = None) -> list[JobRecord]:
        """Take over the unfinished jobs that no living process runs; answers those that are ours now."""
        await self._replay_receipts()
        adopted: list[JobRecord] = []
        for job_id in await self._shop.store.under_way(self._shop.me, _STEPS):
            # It should be running here, and is not where somebody looked again from another process.
            if only in (None, job_id):
                self.spawn(job_id)
        for job_id in await self._shop.store.under_way(self._shop.me, ("parked",)):
            waiting = await self._shop.store.get(job_id)
            if waiting is not None:
                await self._gave_up(waiting)
        for job in await self._shop.store.unfinished(besides=self._shop.me):
            if (only is not None and job.id != only) or await self._gave_up(job):
                continue
            if self._lock.is_alive(job.runner) or not self._is_ours_to_run(job):
                continue
            taken = await self._adopt_one(job)
            if taken is not None:
                adopted.append(taken)
        await asyncio.to_thread(self._lock.sweep)
        return adopted

    async def _gave_up(self, job: JobRecord) -> bool:
        """Whether a parked job waited for its key in vain and is at its end, now or by somebody else."""
        provider = self._shop.provider(job)
        if job.state != "parked" or provider is None:
            return False
        reason = waited_too_long(job, provider, self._shop.clock())
        if reason is None or (job.runner != self._shop.me and self._lock.is_alive(job.runner)):
            return False
        taken = job if job.runner == self._shop.me else await self._shop.store.adopt(job.id, job.runner, self._shop.me)
        if taken is not None:
            values = {"failure": reason, "finished_at": self._shop.clock()}
            await self._shop.move(taken, "parked", "failed", values, because=reason.code)
        return True

    async def _adopt_one(self, job: JobRecord) -> JobRecord | None:
        provider = self._shop.provider(job)
        if job.state == "parked" and (provider is None or not await self._shop.has_key(job, provider)):
            return None
        taken = await self._shop.store.adopt(job.id, job.runner, self._shop.me)
        if taken is None:
            return None
        if taken.state == "parked" and taken.parked_from is not None:
            # It may have waited for days: it is watched anew.
            values = {"failure": None, "watch_until": self._shop.deadline(self._shop.registry[taken.provider])}
            taken = await self._shop.move(taken, "parked", taken.parked_from, values, because="key") or taken
        _log.info("adopted", extra={"job": taken.id, "state": taken.state})
        if taken.state == "submitting":
            return await self._in_doubt(taken)
        self.spawn(taken.id)
        return taken

    async def wake(self, job: JobRecord) -> None:
        """Go on with a parked job whose owner has just entered its key, here, where the key is."""
        await self._adopt_one(job)

    def _is_ours_to_run(self, job: JobRecord) -> bool:
        """Whether this process talks to the same base URL and account that the job was made with."""
        if self._shop.reaches(job):
            return True
        if job.id not in self._foreign:
            self._foreign.add(job.id)
            says = "made with another base URL or account; it is left"
            _log.warning(says, extra={"job": job.id, "provider": job.provider})
        return False

    async def _replay_receipts(self) -> None:
        """What dead processes were told but could no longer write into the ledger."""
        for process in await asyncio.to_thread(self._shop.journal.processes):
            if self._lock.is_alive(process):
                continue
            for receipt in await asyncio.to_thread(self._shop.journal.of, process):
                job = await self._shop.store.get(receipt.job_id)
                provider = self._shop.provider(job) if job is not None else None
                minutes = provider.table.provider.deadline_minutes if provider is not None else 60
                healed = await hand_over(
                    self._shop,
                    receipt.job_id,
                    "running" if receipt.remote is None else "downloading",
                    operation=receipt.operation,
                    remote=receipt.remote,
                    notes=(*(job.notes if job is not None else ()), *receipt.notes),
                    watch_until=self._shop.clock() + minutes * 60,
                    charged="no" if job is not None and job.price_usd == 0 else "unknown",
                    runner=None,
                )
                if healed is not None:
                    _log.info("has its receipt from the journal", extra={"job": healed.id})
            await asyncio.to_thread(self._shop.journal.forget, process)

    async def _sweep(self) -> None:
        while True:
            await self._shop.pause(ADOPT_EVERY_SECONDS)
            self._shop.keys.sweep()
            try:
                await self.adopt()
            except (LedgerUnavailable, OSError) as error:
                _log.warning("looking for jobs of dead processes has to wait: %s", error)
            except Exception:
                # The next round tries again; jobs of ours run in tasks of their own.
                _log.exception("looking for jobs of dead processes failed")
            await self._passed(ADOPT_EVERY_SECONDS)
