"""The transport: what the rest of the house calls to reach a provider."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlencode

import httpx

from playground.domain.credentials import Secret
from playground.domain.provider import Context, HttpCall, NoAnswer, RemoteFile, Reply, TimeoutClass
from playground.domain.request import is_url
from playground.transport.answers import read_answer
from playground.transport.body import MediaUnreadable, StoredMedia, build_body
from playground.transport.download import Attempt, BadLink, Download, download, link
from playground.transport.fetch import Fetched, fetch
from playground.transport.guard import Blocked, CheckedUrl, Guard, Resolver, origin_of, parse, system_resolver
from playground.transport.inline import Inline
from playground.transport.wire import Lane, Lost, Outgoing, Wire

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final[Mapping[TimeoutClass, float]] = {
    "status": 30.0,
    "create": 120.0,
    "blocking-create": 900.0,
    "download": 60.0,
}
"""The longest silence before an answer and within it."""
ANSWER_SECONDS: Final = 600.0
"""From the head of an answer to its end: one that drips must not hold its place for ever."""
_LANES: Final[Mapping[TimeoutClass, Lane]] = {
    "status": "status",
    "create": "create",
    "blocking-create": "create",
    "download": "download",
}


def utc_now() -> datetime:
    """The time, for dates in `Retry-After`."""
    return datetime.now(UTC)


class Transport:
    """Sends calls, downloads results and fetches a user's media. One for each event loop; close it at the end."""

    def __init__(
        self,
        *,
        mounts: Mapping[str, httpx.AsyncBaseTransport] | None = None,
        max_concurrent: int = 32,
        trusted_origins: Collection[str] = frozenset(),
        allow_private_hosts: Collection[str] = frozenset(),
        people_are_strangers: bool = False,
        resolver: Resolver = system_resolver,
        clock: Callable[[], datetime] = utc_now,
        read_seconds: Mapping[TimeoutClass, float] = READ_SECONDS,
    ) -> None:
        """Nothing is read or connected yet.

        Args:
            mounts: in-process transports by origin; reached only by calls whose base URL is there.
            max_concurrent: status questions at a time; downloads get a quarter of it, creates are not limited.
            trusted_origins: the base URLs' own origins, loopback included; the guard does not ask about them.
            people_are_strangers: a link that somebody gives is not trusted for being at a base URL's origin.
            allow_private_hosts: `host:port` that links may lead to although the address is private.
            resolver: how names become addresses, for links that are not trusted.
            clock: the time now, with its zone.
            read_seconds: the longest silence for each class of call.
        """
        _quiet_libraries()
        self._guard = Guard(trusted_origins=trusted_origins, allow_private_hosts=allow_private_hosts, resolver=resolver)
        fetch_guard = self._guard
        if people_are_strangers:
            fetch_guard = Guard(allow_private_hosts=allow_private_hosts, resolver=resolver)
        self._wire = Wire(mounts=mounts or {}, guard=self._guard, fetch_guard=fetch_guard)
        self._status_places = asyncio.Semaphore(max_concurrent)
        self._download_places = asyncio.Semaphore(max(1, max_concurrent // 4))
        self._fetch_places = asyncio.Semaphore(max(1, max_concurrent // 4))
        self._clock = clock
        self._read_seconds = {**READ_SECONDS, **read_seconds}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection and what is mounted."""
        await self._wire.aclose()

    async def check_url(self, url: str) -> CheckedUrl:
        """Whether a link may be followed (see `Guard.check_url`).

        Raises:
            Blocked: it must not be.
        """
        return await self._guard.check_url(url)

    async def send(
        self,
        call: HttpCall,
        context: Context,
        *,
        secret: Secret | None,
        media: Mapping[str, StoredMedia],
        answer_cap_bytes: int,
        inline_folder: Path | None = None,
    ) -> Reply:
        """Send one call, once. Network trouble is an answer, too: `NoAnswer`.

        Videos inside the answer (`HttpCall.inline_videos`) are written into `inline_folder`.

        Raises:
            ValueError: the call's body names a medium that is not in `media`; nothing was sent.
        """
        try:
            out = await self._outgoing(call, context, secret, media)
        except MediaUnreadable:
            return NoAnswer(False, "A media file of this job cannot be read any more.")
        except Blocked as error:
            return NoAnswer(False, error.reason)
        inline = Inline(call.inline_videos, inline_folder) if call.inline_videos and inline_folder is not None else None
        try:
            async with self._place(call.timeout), self._wire.open(out) as arrived, asyncio.timeout(ANSWER_SECONDS):
                return await read_answer(arrived.response, answer_cap_bytes, inline)
        except Lost as lost:
            return NoAnswer(lost.sent, lost.reason)
        except TimeoutError:
            return NoAnswer(True, f"{out.url.host} did not finish its answer in time.")
        except OSError as error:
            return NoAnswer(True, f"A video inside the answer cannot be written here: {error.strerror}.")

    async def download(
        self, file: RemoteFile, context: Context, *, secret: Secret | None, part: Path, cap_bytes: int
    ) -> Download:
        """Make one attempt at a finished video, going on after what `part` already holds.

        The caller holds a lock on `part`. The key is sent only where the file asks for it, and to its origins only.

        Raises:
            OSError: the disk is full or fails.
        """
        try:
            url, home = link(file, context), _home(context.base_url)
        except Blocked as error:
            return BadLink(error.reason)
        out = Outgoing(
            method="GET",
            url=url,
            lane="download",
            timeout=self._timeout("download"),
            home=home,
            secret=secret if file.with_credential else None,
            headers=(("accept", "*/*"), ("accept-encoding", "identity")),
        )
        async with self._download_places:
            return await download(self._wire, Attempt(out, part, cap_bytes, file.with_credential, self._clock))

    async def fetch(self, url: str, to: Path, cap_bytes: int) -> Fetched:
        """Fetch a user's media URL under guard, within 60 seconds; on failure nothing is left at `to`.

        Raises:
            Blocked: the URL, or where it redirects to, must not be followed.
            FetchFailed: no answer, not a good one, too slow or too large.
            OSError: the disk is full or fails.
        """
        async with self._fetch_places:
            return await fetch(self._wire, url, to, cap_bytes, self._timeout("status"))

    async def _outgoing(
        self, call: HttpCall, context: Context, secret: Secret | None, media: Mapping[str, StoredMedia]
    ) -> Outgoing:
        return Outgoing(
            method=call.method,
            url=_address(call, context),
            lane=_LANES[call.timeout],
            timeout=self._timeout(call.timeout),
            home=_home(context.base_url),
            secret=secret,
            headers=(("accept", "application/json, */*;q=0.5"), ("accept-encoding", "gzip")),
            home_headers=call.headers,
            body=await build_body(call.body, media) if call.body is not None else None,
        )

    def _timeout(self, kind: TimeoutClass) -> httpx.Timeout:
        seconds = self._read_seconds[kind]
        return httpx.Timeout(connect=CONNECT_SECONDS, read=seconds, write=seconds, pool=CONNECT_SECONDS)

    def _place(self, kind: TimeoutClass) -> AbstractAsyncContextManager[object]:
        if kind == "status":
            return self._status_places
        return self._download_places if kind == "download" else nullcontext()


@lru_cache(maxsize=64)
def _home(base_url: str) -> str:
    """The origin of a base URL.

    Raises:
        Blocked: it is no URL.
    """
    return origin_of(parse(base_url))


def _address(call: HttpCall, context: Context) -> httpx.URL:
    """The call's whole URL.

    Raises:
        Blocked: it is none.
    """
    url = call.path if is_url(call.path) else f"{context.base_url.rstrip('/')}/{call.path.removeprefix('/')}"
    if call.query:
        url += ("&" if "?" in url else "?") + urlencode(call.query, quote_via=quote)
    return _parsed(url)


@lru_cache(maxsize=256)
def _parsed(url: str) -> httpx.URL:
    # The same for every question about a job, and with some providers about all of them.
    return parse(url)


def _quiet_libraries() -> None:
    # Their debug lines hold whole URLs and response headers: signed links, cookies.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
