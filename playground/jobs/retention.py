"""Keeping to the operator's limits: what is too old goes, and where there is no room, the oldest of what has ended.

A job that has not ended is never touched, nor anything that it needs: each job has copies of its own.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from playground.jobs.deleting import forget
from playground.jobs.files import size_of
from playground.jobs.sharing import day_of
from playground.jobs.workshop import Workshop

DAY: Final = 86_400.0
UPLOADS_SECONDS: Final = DAY
"""How long an upload is kept for a form to be sent; its job has a copy."""
_FRESH_SECONDS: Final = 3_600.0
"""What is younger may belong to somebody who is still at it: a form, a job that is being taken in."""


class Leftovers(Protocol):
    """Operations of the provider that lives on this machine, which keeps its own copies for a while."""

    @property
    def folder(self) -> Path:
        """Where they are."""
        ...

    def finished(self) -> Iterable[tuple[str, float]]:
        """Ids of those that ended, and when (seconds since the epoch)."""
        ...

    def forget(self, operation_id: str) -> int:
        """Remove one; answers its bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows; None: no limit."""

    keep_seconds: float | None = None
    quota_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class _Removable:
    """Something that may go: since when it has been of no use to a job, and how it is removed."""

    at: float
    what: str
    remove: Callable[[], int]
    job_id: str | None = None


class Retention:
    """Sweeps once when it is asked to; the loop is somebody else's."""

    def __init__(self, shop: Workshop, limits: Limits, *, uploads: Path, leftovers: Leftovers) -> None:
        """`uploads` is where the page's uploads lie."""
        self._shop = shop
        self._limits = limits
        self._uploads = uploads
        self._leftovers = leftovers

    async def sweep(self, now: float, *, by_age: bool) -> None:
        """Keep to the limits; harmless where several processes do so at once. Without `by_age`, to the quota alone.

        Ages count from `now`, seconds since the epoch: a clock that is set during the sweep makes nothing old.

        Raises:
            LedgerUnavailable: the database cannot be used now.
        """
        if by_age:
            await self._purge(now)
            await self._remove_old(now)
        if self._limits.quota_bytes is not None:
            await self._make_room(self._limits.quota_bytes, now)

    async def shorten_receipts(self) -> None:
        """Drop from this process's journal what the ledger has.

        Raises:
            LedgerUnavailable: the database cannot be used now.
            OSError: the disk is full or fails.
        """
        own = await asyncio.to_thread(self._shop.journal.of, self._shop.me)
        recorded: set[str] = set()
        for receipt in own:
            job = await self._shop.store.get(receipt.job_id)
            if job is None or job.operation is not None or job.remote is not None:
                recorded.add(receipt.job_id)
        await asyncio.to_thread(self._shop.journal.shorten, recorded)

    async def _purge(self, now: float) -> None:
        """Rows of deleted jobs whose day is over, and files that a kill left of them."""
        for job_id in await self._shop.store.upkeep.purge(day_of(now)):
            await asyncio.to_thread(self._shop.files.remove, job_id)

    async def _remove_old(self, now: float) -> None:
        keep = self._limits.keep_seconds
        uploads_until = now - min(UPLOADS_SECONDS, keep if keep is not None else UPLOADS_SECONDS)
        for each in await asyncio.to_thread(self._old_uploads):
            if each.at < uploads_until:
                await self._remove(each, "age")
        if keep is None:
            return
        for job_id, at in await self._shop.store.upkeep.ended():
            job = await self._shop.store.get(job_id) if at < now - keep else None
            if job is not None and await forget(self._shop, job):
                self._shop.telling.swept("age", "job", 0, job_id)
        until = now - max(keep, _FRESH_SECONDS)
        for each in (*await self._old_operations(), *await self._orphans()):
            if each.at < until:
                await self._remove(each, "age")

    async def _make_room(self, quota: float, now: float) -> None:
        used = await asyncio.to_thread(self._used)
        if used <= quota:
            return
        fresh = now - _FRESH_SECONDS
        uploads = [each for each in await asyncio.to_thread(self._old_uploads) if each.at < fresh]
        candidates = [*await self._files_of_ended(), *await self._old_operations(), *uploads]
        for each in sorted(candidates, key=lambda each: each.at):
            if used <= quota:
                return
            used -= await self._remove(each, "quota")
        if used > quota:
            self._shop.telling.over_quota(used, quota)

    async def _remove(self, each: _Removable, why: str) -> int:
        size = await asyncio.to_thread(each.remove)
        if size:
            self._shop.telling.swept(why, each.what, size, each.job_id)
        return size

    def _used(self) -> int:
        folders = (*self._shop.files.parents, self._uploads, self._leftovers.folder)
        return sum(size_of(folder) for folder in folders)

    async def _files_of_ended(self) -> list[_Removable]:
        files, ended = self._shop.files, await self._shop.store.upkeep.ended()
        there = await asyncio.to_thread(files.job_ids)
        return [_Removable(at, "files", partial(files.remove, id_), id_) for id_, at in ended if id_ in there]

    async def _old_operations(self) -> list[_Removable]:
        """Those that no job asks about any more."""
        unfinished = await self._shop.store.unfinished()
        needed = {job.operation.id for job in unfinished if job.operation is not None}
        finished = await asyncio.to_thread(lambda: list(self._leftovers.finished()))
        return [
            _Removable(at, "sandbox", partial(self._leftovers.forget, id_)) for id_, at in finished if id_ not in needed
        ]

    async def _orphans(self) -> list[_Removable]:
        """Folders of jobs that the ledger does not know: of rows that are gone, or that never came to be."""
        files, known = self._shop.files, await self._shop.store.upkeep.ids()
        unknown = await asyncio.to_thread(lambda: files.job_ids() - known)
        ages = [(id_, await asyncio.to_thread(_newest, files.folders_of(id_))) for id_ in unknown]
        return [_Removable(at, "files", partial(files.remove, id_), id_) for id_, at in ages]

    def _old_uploads(self) -> list[_Removable]:
        """Files of the uploads' folder: for each owner there is a folder, and in it one for each file."""
        found: list[_Removable] = []
        for folder in self._uploads.glob("*/*"):
            with contextlib.suppress(OSError):
                found.append(_Removable(folder.stat().st_mtime, "upload", partial(_remove_tree, folder)))
        return found


def _remove_tree(path: Path) -> int:
    size = size_of(path) if path.is_dir() else path.stat().st_size
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return size


def _newest(folders: Iterable[Path]) -> float:
    times = [0.0]
    for folder in folders:
        with contextlib.suppress(OSError):
            times.append(folder.stat().st_mtime)
    return max(times)
