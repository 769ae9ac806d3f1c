"""A scripted HTTP server on loopback for the transport's tests, which can do what no well-behaved server does."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playground.domain.credentials import Secret
from playground.domain.provider import Answer, Context, HttpCall, Reply
from playground.transport.client import Transport


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Loopback:
    port: int
    seen: list[Seen] = field(default_factory=list[Seen])
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


Script = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def read_request(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers: dict[str, str] = {}
    for name, _, value in (line.partition(": ") for line in head[1:] if line):
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
    return Seen(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@asynccontextmanager
async def server_of(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncGenerator[int]:
    """Talk to whoever connects; answers the port. What is still said when the block ends is ended."""
    tasks: set[asyncio.Task[None] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, sock=listening(), ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


@asynccontextmanager
async def serving(script: Script) -> AsyncGenerator[Loopback, None]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.connections += 1
        while not writer.is_closing():
            seen = await read_request(reader)
            there.seen.append(seen)
            await script(seen, writer)

    async with server_of(talk) as port:
        there = Loopback(port)
        yield there


def listening() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def free_port() -> int:
    with listening() as listener:
        return listener.getsockname()[1]


async def reply(
    writer: asyncio.StreamWriter, status: int, body: bytes = b"", length: int | None = None, **headers: str
) -> None:
    """Answer with `body`; `length` is what is announced, and the connection ends where it lies."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    announced = len(body) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", *lines, f"content-length: {announced}", "", ""])
    writer.write(head.encode("latin-1") + body)
    await writer.drain()
    if announced != len(body):
        writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a reset instead of an end."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def answering(status: int, body: bytes = b"", length: int | None = None, **headers: str) -> Script:
    async def script(_: Seen, writer: asyncio.StreamWriter) -> None:
        await reply(writer, status, body, length, **headers)

    return script


async def get(transport: Transport, base: str, path: str = "/x", secret: Secret | None = None) -> Reply:
    return await transport.send(
        HttpCall("GET", path), Context(base), secret=secret, media={}, answer_cap_bytes=1_000_000
    )


async def post(transport: Transport, base: str, secret: Secret | None = None) -> Reply:
    call = HttpCall("POST", "/videos", {"prompt": "a cat"}, timeout="create")
    return await transport.send(call, Context(base), secret=secret, media={}, answer_cap_bytes=1_000_000)


async def test_the_server_answers_as_scripted():
    async with serving(answering(201, b'{"id": "a"}', retry_after="2")) as there, Transport() as transport:
        answer = await post(transport, there.url)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.json, answer.headers["retry-after"]) == (201, {"id": "a"}, "2")
    assert there.seen[0].body == b'{"prompt":"a cat"}'
    assert there.seen[0].headers["host"] == f"127.0.0.1:{there.port}"
