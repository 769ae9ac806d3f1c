"""The connections to the ledger's database: one that writes, one that reads; and whether another process wrote."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.exc import OperationalError

LOOK_EVERY_SECONDS: Final = 1.0
"""How often is asked whether another process wrote. What is known is good for a few times that while it is asked."""
_TRUSTED: Final = 5
_LOCKED_SECONDS: Final = 6.0
"""How long a locked database is tried; whoever clicked waits that long for a word."""
_BUSY: Final = ("locked", "already exists", "duplicate column")
"""In the driver's words: somebody else is writing, or has just made the same table or column."""
_AT_ONCE: Final = 5
"""Transactions at a time where the database is another program."""
_WITH_DRIVER: Final = "sqlite+aiosqlite:"
"""How URLs of SQLite began while another driver was used; they may still stand in somebody's settings."""
_T = TypeVar("_T")


class LedgerUnavailable(Exception):
    """The database cannot be used now: its disk is full or gone, or it stayed locked. Nothing was written."""


class _Line:
    """Whole transactions, run one after the other in a thread of their own (or so many at a time).

    One switch of threads for each transaction and not for each statement: that is most of what a short one takes.
    """

    def __init__(self, url: str, *pragmas: str) -> None:
        # The words of its errors would hold what was to be written, prompts included.
        options: dict[str, Any] = {"hide_parameters": True}
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            options |= {"poolclass": sa.QueuePool, "pool_size": 1, "max_overflow": 0}
        else:
            options |= {"pool_pre_ping": True, "pool_size": _AT_ONCE, "max_overflow": 0}
        self.found_locked = float("-inf")
        """When a lock was last waited for in vain, by the monotonic clock."""
        self._engine = sa.create_engine(url, **options)
        self._threads = ThreadPoolExecutor(1 if self.is_sqlite else _AT_ONCE, "ledger")
        self._pragmas = pragmas
        if pragmas:
            sa_event.listen(self._engine, "connect", self._prepare)  # pyright: ignore[reportUnknownMemberType] - untyped in SQLAlchemy

    @property
    def is_in_memory(self) -> bool:
        """Whether nobody but this very connection sees what it holds."""
        return self._engine.url.database in (None, "", ":memory:")

    async def run(self, work: Callable[[sa.Connection], _T]) -> _T:
        """Run in one transaction."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._transact, work)

    async def close(self) -> None:
        """Disconnect."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._engine.dispose)
        self._threads.shutdown()

    def _transact(self, work: Callable[[sa.Connection], _T]) -> _T:
        with self._engine.begin() as connection:
            return work(connection)

    def _prepare(self, connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in self._pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


class Database:
    """Open it on the loop that uses it. SQLite has one writer, so there is one connection for it."""

    def __init__(self, url: str, *, pause: Callable[[float], Awaitable[None]], look_every: float) -> None:
        self._url = url
        self._pause = pause
        self._look_every = look_every
        self._writer: _Line | None = None
        self._reader: _Line | None = None
        self._under_way: set[asyncio.Task[Any]] = set()
        self._version: object = None
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._closing = False

    def open(self) -> None:
        """Make ready; the first use connects."""
        self._closing = False
        if not self._url.startswith("sqlite"):
            self._writer = _Line(self._url)
            return
        url = f"sqlite:{self._url.removeprefix(_WITH_DRIVER)}" if self._url.startswith(_WITH_DRIVER) else self._url
        # The busy timeout first: changing the journal mode needs the lock too.
        wanted = ("busy_timeout=250", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
        self._writer = _Line(url, *wanted)
        # A reader does not wait for a writer in SQLite's WAL, so those who look have a connection of their own.
        if not self._writer.is_in_memory:
            self._reader = _Line(url, "busy_timeout=250", "query_only=ON")

    async def close(self) -> None:
        """Let go of it, once what was begun is done."""
        self.hurry()
        while self._under_way:
            await asyncio.wait(self._under_way)
        lines, self._writer, self._reader = (self._writer, self._reader), None, None
        for line in lines:
            if line is not None:
                await line.close()

    def hurry(self) -> None:
        """From now on what is locked is not tried again, and what waits behind it is not tried at all."""
        self._closing = True

    async def write(self, work: Callable[[sa.Connection], _T]) -> _T:
        """Run in one transaction, to its end even where its caller is cancelled. It runs in a thread.

        Raises:
            LedgerUnavailable: it cannot be used now.
        """
        return await asyncio.shield(self._track(self._attempts(_opened(self._writer), work)))

    async def read(self, work: Callable[[sa.Connection], _T]) -> _T:
        """The same for what writes nothing: it waits for no write."""
        reader = self._reader if self._reader is not None else self._writer
        return await asyncio.shield(self._track(self._attempts(_opened(reader), work)))

    def _track(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Whoever waited may have gone; then nobody is left to be told, and the loop would say so with a traceback.
            task.exception()

    async def _attempts(self, line: _Line, work: Callable[[sa.Connection], _T]) -> _T:
        """A locked database is tried again, since nothing was written."""
        until, pause, asked = time.monotonic() + _LOCKED_SECONDS, 0.05, 0.0

        def in_time(connection: sa.Connection) -> _T:
            # While it stood in the line, somebody before it has waited for a lock in vain, perhaps many did.
            if asked < line.found_locked and (self._closing or time.monotonic() >= until):
                raise LedgerUnavailable("It is locked.")
            try:
                return work(connection)
            except OperationalError as error:
                if _is_busy(error):
                    line.found_locked = time.monotonic()
                raise

        while True:
            asked = time.monotonic()
            try:
                return await line.run(in_time)
            except OperationalError as error:
                if not _is_busy(error) or self._closing or time.monotonic() >= until:
                    raise LedgerUnavailable(str(error.orig)) from error
            await self._pause(pause)
            pause = min(2 * pause, 1.0)

    async def look_elsewhere(self, changed: Callable[[], None]) -> None:
        """Call `changed` once another process has written; asked in the background while what is known is fresh."""
        age = asyncio.get_running_loop().time() - self._looked_at
        if age < self._look_every:
            return
        if self._looking is None or self._looking.done():
            self._looking = self._track(self._look(changed))
        if age >= _TRUSTED * self._look_every:
            await asyncio.shield(self._looking)

    async def _look(self, changed: Callable[[], None]) -> None:
        now, writer = asyncio.get_running_loop().time(), _opened(self._writer)
        # Of the connection that we write with: it changes whenever any other one has written.
        read = await self._attempts(writer, _data_version) if writer.is_sqlite else object()
        if read != self._version:
            self._version = read
            changed()
        self._looked_at = now


def _opened(line: _Line | None) -> _Line:
    if line is None:
        raise LedgerUnavailable("It is not open.")
    return line


def _is_busy(error: OperationalError) -> bool:
    return any(each in str(error.orig) for each in _BUSY)


def _data_version(connection: sa.Connection) -> object:
    return connection.exec_driver_sql("PRAGMA data_version").scalar()
