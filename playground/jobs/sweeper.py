"""When the operator's limits are looked after, and by which of the processes on a data folder."""

import fcntl
import logging
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playground.jobs.database import LedgerUnavailable
from playground.jobs.retention import Retention

SWEEP_EVERY_SECONDS: Final = 600.0
_JUMP_SECONDS: Final = 600.0
"""How far a clock may be off, beyond what was paused and done, before it counts as set anew."""
_HOLD_SECONDS: Final = 3_600.0
"""How long a clock that was set must have held before anything is removed for its age."""
_log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps when it is time; the loop that lives as long as the process tells it that time passes."""

    def __init__(self, retention: Retention, *, clock: Callable[[], float], lock: Path) -> None:
        """`clock` gives seconds since the epoch. Of several processes, only that sweeps which holds the file `lock`."""
        self._retention = retention
        self._clock = clock
        self._lock = lock
        self._seen: float | None = None
        self._due = 0.0
        self._by_age_from = 0.0

    async def passed(self, seconds: float) -> None:
        """Told every few seconds, with how many were paused since the last time."""
        before, now = self._seen, self._clock()
        self._seen = now
        if before is not None and abs(now - before - seconds) > _JUMP_SECONDS:
            # A wrong clock makes everything look old, and what was removed does not come back.
            _log.warning("the clock was set: nothing is removed for its age within the next hour")
            self._by_age_from = now + _HOLD_SECONDS
            self._due = min(self._due, now + SWEEP_EVERY_SECONDS)
        if now >= self._due:
            self._due = now + SWEEP_EVERY_SECONDS
            await self._sweep(now, by_age=now >= self._by_age_from)

    async def _sweep(self, now: float, *, by_age: bool) -> None:
        """One round. Trouble is logged; the next round tries again."""
        try:
            await self._retention.shorten_receipts()
            with _held(self._lock) as ours:
                if ours:
                    await self._retention.sweep(now, by_age=by_age)
        except (LedgerUnavailable, OSError) as error:
            _log.warning("a sweep has to wait: %s", error)
        except Exception:
            _log.exception("a sweep failed")


@contextmanager
def _held(path: Path) -> Generator[bool]:
    """Whether the lock is ours; it is let go at the end of the block, or with the process."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)
