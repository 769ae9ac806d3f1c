"""A checked request becomes a job: the first row of its story."""

import asyncio
import secrets

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import InvalidRequest, PlaygroundError, Unavailable
from playground.domain.issues import Issue
from playground.domain.validation import spec_for
from playground.jobs.checking import CheckResult
from playground.jobs.database import LedgerUnavailable
from playground.jobs.health import no_room
from playground.jobs.inputs import Found
from playground.jobs.record import JobRecord, StoredInput
from playground.jobs.runner import Runner
from playground.jobs.workshop import Workshop


async def order(
    shop: Workshop,
    runner: Runner,
    result: CheckResult,
    found: list[Found],
    *,
    owner: str,
    nonce: str | None = None,
    instead_of: str | None = None,
    note: str | None = None,
    address: str | None = None,
) -> str:
    """Write the job of a valid request and start it; answers its id, or that of the job which is there for it already.

    `address` is where somebody asks from.

    Raises:
        InvalidRequest: a file of it vanished meanwhile; nothing was sent.
        OverBudget: the operator's key is not lent for this; nothing was sent.
        Unavailable: there is no room on the disk, or the ledger cannot be written; nothing was sent.
        TooMany: as many jobs as may be are under way; nothing was sent.
    """
    # A video that is paid for needs a place.
    full = await asyncio.to_thread(no_room, shop.files)
    if full is not None:
        raise Unavailable(full)
    # Not `token_urlsafe`: one of 64 would begin with a hyphen, and a command line would take it for an option.
    job_id = secrets.token_hex(16)
    # Before the ledger is asked how many there are: of those that come at the same time each knows of the others.
    shop.rates.began(address, job_id)
    try:
        inputs = await shop.inputs.keep(job_id, found)
        record = _new_job(shop, job_id, result, owner=owner, nonce=nonce, inputs=inputs, found=found)
        notes = record.notes if note is None else (*record.notes, note)
        record = record.model_copy(update={"instead_of": instead_of, "notes": notes})
        job = await shop.store.add(record, shop.sharing, beside=shop.rates.beside(owner, address))
    except BaseException as error:
        shop.rates.ended(job_id)
        if not isinstance(error, OSError | LedgerUnavailable | PlaygroundError):
            raise
        await asyncio.to_thread(shop.files.drop_inputs, job_id)
        told = _as_told(error)
        raise told from (error if told is not error else None)
    if job.id != job_id:
        shop.rates.ended(job_id)
        await asyncio.to_thread(shop.files.drop_inputs, job_id)
    elif job.runner == shop.me:
        runner.spawn(job.id)
    if instead_of is not None:
        shop.announce(instead_of)
    return job.id


def _as_told(error: Exception) -> PlaygroundError:
    if isinstance(error, PlaygroundError):
        return error
    if isinstance(error, FileNotFoundError):
        return InvalidRequest([Issue("request", "missing", "A file of this request is no longer here.")])
    if isinstance(error, OSError):
        return Unavailable(f"The files of this request cannot be kept here: {error.strerror}.")
    return Unavailable("The job cannot be written down here: its ledger is full, locked or gone.")


def _new_job(
    shop: Workshop,
    job_id: str,
    result: CheckResult,
    *,
    owner: str,
    nonce: str | None,
    inputs: dict[str, StoredInput],
    found: list[Found],
) -> JobRecord:
    """The job as it is written first: queued, this process's own, nothing sent."""
    request = result.request
    provider = shop.registry[request.provider]
    credential, context = shop.keys.use(owner, provider)
    spec = spec_for(request, provider.table, shop.now())
    assert isinstance(spec, ModeSpec), "a valid request has a mode"
    return JobRecord(
        id=job_id,
        owner=owner,
        nonce=nonce,
        state="queued",
        runner=shop.me,
        credential=credential,
        base_url=context.base_url,
        account=dict(context.account),
        provider=request.provider,
        model=spec.model.id,
        mode=request.mode,
        request=request.model_dump(mode="json", exclude_none=True),
        inputs=inputs,
        notes=tuple(issue.message for issue in result.issues if issue.severity == "warning"),
        price_usd=result.quote.usd,
        extended=max((each.facts.extended + 1 for each in found if each.field == "source_video"), default=0),
        created_at=shop.clock(),
    )
