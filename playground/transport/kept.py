"""Connections that are kept for the next request, and found without looking at all the others."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

import httpx

_Origin: TypeAlias = tuple[str, str, int | None]


class KeptConnections(httpx.AsyncBaseTransport):
    """Lends each request a transport of its own: the one that was used last at its origin.

    httpcore asks the system about every connection of a pool when a request comes and again when it goes. With dozens
    of questions at a time that is a third of what each one costs. A transport of its own has one connection.
    """

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport], *, most: int, seconds: float) -> None:
        """`make` gives a transport that keeps one connection; `most` of them wait for the next, for so many seconds."""
        self._make = make
        self._most = most
        self._seconds = seconds
        self._idle: deque[tuple[float, _Origin, httpx.AsyncBaseTransport]] = deque()
        self._lent: set[httpx.AsyncBaseTransport] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it. Raises as a lent transport does."""
        where = request.url.scheme, request.url.host, request.url.port
        one = self._take(where)
        try:
            response = await one.handle_async_request(request)
        except BaseException:
            await self._give_back(where, one)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Lent(response.stream, lambda: self._give_back(where, one))
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        idle, lent = list(self._idle), list(self._lent)
        self._idle.clear()
        self._lent.clear()
        for one in (*(one for _, _, one in idle), *lent):
            await one.aclose()

    def _take(self, where: _Origin) -> httpx.AsyncBaseTransport:
        found = next((each for each in reversed(self._idle) if each[1] == where), None)
        if found is not None:
            self._idle.remove(found)
        one = found[2] if found is not None else self._make()
        self._lent.add(one)
        return one

    async def _give_back(self, where: _Origin, one: httpx.AsyncBaseTransport) -> None:
        if one not in self._lent:
            return
        self._lent.discard(one)
        now = asyncio.get_running_loop().time()
        self._idle.append((now, where, one))
        # While one is closed, others take and give back: what there is is looked at anew each time.
        while self._idle and (len(self._idle) > self._most or self._idle[0][0] < now - self._seconds):
            _, _, old = self._idle.popleft()
            with suppress(httpx.HTTPError, OSError):
                await old.aclose()


class _Lent(httpx.AsyncByteStream):
    """A body whose transport goes back once it is closed."""

    def __init__(self, stream: httpx.AsyncByteStream, give_back: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._give_back = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            await self._give_back()
