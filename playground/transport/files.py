"""Bytes from the network onto the disk, without holding up the event loop."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final, ParamSpec, TypeVar

PIECE_BYTES: Final = 1024 * 1024
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
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self.size = size
        """Bytes of the file, those included that are still to be written."""

    async def add(self, data: bytes) -> None:
        """Append.

        Raises:
            OSError: the disk is full or fails.
        """
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        self.size += len(data)
        if self._waiting_bytes >= PIECE_BYTES:
            await self.flush()

    async def clear(self) -> None:
        """Make the file empty again."""
        self._taken()
        self.size = 0
        await in_thread(_cut, self._handle, 0)

    async def flush(self, *, to_disk: bool = False) -> None:
        """Write what waits; `to_disk` also past the operating system's memory."""
        await in_thread(_write, self._handle, self._taken(), to_disk)

    async def close(self, *, to_disk: bool = False) -> None:
        """The same, and let the file go. Harmless to repeat."""
        if not self._handle.closed:
            await in_thread(_write_and_close, self._handle, self._taken(), to_disk)

    def _taken(self) -> Sequence[bytes]:
        """What waits, which is thereby no longer ours."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        return waiting


@asynccontextmanager
async def growing(path: Path, keep: int, beside: Callable[[], None] | None = None) -> AsyncGenerator[Sink, None]:
    """Open a file for appending after its first `keep` bytes; what came in is written even when the block fails.

    `beside` is done in the same thread, once the file is cut: to change threads takes longer than most of such work.
    """
    sink = Sink(await in_thread(_open, path, keep, beside), keep)
    try:
        yield sink
    finally:
        await sink.close()


def _open(path: Path, keep: int, beside: Callable[[], None] | None) -> BinaryIO:
    # Not "wb": the file is never emptied before `keep` is known, and its lock stays on the same file.
    handle = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
    try:
        _cut(handle, keep)
        if beside is not None:
            beside()
    except BaseException:
        handle.close()
        raise
    return handle


def _cut(handle: BinaryIO, size: int) -> None:
    handle.truncate(size)
    handle.seek(size)


def _write(handle: BinaryIO, pieces: Sequence[bytes], to_disk: bool) -> None:
    # One by one: to join them first would copy every video once more.
    for piece in pieces:
        with memoryview(piece) as view:
            done = 0
            while done < len(piece):
                done += handle.write(view[done:])
    if to_disk:
        os.fsync(handle.fileno())


def _write_and_close(handle: BinaryIO, pieces: Sequence[bytes], to_disk: bool) -> None:
    with handle:
        _write(handle, pieces, to_disk)
