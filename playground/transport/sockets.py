# ruff: noqa: ASYNC109 - the library says how long in each call
"""The HTTP library's sockets, straight from asyncio.

Those it brings go through anyio, which ends every read in a turn of the event loop and takes TLS in pieces of 16 kB:
a status question then costs half as much CPU again, and a video over TLS twice as much.
"""

import asyncio
import select
import socket
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import zip_longest
from typing import Any, Final, TypeAlias

import httpcore

_Address: TypeAlias = tuple[int, tuple[Any, ...]]
"""A family, and what the system calls an address of it: host and port come first."""
_WAITING_BYTES: Final = 1024 * 1024
"""Received and not yet read; more is left to the system (and to TLS, which takes half as much again) until half is."""
_PIECE_BYTES: Final = 64 * 1024
_OTHER_ADDRESS_SECONDS: Final = 0.25
"""Until a host's next address is tried beside the first (RFC 8305)."""


class AsyncioSockets(httpcore.AsyncNetworkBackend):
    """Connects to hosts; to be given to a connection pool."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect within `timeout` seconds.

        Raises:
            httpcore.ConnectError: nobody there, or no such host.
            httpcore.ConnectTimeout: not in time.
        """
        local = (local_address, 0) if local_address is not None else None
        async with _connecting(timeout):
            line = await _first_of(await _addresses(host, port), local)
        for option in socket_options or ():
            line.transport.get_extra_info("socket").setsockopt(*option)
        return _Stream(line)

    async def sleep(self, seconds: float) -> None:
        """Wait before another attempt, where the pool makes several."""
        await asyncio.sleep(seconds)


class _Line(asyncio.Protocol):
    """What arrives at one socket, until it is read; and whether it takes more."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.arrived: deque[bytes] = deque()
        self.ended = False
        self.error: Exception | None = None
        self.full = False
        """More is waiting to be sent than the system takes at once."""
        self._bytes = 0
        self._held = False
        self._news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.arrived.append(data)
        self._bytes += len(data)
        if self._bytes > _WAITING_BYTES and not self._held:
            self._held = True
            self.transport.pause_reading()
        self._news.set()

    def eof_received(self) -> None:
        self.ended = True
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended:
            # What follows an end is no news to who read to that end.
            self.ended, self.error = True, exc
        self.full = False
        self._news.set()

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self._news.set()

    async def until(self, done: Callable[[], bool], seconds: float | None) -> None:
        """Wait for what arrives, ends or may be sent. Raises `TimeoutError`."""
        if done():
            return
        async with asyncio.timeout(seconds):
            while not done():
                self._news.clear()
                await self._news.wait()

    def take(self, most: int) -> bytes:
        """Some of what has arrived, at least one byte."""
        data = self.arrived.popleft()
        if len(data) > most:
            self.arrived.appendleft(data[most:])
            data = data[:most]
        self._bytes -= len(data)
        if self._held and self._bytes <= _WAITING_BYTES // 2 and not self.ended:
            self._held = False
            self.transport.resume_reading()
        return data


class _Stream(httpcore.AsyncNetworkStream):
    """One connection, read and written by one request at a time."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        line = self._line
        try:
            await line.until(lambda: bool(line.arrived) or line.ended, timeout)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        if line.arrived:
            return line.take(max_bytes)
        if line.error is not None:
            raise httpcore.ReadError from line.error
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        line = self._line
        # In pieces: TLS counts as waiting only what it was given after the system was full.
        for begin in range(0, len(buffer), _PIECE_BYTES):
            if line.ended or line.transport.is_closing():
                raise httpcore.WriteError from line.error
            line.transport.write(buffer[begin : begin + _PIECE_BYTES])
            try:
                await line.until(lambda: not line.full or line.ended, timeout)
            except TimeoutError as error:
                raise httpcore.WriteTimeout from error

    async def aclose(self) -> None:
        # Nobody waits for the other side's goodbye: it may still be sending a file that nobody wants.
        self._line.transport.abort()
        await asyncio.sleep(0)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        line, loop = self._line, asyncio.get_running_loop()
        try:
            async with _connecting(timeout):
                secure = await loop.start_tls(line.transport, line, ssl_context, server_hostname=server_hostname)
        except BaseException:
            await self.aclose()
            raise
        assert secure is not None
        line.transport = secure
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # The system is asked too: a busy loop may not have heard yet that the other side has gone.
            line = self._line
            return line.ended or bool(line.arrived) or line.transport.is_closing() or _is_readable(line.transport)
        return self._line.transport.get_extra_info(_NAMES.get(info, info))


_NAMES: Final = {"client_addr": "sockname", "server_addr": "peername"}


def _is_readable(transport: asyncio.Transport) -> bool:
    watched = select.poll()
    watched.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(watched.poll(0))


@asynccontextmanager
async def _connecting(seconds: float | None) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout from error
    except (OSError, UnicodeError) as error:  # of TLS, too; and of a name that cannot be one
        raise httpcore.ConnectError from error


async def _addresses(host: str, port: int) -> list[_Address]:
    """Where a host may be reached: families in turn, the system's choice first."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    families = {family: [each for each in found if each[0] == family] for family, *_ in found}
    return [(each[0], each[4]) for turn in zip_longest(*families.values()) for each in turn if each is not None]


async def _first_of(addresses: Sequence[_Address], local: tuple[str, int] | None) -> _Line:
    """Connect to the first address that takes it; each gets a moment before the next is tried beside it (RFC 8305).

    asyncio can do so itself, but loses a socket where it is cancelled, and what kind of error each address gave.
    """
    loop, trying = asyncio.get_running_loop(), list[asyncio.Task[_Line]]()

    async def to(family: int, address: tuple[Any, ...]) -> _Line:
        _, line = await loop.create_connection(_Line, *address[:2], family=family, local_addr=local)
        return line

    won, left = None, list(addresses)
    try:
        while left or not all(each.done() for each in trying):
            if left:
                trying.append(loop.create_task(to(*left.pop(0))))
            under_way = [each for each in trying if not each.done()]
            await asyncio.wait(
                under_way, timeout=_OTHER_ADDRESS_SECONDS if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            won = next((each for each in trying if each.done() and each.exception() is None), None)
            if won is not None:
                return won.result()
    finally:
        for each in trying:
            if each is not won and not each.cancel() and each.exception() is None:
                each.result().transport.abort()
    errors = [error for each in trying if (error := each.exception()) is not None]
    # Who refuses is there at least.
    raise next((each for each in errors if isinstance(each, ConnectionRefusedError)), errors[0])
