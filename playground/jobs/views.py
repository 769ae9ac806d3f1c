"""From a ledger row (and what only this process knows of it) to what its owner sees."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final

from pydantic import JsonValue

from playground.domain.job import ENDS, step_of
from playground.domain.request import MEDIA_FIELDS, is_url, job_reference
from playground.domain.view import JobView, Usual, VideoView
from playground.jobs.cancelling import cannot_cancel
from playground.jobs.deleting import cannot_delete, left_behind
from playground.jobs.doubts import doubt_of
from playground.jobs.keys import OWN
from playground.jobs.record import JobRecord
from playground.jobs.workshop import Live, Workshop

LINK_SECONDS: Final = 3600
"""How long a media link is good for."""
_NO_LEDGER: Final = (
    "Nothing can be written down here now: the disk of the job ledger is full or gone, or it stays locked. "
    "The job goes on by itself as soon as it can."
)


async def views_of(shop: Workshop, jobs: Sequence[JobRecord]) -> list[JobView]:
    """The views of jobs, with fresh media links. Whose files are gone is looked up once for all of them."""
    files = [video.file for job in jobs for video in job.videos]
    missing = await asyncio.to_thread(shop.files.missing, files) if files else ()
    usual = [await shop.usual.of(job, shop.registry.tables.get(job.provider)) for job in jobs]
    return [_view_of(job, shop, each, missing) for job, each in zip(jobs, usual, strict=True)]


def _view_of(job: JobRecord, shop: Workshop, usual: Usual | None, missing: Collection[str]) -> JobView:
    why_not_cancel, why_not_delete = cannot_cancel(shop, job), cannot_delete(job)
    live = shop.live.get(job.id) or Live(job.progress, job.words, job.polls)
    provider = shop.provider(job)
    model = provider.table.model(job.model) if provider is not None else None
    until = job.finished_at if job.finished_at is not None else shop.clock()
    rests = job.state in ENDS or job.state == "uncertain"
    once = provider is not None and provider.table.provider.answers == "once"
    words = live.words if job.state == "running" else job.words
    if job.state == "submitting" and once:
        words = "It answers when the video is finished, and cannot be asked before."
    if job.id in shop.unwritten:
        words = _NO_LEDGER
    return JobView(
        id=job.id,
        state=job.state,
        step=step_of(job.state, accepted=job.operation is not None or job.remote is not None, answers_once=once),
        provider=job.provider,
        provider_label=provider.label if provider is not None else job.provider,
        model=job.model,
        model_label=model.label if model is not None else job.model,
        mode=job.mode,
        prompt=job.asked().prompt or "",
        request=without_paths(job),
        progress=live.progress if job.state == "running" else None,
        words=None if rests else words,
        polls=live.polls,
        created_at=_time(job.created_at),
        submitted_at=_time(job.submitted_at) if job.submitted_at is not None else None,
        finished_at=_time(job.finished_at) if job.finished_at is not None else None,
        elapsed_seconds=round(max(0.0, until - job.created_at), 1),
        usual=usual,
        overdue=job.overdue and job.state in ("running", "downloading"),
        can_cancel=not rests and why_not_cancel is None,
        cancel_note=None if rests else why_not_cancel,
        cancel_requested=job.cancel_requested,
        can_delete=why_not_delete is None,
        delete_note=why_not_delete if why_not_delete is not None else left_behind(shop, job),
        videos=tuple(_video(job, number, shop, missing) for number in range(1, len(job.videos) + 1)),
        notes=job.notes,
        error=job.failure,
        needs_own_key=job.state == "parked" and job.credential == OWN,
        charged=job.charged,
        price_usd=job.price_usd,
        provider_job_id=job.operation.id if job.operation is not None else None,
        doubt=doubt_of(job, shop),
        instead_of=job.instead_of,
        again_as=job.again_as,
        seq=job.seq,
    )


def without_paths(job: JobRecord) -> dict[str, JsonValue]:
    """The request as its owner may show it: of a file on this machine only its name."""
    shown = dict(job.request)
    for field in MEDIA_FIELDS:
        value = shown.get(field)
        if isinstance(value, str):
            shown[field] = without_folder(value)
        elif isinstance(value, list):
            shown[field] = [without_folder(each) if isinstance(each, str) else each for each in value]
    return shown


def without_folder(media: str) -> str:
    """A media reference as it may be shown: of a file only its name."""
    return media if is_url(media) or job_reference(media) is not None else PurePath(media).name


def _video(job: JobRecord, number: int, shop: Workshop, missing: Collection[str]) -> VideoView:
    video = job.videos[number - 1]
    # Rounded to the hour, so that a page that looks every second keeps one address for its player.
    expires = (int(shop.clock()) // LINK_SECONDS + 2) * LINK_SECONDS
    signed = f"?expires={expires}&signature={shop.files.sign(job.id, number, expires)}"
    return VideoView(
        number=number,
        url=f"/media/{job.id}/{number}{signed}",
        thumbnail=f"/media/{job.id}/{number}/thumbnail{signed}",
        file_name=f"{job.provider}-{job.mode}-{job.id[:8]}{'' if number == 1 else f'-{number}'}.mp4",
        bytes=video.bytes,
        seconds=video.seconds,
        width=video.width,
        height=video.height,
        frames_per_second=video.frames_per_second,
        has_audio=video.has_audio,
        gone=video.file in missing,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
