"""The guard before links that a user or a provider gave: public addresses only, and the checked one is connected to."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from playground.domain.credentials import origin
from playground.transport.addresses import is_public

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to IP addresses. Raises `OSError` where the name leads nowhere."""

PORTS: Final = frozenset({80, 443, 8080, 8443})
RESOLVE_SECONDS: Final = 10.0
_MAX_URL: Final = 8_000
_MAX_ADDRESSES: Final = 4
_MAX_PORT: Final = 65_535
_HOST = re.compile(r"([\w.-]+|[0-9a-f:.]+)\Z", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"(0x[0-9a-f]*|\d+)\Z")
_DOTTED_QUAD = re.compile(r"(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}\Z")
_LOCAL_NAMES = re.compile(r"(\A|\.)(localhost|localdomain|local|internal|intranet|lan|home\.arpa)\Z")


class Blocked(Exception):
    """A link that must not be followed. `reason` is one sentence for a person; it never shows a query."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class HostNotFound(Blocked):
    """The name could not be resolved just now: it may be mistyped, or the network is down."""


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """A link that may be followed now, to these addresses and no others."""

    url: httpx.URL
    addresses: tuple[str, ...]


async def system_resolver(host: str, port: int) -> tuple[str, ...]:
    """The machine's own resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(str(address[4][0]) for address in found)


def parse(url: str) -> httpx.URL:
    """Read a URL once, the way it will be connected to.

    Raises:
        Blocked: it is no http(s) URL, or one that different programs would read differently.
    """
    authority = url.partition("://")[2].partition("/")[0]
    foreign_digits = any(each.isdigit() and not each.isascii() for each in authority)
    if len(url) > _MAX_URL or not url.isprintable() or "\\" in url or " " in url or foreign_digits:
        raise Blocked("This is no URL: it is too long or holds characters that a URL cannot have.")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise Blocked("This is no URL.") from None
    if parsed.scheme not in ("http", "https") or not parsed.raw_host:
        raise Blocked("Only https:// URLs can be used.")
    if not _HOST.match(parsed.raw_host.decode("ascii")) or not 0 < _port(parsed) <= _MAX_PORT:
        raise Blocked("This is no URL: its host or port is none.")
    return parsed


def origin_of(url: httpx.URL) -> str:
    """The origin of a parsed URL, of the very host and port that are connected to."""
    host = url.raw_host.decode("ascii")
    port = f":{url.port}" if url.port is not None else ""
    return origin(f"{url.scheme}://[{host}]{port}" if ":" in host else f"{url.scheme}://{host}{port}")


class Guard:
    """Says which links may be followed, and to which addresses."""

    def __init__(
        self,
        *,
        trusted_origins: Collection[str] = frozenset(),
        allow_private_hosts: Collection[str] = frozenset(),
        resolver: Resolver = system_resolver,
    ) -> None:
        self._trusted = frozenset(origin(each) for each in trusted_origins)
        self._private = frozenset(each.strip().lower() for each in allow_private_hosts)
        self._resolver = resolver

    def trusts(self, url: httpx.URL) -> bool:
        """Whether it is at an origin that the operator configured."""
        return origin_of(url) in self._trusted

    async def check_url(self, url: str) -> CheckedUrl:
        """Check a link and resolve its host, once.

        Raises:
            Blocked: it must not be followed.
            HostNotFound: its host has no address now.
        """
        parsed = self._checked_form(url)
        allowed = self._allows(parsed)
        host = parsed.raw_host.decode("ascii")
        addresses = await self._resolve(host, _port(parsed))
        if not allowed and not all(map(is_public, addresses)):
            raise Blocked(f"{host} is a private or local address.")
        return CheckedUrl(parsed, tuple(addresses[:_MAX_ADDRESSES]))

    def problem(self, url: str) -> str | None:
        """What its looks alone say against a link, in one sentence; nothing is looked up."""
        try:
            self._checked_form(url)
        except Blocked as error:
            return error.reason
        return None

    def _checked_form(self, url: str) -> httpx.URL:
        parsed = parse(url)
        if not self._allows(parsed):
            _check_form(parsed)
        return parsed

    def _allows(self, url: httpx.URL) -> bool:
        return self.trusts(url) or origin_of(url).split("://", 1)[1] in self._private

    async def _resolve(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await self._resolver(host, port)
        except (OSError, UnicodeError):  # also the timeout
            raise HostNotFound(f"{host} could not be found.") from None
        addresses = list(dict.fromkeys(found))
        if not addresses:
            raise HostNotFound(f"{host} could not be found.")
        # IPv4 first: where only one of the two works, it is nearly always this one.
        return sorted(addresses, key=lambda address: ":" in address)


def url_problem(url: str, trusted_origins: Collection[str], allow_private_hosts: Collection[str]) -> str | None:
    """What its looks alone say against a link, in one sentence; None where only its addresses are still to be seen."""
    return Guard(trusted_origins=trusted_origins, allow_private_hosts=allow_private_hosts).problem(url)


def _port(url: httpx.URL) -> int:
    return url.port if url.port is not None else {"https": 443, "http": 80}[url.scheme]


def _check_form(url: httpx.URL) -> None:
    """What can be said against a URL before its host is resolved."""
    host = url.raw_host.decode("ascii").lower()
    if url.scheme != "https":
        raise Blocked("Only https:// URLs can be used.")
    if url.userinfo:
        raise Blocked("A URL with a user name or password cannot be used.")
    if _port(url) not in PORTS:
        raise Blocked(f"Port {_port(url)} cannot be used.")
    if ":" not in host and not _DOTTED_QUAD.match(host):
        _check_name(host)
    elif not is_public(host):
        raise Blocked(f"{host} is a private or local address.")


def _check_name(host: str) -> None:
    if host.endswith("."):
        raise Blocked("The host must not end with a dot.")
    if _NUMBER.match(host):
        raise Blocked(f"{host} is not a plain IP address.")
    if _LOCAL_NAMES.search(host) or "." not in host:
        raise Blocked(f"{host} is a private or local address.")
    # A resolver reads 0x7f.1 or 017700000001 as an IP address, too.
    if _NUMBER.match(host.rsplit(".", 1)[1]):
        raise Blocked(f"{host} is not a plain IP address.")


class PinnedTransport(httpx.AsyncBaseTransport):
    """Connects to the addresses that the guard has checked, while TLS and the Host header keep the name.

    The inner transport must keep no connection alive: its pool knows addresses only, and one address serves many names.
    """

    def __init__(self, guard: Guard, inner: httpx.AsyncBaseTransport) -> None:
        self._guard = guard
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Check the request's URL and send it to the first address that can be connected to.

        Raises:
            Blocked: nothing was sent.
            httpx.TransportError: as the inner transport.
        """
        checked = await self._guard.check_url(str(request.url))
        *others, last = checked.addresses
        for address in others:
            try:
                return await self._inner.handle_async_request(_pinned(request, checked, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent: the next address may do
        return await self._inner.handle_async_request(_pinned(request, checked, last))

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()


def _pinned(request: httpx.Request, checked: CheckedUrl, address: str) -> httpx.Request:
    name = checked.url.raw_host.decode("ascii")
    return httpx.Request(
        request.method,
        checked.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": name},
    )
