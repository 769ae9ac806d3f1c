"""A proxy in front of the stand-ins for faults below HTTP: what a server that answers at all cannot play.

Queued like all faults, with the step `connection`: each spoils the connection of the next request, new or kept open.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from playground.emulator._faults import CONNECTION, Fault, FaultBook

_PIECE_BYTES: Final = 65_536
_TRICKLE_BYTES: Final = 512
_TRICKLE_SECONDS: Final = 0.02
_SETTLE_SECONDS: Final = 0.02
"""Between the last bytes and a reset, which would otherwise overtake them."""


@dataclass
class _Line:
    """What is in store for the answer that an open connection carries next."""

    fault: Fault | None
    passed: int = 0
    """Bytes of that answer that went through."""


class TcpProxy:
    """Passes connections on to one port of this machine, but for those that a fault is meant for."""

    def __init__(self, book: FaultBook) -> None:
        self._book = book
        self._port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self, listening: socket.socket, port: int) -> None:
        """Serve on a listening socket, passing on to `port`."""
        self._port = port
        self._server = await asyncio.start_server(self._serve, sock=listening)

    async def aclose(self) -> None:
        """Stop, and cut what is open."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served in a task"
        self._open.add(task)
        try:
            line = _Line(self._book.take_whole(None, CONNECTION))
            if line.fault is not None and line.fault.fault == "reset":
                _reset(writer)
                return
            with suppress(ConnectionError, asyncio.CancelledError):
                await self._pass_on(reader, writer, line)
        finally:
            writer.close()
            self._open.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._port)
        up = asyncio.create_task(self._requests(reader, upstream_writer, writer, line))
        try:
            await _spoilt(upstream_reader, writer, line)
        finally:
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)
            upstream_writer.close()

    async def _requests(
        self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter, writer: asyncio.StreamWriter, line: _Line
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_PIECE_BYTES):
                if line.passed and line.fault is None:  # an answer has gone through, so this begins another request
                    line.fault, line.passed = self._book.take_whole(None, CONNECTION), 0
                    if line.fault is not None and line.fault.fault == "reset":
                        _reset(writer)
                        return
                upstream.write(data)
                await upstream.drain()
            upstream.write_eof()


async def _spoilt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line) -> None:
    """Pass the answers on as far as the fault lets them."""
    while data := await reader.read(_PIECE_BYTES):
        fault = line.fault
        left = fault.after_bytes - line.passed if fault is not None and fault.fault != "trickle" else len(data)
        line.passed += len(data)
        if fault is not None and fault.fault == "trickle":
            await _trickle(data, writer)
            continue
        writer.write(data[: max(left, 0)])
        await writer.drain()
        if left >= len(data):
            continue
        assert fault is not None, "only a fault holds anything back"
        if fault.fault == "reset-after":
            await asyncio.sleep(_SETTLE_SECONDS)
            _reset(writer)
        if fault.fault != "black-hole":
            return


async def _trickle(data: bytes, writer: asyncio.StreamWriter) -> None:
    for start in range(0, len(data), _TRICKLE_BYTES):
        writer.write(data[start : start + _TRICKLE_BYTES])
        await writer.drain()
        await asyncio.sleep(_TRICKLE_SECONDS)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
