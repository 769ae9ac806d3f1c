"""Asking about a running job until it ends, within the table's pace and a deadline.

The loop writes nothing to the database but what lasts; a crash in it costs a question, nothing else.
"""

from typing import Final
from urllib.parse import quote

from playground.domain.errors import failure
from playground.domain.provider import Finished, Operation, RemoteFile, Running, Unchanged
from playground.domain.snippets.recipe import OPERATION
from playground.jobs import policy
from playground.jobs.cancelling import charged_when_stopped
from playground.jobs.record import JobRecord
from playground.jobs.workshop import Live, Workshop, needs_key
from playground.registry import Provider

_LATE_SECONDS: Final = 2.0
"""How late a busy machine asks at most; whoever is later was asleep, or its clock was set."""


async def follow(shop: Workshop, job: JobRecord) -> JobRecord | None:
    """Poll a running job; answers it once it moved on, or once watching ended at the deadline (`overdue`)."""
    provider = shop.provider(job)
    if provider is None or job.operation is None:
        return await shop.fail(job, failure("internal", f"Nothing here can ask {job.provider!r} about it.", "unknown"))
    if not await shop.has_key(job, provider):
        return await shop.park(job, "running", needs_key(provider, "unknown"))
    live = shop.live.setdefault(job.id, Live(job.progress, job.words, job.polls))
    misses, hint, asked_at, written = 0, 0.0, None, (shop.clock(), live.progress, live.words)
    while True:
        wait = max(await _wait(shop, job, provider, asked_at), hint, policy.backoff(misses) if misses else 0)
        due = shop.clock() + wait
        await shop.pause(wait)
        # When it is due, not when it leaves: what a busy machine is late would add up. Who is later than that slept.
        asked_at = max(due, shop.clock() - _LATE_SECONDS)
        step = await _ask(shop, job, provider, live)
        again = isinstance(step, policy.AskAgain)
        misses, hint = (misses + 1, min(step.wait_seconds, policy.MAX_HINT_SECONDS)) if again else (0, 0.0)
        if not isinstance(step, Running | Unchanged | policy.AskAgain):
            return await _conclude(shop, job, step)
        # Only after asking: a clock that was set, or a machine that slept, must not hide a video that is ready.
        if job.watch_until is not None and shop.clock() >= job.watch_until:
            return await _stop_watching(shop, job, provider)
        _show(live, step)
        shop.announce(job.id)
        if policy.is_worth_writing(written, (shop.clock(), live.progress, live.words)):
            written = (shop.clock(), live.progress, live.words)
            now = await shop.store.note(job.id, "progress", **shop.seen(job.id))
            shop.unwritten.discard(job.id)
        else:
            now = await shop.store.glance(job.id)
        if now is None or now.state != "running":
            return now


async def _wait(shop: Workshop, job: JobRecord, provider: Provider, asked_at: float | None) -> float:
    pace = await shop.usual.pace(job, provider.table)
    # Only now: it may have been waited for.
    now, begun = shop.clock(), job.submitted_at if job.submitted_at is not None else job.created_at
    last = asked_at if asked_at is not None else now
    return policy.poll_wait(
        provider.table.provider,
        policy.Asked(max(0.0, last - begun), asked_at is not None, max(0.0, now - last)),
        pace,
        shop.poll_seconds,
        loopback=provider.loopback,
        spread=shop.spread(),
    )


async def _ask(shop: Workshop, job: JobRecord, provider: Provider, live: Live) -> policy.AfterStatus:
    assert job.operation is not None
    if not await shop.has_key(job, provider):
        # Forgotten or expired meanwhile: a question without it would only be refused.
        return policy.NeedsKey(needs_key(provider, "unknown"))
    reply = await shop.ask(job, provider, provider.adapter.status(job.operation, shop.context(job)))
    live.polls += 1
    return policy.after_status(reply, provider.adapter.checked, provider.label, shop.clock())


def _show(live: Live, step: Running | Unchanged | policy.AskAgain) -> None:
    if isinstance(step, Running):
        live.progress, live.words = step.progress, step.words
    elif isinstance(step, policy.AskAgain):
        live.words = step.why


async def _conclude(
    shop: Workshop, job: JobRecord, step: Finished | policy.Fails | policy.NeedsKey
) -> JobRecord | None:
    match step:
        case Finished(files, notes):
            values = {
                "remote": tuple(_with_operation(file, job.operation) for file in files),
                "notes": (*job.notes, *notes),
                **shop.seen(job.id),
                "progress": None,
                "words": None,
            }
            return await shop.move(job, "running", "downloading", values)
        case policy.Fails(reason):
            now = await shop.store.get(job.id)
            if now is not None and now.cancel_requested:
                values = {"charged": charged_when_stopped(job), "finished_at": shop.clock(), **shop.seen(job.id)}
                return await shop.move(job, "running", "cancelled", values, because="asked")
            return await shop.fail(job, reason)
        case policy.NeedsKey(reason):
            # Only a person can enter another key; the operator's own is what it is.
            by_operator = job.credential.startswith("env:")
            return await (shop.fail(job, reason) if by_operator else shop.park(job, "running", reason))


def _with_operation(file: RemoteFile, operation: Operation | None) -> RemoteFile:
    """The file with the operation's id in its path, where the adapter left that to us: a poll may not name it."""
    if operation is None:
        return file
    return file.model_copy(
        update={
            "url": file.url.replace(OPERATION, quote(operation.id, safe="")),
            "otherwise": _with_operation(file.otherwise, operation) if file.otherwise is not None else None,
        }
    )


async def _stop_watching(shop: Workshop, job: JobRecord, provider: Provider) -> JobRecord | None:
    says = f"{provider.label} has not finished in {provider.table.provider.deadline_minutes:g} minutes."
    noted = await shop.store.note(job.id, "overdue", overdue=True, **{**shop.seen(job.id), "words": says})
    shop.announce(job.id)
    return noted
