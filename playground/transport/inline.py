"""Videos that come inside a JSON answer, as base64: written to the disk while they arrive, never whole in memory."""

import asyncio
import binascii
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playground.transport.files import Sink, growing
from playground.transport.wire import Lost

PLACE: Final = "inline:"
"""What stands in the answer in place of a video, followed by its number from 1."""
_LONGEST_START: Final = 256
"""Bytes of a key, its colon and its opening quote, spaces included, that may be split over two pieces."""
_BASE64_URL: Final = bytes.maketrans(b"-_", b"+/")
_ESCAPED_SPACES: Final = re.compile(rb"\\[nrt]|\s")


@dataclass(frozen=True, slots=True)
class Inline:
    """Which values of an answer are videos, and where they go."""

    keys: Sequence[str]
    folder: Path
    """Made when the first video comes."""

    def path(self, number: int) -> Path:
        """The file of the `number`-th video of an answer, from 1."""
        return self.folder / f"{number}.inline"


async def without_videos(pieces: AsyncIterator[bytes], inline: Inline) -> AsyncGenerator[bytes]:
    """The answer with `inline:N` in place of each video, which is on the disk by then, past the system's memory.

    A key cannot be forged from inside a string: the quotes around it would be escaped there.

    Raises:
        Lost: what should be a video is no base64.
        OSError: the disk is full or fails.
    """
    names = b"|".join(re.escape(key.encode()) for key in inline.keys)
    start = re.compile(rb'"(?:' + names + rb')"\s*:\s*"')
    waiting, video, number = b"", None, 0
    async with AsyncExitStack() as open_video:
        async for piece in pieces:
            waiting += piece
            while waiting:
                if video is None:
                    found = start.search(waiting)
                    if found is None:
                        break
                    yield waiting[: found.end()]
                    waiting = waiting[found.end() :]
                    video = _Video(await open_video.enter_async_context(_fresh(inline.path(number + 1))))
                end = waiting.find(b'"')
                await video.add(waiting[: end if end >= 0 else len(waiting)])
                if end < 0:
                    waiting = b""
                    break
                if await video.end():
                    number += 1
                    yield f"{PLACE}{number}".encode()
                await open_video.aclose()
                yield b'"'
                waiting, video = waiting[end + 1 :], None
            if video is None and len(waiting) > _LONGEST_START:
                yield waiting[:-_LONGEST_START]
                waiting = waiting[-_LONGEST_START:]
        yield waiting


@asynccontextmanager
async def _fresh(path: Path) -> AsyncGenerator[Sink]:
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    async with growing(path, 0) as sink:
        yield sink


class _Video:
    """One value while it arrives."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._undecoded = bytearray()
        self._begun = False

    async def add(self, text: bytes) -> None:
        self._undecoded += text
        # A backslash at the end belongs to what comes next.
        if len(self._undecoded) > _LONGEST_START and not self._undecoded.endswith(b"\\"):
            await self._decode(whole=False)

    async def end(self) -> bool:
        """Write the rest; False where the value was empty."""
        await self._decode(whole=True)
        await self._sink.flush(to_disk=True)
        return self._sink.size > 0

    async def _decode(self, *, whole: bool) -> None:
        text = _ESCAPED_SPACES.sub(b"", bytes(self._undecoded).replace(b"\\/", b"/")).translate(_BASE64_URL)
        if not self._begun and text:
            # A data URI is as good as bare base64.
            text = text.partition(b",")[2] if text.startswith(b"data:") else text
            self._begun = True
        usable = len(text) if whole else len(text) - len(text) % 4
        self._undecoded = bytearray(text[usable:])
        try:
            data = await asyncio.to_thread(binascii.a2b_base64, text[:usable] + b"=" * (-usable % 4), strict_mode=True)
        except binascii.Error:
            raise Lost("The video inside the answer is damaged.", sent=True) from None
        await self._sink.add(data)
