"""A checked request becomes a job: the first row of its story."""

from playground.domain.capabilities import ModeSpec
from playground.domain.validation import spec_for
from playground.jobs.checking import CheckResult
from playground.jobs.inputs import Found
from playground.jobs.record import JobRecord, StoredInput
from playground.jobs.workshop import Workshop


def new_job(
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
