"""Downloads: one attempt each, resumed, never two files in one, and the key only where it belongs."""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_transport_loopback import Loopback, Script, Seen, answering, free_port, reply, reset, serving

from playground.domain.credentials import Secret, origin
from playground.domain.provider import Context, RemoteFile
from playground.transport.client import Transport
from playground.transport.download import (
    BadLink,
    Download,
    Downloaded,
    Forbidden,
    Interrupted,
    LinkExpired,
    TooLarge,
    etag_file,
    link,
)
from playground.transport.files import PIECE_BYTES, in_thread
from playground.transport.guard import Blocked
from playground.transport.inprocess import InProcessTransport, Receive, Scope, Send

VIDEO = os.urandom(700_000)
ETAG = '"v1"'
CAP = 1_000_000


def ranged(video: bytes = VIDEO, etag: str = ETAG) -> Script:
    """A server that does ranges as it should."""

    async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
        wanted = seen.headers.get("range")
        if wanted is None or seen.headers.get("if-range", etag) != etag:
            return await reply(writer, 200, video, etag=etag, content_type="video/mp4")
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(video):
            return await reply(writer, 416, content_range=f"bytes */{len(video)}")
        said = f"bytes {start}-{len(video) - 1}/{len(video)}"
        await reply(writer, 206, video[start:], etag=etag, content_range=said)

    return script


async def attempt(
    there: Loopback,
    part: Path,
    *,
    path: str = "/v.mp4",
    key: bool = False,
    keyed_origins: frozenset[str] | None = None,
    transport: Transport | None = None,
    patience: float = 60,
) -> Download:
    file = RemoteFile(url=path, with_credential=key)
    secret = Secret(
        "sk-secret", "x-goog-api-key", frozenset({origin(there.url)}) if keyed_origins is None else keyed_origins
    )
    used = transport or Transport(read_seconds={"download": patience}, clock=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    try:
        return await used.download(file, Context(there.url), secret=secret, part=part, cap_bytes=CAP)
    finally:
        await used.aclose()


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "1.part"


def held(part: Path) -> bytes:
    return part.read_bytes()


def begun(part: Path, data: bytes, etag: str | None = ETAG) -> None:
    part.write_bytes(data)
    if etag is not None:
        etag_file(part).write_text(etag)


async def test_a_whole_file_arrives_with_nothing_beside_it(part: Path):
    async with serving(ranged()) as there:
        result = await attempt(there, part)
    assert result == Downloaded(len(VIDEO), "video/mp4")
    assert held(part) == VIDEO
    assert [each.name for each in part.parent.iterdir()] == [part.name]
    assert "range" not in there.seen[0].headers
    assert "x-goog-api-key" not in there.seen[0].headers


async def test_a_cut_download_goes_on_where_it_stopped(part: Path):
    async with serving(answering(200, VIDEO[:300_000], len(VIDEO), etag=ETAG)) as there:
        first = await attempt(there, part)
    assert isinstance(first, Interrupted)
    assert first.bytes == 300_000
    assert held(part) == VIDEO[:300_000]
    async with serving(ranged()) as there:
        assert await attempt(there, part) == Downloaded(len(VIDEO), None)
    assert held(part) == VIDEO
    assert (there.seen[0].headers["range"], there.seen[0].headers["if-range"]) == ("bytes=300000-", ETAG)
    assert not etag_file(part).exists()


async def test_a_file_that_changed_in_between_is_taken_from_its_start(part: Path):
    begun(part, b"old" * 1_000, '"v0"')
    async with serving(ranged()) as there:
        assert isinstance(await attempt(there, part), Downloaded)
    assert held(part) == VIDEO


async def test_a_server_without_ranges_sends_it_all_again(part: Path):
    begun(part, VIDEO[:500_000])
    async with serving(answering(200, VIDEO[:400])) as there:
        assert await attempt(there, part) == Downloaded(400, None)
    assert held(part) == VIDEO[:400]


@pytest.mark.parametrize(
    ("content_range", "etag"),
    [
        ("bytes 0-699999/700000", ETAG),
        ("bytes 101-699999/700000", ETAG),
        ("bytes 100-699999/700000", '"v2"'),
        ("bytes */700000", ETAG),
        ("nonsense", ETAG),
    ],
)
async def test_another_part_than_the_one_asked_for_is_never_joined(part: Path, content_range: str, etag: str):
    begun(part, VIDEO[:100])
    async with serving(answering(206, VIDEO[100:], content_range=content_range, etag=etag)) as there:
        result = await attempt(there, part)
    assert isinstance(result, Interrupted)
    assert (held(part), result.bytes) == (b"", 0)


async def test_a_piece_of_a_range_is_kept_and_the_rest_asked_for_again(part: Path):
    begun(part, VIDEO[:100])
    async with serving(answering(206, VIDEO[100:300], content_range="bytes 100-299/700000", etag=ETAG)) as there:
        result = await attempt(there, part)
    assert result == Interrupted("127.0.0.1 sent 300 of 700000 bytes.", None, 300)
    assert etag_file(part).read_text() == ETAG


@pytest.mark.parametrize(("said", "whole"), [("bytes */700000", True), ("bytes */700001", False), ("", False)])
async def test_a_refused_range_ends_a_file_of_that_size_only(part: Path, said: str, whole: bool):
    begun(part, VIDEO)
    async with serving(answering(416, content_range=said)) as there:
        result = await attempt(there, part)
    assert isinstance(result, Downloaded if whole else Interrupted)
    assert held(part) == (VIDEO if whole else b"")


async def test_a_weak_etag_is_not_relied_on(part: Path):
    async with serving(answering(200, VIDEO[:10], 20, etag='W/"v1"')) as there:
        await attempt(there, part)
    assert not etag_file(part).exists()


@pytest.mark.parametrize(
    ("status", "key", "result"),
    [
        *((status, False, LinkExpired(status)) for status in (400, 401, 403, 404, 410, 451)),
        *((status, True, Forbidden(status)) for status in (401, 403)),
        *((status, True, LinkExpired(status)) for status in (404, 410)),
    ],
)
async def test_a_lasting_no(part: Path, status: int, key: bool, result: Download):
    begun(part, VIDEO[:10])
    async with serving(answering(status)) as there:
        assert await attempt(there, part, key=key) == result
    assert held(part) == VIDEO[:10]


@pytest.mark.parametrize("status", [204, 304, 408, 416, 425, 429, 500, 502, 503, 524])
async def test_a_passing_no_says_how_long_to_wait(part: Path, status: int):
    async with serving(answering(status, retry_after="Fri, 20 Nov 2026 00:00:30 GMT")) as there:
        result = await attempt(there, part)
    assert result == Interrupted(f"127.0.0.1 answered with status {status}.", 30.0, status=status)


async def stalls(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n12345")
    await asyncio.sleep(10)


async def resets(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n12345")
    await writer.drain()
    await asyncio.sleep(0.02)
    reset(writer)


@pytest.mark.parametrize("script", [stalls, resets])
async def test_a_stall_or_a_reset_keeps_what_came(part: Path, script: Script):
    async with serving(script) as there:
        result = await attempt(there, part, patience=0.2)
    assert isinstance(result, Interrupted)
    assert held(part) == b"12345"[: result.bytes]
    assert result.bytes == 5 or script is resets  # a reset may overtake what was sent before it


async def test_an_unreachable_server_interrupts(part: Path):
    result = await attempt(Loopback(free_port()), part)
    assert result == Interrupted("127.0.0.1 refuses the connection.")


async def test_a_packed_file_is_not_taken(part: Path):
    begun(part, VIDEO[:10])
    async with serving(answering(200, VIDEO, content_encoding="gzip")) as there:
        assert isinstance(await attempt(there, part), Interrupted)
    assert there.seen[0].headers["accept-encoding"] == "identity"
    assert held(part) == VIDEO[:10]


async def test_a_page_instead_of_a_video_is_still_taken(part: Path):
    async with serving(answering(200, b"<html>", content_type="text/html")) as there:
        assert await attempt(there, part) == Downloaded(6, "text/html")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_over_the_cap_is_not_kept(part: Path, announced: bool):
    async def endless(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            writer.write(VIDEO)
            await writer.drain()

    begun(part, VIDEO[:10])
    async with serving(answering(200, b"", CAP + 1) if announced else endless) as there:
        assert await attempt(there, part) == TooLarge(CAP)
    assert held(part) == b""


async def test_a_redirect_to_a_storage_gets_the_range_and_not_the_key(part: Path):
    begun(part, VIDEO[:100])
    async with serving(ranged()) as storage, serving(answering(302, location=f"{storage.url}/x?sig=1")) as there:
        result = await attempt(there, part, key=True, transport=Transport(trusted_origins={storage.url}))
    assert isinstance(result, Downloaded)
    assert there.seen[0].headers["x-goog-api-key"] == "sk-secret"
    assert "x-goog-api-key" not in storage.seen[0].headers
    assert held(part) == VIDEO


async def test_a_no_of_the_storage_behind_a_redirect_is_an_expired_link(part: Path):
    async with serving(answering(403)) as storage, serving(answering(302, location=storage.url)) as there:
        result = await attempt(there, part, key=True, transport=Transport(trusted_origins={storage.url}))
    assert result == LinkExpired(403)


async def test_a_no_of_a_host_that_the_key_is_not_for_is_an_expired_link(part: Path):
    async with serving(answering(403)) as storage, serving(ranged()) as there:
        transport = Transport(trusted_origins={storage.url})
        result = await attempt(there, part, path=f"{storage.url}/v.mp4", key=True, transport=transport)
    assert result == LinkExpired(403)
    assert "x-goog-api-key" not in storage.seen[0].headers


async def test_a_key_goes_to_its_own_origins_only(part: Path):
    async with serving(ranged()) as there:
        await attempt(there, part, key=True, keyed_origins=frozenset({"https://api.example:443"}))
    assert "x-goog-api-key" not in there.seen[0].headers


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/v.mp4",
        "https://10.0.0.1/v.mp4",
        "s3://bucket/v.mp4",
        "data:video/mp4;base64,AA",
        "//[::1]/",
    ],
)
async def test_a_link_to_a_private_place_or_to_none_is_not_followed(part: Path, url: str):
    async with serving(ranged()) as other, serving(ranged()) as there:
        result = await attempt(there, part, path=url.format(port=other.port))
    assert isinstance(result, BadLink)
    assert (there.seen, other.seen) == ([], [])


async def test_a_redirect_to_a_private_place_is_not_followed(part: Path):
    async with serving(ranged()) as other, serving(answering(302, location=other.url)) as there:
        result = await attempt(there, part)
    assert isinstance(result, BadLink)
    assert other.seen == []


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://cdn.example/v.mp4?sig=a%2Fb%20c", "https://cdn.example/v.mp4?sig=a%2Fb%20c"),
        ("/files/a:download?alt=media", "https://api.example/v1/files/a:download?alt=media"),
        ("files/a:download", "https://api.example/v1/files/a:download"),
        ("a:download?to=https://x.example", "https://api.example/v1/a:download?to=https://x.example"),
        ("/v1/files/a", "https://api.example/v1/files/a"),
        ("/v1beta/files/a", "https://api.example/v1/v1beta/files/a"),
        ("//cdn.example/a", "https://cdn.example/a"),
    ],
)
def test_where_a_file_is(url: str, whole: str):
    assert str(link(RemoteFile(url=url), Context("https://api.example/v1"))) == whole


@pytest.mark.parametrize("url", ["s3://bucket/a", "data:video/mp4;base64,AAAA", "https://", "//\\evil", "a\nb"])
def test_what_is_no_link(url: str):
    with pytest.raises(Blocked):
        link(RemoteFile(url=url), Context("https://api.example/v1"))


async def test_cancelling_leaves_a_part_that_can_be_resumed(part: Path):
    video = VIDEO * 4

    async def drips(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(video))]})
        for start in range(0, PIECE_BYTES + 500_000, 1_000):
            await send({"type": "http.response.body", "body": video[start : start + 1_000], "more_body": True})
        await asyncio.sleep(10)

    base = "http://sandbox.localhost"
    async with Transport(mounts={base: InProcessTransport(drips)}) as transport:
        file = RemoteFile(url="/v.mp4")
        task = asyncio.create_task(
            transport.download(file, Context(base), secret=None, part=part, cap_bytes=len(video))
        )
        await until(lambda: part.exists() and part.stat().st_size >= PIECE_BYTES)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert video.startswith(held(part))
    assert len(held(part)) > PIECE_BYTES


async def test_a_cancelled_write_is_waited_for():
    started, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def write() -> None:
        started.set()
        may_end.wait(5)
        ended.set()

    task = asyncio.create_task(in_thread(write))
    await until(started.is_set)
    task.cancel()
    await asyncio.sleep(0.01)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - a file that grows tells nobody
            await asyncio.sleep(0.005)


async def test_a_full_disk_is_the_callers_to_tell(tmp_path: Path):
    async with serving(ranged()) as there:
        with pytest.raises(OSError, match="No such file"):
            await attempt(there, tmp_path / "missing" / "1.part")


async def test_any_cut_ends_in_the_same_file(part: Path):
    """Wherever a server stops, the attempts add up to the file."""
    stops = [1, 65_536, 262_144, 262_145, 500_000, 699_999, None]

    async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
        start = int(seen.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        stop = stops.pop(0)
        rest = len(VIDEO) - start
        headers: Mapping[str, str] = {"etag": ETAG}
        if start:
            headers = {**headers, "content_range": f"bytes {start}-{len(VIDEO) - 1}/{len(VIDEO)}"}
        await reply(writer, 206 if start else 200, VIDEO[start:stop], rest, **headers)

    async with serving(script) as there:
        results = [await attempt(there, part) for _ in range(len(stops))]
    assert all(isinstance(result, Interrupted) for result in results[:-1])
    assert isinstance(results[-1], Downloaded)
    assert held(part) == VIDEO


async def test_a_no_behind_a_redirect_is_an_expired_link_even_where_the_key_went_along(part: Path):
    async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
        first = seen.target == "/v.mp4"
        await (reply(writer, 302, location="/elsewhere") if first else reply(writer, 403))

    async with serving(script) as there:
        result = await attempt(there, part, key=True)
    assert ["x-goog-api-key" in seen.headers for seen in there.seen] == [True, True]
    assert result == LinkExpired(403)


@pytest.mark.parametrize(
    ("base_url", "there"),
    [
        ("https://us-central1-aiplatform.googleapis.com/v1", "https://storage.googleapis.com"),
        ("https://aiplatform.us.rep.googleapis.com/v1", "https://storage.googleapis.com"),
        ("http://127.0.0.1:8/vertex/v1", "http://127.0.0.1:8/vertex/v1"),
        ("https://googleapis.com.example.com/v1", "https://googleapis.com.example.com/v1"),
        ("http://us-central1-aiplatform.googleapis.com/v1", "http://us-central1-aiplatform.googleapis.com/v1"),
    ],
)
def test_an_object_in_cloud_storage_is_asked_of_its_json_endpoint(base_url: str, there: str) -> None:
    url = link(RemoteFile(url="gs://my-bucket/a folder/1 ä?.mp4", with_credential=True), Context(base_url))
    assert str(url) == f"{there}/storage/v1/b/my-bucket/o/a%20folder%2F1%20%C3%A4%3F.mp4?alt=media"
