"""Bytes from the network onto the disk, without holding up the event loop."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final, ParamSpec, TypeVar

PIECE_BYTES: Final = 256 * 1024
"""Written at a time, at least, but for the end."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def in_thread(work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run blocking work in a thread; when cancelled, first wait for its end, so that nobody else's file is written."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


class Sink:
    """An open file that grows; made by `growing`."""

    def __init__(self, handle: BinaryIO, size: int) -> None:
        self._handle = handle
        self._waiting = bytearray()
        self.size = size
        """Bytes of the file, those included that are still to be written."""

    async def add(self, data: bytes) -> None:
        """Append.

        Raises:
            OSError: the disk is full or fails.
        """
        self._waiting += data
        self.size += len(data)
        if len(self._waiting) >= PIECE_BYTES:
            await self.flush()

    async def clear(self) -> None:
        """Make the file empty again."""
        self._waiting.clear()
        self.size = 0
        await in_thread(_cut, self._handle, 0)

    async def flush(self, *, to_disk: bool = False) -> None:
        """Write what waits; `to_disk` also past the operating system's memory."""
        data, self._waiting = self._waiting, bytearray()
        await in_thread(_write, self._handle, data, to_disk)


@asynccontextmanager
async def growing(path: Path, keep: int) -> AsyncGenerator[Sink, None]:
    """Open a file for appending after its first `keep` bytes; what came in is written even when the block fails."""
    handle = await in_thread(_open, path, keep)
    try:
        sink = Sink(handle, keep)
        try:
            yield sink
        finally:
            await sink.flush()
    finally:
        await in_thread(handle.close)


def _open(path: Path, keep: int) -> BinaryIO:
    # Not "wb": the file is never emptied before `keep` is known, and its lock stays on the same file.
    handle = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
    _cut(handle, keep)
    return handle


def _cut(handle: BinaryIO, size: int) -> None:
    handle.truncate(size)
    handle.seek(size)


def _write(handle: BinaryIO, data: bytearray, to_disk: bool) -> None:
    with memoryview(data) as view:
        done = 0
        while done < len(data):
            done += handle.write(view[done:])
    if to_disk:
        os.fsync(handle.fileno())
