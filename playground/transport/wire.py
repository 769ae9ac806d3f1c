"""One request over the right connection: keys to their own origins only, redirects by hand, trouble in plain words."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Literal, cast

import httpcore
import httpx

from playground.domain.credentials import Secret, origin
from playground.transport.body import BuiltBody, MediaUnreadable
from playground.transport.guard import Blocked, Guard, HostNotFound, PinnedTransport, origin_of, parse
from playground.transport.kept import KeptConnections
from playground.transport.sockets import AsyncioSockets

Lane = Literal["status", "create", "download", "fetch"]
Way = Lane | Literal["guarded", "guarded-fetch"]

MAX_REDIRECTS: Final = 5
_READ_BYTES: Final = 256 * 1024
_IDLE_SECONDS: Final = 15.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OURS: Final = (("user-agent", "veo-playground"),)
# Raised before the first byte of a request has left.
_NOTHING_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

_log = logging.getLogger(__name__)


class Lost(Exception):
    """No whole answer came.

    `sent` is False only where nothing can have left; `blocked` says that the guard refused the link.
    """

    def __init__(self, reason: str, *, sent: bool, blocked: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.blocked = blocked


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request before anything is connected."""

    method: Literal["GET", "POST", "DELETE"]
    url: httpx.URL
    lane: Lane
    timeout: httpx.Timeout
    home: str | None = None
    """Origin of the base URL that the request is for: trusted, and reached in-process where it is mounted."""
    secret: Secret | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Sent to every origin."""
    home_headers: tuple[tuple[str, str], ...] = ()
    """Sent to the first URL's origin only."""
    body: BuiltBody | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """The head of an answer; its body is still to be read."""

    response: httpx.Response
    url: httpx.URL
    """Where it came from, after redirects."""
    with_key: bool
    """Whether the last request carried the key."""


class Wire:
    """The connections: one pool for each kind of request, and a guarded way for every link that is not trusted."""

    def __init__(self, *, mounts: Mapping[str, httpx.AsyncBaseTransport], guard: Guard, fetch_guard: Guard) -> None:
        """`fetch_guard` stands before links that people give, `guard` before those that providers give."""
        self._mounts = {origin(where): transport for where, transport in mounts.items()}
        self._guard = guard
        self._fetch_guard = fetch_guard
        self._pools: dict[Way, httpx.AsyncBaseTransport] = {}
        self._making = asyncio.Lock()

    async def aclose(self) -> None:
        """Close every connection, and what is mounted."""
        for transport in (*self._pools.values(), *self._mounts.values()):
            await transport.aclose()

    @asynccontextmanager
    async def open(self, out: Outgoing) -> AsyncGenerator[Arrived, None]:
        """The answer's head once it is there; reading its body inside the block is covered too.

        Redirects of a GET are followed, each one checked anew; any other method's are returned as they are.

        Raises:
            Lost: no answer, a cut answer, or a link that must not be followed.
        """
        arrived = await self._arrive(out)
        host = arrived.url.host
        try:
            yield arrived
        except (httpx.HTTPError, httpx.StreamError, ssl.SSLError) as error:
            raise Lost(_why(error, host), sent=True) from None
        finally:
            with suppress(httpx.HTTPError, OSError):
                await arrived.response.aclose()

    async def _arrive(self, out: Outgoing) -> Arrived:
        url, first = out.url, origin_of(out.url)
        for hop in range(MAX_REDIRECTS + 1):
            started = time.monotonic()
            response = await self._ask(out, url, at_home=origin_of(url) == first, hop=hop)
            _log.debug("%s %s: %d, %.2f s", out.method, url.host, response.status_code, time.monotonic() - started)
            location = response.headers.get("location")
            if out.method != "GET" or response.status_code not in _REDIRECTS or location is None:
                return Arrived(response, url, with_key=_key_for(url, out.secret) is not None)
            await response.aclose()
            url = _target(url, location)
        raise Lost(f"{out.url.host} redirects more than {MAX_REDIRECTS} times.", sent=True)

    async def _ask(self, out: Outgoing, url: httpx.URL, *, at_home: bool, hop: int) -> httpx.Response:
        request = _request(out, url, at_home=at_home)
        try:
            transport = await self._route(url, out)
            return await transport.handle_async_request(request)
        except Blocked as error:
            blocked = not isinstance(error, HostNotFound)
            raise Lost(error.reason, sent=hop > 0, blocked=blocked) from None
        except Exception as error:
            # Whatever it was, what this request may have set off at the provider is not forgotten over it.
            sent = hop > 0 or not isinstance(error, _NOTHING_SENT)
            raise Lost(_why(error, url.host), sent=sent) from None

    async def _route(self, url: httpx.URL, out: Outgoing) -> httpx.AsyncBaseTransport:
        where = origin_of(url)
        if where in self._mounts:
            if where == out.home:
                return self._mounts[where]
            raise Blocked(f"{url.host} is part of the playground itself.")
        async with self._making:
            if not self._pools:  # not sooner: the certificates are read from the disk, which the sandbox never needs
                self._pools = _pools(await asyncio.to_thread(httpx.create_ssl_context), self._guard, self._fetch_guard)
        if out.lane == "fetch":
            return self._pools["fetch" if self._fetch_guard.trusts(url) else "guarded-fetch"]
        return self._pools[out.lane if where == out.home or self._guard.trusts(url) else "guarded"]


def _pools(tls: ssl.SSLContext, guard: Guard, fetch_guard: Guard) -> dict[Way, httpx.AsyncBaseTransport]:
    # As much at a time as the event loop hands out: a video in pieces of 64 kB takes twice the CPU.
    httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = _READ_BYTES  # pyright: ignore[reportAttributeAccessIssue] - inferred as a literal
    return {
        # Never over a kept connection: whether a request reached one that had just died cannot be known.
        "create": _Pool(tls, keep=0),
        "status": _kept(tls, most=20),
        "download": _kept(tls, most=5),
        "fetch": _Pool(tls, keep=0),
        "guarded": PinnedTransport(guard, _Pool(tls, keep=0)),
        "guarded-fetch": PinnedTransport(fetch_guard, _Pool(tls, keep=0)),
    }


def _kept(tls: ssl.SSLContext, *, most: int) -> KeptConnections:
    return KeptConnections(lambda: _Pool(tls, keep=1), most=most, seconds=_IDLE_SECONDS)


class _Pool(httpx.AsyncHTTPTransport):
    """Connections over our own sockets; httpx has no other place to name them."""

    def __init__(self, tls: ssl.SSLContext, *, keep: int) -> None:
        # Unlimited: callers queue at a semaphore, because queueing in this pool costs the square of its length.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=keep, keepalive_expiry=_IDLE_SECONDS)
        super().__init__(verify=tls, limits=limits)
        self._pool = httpcore.AsyncConnectionPool(
            tls,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=AsyncioSockets(),
        )


def _request(out: Outgoing, url: httpx.URL, *, at_home: bool) -> httpx.Request:
    headers = [*_OURS, *out.headers, *(out.home_headers if at_home else ())]
    if out.body is not None:
        headers += [("content-type", "application/json"), ("content-length", str(out.body.content_length))]
    key = _key_for(url, out.secret)
    if key is not None:
        headers = [(name, value) for name, value in headers if name.lower() != key[0].lower()]
        headers.append(key)
    for name, value in headers:
        # Said here in our words: the library's error would quote the header, which may be the key.
        if not (value.isascii() and value.isprintable() and value == value.strip()):
            what = "The key" if key is not None and name == key[0] else f"The header {name}"
            raise Lost(f"{what} holds characters that cannot be sent.", sent=False)
    return httpx.Request(
        out.method,
        url,
        headers=headers,
        content=out.body.stream() if out.body is not None else None,
        extensions={"timeout": out.timeout.as_dict()},
    )


def _key_for(url: httpx.URL, secret: Secret | None) -> tuple[str, str] | None:
    return secret.header() if secret is not None and origin_of(url) in secret.origins else None


def _target(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return parse(str(url.join(location)))
    except Blocked as error:
        raise Lost(error.reason, sent=True, blocked=True) from None
    except (httpx.InvalidURL, ValueError):
        raise Lost(f"{url.host} redirects to what is no URL.", sent=True, blocked=True) from None


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (MediaUnreadable, "A media file changed or vanished while it was sent to {host}."),
    (socket.gaierror, "{host} could not be found."),
    (ssl.SSLCertVerificationError, "{host} shows a certificate that is not trusted here."),
    (ssl.SSLError, "No secure connection to {host} could be made or kept."),
    (ConnectionRefusedError, "{host} refuses the connection."),
    (httpx.ConnectTimeout, "{host} could not be connected to in time."),
    (httpx.PoolTimeout, "There were too many connections."),
    (httpx.ConnectError, "{host} could not be connected to."),
    (httpx.TimeoutException, "{host} did not answer in time."),
    (httpx.RemoteProtocolError, "{host} ended the connection without a whole answer."),
    (httpx.HTTPError, "The connection to {host} was lost."),
)


def _why(error: Exception, host: str) -> str:
    """What happened, from the kinds of errors alone: their texts may quote what was sent."""
    kinds = tuple(_causes(error))
    for kind, words in _WORDS:
        if any(isinstance(each, kind) for each in kinds):
            return words.format(host=host)
    _log.warning("Unexpected trouble with %s: %s", host, type(error).__name__)
    return f"The exchange with {host} went wrong."


def _causes(error: BaseException) -> Iterator[BaseException]:
    left: list[BaseException] = [error]
    for _ in range(20):
        if not left:
            return
        each = left.pop()
        yield each
        left += [cause for cause in (each.__cause__, each.__context__) if cause is not None]
        if isinstance(each, BaseExceptionGroup):
            left += cast("BaseExceptionGroup[BaseException]", each).exceptions
