"""Bringing finished videos home at once: resumably, checked by boxes and probe, moved into place atomically."""

import asyncio
import logging
import shutil
from pathlib import Path

from playground.domain.capabilities import ModeSpec
from playground.domain.credentials import NoLogin
from playground.domain.errors import Charged, Failure, failure
from playground.domain.provider import RemoteFile
from playground.domain.validation import spec_for
from playground.jobs import policy
from playground.jobs.delivery import differences
from playground.jobs.record import DeliveredVideo, JobRecord
from playground.jobs.workshop import Live, Workshop
from playground.registry import Provider
from playground.transport.download import BadLink, Downloaded, Forbidden, Interrupted, LinkExpired, TooLarge
from playground.transport.inline import PLACE

_log = logging.getLogger(__name__)

_MEGA = 1_000_000
_MAX_BAD_FILES = 2
_BAD_GATEWAY = 502


class _NewLinksNeeded(Exception):
    """The provider's links expired; its status has to be asked again."""


class _Overdue(Exception):
    """The deadline came first; one click goes on from here."""


class _Stuck(Exception):
    """This video cannot be had; carries why."""

    def __init__(self, reason: Failure) -> None:
        super().__init__(reason.message)
        self.reason = reason


async def save(shop: Workshop, job: JobRecord) -> JobRecord | None:
    """Download, check and publish every video of a job; answers it as it is afterwards.

    What is saved is written down at once, so that nothing is fetched twice. A disk that fails is waited for.
    """
    provider = shop.provider(job)
    if provider is None or not job.remote:
        return await shop.fail(job, failure("internal", f"Nothing here can download from {job.provider!r}.", "yes"))
    remote = job.remote
    saved, stuck = {video.number: video for video in job.videos}, list[Failure]()
    try:
        for number, file in enumerate(remote, 1):
            if number in saved:
                continue
            try:
                saved[number] = await _until_written(shop, job, provider, file, number)
            except _Stuck as missing:
                stuck.append(missing.reason)
                continue
            videos = tuple(saved[n] for n in sorted(saved))
            job = await shop.store.note(job.id, "saved", videos=videos) or job
    except _NewLinksNeeded:
        return await _ask_for_new_links(shop, job, provider)
    except _Overdue:
        says = "The video could not be saved before the deadline."
        noted = await shop.store.note(job.id, "overdue", overdue=True, words=says)
        shop.announce(job.id)
        return noted
    if not saved:
        return await _end(shop, job, stuck[0])
    notes = tuple(f"One of {len(remote)} videos could not be saved: {reason.message}" for reason in stuck)
    return await _done(shop, job, provider, notes)


async def _until_written(
    shop: Workshop, job: JobRecord, provider: Provider, file: RemoteFile, number: int
) -> DeliveredVideo:
    """One video; a full or failing disk is tried again until the deadline, since the video is paid for."""
    tries = 0
    while True:
        try:
            return await _one(shop, job, provider, file, number)
        except OSError as error:
            tries += 1
            reason = error.strerror or type(error).__name__
            _log.warning("a video cannot be written: %s", reason, extra={"job": job.id})
            await shop.store.note(job.id, "waiting", words=f"The video cannot be written here: {error.strerror}.")
            shop.announce(job.id)
            await _wait(shop, job, policy.backoff(tries))


async def _wait(shop: Workshop, job: JobRecord, seconds: float) -> None:
    if job.watch_until is not None and shop.clock() >= job.watch_until:
        raise _Overdue
    await shop.pause(min(seconds, policy.MAX_HINT_SECONDS))


async def _one(shop: Workshop, job: JobRecord, provider: Provider, file: RemoteFile, number: int) -> DeliveredVideo:
    problem: str | None = None
    began = asyncio.get_running_loop().time()
    for _ in range(_MAX_BAD_FILES):
        async with shop.files.part(job.id, number) as part:
            await _download(shop, job, provider, file, part)
            problem, clip = await shop.decoder.inspect(part)
            if clip is not None and problem is None:
                size = (await asyncio.to_thread(part.stat)).st_size
                name = await shop.files.publish(part, job.id, number)
                shop.telling.downloaded(job, number, size, asyncio.get_running_loop().time() - began)
                return DeliveredVideo(
                    number=number,
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
    says = f"{provider.label} sent a file that is no whole video. {problem or ''}".rstrip()
    raise _Stuck(failure("bad_video", says, _charged(job)))


async def _download(shop: Workshop, job: JobRecord, provider: Provider, file: RemoteFile, part: Path) -> None:
    if file.url.startswith(PLACE):
        return await _from_answer(shop, job, provider, file, part)
    cap = int(provider.table.provider.download_cap_megabytes * _MEGA)
    named, tries, held, nothing = file, 0, 0, 0
    while True:
        try:
            secret = await shop.secret(job, provider) if file.with_credential else None
        except NoLogin:
            tries += 1
            await _wait(shop, job, policy.backoff(tries))
            continue
        result = await shop.transport.download(file, shop.context(job), secret=secret, part=part, cap_bytes=cap)
        match result:
            case Downloaded():
                return
            case LinkExpired() | BadLink() if file.otherwise is not None:
                file = file.otherwise
            case LinkExpired():
                raise _NewLinksNeeded
            case Forbidden() if file is not named or _is_first_no(shop, job):
                # Refused without the key too, or for the first time: the status tells the link from the key.
                raise _NewLinksNeeded
            case Forbidden() | BadLink() | TooLarge():
                raise _Stuck(_why_stuck(result, provider, _charged(job)))
            case Interrupted():
                # An attempt that brought something begins the waiting anew.
                tries = 1 if result.bytes > held else tries + 1
                held = result.bytes
                nothing = nothing + 1 if result.status == _BAD_GATEWAY else 0
                if file.may_be_none and nothing >= policy.MAX_EMPTY_DOWNLOADS:
                    says = f"{provider.label} says that it has finished, but has no video to give."
                    raise _Stuck(failure("no_video", f"{says} Its filter may have withheld it.", "unknown"))
                await _wait(shop, job, max(result.wait_seconds or 0, policy.backoff(tries)))


async def _from_answer(shop: Workshop, job: JobRecord, provider: Provider, file: RemoteFile, part: Path) -> None:
    """A video that came inside the answer is on the disk already; it stays there until its copy is published."""
    kept = shop.files.inline_folder(job.id) / f"{file.url.removeprefix(PLACE)}.inline"
    try:
        await asyncio.to_thread(shutil.copyfile, kept, part)
    except FileNotFoundError:
        if job.operation is not None:
            raise _NewLinksNeeded from None
        says = f"The video that came inside the answer of {provider.label} is no longer here."
        raise _Stuck(failure("expired", says, _charged(job))) from None


def _is_first_no(shop: Workshop, job: JobRecord) -> bool:
    live = shop.live.setdefault(job.id, Live(job.progress, job.words, job.polls))
    first, live.key_refused = not live.key_refused, True
    return first and job.operation is not None


def _why_stuck(result: Forbidden | BadLink | TooLarge, provider: Provider, charged: Charged) -> Failure:
    match result:
        case Forbidden():
            says = f"{provider.label} refuses the key for the download."
            next_step = "Correct the key; the provider may still have the video."
            return failure("bad_key", says, charged, next_step=next_step)
        case BadLink():
            says = f"The link of {provider.label} to the finished video must not be followed: {result.reason}"
            return failure("expired", says, charged)
        case TooLarge():
            says = f"The video is larger than the {result.cap_bytes // _MEGA} MB that are taken."
            return failure("storage", says, charged)


async def _ask_for_new_links(shop: Workshop, job: JobRecord, provider: Provider) -> JobRecord | None:
    """Back to asking for the status, which names fresh links; the end, where there is nobody to ask."""
    if job.operation is None:
        says = f"The link of {provider.label} to the finished video expired before it was saved."
        return await shop.fail(job, failure("expired", says, _charged(job)))
    return await shop.move(job, "downloading", "running", {"remote": None}, because="the links expired")


async def _end(shop: Workshop, job: JobRecord, reason: Failure) -> JobRecord | None:
    if reason.code == "bad_key" and not job.credential.startswith("env:"):
        return await shop.park(job, "downloading", reason)
    return await shop.fail(job, reason)


async def _done(shop: Workshop, job: JobRecord, provider: Provider, notes: tuple[str, ...]) -> JobRecord | None:
    videos = job.videos
    spec = spec_for(job.asked(), provider.table, shop.now())
    found = (
        differences(job.asked(), spec, videos, await _source_seconds(shop, job)) if isinstance(spec, ModeSpec) else ()
    )
    values = {
        "notes": (*job.notes, *notes, *found),
        "failure": None,
        "charged": _charged(job),
        "finished_at": shop.clock(),
        **shop.seen(job.id),
        "words": None,
    }
    moved = await shop.move(job, "downloading", "succeeded", values)
    await asyncio.to_thread(shutil.rmtree, shop.files.inline_folder(job.id), ignore_errors=True)
    return moved


def _charged(job: JobRecord) -> Charged:
    """A video that is there was charged, unless the price is known to be nothing."""
    return "no" if job.price_usd == 0 else "yes"


async def _source_seconds(shop: Workshop, job: JobRecord) -> float | None:
    source = job.asked().source_video
    stored = job.inputs.get(source) if source is not None else None
    if stored is None or stored.file is None:
        return None
    clip = await shop.decoder.clip(shop.files.kept(stored.file))
    return clip.seconds if clip is not None else None
