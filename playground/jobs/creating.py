"""The one step that may cost money: from `queued` to a receipt.

`submitting` is committed before the create leaves; the receipt is journalled before the database is asked.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from functools import partial

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Failure, failure
from playground.domain.explaining import explained
from playground.domain.issues import errors
from playground.domain.media import MAX_IMAGE_BYTES, MAX_VIDEO_BYTES, Facts, MediaFacts
from playground.domain.planning import to_send
from playground.domain.provider import HttpCall
from playground.domain.validation import check, spec_for
from playground.jobs import policy
from playground.jobs.cancelling import cancel
from playground.jobs.database import LedgerUnavailable
from playground.jobs.fitting import fitted
from playground.jobs.formats import MIME_TYPES
from playground.jobs.inputs import expected_kind
from playground.jobs.journal import Receipt
from playground.jobs.preparing import until_ready
from playground.jobs.receipts import hand_over, until_written
from playground.jobs.record import JobRecord, StoredInput
from playground.jobs.workshop import Workshop, needs_key
from playground.registry import Provider
from playground.transport.body import StoredMedia
from playground.transport.fetch import FetchFailed
from playground.transport.guard import Blocked

_log = logging.getLogger(__name__)


async def create(shop: Workshop, job: JobRecord) -> JobRecord | None:
    """Submit a queued job; answers the job as it is afterwards, None where it is somebody else's by now."""
    if job.cancel_requested:
        return await cancel(shop, job)
    provider = shop.provider(job)
    spec = spec_for(job.asked(), provider.table, shop.now()) if provider is not None else None
    if provider is None or not isinstance(spec, ModeSpec):
        return await shop.fail(job, failure("internal", f"There is no provider {job.provider!r} here any more.", "no"))
    if not await shop.has_key(job, provider):
        return await shop.park(job, "queued", needs_key(provider, "no"))
    prepared = await _prepare(shop, job, provider)
    if not isinstance(prepared, Failure):
        prepared = await fitted(shop, prepared, spec)
    if not isinstance(prepared, Failure):
        prepared = await until_ready(shop, prepared, provider)
    if prepared is None or isinstance(prepared, Failure):
        return None if prepared is None else await shop.fail(job, prepared)
    call = provider.adapter.create(to_send(job.asked(), spec), spec, shop.context(job))
    return await _send_until_clear(shop, prepared, provider, call)


async def _send_until_clear(shop: Workshop, job: JobRecord, provider: Provider, call: HttpCall) -> JobRecord | None:
    """Repeat the create only while each answer proves that nothing was accepted."""
    who, waited, tries = provider.label, 0.0, job.attempts
    media = _media(shop, job)
    while True:
        taken = await _begin(shop, job, tries + 1)
        if taken is None:
            return None
        talk = await shop.send(job, provider, call, media)
        tries += 1
        shop.telling.created(job, tries, talk.reply, talk.seconds)
        step = policy.after_create(talk.reply, provider.adapter.created, who, shop.clock())
        said = partial(_write_down, shop, taken, provider, step, tries, waited)
        # What the provider said is written down even while this process is told to stop.
        moved = await asyncio.shield(until_written(shop, job.id, said))
        await shop.keep(job, replace(talk, creates=True))
        if moved is None or moved.state != "queued" or not isinstance(step, policy.AskAgain):
            return moved
        if moved.cancel_requested:
            return await cancel(shop, moved)
        wait = max(step.wait_seconds, policy.backoff(tries) if step.wait_seconds == 0 else 0)
        waited += wait
        await shop.pause(wait)


async def _begin(shop: Workshop, job: JobRecord, attempt: int) -> JobRecord | None:
    """Commit that the create is about to leave; None where it must not, which leaves the job as it was."""
    if shop.stopping.is_set():
        return None
    try:
        return await shop.move(job, "queued", "submitting", {"submitted_at": shop.clock(), "attempts": attempt})
    except asyncio.CancelledError:
        # It is written although nobody waits for it, and nothing was sent: no reason for doubt.
        undone = shop.move(job, "submitting", "queued", {"attempts": attempt - 1}, because="stopped")
        with suppress(LedgerUnavailable):
            await asyncio.shield(asyncio.ensure_future(undone))
        raise


async def _write_down(
    shop: Workshop, job: JobRecord, provider: Provider, step: policy.AfterCreate, tries: int, waited: float
) -> JobRecord | None:
    match step:
        case policy.Took():
            return await _receipt(shop, job, provider, step)
        case policy.Fails(reason):
            known = Facts({}, shop.region, shop.allow_retired)
            return await shop.fail(job, explained(reason, job.asked(), provider.table, known, shop.now()))
        case policy.Uncertain(reason):
            return await shop.doubt(job, reason)
        case policy.AskAgain():
            end = policy.give_up_creating(step, tries, waited, provider.label)
            if end is not None:
                return await shop.fail(job, end)
            return await shop.move(job, "submitting", "queued", {"words": step.why}, because=step.why)


async def _receipt(shop: Workshop, job: JobRecord, provider: Provider, took: policy.Took) -> JobRecord | None:
    try:
        await shop.journal.write(Receipt(job.id, shop.clock(), took.operation, took.files, took.notes))
    except OSError as error:
        # The ledger is still to be asked; without it the receipt would be lost for sure.
        _log.warning("a receipt cannot be journalled: %s", error.strerror, extra={"job": job.id})
    moved = await hand_over(
        shop,
        job.id,
        "running" if took.files is None else "downloading",
        operation=took.operation,
        remote=took.files,
        notes=(*job.notes, *took.notes),
        words=None,
        charged="no" if job.price_usd == 0 else "unknown",
        watch_until=shop.deadline(provider),
    )
    shop.announce(job.id)
    return moved


def _media(shop: Workshop, job: JobRecord) -> dict[str, StoredMedia]:
    """Where the transport finds each medium of the request."""
    return {
        reference: StoredMedia(
            path=shop.files.kept(stored.file) if stored.file is not None else None,
            mime_type=stored.mime_type or "application/octet-stream",
            url=stored.url,
            handle=stored.handle,
        )
        for reference, stored in job.inputs.items()
    }


async def _prepare(shop: Workshop, job: JobRecord, provider: Provider) -> JobRecord | Failure:
    """Fetch what was given as a URL where the provider takes none, and judge it now that it can be measured."""
    if provider.table.provider.takes_media_urls or all(i.file is not None for i in job.inputs.values()):
        return job
    inputs, facts = dict(job.inputs), dict[str, tuple[MediaFacts, ...]]()
    for number, (field, _, reference) in enumerate(job.asked().media(), 1):
        stored = inputs[reference]
        if stored.file is None:
            try:
                stored = await _fetch(shop, job, field, reference, number)
            except (Blocked, FetchFailed) as error:
                return failure("media", f"{reference[:200]} could not be fetched: {error}", "no")
            inputs[reference] = stored
        measured = await shop.inputs.probe(field, shop.files.kept(stored.file or ""))
        facts[field] = (*facts.get(field, ()), measured)
    known = Facts(facts, shop.region, shop.allow_retired)
    wrong = errors(check(job.asked(), provider.table, known, shop.now()))
    if wrong:
        return failure("media", " ".join(issue.message for issue in wrong), "no")
    noted = await shop.store.note(job.id, "inputs", inputs={k: v.model_dump(mode="json") for k, v in inputs.items()})
    return noted if noted is not None else job


async def _fetch(shop: Workshop, job: JobRecord, field: str, url: str, number: int) -> StoredInput:
    path = shop.files.input_path(job.id, f"{number}-{field}.fetched")
    cap = MAX_VIDEO_BYTES if expected_kind(field) == "video" else MAX_IMAGE_BYTES
    await shop.transport.fetch(url, path, cap_bytes=cap)
    facts = await shop.inputs.probe(field, path)
    if facts.problem is not None:
        raise FetchFailed(facts.problem)
    return StoredInput(file=shop.files.relative(path), mime_type=MIME_TYPES.get(facts.format or ""), url=url)
