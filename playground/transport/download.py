"""One attempt at one finished video, resumed where the last attempt stopped."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from playground.domain.provider import Context, RemoteFile
from playground.domain.request import is_url
from playground.domain.waiting import retry_after
from playground.transport.cloud_storage import SCHEME, media_url
from playground.transport.files import growing, in_thread
from playground.transport.guard import origin_of, parse
from playground.transport.wire import Arrived, Lost, Outgoing, Wire

ATTEMPT_SECONDS: Final = 3_600.0
"""Of one attempt: a server that drips must not hold a place for ever; the next attempt resumes."""

_OK, _PARTIAL, _RANGE_REFUSED = 200, 206, 416
_KEY_REFUSED: Final = frozenset({401, 403})
_ASK_AGAIN: Final = frozenset({408, 425, 429})
_CLIENT_ERRORS: Final = range(400, 500)
_RANGE = re.compile(r"bytes (?:(?P<first>\d+)-(?P<last>\d+)|\*)/(?P<total>\d+|\*)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Downloaded:
    """The part file is whole and on the disk. Whether it is a video is still to be looked at."""

    bytes: int
    content_type: str | None


@dataclass(frozen=True, slots=True)
class LinkExpired:
    """The link no longer leads to the file (401, 403, 404, 410 or another lasting no): ask the status for a new one."""

    status: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The attempt ended early; another one goes on from what the part file holds."""

    reason: str
    wait_seconds: float | None = None
    """What the server asks to wait, None where it says nothing."""
    bytes: int = 0
    """What the part file holds now: more than before is progress."""
    status: int | None = None
    """What the server answered; None where it sent part of the file, or nothing."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The key was refused."""

    status: int


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The file is larger than the table allows; the part file was emptied."""

    cap_bytes: int


@dataclass(frozen=True, slots=True)
class BadLink:
    """The link must not be followed: no URL, or one that leads to a private address."""

    reason: str


Download = Downloaded | LinkExpired | Interrupted | Forbidden | TooLarge | BadLink


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt needs."""

    out: Outgoing
    part: Path
    cap_bytes: int
    with_credential: bool
    now: Callable[[], datetime]


def link(file: RemoteFile, context: Context) -> httpx.URL:
    """The whole URL of a file: absolute, a path below the base URL, or an object in Cloud Storage.

    A path that already begins with the base URL's own (`/v1/…` below `https://host/v1`) is not given it twice.

    Raises:
        Blocked: it is no http(s) URL.
    """
    url, base = file.url, context.base_url.rstrip("/")
    if url.startswith(SCHEME):
        return parse(media_url(url, base))
    if is_url(url) or url.startswith("data:") or "://" in url.partition("?")[0]:
        return parse(url)
    if url.startswith("//"):
        return parse(f"{urlsplit(base).scheme}:{url}")
    prefix = urlsplit(base).path
    if prefix and url.startswith(f"{prefix}/"):
        return parse(base.removesuffix(prefix) + url)
    return parse(f"{base}/{url.removeprefix('/')}")


def etag_file(part: Path) -> Path:
    """Where the ETag of a part file is remembered until it is whole."""
    return part.with_name(part.name + ".etag")


async def download(wire: Wire, attempt: Attempt) -> Download:
    """Make one attempt.

    Raises:
        OSError: the disk is full or fails.
    """
    have, etag = await in_thread(_so_far, attempt.part)
    out = replace(attempt.out, headers=(*attempt.out.headers, *_resuming(have, etag)))
    try:
        async with asyncio.timeout(ATTEMPT_SECONDS), wire.open(out) as arrived:
            return await _receive(arrived, attempt, have, etag)
    except Lost as lost:
        return BadLink(lost.reason) if lost.blocked else await _interrupted(attempt, lost.reason)
    except TimeoutError:
        return await _interrupted(attempt, f"{out.url.host} takes too long.")


def _so_far(part: Path) -> tuple[int, str | None]:
    have = part.stat().st_size if part.exists() else 0
    remembered = etag_file(part)
    etag = remembered.read_text("ascii", errors="replace") if have and remembered.exists() else None
    return have, etag


def _resuming(have: int, etag: str | None) -> tuple[tuple[str, str], ...]:
    if not have:
        return ()
    return (("range", f"bytes={have}-"), *((("if-range", etag),) if etag else ()))


async def _interrupted(attempt: Attempt, reason: str, wait_seconds: float | None = None) -> Interrupted:
    have, _ = await in_thread(_so_far, attempt.part)
    return Interrupted(reason, wait_seconds, have)


async def _receive(arrived: Arrived, attempt: Attempt, have: int, etag: str | None) -> Download:
    headers, host = arrived.response.headers, arrived.url.host
    if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        return await _interrupted(attempt, f"{host} sent the file packed, which was not asked for.")
    if arrived.response.status_code == _OK:
        return await _take(arrived, attempt, 0, _length(headers))
    span = _RANGE.match(headers.get("content-range", "").strip())
    if arrived.response.status_code == _PARTIAL:
        changed = etag is not None and headers.get("etag", etag) != etag
        if span is None or span["first"] is None or int(span["first"]) != have or changed:
            return await _start_over(attempt, f"{host} sent another part of the file than was asked for.")
        return await _take(arrived, attempt, have, _total(span, have, headers))
    if arrived.response.status_code == _RANGE_REFUSED and have:
        if span is not None and span["total"] == str(have):
            await _forget_etag(attempt)
            return Downloaded(have, None)
        return await _start_over(attempt, f"{host} has another file than the one that was begun.")
    return await _refused(arrived, attempt)


async def _take(arrived: Arrived, attempt: Attempt, start: int, total: int | None) -> Download:
    if total is not None and total > attempt.cap_bytes:
        return await _too_large(attempt)
    etag = arrived.response.headers.get("etag")
    # Only once the file is cut: an ETag beside bytes of another file would let the two be joined.
    async with growing(attempt.part, start, lambda: _remember(attempt.part, etag)) as sink:
        async for piece in arrived.response.aiter_raw():
            if sink.size + len(piece) > attempt.cap_bytes:
                await sink.clear()
                return TooLarge(attempt.cap_bytes)
            await sink.add(piece)
        await sink.close(to_disk=True)
    if total is not None and sink.size != total:
        return Interrupted(f"{arrived.url.host} sent {sink.size} of {total} bytes.", None, sink.size)
    if etag is not None:
        await _forget_etag(attempt)
    return Downloaded(sink.size, arrived.response.headers.get("content-type"))


def _remember(part: Path, etag: str | None) -> None:
    # A weak ETag says nothing about bytes.
    if etag is not None and etag.startswith('"') and etag.isascii() and etag.isprintable():
        etag_file(part).write_text(etag, "ascii")
    else:
        etag_file(part).unlink(missing_ok=True)


async def _forget_etag(attempt: Attempt) -> None:
    await in_thread(etag_file(attempt.part).unlink, missing_ok=True)


async def _start_over(attempt: Attempt, reason: str) -> Interrupted:
    async with growing(attempt.part, 0):
        return Interrupted(reason)


async def _too_large(attempt: Attempt) -> TooLarge:
    async with growing(attempt.part, 0):
        return TooLarge(attempt.cap_bytes)


async def _refused(arrived: Arrived, attempt: Attempt) -> Download:
    status = arrived.response.status_code
    if status in _KEY_REFUSED and attempt.with_credential:
        # Whoever redirected us had taken the key, and a host that the key is not for never saw it: the link is refused.
        at_home = arrived.with_key or origin_of(arrived.url) == attempt.out.home
        return Forbidden(status) if at_home and arrived.url == attempt.out.url else LinkExpired(status)
    if status in _CLIENT_ERRORS and status not in (*_ASK_AGAIN, _RANGE_REFUSED):
        return LinkExpired(status)
    wait = retry_after(arrived.response.headers, attempt.now().timestamp())
    interrupted = await _interrupted(attempt, f"{arrived.url.host} answered with status {status}.", wait)
    return replace(interrupted, status=status)


def _length(headers: httpx.Headers) -> int | None:
    value = headers.get("content-length", "")
    return int(value) if value.isdecimal() else None


def _total(span: re.Match[str], start: int, headers: httpx.Headers) -> int | None:
    if span["total"] != "*":
        return int(span["total"])
    length = _length(headers)
    return start + length if length is not None else None
