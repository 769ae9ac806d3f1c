"""Bringing finished videos home at once: resumably, checked by boxes and probe, moved into place atomically."""

import asyncio
from pathlib import Path

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Charged, Failure, failure
from playground.domain.provider import Finished, RemoteFile
from playground.domain.validation import spec_for
from playground.jobs import policy
from playground.jobs.boxes import mp4_problem
from playground.jobs.delivery import differences
from playground.jobs.probe import Clip, open_clip
from playground.jobs.record import DeliveredVideo, JobRecord
from playground.jobs.workshop import Workshop
from playground.registry import Provider
from playground.transport.download import BadLink, Downloaded, Forbidden, Interrupted, LinkExpired, TooLarge

_MEGA = 1_000_000
_MAX_TRIES = 12
_MAX_FRESH_LINKS = 3
_MAX_BAD_FILES = 2


class _NewLinksNeeded(Exception):
    """The provider's links expired; its status has to be asked again."""


class _Stuck(Exception):
    """This video cannot be had; carries why."""

    def __init__(self, reason: Failure) -> None:
        super().__init__(reason.message)
        self.reason = reason


async def save(shop: Workshop, job: JobRecord) -> JobRecord | None:
    """Download, check and publish every video of a job; answers it as it is afterwards."""
    provider = shop.provider(job)
    if provider is None or not job.remote:
        return await shop.fail(job, failure("internal", f"Nothing here can download from {job.provider!r}.", "yes"))
    remote, fresh = job.remote, 0
    while True:
        try:
            videos = [await _one(shop, job, provider, file, n) for n, file in enumerate(remote, 1)]
        except _Stuck as stuck:
            return await _end(shop, job, stuck.reason)
        except _NewLinksNeeded:
            fresh += 1
            new = await _new_links(shop, job, provider) if fresh <= _MAX_FRESH_LINKS else None
            if new is None:
                says = f"The links of {provider.label} to the finished video expired before it was saved."
                return await shop.fail(job, failure("expired", says, _charged(job)))
            remote = new
        else:
            return await _done(shop, job, provider, tuple(videos))


async def _one(shop: Workshop, job: JobRecord, provider: Provider, file: RemoteFile, number: int) -> DeliveredVideo:
    problem: str | None = None
    for _ in range(_MAX_BAD_FILES):
        async with shop.files.part(job.id, number) as part:
            await _download(shop, job, provider, file, part)
            problem, clip = await asyncio.to_thread(_inspect, part)
            if clip is not None and problem is None:
                size = (await asyncio.to_thread(part.stat)).st_size
                name = await shop.files.publish(part, job.id, number)
                return DeliveredVideo(
                    file=name,
                    bytes=size,
                    seconds=round(clip.seconds, 3),
                    width=clip.width,
                    height=clip.height,
                    frames_per_second=clip.frames_per_second,
                    has_audio=clip.has_audio,
                )
            # A damaged part must not be resumed.
            await asyncio.to_thread(part.unlink, missing_ok=True)
    raise _Stuck(
        failure("bad_video", f"{provider.label} sent a file that is no whole video. {problem or ''}", _charged(job))
    )


def _inspect(path: Path) -> tuple[str | None, Clip | None]:
    problem = mp4_problem(path)
    return problem, None if problem is not None else open_clip(path)


async def _download(shop: Workshop, job: JobRecord, provider: Provider, file: RemoteFile, part: Path) -> None:
    secret = shop.secret(job, provider) if file.with_credential else None
    cap = int(provider.table.provider.download_cap_megabytes * _MEGA)
    tries, held = 0, 0
    while tries < _MAX_TRIES:
        result = await shop.transport.download(file, provider.context, secret=secret, part=part, cap_bytes=cap)
        match result:
            case Downloaded():
                return
            case LinkExpired():
                raise _NewLinksNeeded
            case Forbidden():
                says = f"{provider.label} refuses the key for the download."
                raise _Stuck(failure("bad_key", says, _charged(job), next_step="Enter a working key and continue."))
            case BadLink():
                says = f"The link of {provider.label} to the finished video must not be followed: {result.reason}"
                raise _Stuck(failure("expired", says, _charged(job)))
            case TooLarge():
                says = f"The video is larger than the {cap // _MEGA} MB that are taken."
                raise _Stuck(failure("storage", says, _charged(job)))
            case Interrupted():
                # An attempt that brought something does not count towards giving up.
                tries = 1 if result.bytes > held else tries + 1
                held = result.bytes
                await shop.pause(max(result.wait_seconds or 0, policy.backoff(tries)))
    says = f"The download from {provider.label} broke off too often."
    raise _Stuck(failure("expired", says, _charged(job)))


async def _new_links(shop: Workshop, job: JobRecord, provider: Provider) -> tuple[RemoteFile, ...] | None:
    """Ask for the status once more: it names fresh links. None where there is nobody to ask."""
    if job.operation is None:
        return None
    reply = await shop.ask(job, provider, provider.adapter.status(job.operation, provider.context))
    step = policy.after_status(reply, provider.adapter.checked, provider.label, shop.clock())
    return step.files if isinstance(step, Finished) else None


async def _end(shop: Workshop, job: JobRecord, reason: Failure) -> JobRecord | None:
    if reason.code == "bad_key" and not job.credential.startswith("env:"):
        return await shop.park(job, "downloading", reason)
    return await shop.fail(job, reason)


async def _done(
    shop: Workshop, job: JobRecord, provider: Provider, videos: tuple[DeliveredVideo, ...]
) -> JobRecord | None:
    spec = spec_for(job.asked(), provider.table, shop.now())
    found = (
        differences(job.asked(), spec, videos, await _source_seconds(shop, job)) if isinstance(spec, ModeSpec) else ()
    )
    values = {
        "videos": videos,
        "notes": (*job.notes, *found),
        "failure": None,
        "charged": _charged(job),
        "finished_at": shop.clock(),
        **shop.seen(job.id),
    }
    return await shop.move(job, "downloading", "succeeded", values)


def _charged(job: JobRecord) -> Charged:
    """A video that is there was charged, unless the price is known to be nothing."""
    return "no" if job.price_usd == 0 else "yes"


async def _source_seconds(shop: Workshop, job: JobRecord) -> float | None:
    source = job.asked().source_video
    stored = job.inputs.get(source) if source is not None else None
    if stored is None or stored.file is None:
        return None
    clip = await asyncio.to_thread(open_clip, shop.files.kept(stored.file))
    return clip.seconds if clip is not None else None
