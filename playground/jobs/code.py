"""A request as a runnable program, for those who go on without us."""

import secrets
from collections.abc import Mapping
from pathlib import Path, PurePath

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import InvalidRequest, NotConfigured
from playground.domain.issues import Issue
from playground.domain.media_checks import changed
from playground.domain.pictures import told
from playground.domain.request import VideoRequest, job_reference
from playground.domain.snippets import Language, script_for, written
from playground.domain.snippets.script import Placeholders
from playground.domain.snippets.text import Medium, UnknownType
from playground.domain.validation import spec_for
from playground.domain.words import the_one
from playground.jobs.checking import check_to_send
from playground.jobs.formats import MIME_TYPES
from playground.jobs.inputs import Found
from playground.jobs.record import JobRecord
from playground.jobs.views import without_folder
from playground.jobs.workshop import Workshop


async def code(shop: Workshop, request: VideoRequest, language: Language, owner: str, files_under: Path | None) -> str:
    """A program that creates, waits and downloads; its key comes from its own environment.

    Raises:
        InvalidRequest: it does not fit.
        NotConfigured: there is no program for this provider.
    """
    result, found = await check_to_send(shop, request, owner, files_under)
    if not result.valid:
        raise InvalidRequest(result.issues)
    unfit = [issue for each in found if (issue := _unfit(shop, request, each)) is not None]
    if unfit:
        raise InvalidRequest(unfit)
    try:
        return _written(shop, request, language, _media_of(found))
    except UnknownType as unknown:
        raise InvalidRequest([_no_type(unknown.reference, found)]) from None


def code_of_job(shop: Workshop, job: JobRecord, language: Language) -> str:
    """The program that makes a job again; files of this machine are named without their folder.

    Raises:
        NotConfigured: there is no program for it, or its model is gone from the table.
    """
    try:
        return _written(shop, job.asked(), language, _named_media(job))
    except UnknownType as unknown:
        says = f"The type of {without_folder(unknown.reference)} cannot be told from its name."
        raise NotConfigured(says, "Save it as a file and generate again.") from None


def _written(shop: Workshop, request: VideoRequest, language: Language, media: Mapping[str, Medium]) -> str:
    table, provider = shop.registry.tables.get(request.provider), shop.registry.get(request.provider)
    spec = spec_for(request, table, shop.now()) if table is not None else None
    script = None
    if table is not None and provider is not None and isinstance(spec, ModeSpec):
        marks = Placeholders(table.provider, provider.context.account, secrets.token_hex(16))
        script = script_for(request, spec, marks, provider.adapter, media)
    if script is None:
        label = table.provider.label if table is not None else request.provider
        raise NotConfigured(f"There is no code for {label} here.", "Choose another provider.")
    return written(script, language)


def _named_media(job: JobRecord) -> dict[str, Medium]:
    """Each medium by a name that a person can save it under: never a path of this machine."""
    named: dict[str, Medium] = {}
    for reference, stored in job.inputs.items():
        earlier = job_reference(reference)
        name = without_folder(reference)
        if earlier is not None:
            ending = "-last-frame.png" if earlier.last_frame else f"-{earlier.number}.mp4"
            name = f"{earlier.job_id[:8]}{ending}"
        if stored.is_copy:
            name = f"{PurePath(name).stem}{'.jpg' if stored.mime_type == MIME_TYPES['jpeg'] else '.png'}"
        named[reference] = Medium(name, stored.mime_type, stored.handle)
    return named


def _media_of(found: list[Found]) -> dict[str, Medium]:
    """Where a program finds the media of a request: as it names them, an earlier result by its file."""
    named = {each.reference: each for each in found}
    return {
        reference: Medium(
            str(each.path) if job_reference(reference) is not None else reference,
            MIME_TYPES.get(each.facts.format or ""),
            each.handle,
        )
        for reference, each in named.items()
    }


def _unfit(shop: Workshop, request: VideoRequest, found: Found) -> Issue | None:
    """Why a program cannot send a picture, which is sent here as a changed copy."""
    spec = spec_for(request, shop.registry.tables[request.provider], shop.now())
    change = changed(found.facts, found.field, spec) if isinstance(spec, ModeSpec) else None
    if change is None or not change.needed:
        return None
    says = f"{told(change, the_one(found.field))} A program cannot do that: change the file first."
    return Issue(found.field, "changed", says)


def _no_type(reference: str, found: list[Found]) -> Issue:
    field = next(each.field for each in found if each.reference == reference)
    says = f"The type of {reference[:200]} cannot be told from its name; save it as a file and name that."
    return Issue(field, "unknown_type", says)
