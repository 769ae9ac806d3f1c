"""A user's image or clip from a URL, under guard: small, quick, or not at all."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from playground.transport.files import growing, in_thread
from playground.transport.guard import Blocked, parse
from playground.transport.wire import Arrived, Lost, Outgoing, Wire

FETCH_SECONDS: Final = 60.0
_OK: Final = 200
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched; what it is shows in its bytes, not in its content type."""

    bytes: int
    content_type: str | None


class FetchFailed(Exception):
    """The file could not be fetched. `reason` is one sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def fetch(wire: Wire, url: str, to: Path, cap_bytes: int, patience: httpx.Timeout) -> Fetched:
    """Fetch one file; on failure nothing is left at `to`.

    Raises:
        Blocked: the URL, or where it redirects to, must not be followed.
        FetchFailed: no answer, not a good one, too slow or too large.
        OSError: the disk is full or fails.
    """
    out = Outgoing("GET", parse(url), "fetch", patience, headers=(("accept", "*/*"), ("accept-encoding", "identity")))
    try:
        async with asyncio.timeout(FETCH_SECONDS), wire.open(out) as arrived:
            return await _receive(arrived, to, cap_bytes)
    except BaseException as error:
        await in_thread(to.unlink, missing_ok=True)
        if isinstance(error, Lost):
            raise Blocked(error.reason) if error.blocked else FetchFailed(error.reason) from None
        if isinstance(error, TimeoutError):
            raise FetchFailed(f"{out.url.host} takes too long.") from None
        raise


async def _receive(arrived: Arrived, to: Path, cap_bytes: int) -> Fetched:
    response, host = arrived.response, arrived.url.host
    if response.status_code != _OK:
        raise FetchFailed(f"{host} answered with status {response.status_code}.")
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise FetchFailed(f"{host} sent the file packed, which was not asked for.")
    too_large = FetchFailed(f"The file is larger than {cap_bytes / _MEGABYTE:g} MB.")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > cap_bytes:
        raise too_large
    async with growing(to, 0) as sink:
        async for piece in response.aiter_raw():
            if sink.size + len(piece) > cap_bytes:
                raise too_large
            await sink.add(piece)
    return Fetched(sink.size, response.headers.get("content-type"))
