"""Connections that are kept: taken up again, closed when too many or too old, and given back whatever happens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest

from playground.transport.kept import KeptConnections


class Host:
    """A server that answers in a moment of ours, and knows its connections."""

    def __init__(self) -> None:
        self.opened = 0
        self.open = 0
        self.changed = asyncio.Condition()
        self.answers = asyncio.Event()
        self.answers.set()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        await self.count(1)
        try:
            while b"/cut" not in await reader.readuntil(b"\r\n\r\n"):
                await self.answers.wait()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            await self.count(-1)

    async def count(self, change: int) -> None:
        async with self.changed:
            self.open += change
            self.changed.notify_all()


@asynccontextmanager
async def a_host() -> AsyncGenerator[Host]:
    host = Host()
    async with await asyncio.start_server(host.serve, "127.0.0.1", 0) as server:
        host.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield host


@asynccontextmanager
async def kept(most: int, seconds: float = 60) -> AsyncGenerator[httpx.AsyncClient]:
    one = httpx.Limits(max_connections=None, max_keepalive_connections=1)
    transport = KeptConnections(lambda: httpx.AsyncHTTPTransport(limits=one), most=most, seconds=seconds)
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
        yield client


async def until_open(host: Host, connections: int) -> None:
    async with asyncio.timeout(5), host.changed:
        await host.changed.wait_for(lambda: host.open == connections)


async def test_one_after_the_other_goes_over_one_connection():
    async with a_host() as host, kept(5) as client:
        for _ in range(10):
            assert (await client.get(host.url)).text == "ok"
        assert host.opened == 1


async def test_at_once_each_has_its_own_and_only_so_many_are_kept():
    async with a_host() as host, kept(3) as client:
        host.answers.clear()
        asked = [asyncio.create_task(client.get(host.url)) for _ in range(8)]
        await until_open(host, 8)
        host.answers.set()
        assert [(await each).text for each in asked] == ["ok"] * 8
        await until_open(host, 3)
        await asyncio.gather(*(client.get(host.url) for _ in range(3)))
        assert host.opened == 8
    # The client is closed, and nothing of it stays.


async def test_every_origin_has_its_own_connections():
    async with a_host() as one, a_host() as other, kept(5) as client:
        for _ in range(4):
            await client.get(one.url)
            await client.get(other.url)
        assert (one.opened, other.opened) == (1, 1)


async def test_a_failure_and_a_body_that_nobody_reads_give_back_too():
    async with a_host() as host, kept(5) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{host.url}/cut")
        async with client.stream("GET", host.url):
            pass
        await client.get(host.url)
        await client.get(host.url)
        assert host.open <= 1


async def test_a_cancelled_request_leaves_no_connection_behind():
    async with a_host() as host, kept(5) as client:
        host.answers.clear()
        asked = asyncio.create_task(client.get(host.url))
        await until_open(host, 1)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        host.answers.set()
        await until_open(host, 0)
        assert (await client.get(host.url)).text == "ok"


async def test_what_waited_too_long_is_closed():
    async with a_host() as host, a_host() as other, kept(5, seconds=0) as client:
        await client.get(host.url)
        await until_open(host, 1)
        await client.get(other.url)
        await until_open(host, 0)


async def test_while_some_are_closed_others_come_and_go():
    """Closing takes its time, and meanwhile everything else goes on."""

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(0)
            return httpx.Response(200, stream=httpx.ByteStream(b"ok"))

        async def aclose(self) -> None:
            for _ in range(5):
                await asyncio.sleep(0)

    made: list[Slow] = []

    def make() -> Slow:
        made.append(Slow())
        return made[-1]

    async with httpx.AsyncClient(transport=KeptConnections(make, most=2, seconds=-1)) as client:
        answers = await asyncio.gather(*(client.get("http://here/") for _ in range(20)))
        assert [each.text for each in answers] == ["ok"] * 20
        assert len(made) == 20
