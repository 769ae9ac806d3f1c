"""The sockets of our own below the HTTP library, plain and over TLS, against servers on loopback."""

import asyncio
import gc
import random
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpcore
import httpx
import pytest
import trustme

from playground.domain.provider import Answer, Context, NoAnswer, RemoteFile
from playground.transport.client import Transport
from playground.transport.download import Downloaded, Interrupted
from playground.transport.sockets import AsyncioSockets
from tests.unit.test_transport_loopback import free_port, get, listening, post, reset, server_of

MEGA = 1024 * 1024
FILE = bytes(range(256)) * (3 * MEGA // 256)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["plain", "tls"])
def over(request: pytest.FixtureRequest, authority: trustme.CA) -> trustme.CA | None:
    """Whose certificates are shown and trusted; None: there is no TLS."""
    return authority if request.param == "tls" else None


@pytest.fixture
def known(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this machine trusts."""
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: trusting(authority))
    return authority


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client's side of TLS."""
    context = ssl.create_default_context()
    authority.configure_trust(context)  # pyright: ignore[reportUnknownMemberType] - OpenSSL's context would do, too
    return context


def shows(authority: trustme.CA | None, name: str = "localhost") -> ssl.SSLContext | None:
    """A server's side of TLS; None without an authority."""
    if authority is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)  # pyright: ignore[reportUnknownMemberType] - as above
    return context


async def gives_the_file(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Whatever is asked for, again and again."""
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(FILE)}\r\n\r\n".encode() + FILE)
        await writer.drain()


async def hears_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def test_a_file_arrives_byte_by_byte_and_the_next_over_the_same_connection(
    over: trustme.CA | None, known: trustme.CA, tmp_path: Path
):
    connections = list[str]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append("one")
        await gives_the_file(reader, writer)

    async with server_of(talk, shows(over)) as port, Transport() as transport:
        base = f"{'https' if over is not None else 'http'}://localhost:{port}"
        for name in ("one", "two"):
            part = tmp_path / name
            file = RemoteFile(url=f"{base}/video")
            got = await transport.download(file, Context(base), secret=None, part=part, cap_bytes=100 * MEGA)
            assert got == Downloaded(len(FILE), None)
            assert part.read_bytes() == FILE
    assert connections == ["one"]


async def test_a_question_is_asked_over_tls(known: trustme.CA):
    heard = list[bytes]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"id": "a"}')

    async with server_of(talk, shows(known)) as port, Transport() as transport:
        answer = await get(transport, f"https://localhost:{port}")
    assert isinstance(answer, Answer)
    assert answer.json == {"id": "a"}
    assert heard[0].startswith(b"GET /x HTTP/1.1\r\n")


@pytest.mark.parametrize("name", ["localhost", "somebody-else.example"])
async def test_who_cannot_prove_its_name_is_sent_nothing(name: str, known: trustme.CA):
    """Neither an authority that nobody knows will do, nor a certificate for another name."""
    stranger = trustme.CA() if name == "localhost" else known
    async with server_of(hears_nothing, shows(stranger, name)) as port, Transport() as transport:
        answer = await post(transport, f"https://localhost:{port}")
    assert answer == NoAnswer(False, "localhost shows a certificate that is not trusted here.")


async def test_a_file_that_is_cut_keeps_what_came(over: trustme.CA | None, known: trustme.CA, tmp_path: Path):
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(FILE)}\r\n\r\n".encode() + FILE[: 2 * MEGA])
        await writer.drain()

    async with server_of(talk, shows(over)) as port, Transport() as transport:
        base = f"{'https' if over is not None else 'http'}://localhost:{port}"
        part = tmp_path / "part"
        file = RemoteFile(url=f"{base}/video")
        got = await transport.download(file, Context(base), secret=None, part=part, cap_bytes=100 * MEGA)
    assert isinstance(got, Interrupted)
    assert part.read_bytes() == FILE[: 2 * MEGA]


@asynccontextmanager
async def stream_to(port: int, authority: trustme.CA | None = None) -> AsyncGenerator[httpcore.AsyncNetworkStream]:
    """A connection of its own."""
    stream = await AsyncioSockets().connect_tcp("127.0.0.1", port, timeout=5)
    try:
        if authority is not None:
            stream = await stream.start_tls(trusting(authority), "localhost", timeout=5)
        yield stream
    finally:
        await stream.aclose()


async def test_what_nobody_reads_stays_with_who_sends_it(over: trustme.CA | None):
    """Else a video of gigabytes would lie in memory while the disk is slow."""
    pieces, sent = 128, list[int]()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(pieces):
            writer.write(bytes([number]) * MEGA)
            await writer.drain()
            sent.append(number)

    async with server_of(talk, shows(over)) as port, stream_to(port, over) as stream:
        before = -1
        while len(sent) != before:
            before = len(sent)
            await asyncio.sleep(0.2)
        assert before < pieces // 4
        count, got = 0, b"-"
        while count < pieces * MEGA:
            got = await stream.read(100_000, timeout=5)
            assert 0 < len(got) <= 100_000
            assert got[0] == count // MEGA
            count += len(got)
        assert await stream.read(100_000, timeout=5) == b""


async def test_what_the_other_side_does_not_take_is_waited_for(over: trustme.CA | None):
    goes_on, whole = asyncio.Event(), FILE * 20

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await goes_on.wait()
        got = await reader.readexactly(len(whole))
        writer.write(b"the same" if got == whole else b"something else")

    async with server_of(talk, shows(over)) as port:
        async with stream_to(port, over) as stream:
            with pytest.raises(httpcore.WriteTimeout):
                await stream.write(whole, timeout=0.1)
        async with stream_to(port, over) as stream:
            writing = asyncio.create_task(stream.write(whole, timeout=5))
            _, waits = await asyncio.wait({writing}, timeout=0.2)
            assert waits
            goes_on.set()
            await writing
            assert await stream.read(100, timeout=5) == b"the same"


async def test_silence_is_a_timeout():
    async with server_of(hears_nothing) as port, stream_to(port) as stream:
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(10, timeout=0.05)


async def test_a_handshake_that_never_ends_is_a_timeout(authority: trustme.CA):
    async with server_of(hears_nothing) as port:
        stream = await AsyncioSockets().connect_tcp("127.0.0.1", port)
        with pytest.raises(httpcore.ConnectTimeout):
            await stream.start_tls(ssl.create_default_context(), "localhost", timeout=0.1)
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"anything")


def has_addresses(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Let every host have an address at each of these ports."""
    there = socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, ""

    def resolved(*_args: object, **_named: object) -> object:
        return [(*there, ("127.0.0.1", port)) for port in ports]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


async def test_a_host_refuses_where_each_of_its_addresses_does(monkeypatch: pytest.MonkeyPatch):
    has_addresses(monkeypatch, free_port(), free_port())
    async with Transport() as transport:
        answer = await post(transport, "http://two.example")
    assert answer == NoAnswer(False, "two.example refuses the connection.")


async def test_an_address_that_says_nothing_does_not_keep_the_next_one_waiting(monkeypatch: pytest.MonkeyPatch):
    with listening() as silent, ExitStack() as filling:
        silent.listen(0)
        for _ in range(3):
            # What nobody accepts fills its queue; whoever comes then hears nothing.
            one = filling.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(silent.getsockname())
        async with server_of(hears_nothing) as port:
            has_addresses(monkeypatch, silent.getsockname()[1], port)
            stream = await AsyncioSockets().connect_tcp("two.example", 80, timeout=3)
            assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
            await stream.aclose()
            has_addresses(monkeypatch, silent.getsockname()[1])
            with pytest.raises(httpcore.ConnectTimeout):
                await AsyncioSockets().connect_tcp("one.example", 80, timeout=0.1)


async def test_whoever_gives_up_while_connecting_leaves_no_socket_open():
    """A socket that nobody closed would be a warning here, which is an error."""
    dice = random.Random(1)
    async with server_of(hears_nothing) as port:
        for _ in range(300):
            connecting = asyncio.create_task(AsyncioSockets().connect_tcp("127.0.0.1", port))
            await asyncio.sleep(dice.uniform(0, 0.001))
            connecting.cancel()
            with suppress(asyncio.CancelledError):
                await (await connecting).aclose()
    gc.collect()


async def test_an_end_is_known_before_the_loop_has_heard_of_it():
    with listening() as listener:
        stream = await AsyncioSockets().connect_tcp(*listener.getsockname())
        there, _ = listener.accept()
        assert not stream.get_extra_info("is_readable")
        there.close()
        assert stream.get_extra_info("is_readable")
        await stream.aclose()


async def test_a_reset_is_an_error_and_an_end_is_none():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        word = await reader.readexactly(5)
        if word == b"reset":
            reset(writer)

    async with server_of(talk) as port:
        async with stream_to(port) as stream:
            await stream.write(b"endit")
            assert await stream.read(10, timeout=5) == b""
            with pytest.raises(httpcore.WriteError):
                await stream.write(b"more")
        async with stream_to(port) as stream:
            await stream.write(b"reset")
            with pytest.raises(httpcore.ReadError):
                await stream.read(10, timeout=5)
            assert stream.get_extra_info("is_readable")


async def test_a_connection_over_tls_that_was_reset_is_not_taken_up_again(authority: trustme.CA):
    """Whenever one asks: between the reset and the loop's word of it there is a moment without a socket."""
    asked = list[bool]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(5)
        reset(writer)

    async with (
        server_of(talk, shows(authority)) as port,
        stream_to(port, authority) as stream,
        asyncio.timeout(5),
    ):
        await stream.write(b"reset")
        while not asked or not asked[-1]:
            await asyncio.sleep(0)
            asked.append(stream.get_extra_info("is_readable"))
        with pytest.raises(httpcore.NetworkError):
            await stream.read(10, timeout=5)


async def test_an_answer_that_comes_before_the_whole_question_is_heard():
    """A refusal of a body that is too large, say."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no")
        writer.write_eof()
        await asyncio.Event().wait()

    async with server_of(talk) as port, stream_to(port) as stream:
        with pytest.raises(httpcore.WriteError):
            await stream.write(FILE * 20, timeout=5)
        assert await stream.read(10, timeout=5) == b"no"
        assert await stream.read(10, timeout=5) == b""


async def test_closing_does_not_wait_for_a_file_that_nobody_wants(over: trustme.CA | None):
    ended = asyncio.Event()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(bytes(MEGA))
                await writer.drain()
        finally:
            ended.set()

    async with server_of(talk, shows(over)) as port:
        async with stream_to(port, over) as stream:
            await stream.read(10, timeout=5)
        async with asyncio.timeout(5):
            await ended.wait()
