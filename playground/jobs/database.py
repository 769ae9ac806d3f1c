"""The connections to the ledger's database: one that writes, one that reads; and whether another process wrote."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from sqlalchemy import event as sa_event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

LOOK_EVERY_SECONDS: Final = 1.0
"""How often is asked whether another process wrote. What is known is good for a few times that while it is asked."""
_TRUSTED: Final = 5
_LOCKED_TRIES: Final = 12
_BUSY: Final = ("locked", "already exists", "duplicate column")
"""In the driver's words: somebody else is writing, or has just made the same table or column."""
_FOREVER_SECONDS: Final = 86_400.0
_T = TypeVar("_T")


class LedgerUnavailable(Exception):
    """The database cannot be used now: its disk is full or gone, or it stayed locked. Nothing was written."""


class Database:
    """Open it on the loop that uses it. SQLite has one writer, so there is one connection for it."""

    def __init__(self, url: str, *, pause: Callable[[float], Awaitable[None]], look_every: float) -> None:
        self._url = url
        self._pause = pause
        self._look_every = look_every
        self._writer: AsyncEngine | None = None
        self._reader: AsyncEngine | None = None
        self._under_way: set[asyncio.Task[Any]] = set()
        self._version: object = None
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Make ready; the first use connects."""
        if not self._url.startswith("sqlite"):
            self._writer = create_async_engine(self._url, pool_pre_ping=True, hide_parameters=True)
            return
        # Waiting for our one connection never gives up: what waits may be a receipt. The words of its errors would
        # hold what was to be written, prompts included.
        single: dict[str, Any] = {"pool_size": 1, "max_overflow": 0, "pool_timeout": _FOREVER_SECONDS}
        single["hide_parameters"] = True
        self._writer = create_async_engine(self._url, **single)
        sa_event.listen(self._writer.sync_engine, "connect", _prepare_writer)  # pyright: ignore[reportUnknownMemberType] - untyped in SQLAlchemy
        # A reader does not wait for a writer in SQLite's WAL, so those who look have a connection of their own.
        if self._writer.url.database not in (None, "", ":memory:"):
            self._reader = create_async_engine(self._url, **single)
            sa_event.listen(self._reader.sync_engine, "connect", _prepare_reader)  # pyright: ignore[reportUnknownMemberType] - untyped in SQLAlchemy

    async def close(self) -> None:
        """Let go of it, once what was begun is done."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        for engine in (self._writer, self._reader):
            if engine is not None:
                await engine.dispose()
        self._writer = self._reader = None

    async def write(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """Run in one transaction, to its end even where its caller is cancelled.

        A cancelled statement may leave the driver waiting for ever, and with it everybody else: we have one connection.

        Raises:
            LedgerUnavailable: it cannot be used now.
        """
        assert self._writer is not None, "the store is not open"
        return await asyncio.shield(self._track(self._attempts(self._writer, work)))

    async def read(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """The same for what writes nothing: it waits for no write."""
        reader = self._reader if self._reader is not None else self._writer
        assert reader is not None, "the store is not open"
        return await asyncio.shield(self._track(self._attempts(reader, work)))

    def _track(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _attempts(self, engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """A locked database is tried again, since nothing was written."""
        for attempt in range(_LOCKED_TRIES):
            try:
                async with engine.begin() as connection:
                    return await work(connection)
            except OperationalError as error:
                busy = any(each in str(error.orig) for each in _BUSY)
                if not busy or attempt == _LOCKED_TRIES - 1:
                    raise LedgerUnavailable(str(error.orig)) from error
            await self._pause(min(0.05 * 2**attempt, 5))
        raise AssertionError("the last try returned or raised")

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
        now = asyncio.get_running_loop().time()

        async def version(connection: AsyncConnection) -> object:
            if connection.dialect.name != "sqlite":
                return object()
            # Of the connection that we write with: it changes whenever any other one has written.
            return (await connection.exec_driver_sql("PRAGMA data_version")).scalar()

        assert self._writer is not None, "the store is not open"
        read = await self._attempts(self._writer, version)
        if read != self._version:
            self._version = read
            changed()
        self._looked_at = now


def _prepare_writer(connection: Any, _record: object) -> None:
    # The busy timeout first: changing the journal mode needs the lock too.
    _set(connection, "busy_timeout=2000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


def _prepare_reader(connection: Any, _record: object) -> None:
    _set(connection, "busy_timeout=30000", "query_only=ON")


def _set(connection: Any, *pragmas: str) -> None:
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
