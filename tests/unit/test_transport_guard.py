"""The guard: links that lead inside are refused, and nothing can change between the check and the connection."""

import asyncio
import sys
import tomllib
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_transport_loopback import Script, Seen, answering, listening, serving

from playground.transport import fetch as fetching
from playground.transport.addresses import is_public
from playground.transport.client import Transport
from playground.transport.fetch import Fetched, FetchFailed
from playground.transport.guard import Blocked, Guard, HostNotFound, PinnedTransport, Resolver, url_problem

PUBLIC = "93.184.215.14"


def leading_to(*addresses: str) -> Resolver:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


HOSTILE = tomllib.loads((Path(__file__).parents[1] / "data" / "hostile_urls.toml").read_text())
BY_LOOKS: list[str] = [*HOSTILE["by_looks"], "https://public.example/" + "x" * 9_000]
BY_ADDRESS: dict[str, list[str]] = HOSTILE["by_address"]
_connected: list[object] = []


def _note_connections(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        _connected.append(arguments[1])


sys.addaudithook(_note_connections)


async def leads_astray(host: str, port: int) -> Sequence[str]:
    return BY_ADDRESS[host]


def test_the_corpus_is_one() -> None:
    assert len(set(BY_LOOKS)) + len(BY_ADDRESS) + len(HOSTILE["redirects"]["to"]) >= 60 + 26 + 13


async def test_nothing_is_connected_to_for_a_hostile_link(tmp_path: Path) -> None:
    _connected.clear()
    async with Transport(resolver=leads_astray) as transport:
        for url in (*BY_LOOKS, *(f"https://{host}/a.png" for host in BY_ADDRESS)):
            with pytest.raises(Blocked):
                await transport.fetch(url, tmp_path / "a", 10)
    assert _connected == []
    assert names(tmp_path) == []


@pytest.mark.parametrize("url", BY_LOOKS)
async def test_a_hostile_link_is_refused_by_its_looks_alone(url: str):
    async def unasked(host: str, port: int) -> Sequence[str]:
        raise AssertionError(host)

    with pytest.raises(Blocked):
        await Guard(resolver=unasked).check_url(url)
    assert url_problem(url, frozenset(), frozenset()) is not None


@pytest.mark.parametrize("host", BY_ADDRESS)
async def test_a_name_that_leads_inside_is_refused(host: str):
    with pytest.raises(Blocked, match="private or local"):
        await Guard(resolver=leads_astray).check_url(f"https://{host}/")


@pytest.mark.parametrize("url", ["https://a.example/x.png?y=1", "https://a.example:8443/", "https://bücher.example/"])
async def test_a_public_link_may_be_followed(url: str):
    guard = Guard(resolver=leading_to("2606:4700::1", PUBLIC, PUBLIC))
    checked = await guard.check_url(url)
    assert checked.addresses == (PUBLIC, "2606:4700::1")
    assert guard.problem(url) is None


async def test_a_name_that_leads_nowhere_is_told_apart():
    async def fails(host: str, port: int) -> Sequence[str]:
        raise OSError

    for resolver in (fails, leading_to()):
        with pytest.raises(HostNotFound, match=r"nowhere\.example could not be found"):
            await Guard(resolver=resolver).check_url("https://nowhere.example/")


async def test_what_the_operator_allows_may_be_private():
    guard = Guard(
        trusted_origins={"http://127.0.0.1:9000/v1"},
        allow_private_hosts={"media.local:8000", "[::1]:8001"},
        resolver=leading_to("127.0.0.1"),
    )
    for url in (
        "http://127.0.0.1:9000/x",
        "http://media.local:8000/x",
        "https://MEDIA.local:8000/",
        "http://[::1]:8001/",
    ):
        assert (await guard.check_url(url)).addresses == ("127.0.0.1",)
    for url in (
        "https://127.0.0.1:9000/x",
        "http://127.0.0.1:9001/",
        "http://media.local:8001/",
        "http://media.local/",
    ):
        with pytest.raises(Blocked):
            await guard.check_url(url)


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"])
def test_public_addresses(address: str):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_no_ipv6_address_that_carries_another_is_public(inner: IPv4Address):
    number = int(inner)
    high, low = number >> 16, number & 0xFFFF
    coats = [f"::ffff:{inner}", f"::{inner}", f"64:ff9b::{inner}", f"2002:{high:x}:{low:x}::1"]
    coats += [f"2001:0:{high:x}:{low:x}::1", f"2606:4700::5efe:{inner}"]
    coats.append(f"2001:0:808:808::{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}")
    assert not any(map(is_public, coats))


class Recorder(httpx.AsyncBaseTransport):
    def __init__(self, unreachable: str = "") -> None:
        self.seen: list[httpx.Request] = []
        self._unreachable = unreachable

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if request.url.host == self._unreachable:
            raise httpx.ConnectError("down")
        return httpx.Response(200)


async def test_the_checked_address_is_connected_to_under_its_name():
    inner = Recorder(unreachable="8.8.8.8")
    guard = Guard(resolver=leading_to("8.8.8.8", PUBLIC))
    request = httpx.Request("GET", "https://files.example:8443/a%20b?x=%2F", headers={"x-one": "1"})
    await PinnedTransport(guard, inner).handle_async_request(request)
    first, second = inner.seen
    assert (first.url.host, second.url.host) == ("8.8.8.8", PUBLIC)
    assert str(second.url) == f"https://{PUBLIC}:8443/a%20b?x=%2F"
    assert second.headers["host"] == "files.example:8443"
    assert second.extensions["sni_hostname"] == "files.example"


async def test_the_name_is_what_tls_asks_for():
    hello: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.append(await reader.read(10_000))
        writer.close()

    server = await asyncio.start_server(connected, sock=listening())
    where = f"files.example:{server.sockets[0].getsockname()[1]}"
    async with Transport(allow_private_hosts={where}, resolver=leading_to("127.0.0.1")) as transport:
        with pytest.raises(FetchFailed):
            await transport.fetch(f"https://{where}/", Path("unused"), 10)
    server.close()
    assert b"files.example" in hello[0]


# A user's URL


async def test_a_users_file_is_fetched_under_its_name(tmp_path: Path):
    async with serving(answering(200, b"png", content_type="image/png")) as there:
        where = f"files.example:{there.port}"
        async with Transport(allow_private_hosts={where}, resolver=leading_to("127.0.0.1")) as transport:
            fetched = await transport.fetch(f"http://{where}/a?b=c", tmp_path / "a", 10)
    assert fetched == Fetched(3, "image/png")
    assert (tmp_path / "a").read_bytes() == b"png"
    assert (there.seen[0].target, there.seen[0].headers["host"]) == ("/a?b=c", where)


async def test_a_name_that_changes_its_mind_is_refused_when_it_is_fetched(tmp_path: Path):
    answers = iter([PUBLIC, "127.0.0.1"])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return (next(answers),)

    async with Transport(resolver=rebinding) as transport:
        await transport.check_url("https://rebind.example/")
        with pytest.raises(Blocked, match="private or local"):
            await transport.fetch("https://rebind.example/", tmp_path / "a", 10)
    assert names(tmp_path) == []


@pytest.mark.parametrize("to", HOSTILE["redirects"]["to"])
async def test_a_redirect_inside_is_not_followed(tmp_path: Path, to: str):
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"] if host == "files.example" else BY_ADDRESS[host]

    async with (
        serving(answering(200)) as other,
        serving(answering(302, location=to.format(port=other.port))) as there,
        Transport(allow_private_hosts={f"files.example:{there.port}"}, resolver=resolve) as transport,
    ):
        _connected.clear()
        with pytest.raises(Blocked):
            await transport.fetch(f"http://files.example:{there.port}/", tmp_path / "a", 10)
    assert _connected == [("127.0.0.1", there.port)]
    assert other.seen == []
    assert names(tmp_path) == []


async def test_a_private_gateway_is_no_place_that_strangers_may_name(tmp_path: Path):
    async with serving(answering(200, b"png")) as gateway:
        async with Transport(trusted_origins={gateway.url}) as transport:
            await transport.fetch(gateway.url, tmp_path / "a", 10)
        async with Transport(trusted_origins={gateway.url}, people_are_strangers=True) as transport:
            with pytest.raises(Blocked):
                await transport.fetch(gateway.url, tmp_path / "b", 10)
    assert len(gateway.seen) == 1


async def drips(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.02)


async def is_endless(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + b"x" * 1_000)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (answering(404), "status 404"),
        (answering(200, b"x" * 101), "larger than 0.0001 MB"),
        (answering(200, b"x", 9), "without a whole answer"),
        (answering(200, b"x", content_encoding="gzip"), "packed"),
        (is_endless, "larger than 0.0001 MB"),
        (drips, "takes too long"),
    ],
)
async def test_what_cannot_be_fetched_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Script, says: str
):
    if script is drips:
        monkeypatch.setattr(fetching, "FETCH_SECONDS", 0.2)
    async with serving(script) as there, Transport(trusted_origins={there.url}) as transport:
        with pytest.raises(FetchFailed, match=says):
            await transport.fetch(there.url, tmp_path / "a", 100)
    assert names(tmp_path) == []
