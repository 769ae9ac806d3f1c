"""A request as a runnable program, for those who go on without us."""

import secrets
from pathlib import Path

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import InvalidRequest, NotConfigured
from playground.domain.issues import Issue
from playground.domain.request import VideoRequest, job_reference
from playground.domain.snippets import Language, script_for, written
from playground.domain.snippets.script import Placeholders
from playground.domain.snippets.text import Medium, UnknownType
from playground.domain.validation import spec_for
from playground.jobs.checking import check_request
from playground.jobs.inputs import Found
from playground.jobs.probe import MIME_TYPES
from playground.jobs.workshop import Workshop


async def code(shop: Workshop, request: VideoRequest, language: Language, owner: str, files_under: Path | None) -> str:
    """A program that creates, waits and downloads; its key comes from its own environment.

    Raises:
        InvalidRequest: it does not fit.
        NotConfigured: there is no program for this provider.
    """
    result, found = await check_request(shop, request, owner, files_under)
    if not result.valid:
        raise InvalidRequest(result.issues)
    table, provider = shop.registry.tables[request.provider], shop.registry.get(request.provider)
    spec = spec_for(request, table, shop.now())
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
