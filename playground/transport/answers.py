"""Answers read loosely and bounded: no body, however it is packed, takes more memory than it may."""

import asyncio
import json
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Final

import httpx
from pydantic import JsonValue

from playground.domain.provider import Answer
from playground.transport.inline import Inline, without_videos
from playground.transport.wire import Lost

TEXT_CHARACTERS: Final = 100_000
"""How much of a body is kept as text."""
BESIDE_VIDEOS_BYTES: Final = 16_000_000
"""How much may stand around the videos of an answer."""
_LARGE: Final = 256 * 1024
_PACKED: Final = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB: Final = 47
_MEGABYTE: Final = 1_000_000


async def read_answer(response: httpx.Response, cap_bytes: int, inline: Inline | None = None) -> Answer:
    """Read an answer to its end; the cap counts unpacked bytes. Videos inside it go to the disk where `inline` says.

    Raises:
        Lost: the body is larger than the cap, packed in a way that was not asked for, or cut.
        httpx.HTTPError: the connection was lost.
        OSError: the disk is full or fails.
    """
    body = bytearray()
    pieces = _capped(_unpacked(response, cap_bytes), cap_bytes)
    async with aclosing(pieces), aclosing(without_videos(pieces, inline) if inline is not None else pieces) as kept:
        async for piece in kept:
            body += piece
            if inline is not None and len(body) > BESIDE_VIDEOS_BYTES:
                raise _too_large(BESIDE_VIDEOS_BYTES)
    headers = {name.lower(): value for name, value in response.headers.items()}
    if len(body) > _LARGE:
        return await asyncio.to_thread(_answer, response.status_code, headers, body)
    return _answer(response.status_code, headers, body)


async def _capped(pieces: AsyncIterator[bytes], cap_bytes: int) -> AsyncGenerator[bytes]:
    total = 0
    async for piece in pieces:
        total += len(piece)
        if total > cap_bytes:
            raise _too_large(cap_bytes)
        yield piece


def _too_large(cap_bytes: int) -> Lost:
    return Lost(f"The answer is larger than {cap_bytes / _MEGABYTE:g} MB.", sent=True)


async def _unpacked(response: httpx.Response, cap_bytes: int) -> AsyncIterator[bytes]:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        async for piece in response.aiter_raw():
            yield piece
        return
    if encoding not in _PACKED:
        raise Lost("The answer is packed in a way that was not asked for.", sent=True)
    unpacker, empty = zlib.decompressobj(_GZIP_OR_ZLIB), True
    async for piece in response.aiter_raw():
        empty = False
        try:
            # One byte more than the cap is enough to see that it is passed.
            yield unpacker.decompress(piece, cap_bytes + 1)
        except zlib.error:
            raise Lost("The answer could not be unpacked.", sent=True) from None
        if unpacker.unconsumed_tail:
            raise _too_large(cap_bytes)
    if not empty and not unpacker.eof:
        raise Lost("The answer was cut.", sent=True)


def _answer(status: int, headers: Mapping[str, str], body: bytearray) -> Answer:
    text = body.decode("utf-8-sig", errors="replace")
    return Answer(status, headers, text[:TEXT_CHARACTERS], _json(text))


def _json(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text, parse_constant=lambda _: None)
        # A lone surrogate can be neither stored nor shown; only an escape can bring one in.
        return _well_formed(value) if "\\ud" in text or "\\uD" in text else value
    except (ValueError, RecursionError):
        return None


def _well_formed(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_well_formed(each) for each in value]
    if isinstance(value, dict):
        return {str(_well_formed(key)): _well_formed(each) for key, each in value.items()}
    return value
