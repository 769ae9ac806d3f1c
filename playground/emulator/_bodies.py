"""Reading a large request body without keeping it in memory while it arrives."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from starlette.requests import Request

_IN_MEMORY_BYTES: Final = 1_000_000


class TooLarge(ValueError):
    """The body is larger than the cap."""


async def read_body(request: Request, cap_bytes: int, spool: Callable[[], Path]) -> bytes:
    """Read a body; while it arrives, one over a megabyte waits in a nameless file in the folder `spool()`.

    Raises:
        TooLarge: more than `cap_bytes`, announced or sent.
        ClientDisconnect: the sender left before the end.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > cap_bytes:
        raise TooLarge
    waiting = bytearray()
    total = 0
    file: IO[bytes] | None = None
    try:
        async for chunk in request.stream():
            total += len(chunk)
            if total > cap_bytes:
                raise TooLarge
            waiting += chunk
            if len(waiting) > _IN_MEMORY_BYTES:
                file = file or await asyncio.to_thread(_nameless, spool)
                await asyncio.to_thread(file.write, bytes(waiting))
                waiting.clear()
        return bytes(waiting) if file is None else await asyncio.to_thread(_whole, file, bytes(waiting))
    finally:
        if file is not None:
            await asyncio.to_thread(file.close)


def _nameless(spool: Callable[[], Path]) -> IO[bytes]:
    # Without a name it is gone when we are, however we end.
    return tempfile.TemporaryFile(dir=spool(), buffering=0)


def _whole(file: IO[bytes], rest: bytes) -> bytes:
    file.write(rest)
    file.seek(0)
    return file.read()
