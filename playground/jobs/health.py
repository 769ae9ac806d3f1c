"""Whether this process can do its work now: the database, the folder for videos, the disk. And figures of the disk."""

import asyncio
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playground.jobs.database import LedgerUnavailable
from playground.jobs.files import Files, size_of
from playground.jobs.store import Store

MIN_FREE_BYTES: Final = 100_000_000
"""Room for a video and for what is written about it."""
_DATABASE_SECONDS: Final = 3.0
"""How long the database may take to write nothing."""
_GOOD_FOR_SECONDS: Final = 1.0
_MEGA: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is wrong, in words, by the part that is; nothing where all is well."""

    problems: Mapping[str, str]

    @property
    def ready(self) -> bool:
        """Whether a job could be made now."""
        return not self.problems


class Health:
    """Looks when somebody asks, and not more often than once a second."""

    def __init__(self, store: Store, files: Files, clock: Callable[[], float]) -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._looking = asyncio.Lock()
        self._known: tuple[float, Readiness] | None = None

    async def readiness(self) -> Readiness:
        """Try everything that a job needs on this machine."""
        async with self._looking:
            now = self._clock()
            if self._known is not None and 0 <= now - self._known[0] < _GOOD_FOR_SECONDS:
                return self._known[1]
            said = {
                "database": await self._database(),
                "data": await asyncio.to_thread(_cannot_write, self._files.data_dir, "The data folder"),
                "media": await asyncio.to_thread(_cannot_write, self._files.media_dir, "The folder for videos"),
                "disk": await asyncio.to_thread(no_room, self._files),
            }
            readiness = Readiness({part: problem for part, problem in said.items() if problem is not None})
            self._known = (now, readiness)
            return readiness

    async def _database(self) -> str | None:
        try:
            async with asyncio.timeout(_DATABASE_SECONDS):
                await self._store.upkeep.try_out()
        except TimeoutError:
            return f"The database does not answer within {_DATABASE_SECONDS:g} seconds; it may be locked."
        except LedgerUnavailable:
            return "The database cannot be written."
        return None

    def disk(self) -> dict[tuple[str, str], float]:
        """Bytes that are free and in all on the disks of the data and the media folder, and that our files take."""
        figures: dict[tuple[str, str], float] = {}
        for name, folder in (("data", self._files.data_dir), ("media", self._files.media_dir)):
            found = _free_and_total(folder)
            if found is not None:
                figures[name, "free"], figures[name, "total"] = found
            figures[name, "used"] = size_of(folder)
        return figures


def no_room(files: Files) -> str | None:
    """Why nothing large can be written, in one sentence. Touches the disk."""
    for folder in (files.data_dir, files.media_dir):
        free, _ = _free_and_total(folder) or (MIN_FREE_BYTES, 0)
        if free < MIN_FREE_BYTES:
            return f"The disk is full: {free // _MEGA} MB are free, {MIN_FREE_BYTES // _MEGA} MB are needed."
    return None


def _free_and_total(folder: Path) -> tuple[int, int] | None:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return usage.free, usage.total


def _cannot_write(folder: Path, name: str) -> str | None:
    path = folder / f".try-{secrets.token_hex(6)}"
    try:
        try:
            path.write_bytes(b"?")
        finally:
            path.unlink(missing_ok=True)
    except OSError as error:
        return f"{name} cannot be written: {error.strerror}."
    return None
