"""Waking those who watch a job: at once within this process, after a moment for jobs that another one runs."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Final

_LOOK_EVERY_SECONDS: Final = 1.0


class Changes:
    """Who waits for which job."""

    def __init__(self, look_every_seconds: float = _LOOK_EVERY_SECONDS) -> None:
        self._look_every = look_every_seconds
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._no_more = False

    def announce(self, job_id: str) -> None:
        """Something of a job changed."""
        for event in self._waiting.get(job_id, ()):
            event.set()

    def end(self) -> None:
        """The process is about to stop: nobody waits any longer."""
        self._no_more = True
        for events in self._waiting.values():
            for event in events:
                event.set()

    @contextmanager
    def follow(self, job_id: str) -> Generator[Callable[[], Awaitable[bool]]]:
        """A function that returns when the job may have changed; false where nobody will say so any more."""
        event = asyncio.Event()
        self._waiting[job_id].add(event)

        async def changed() -> bool:
            if self._no_more:
                return False
            try:
                async with asyncio.timeout(self._look_every):
                    await event.wait()
            except TimeoutError:
                pass
            event.clear()
            return not self._no_more

        try:
            yield changed
        finally:
            self._waiting[job_id].discard(event)
            if not self._waiting[job_id]:
                del self._waiting[job_id]
