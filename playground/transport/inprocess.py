"""An ASGI app behind httpx without a socket, with what a socket has: streaming, timeouts, lost and cut answers."""

import asyncio
import logging
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from math import inf
from typing import Any, Final

import httpx

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI 3 application."""

_GRACE_SECONDS: Final = 0.05
"""How long an app may take to leave by itself once its client is gone or served."""
_STOP_SECONDS: Final = 5.0
_BODILESS: Final = frozenset({204, 304})

_log = logging.getLogger(__name__)


class InProcessTransport(httpx.AsyncBaseTransport):
    """Drives an ASGI app, each request in a task of its own.

    The app loses a reply by raising before it starts one (`httpx.ReadError`), and cuts one by raising or returning
    before its end (`httpx.RemoteProtocolError`). An app whose client leaves early is told so and then cancelled.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._live: set[_Exchange] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Start the app and wait for the head of its answer.

        Raises:
            httpx.ReadTimeout: longer silence than the request's read timeout.
            httpx.ReadError: the app ended without an answer.
        """
        exchange = _Exchange(self._app, request)
        self._live.add(exchange)
        exchange.task.add_done_callback(lambda _: self._live.discard(exchange))
        try:
            status, headers = await exchange.head()
        except BaseException:
            await exchange.leave()
            raise
        return httpx.Response(status, headers=headers, stream=_Answer(exchange))

    async def aclose(self) -> None:
        """End every request that is still at work."""
        for exchange in tuple(self._live):
            await exchange.stop()


class _Answer(httpx.AsyncByteStream):
    """The body of an answer, taken from the app as fast as it is read."""

    def __init__(self, exchange: "_Exchange") -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._exchange.chunk()) is not None:
            yield chunk

    async def aclose(self) -> None:
        await self._exchange.leave()


class _Exchange:
    """One request and its answer: the client's side is `head`, `chunk`, `leave` and `stop`; the rest is the app's."""

    def __init__(self, app: App, request: httpx.Request) -> None:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        self._app = app
        self._request = request
        read_seconds: float | None = request.extensions.get("timeout", {}).get("read")
        self._read_seconds = inf if read_seconds is None else read_seconds
        self._upload: AsyncIterator[bytes] | None = aiter(request.stream)
        self._upload_error: Exception | None = None
        self._uploaded_at = 0.0
        self._head: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._missing: int | None = None
        """Bytes that the announced length still asks for."""
        self._chunk: bytes | None = None
        self._whole = False
        self._gone = False
        self._for_client = asyncio.Event()
        self._taken = asyncio.Event()
        self._over = asyncio.Event()
        self.task = asyncio.create_task(self._run())
        self.task.add_done_callback(lambda _: self._for_client.set())

    async def head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        await self._wait(lambda: self._head is not None or self._upload_error is not None)
        if self._upload_error is not None:
            raise self._upload_error
        if self._head is None:
            raise httpx.ReadError("The app ended without an answer.", request=self._request)
        return self._head

    async def chunk(self) -> bytes | None:
        """The next piece; None at the end."""
        await self._wait(lambda: self._chunk is not None or self._whole)
        chunk, self._chunk = self._chunk, None
        self._taken.set()
        if chunk is None and not self._whole:
            raise httpx.RemoteProtocolError("The app cut its answer.", request=self._request)
        return chunk

    async def leave(self) -> None:
        """The client goes: the app hears of it and is cancelled if it stays; once it has answered it may stay."""
        served = self._whole and self._chunk is None
        self._go()
        await asyncio.wait({self.task}, timeout=_GRACE_SECONDS)
        if not served:
            await self.stop()

    async def stop(self) -> None:
        """Cancel the app and wait for its end."""
        self._go()
        if self.task.done():
            return
        self.task.cancel()
        await asyncio.wait({self.task}, timeout=_STOP_SECONDS)
        if not self.task.done():
            _log.error("The in-process app does not end although it was cancelled")

    def _go(self) -> None:
        self._gone = True
        self._over.set()
        self._taken.set()

    async def _wait(self, ready: Callable[[], bool]) -> None:
        """Until `ready` or the app's end. Silence counts from here, or from the last piece that the app took."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not (ready() or self.task.done()):
            self._for_client.clear()
            until = max(began, self._uploaded_at) + self._read_seconds
            try:
                async with asyncio.timeout_at(until):
                    await self._for_client.wait()
            except TimeoutError:
                if max(began, self._uploaded_at) + self._read_seconds <= loop.time():
                    raise httpx.ReadTimeout("The app is silent.", request=self._request) from None

    # The app's side.

    async def _run(self) -> None:
        upload = self._upload
        try:
            await self._app(_scope(self._request), self._receive, self._send)
        except Exception as error:
            if not self._gone:
                frame = traceback.extract_tb(error.__traceback__)[-1]
                _log.warning(
                    "The in-process app raised %s at %s:%s", type(error).__name__, frame.filename, frame.lineno
                )
        finally:
            if isinstance(upload, AsyncGenerator):
                await upload.aclose()

    async def _receive(self) -> Message:
        if self._upload is not None and not self._gone:
            try:
                piece = await anext(self._upload)
            except StopAsyncIteration:
                self._upload = None
                return {"type": "http.request", "body": b"", "more_body": False}
            except Exception as error:
                self._upload, self._upload_error = None, error
                self._for_client.set()
            else:
                self._uploaded_at = asyncio.get_running_loop().time()
                return {"type": "http.request", "body": piece, "more_body": True}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._gone:
            raise OSError("The client is gone.")
        if message["type"] == "http.response.start":
            if self._head is not None:
                raise RuntimeError("The answer was started twice.")
            headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", [])]
            self._missing = _announced(self._request.method, message["status"], headers)
            self._head = (message["status"], headers)
            self._for_client.set()
        elif message["type"] == "http.response.body":
            await self._give(bytes(message.get("body", b"")), last=not message.get("more_body", False))

    async def _give(self, body: bytes, *, last: bool) -> None:
        if self._head is None or self._whole:
            raise RuntimeError("A body belongs after the start of an answer and before its end.")
        if self._missing is not None:
            self._missing -= len(body)
            if self._missing < 0 or (last and self._missing > 0):
                raise RuntimeError("The body is not as long as its Content-Length says.")
        if body and self._request.method != "HEAD":
            self._taken.clear()
            self._chunk = body
            self._for_client.set()
            if not last:
                await self._taken.wait()
        if last:
            self._whole = True
            self._over.set()
            self._for_client.set()


def _scope(request: httpx.Request) -> Scope:
    path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 0),
        "server": (request.url.host, request.url.port or {"https": 443}.get(request.url.scheme, 80)),
    }


def _announced(method: str, status: int, headers: list[tuple[bytes, bytes]]) -> int | None:
    if method == "HEAD" or status in _BODILESS:
        return None
    lengths = [int(value) for name, value in headers if name.lower() == b"content-length"]
    return lengths[0] if lengths else None
