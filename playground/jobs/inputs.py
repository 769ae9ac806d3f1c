"""The media of a request: where each one really is, what is known about it, and a copy that lasts as long as the job.

Looking at a request never touches the network: a URL is fetched only by its job, under guard.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from playground.domain.media import MediaFacts, MediaKind
from playground.domain.pictures import Change
from playground.domain.request import JobReference, VideoRequest, is_url, job_reference
from playground.jobs.decoder import Decoder
from playground.jobs.files import Files
from playground.jobs.formats import MIME_TYPES
from playground.jobs.record import DeliveredVideo, JobRecord, StoredInput
from playground.jobs.store import Store
from playground.jobs.uploads import may_name

_REMEMBERED: Final = 512
_EXTENSIONS: Final = {"jpg": "jpeg", "tif": "tiff"}


@dataclass(frozen=True, slots=True)
class Found:
    """One media reference, followed."""

    field: str
    reference: str
    facts: MediaFacts
    path: Path | None = None
    """None for a URL and for anything that could not be found."""
    handle: str | None = None
    """The provider's own link to it, where it made it for an earlier job."""


class Inputs:
    """Follows media references for an owner."""

    def __init__(
        self,
        files: Files,
        store: Store,
        decoder: Decoder,
        url_problem: Callable[[str], str | None],
        is_at_hand: Callable[[JobRecord], bool] = lambda _job: True,
    ) -> None:
        """`url_problem` judges a URL by its looks alone, without a look-up.

        `is_at_hand` tells whether an earlier job's provider is reached today where that job was made.
        """
        self._files = files
        self._store = store
        self._decoder = decoder
        self._url_problem = url_problem
        self._is_at_hand = is_at_hand
        self._probed: dict[tuple[str, int, int], MediaFacts] = {}
        # Fifty megapixels take hundreds of megabytes while they are worked on: one after the other.
        self._easel = asyncio.Semaphore(1)

    async def find(self, request: VideoRequest, owner: str, files_under: Path | None) -> list[Found]:
        """Follow every reference of a request. With `files_under`, local files must be uploads there."""
        return [await self._follow(field, r, owner, files_under) for field, _, r in request.media()]

    async def find_kept(self, job: JobRecord) -> list[Found]:
        """Follow the references of an earlier request once more: to the files that were kept for it, where it had any.

        What it was uploaded as may be gone by now; a link and an earlier result are followed anew.
        """
        found: list[Found] = []
        for field, _, reference in job.asked().media():
            kept = job.inputs[reference].file if reference in job.inputs else None
            if kept is None or is_url(reference) or job_reference(reference) is not None:
                found.append(await self._follow(field, reference, job.owner, None))
                continue
            path = self._files.kept(kept)
            if await asyncio.to_thread(path.is_file):
                found.append(Found(field, reference, await self.probe(field, path), path))
            else:
                found.append(_nothing(field, reference, "missing", "The file that was sent is no longer here."))
        return found

    async def keep(self, job_id: str, found: list[Found]) -> dict[str, StoredInput]:
        """Copy what is on disk below the data folder; URLs are only written down."""
        kept: dict[str, StoredInput] = {}
        for number, each in enumerate(found, 1):
            if each.reference in kept:
                continue
            mime = MIME_TYPES.get(each.facts.format or "")
            if each.path is None:
                kept[each.reference] = StoredInput(file=None, mime_type=mime, url=each.reference)
            else:
                name = f"{number}-{each.field}.{each.facts.format}"
                kept[each.reference] = StoredInput(
                    file=await self._files.keep_input(job_id, name, each.path), mime_type=mime, handle=each.handle
                )
        return kept

    async def probe(self, field: str, path: Path) -> MediaFacts:
        """Facts of a file, measured once for each version of it."""
        stat = await asyncio.to_thread(path.stat)
        key = (str(path), stat.st_size, stat.st_mtime_ns)
        if key not in self._probed:
            facts = await self._decoder.probe(expected_kind(field), path)
            if len(self._probed) >= _REMEMBERED:
                self._probed.pop(next(iter(self._probed)))
            self._probed[key] = facts
        return self._probed[key]

    async def copy_picture(self, source: Path, change: Change) -> StoredInput:
        """Make the copy of a kept picture that is sent in its place; it lies beside it.

        Raises:
            CannotChange: there is no such copy; the message says why.
        """
        target = source.with_name(f"{source.stem}.copy")
        async with self._easel:
            name = await self._decoder.copy(source, target, change)
        return StoredInput(file=self._files.relative(target), mime_type=MIME_TYPES[name], is_copy=True)

    async def _follow(self, field: str, reference: str, owner: str, files_under: Path | None) -> Found:
        if is_url(reference):
            return Found(field, reference, self._url_facts(field, reference))
        earlier = job_reference(reference)
        if earlier is not None:
            return await self._earlier_result(field, reference, earlier, owner)
        path = Path(reference)
        reachable = await asyncio.to_thread(_is_reachable, path, files_under, owner)
        if not reachable:
            return _nothing(field, reference, "missing", f"There is no file {_name_only(reference)!r} to be read.")
        return Found(field, reference, await self.probe(field, path), path)

    def _url_facts(self, field: str, url: str) -> MediaFacts:
        problem = self._url_problem(url)
        # What is refused may be no URL at all.
        ending = PurePosixPath(urlsplit(url).path).suffix.lstrip(".").lower() if problem is None else ""
        ending = _EXTENSIONS.get(ending, ending)
        return MediaFacts(
            kind=expected_kind(field),
            format=ending if ending in MIME_TYPES else None,
            by_url=True,
            problem=problem,
            problem_code="private_address" if problem is not None else None,
        )

    async def _earlier_result(self, field: str, reference: str, earlier: JobReference, owner: str) -> Found:
        job = await self._store.get(earlier.job_id)
        if job is None or job.owner != owner:
            return _nothing(field, reference, "missing", "There is no such earlier job of yours.")
        if job.state != "succeeded" or earlier.number > len(job.videos):
            return _nothing(field, reference, "missing", "That earlier job has no such finished video.")
        video = self._files.video(job.videos[earlier.number - 1].file)
        if not await asyncio.to_thread(video.is_file):
            return _nothing(field, reference, "missing", "The file of that earlier job is no longer here.")
        if earlier.last_frame:
            frame = video.with_suffix(".last.png")
            try:
                await self._decoder.last_frame(video, frame)
            except ValueError:
                return _nothing(field, reference, "broken", "The last frame of that earlier job cannot be decoded.")
            return Found(field, reference, await self.probe(field, frame), frame)
        facts = _as_ours(await self.probe(field, video), job)
        if not self._is_at_hand(job):
            # Another gateway that imitates the provider does not know what was made elsewhere.
            return Found(field, reference, replace(facts, made_by=None), video)
        return Found(field, reference, facts, video, _handle(job, job.videos[earlier.number - 1]))


def expected_kind(field: str) -> MediaKind:
    """What a field of the request takes."""
    return "video" if field == "source_video" else "image"


def media_facts(found: list[Found]) -> dict[str, tuple[MediaFacts, ...]]:
    """Facts by field, in the order of the references."""
    facts: dict[str, tuple[MediaFacts, ...]] = {}
    for each in found:
        facts[each.field] = (*facts.get(each.field, ()), each.facts)
    return facts


def _handle(job: JobRecord, video: DeliveredVideo) -> str | None:
    files = job.remote if job.remote is not None else ()
    return files[video.number - 1].url if video.number <= len(files) else None


def _as_ours(facts: MediaFacts, job: JobRecord) -> MediaFacts:
    made_at = datetime.fromtimestamp(job.finished_at, UTC) if job.finished_at is not None else None
    return replace(facts, made_by=job.provider, made_at=made_at, extended=job.extended)


def _is_reachable(path: Path, files_under: Path | None, owner: str) -> bool:
    """Whether it is a file that may be named: on the web only an upload of one's own, symbolic links followed."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return False
    return real.is_file() and (files_under is None or may_name(real, files_under, owner))


def _nothing(field: str, reference: str, code: str, says: str) -> Found:
    return Found(field, reference, MediaFacts(expected_kind(field), problem=says, problem_code=code))


def _name_only(reference: str) -> str:
    name = reference.rsplit("/", 1)[-1]
    return name[:60]
