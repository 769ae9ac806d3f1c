"""Sending: where keys go, what counts as sent, and how much of an answer is taken."""

import asyncio
import gzip
import logging
import tracemalloc
import zlib
from datetime import UTC, datetime

import httpx
import pytest
from test_transport_loopback import (
    Loopback,
    Script,
    Seen,
    answering,
    free_port,
    get,
    listening,
    post,
    reply,
    reset,
    serving,
)

from playground.domain.credentials import Secret, origin
from playground.domain.provider import Answer, Context, HttpCall, MediaLeaf, NoAnswer
from playground.transport.client import Transport
from playground.transport.inprocess import InProcessTransport, Receive, Scope, Send

KEY = "sk-very-secret"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def key_for(*urls: str, scheme: str = "bearer") -> Secret:
    return Secret(KEY, scheme, frozenset(map(origin, urls)))


def keys_in(there: Loopback) -> list[bool]:
    return [KEY in str(seen.headers) or KEY in seen.target or KEY.encode() in seen.body for seen in there.seen]


def redirecting(to: str, status: int = 302):
    return answering(status, location=to)


# What is sent


async def test_a_call_is_put_below_the_base_url_with_its_query_headers_and_key():
    call = HttpCall("GET", "/videos/a:b", None, (("view", "a b&c"), ("x", "")), (("x-project", "p1"),))
    async with serving(answering(200)) as there, Transport() as transport:
        context = Context(f"{there.url}/v1")
        await transport.send(call, context, secret=key_for(there.url), media={}, answer_cap_bytes=10)
    (seen,) = there.seen
    assert (seen.method, seen.target) == ("GET", "/v1/videos/a:b?view=a%20b%26c&x=")
    assert (seen.headers["authorization"], seen.headers["x-project"]) == (f"Bearer {KEY}", "p1")
    assert "content-length" not in seen.headers


async def test_a_path_that_looks_like_another_host_stays_below_the_base_url():
    async with serving(answering(200)) as there, Transport() as transport:
        await get(transport, there.url, "@evil.example/x")
        await get(transport, there.url, "//evil.example/x")
    assert [seen.target for seen in there.seen] == ["/@evil.example/x", "//evil.example/x"]


async def test_an_unknown_medium_is_a_mistake_of_ours_and_nothing_is_sent():
    call = HttpCall("POST", "/x", {"image": MediaLeaf("job:1", "base64")}, timeout="create")
    async with serving(answering(200)) as there, Transport() as transport:
        with pytest.raises(ValueError, match="job:1"):
            await transport.send(call, Context(there.url), secret=None, media={}, answer_cap_bytes=10)
    assert there.seen == []


async def test_a_create_never_rides_a_kept_connection_and_a_status_question_does():
    async with serving(answering(200)) as there, Transport() as transport:
        for _ in range(3):
            await post(transport, there.url)
        assert there.connections == 3
        for _ in range(3):
            await get(transport, there.url)
        assert there.connections == 4


# Keys


@pytest.mark.parametrize("scheme", ["bearer", "x-goog-api-key", "x-api-key"])
async def test_a_key_does_not_follow_a_redirect_to_another_origin(scheme: str):
    async with (
        serving(answering(200, b"{}")) as other,
        serving(redirecting(f"{other.url}/file")) as there,
        Transport(trusted_origins={other.url}) as transport,
    ):
        answer = await get(transport, there.url, secret=key_for(there.url, scheme=scheme))
    assert isinstance(answer, Answer)
    assert (keys_in(there), keys_in(other)) == ([True], [False])


async def test_a_key_follows_a_redirect_at_home_and_headers_of_the_adapter_stay_there():
    async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await reply(writer, *((200,) if seen.target == "/b" else (307,)), location="/b")

    call = HttpCall("GET", "/a", headers=(("x-project", "p1"),))
    async with (
        serving(answering(200)) as other,
        serving(script) as there,
        serving(redirecting(other.url)) as away,
        Transport(trusted_origins={other.url}) as transport,
    ):
        await get(transport, there.url, "/a", key_for(there.url))
        await transport.send(call, Context(away.url), secret=None, media={}, answer_cap_bytes=10)
    assert keys_in(there) == [True, True]
    assert "x-project" in away.seen[0].headers
    assert "x-project" not in other.seen[0].headers


async def test_a_key_goes_to_its_own_origins_only_even_when_the_call_names_another():
    async with (
        serving(answering(200)) as there,
        serving(answering(200)) as other,
        Transport(trusted_origins={other.url}) as transport,
    ):
        await get(transport, there.url, f"{other.url}/x", key_for(there.url))
        await get(transport, other.url, secret=key_for(there.url))
        await get(transport, other.url, f"{there.url}/x", key_for(there.url))
    # The last one is at a private address that nobody trusts.
    assert (keys_in(other), keys_in(there)) == ([False, False], [])


async def test_a_header_of_the_adapter_cannot_stand_beside_the_key():
    call = HttpCall("GET", "/x", headers=(("Authorization", "Bearer other"),))
    async with serving(answering(200)) as there, Transport() as transport:
        await transport.send(call, Context(there.url), secret=key_for(there.url), media={}, answer_cap_bytes=10)
    assert there.seen[0].headers["authorization"] == f"Bearer {KEY}"


async def test_no_key_shows_in_logs_reprs_or_reasons(caplog: pytest.LogCaptureFixture):
    async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if "cut" in seen.target:
            return reset(writer)
        await reply(writer, 302, location="/cut?signature=hush", set_cookie="session=hush")

    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    async with serving(script) as there, Transport() as transport:
        lost = await get(transport, there.url, "/a?signature=hush", key_for(there.url))
        refused = [
            await get(transport, there.url, secret=Secret(bad, "x-goog-api-key", frozenset({origin(there.url)})))
            for bad in (f"{KEY}\r\nx-evil: 1", f"{KEY}é", f" {KEY}", f"{KEY}\x00")
        ]
    assert isinstance(lost, NoAnswer)
    assert all(isinstance(each, NoAnswer) and not each.sent and "The key" in each.reason for each in refused)
    assert len(there.seen) == 2
    said = caplog.text + repr((lost, refused, key_for(there.url)))
    assert KEY not in said
    assert "hush" not in said
    assert "GET 127.0.0.1: 302" in said


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_of_a_create_is_not_followed(status: int):
    async with serving(redirecting("/elsewhere", status)) as there, Transport() as transport:
        answer = await post(transport, there.url, key_for(there.url))
    assert isinstance(answer, Answer)
    assert answer.status == status
    assert len(there.seen) == 1


async def test_redirects_end_after_five():
    async with serving(redirecting("/again")) as there, Transport() as transport:
        answer = await get(transport, there.url)
    assert answer == NoAnswer(True, "127.0.0.1 redirects more than 5 times.")
    assert len(there.seen) == 6


@pytest.mark.parametrize("to", ["{other}/x", "http://localhost:1/", "file:///etc/passwd", "http://[", "//127.1/x"])
async def test_a_redirect_to_a_private_place_is_not_followed(to: str):
    async with (
        serving(answering(200)) as other,
        serving(redirecting(to.format(other=other.url))) as there,
        Transport() as transport,
    ):
        answer = await get(transport, there.url)
    assert isinstance(answer, NoAnswer)
    assert answer.sent
    assert other.seen == []


# What counts as sent


async def test_a_refused_connection_has_sent_nothing():
    async with Transport() as transport:
        answer = await post(transport, f"http://127.0.0.1:{free_port()}")
    assert answer == NoAnswer(False, "127.0.0.1 refuses the connection.")


async def test_a_host_that_is_not_found_has_been_sent_nothing():
    async def nowhere(host: str, port: int) -> tuple[str, ...]:
        raise OSError

    async with Transport(resolver=nowhere) as transport:
        answer = await get(transport, "http://127.0.0.1:1", "https://nowhere.example/x")
    assert answer == NoAnswer(False, "nowhere.example could not be found.")


async def test_a_server_that_speaks_no_tls_has_been_sent_nothing():
    heard: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(10_000))
        writer.write(b"HTTP/1.1 400 Speak up\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(connected, sock=listening())
    base = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Transport() as transport:
        answer = await post(transport, base, key_for(base))
    server.close()
    assert answer == NoAnswer(False, "No secure connection to 127.0.0.1 could be made or kept.")
    assert KEY.encode() not in heard[0]


@pytest.mark.parametrize(
    "base",
    [
        "nonsense",
        "ftp://x.example",
        "http://[::1",
        "http://x.example:0",
        "http://",
        "http://a..example",
        f"http://{'a' * 64}.example",
    ],
)
async def test_a_base_url_that_is_none_sends_nothing(base: str):
    async with Transport() as transport:
        answer = await post(transport, base)
    assert isinstance(answer, NoAnswer)
    assert not answer.sent


async def a_reset(_: Seen, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def an_end(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def garbage(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 what is this\r\n\r\n")
    writer.close()


async def silence(_: Seen, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(10)


async def a_stall_in_the_body(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
    await asyncio.sleep(10)


@pytest.mark.parametrize(
    "script", [a_reset, an_end, garbage, silence, a_stall_in_the_body, answering(200, b'{"id":', length=100)]
)
async def test_a_lost_reply_may_have_been_sent(script: Script):
    async with serving(script) as there, Transport(read_seconds={"create": 0.1}) as transport:
        answer = await post(transport, there.url)
    assert isinstance(answer, NoAnswer)
    assert answer.sent
    assert "127.0.0.1" in answer.reason
    assert len(there.seen) == 1


async def test_a_refused_upload_is_answered_even_when_the_server_stops_reading():
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 413 Too much\r\ncontent-length: 16\r\n\r\n{"error": "size"}'[:-1])
        await writer.drain()
        await reader.read(1_000)
        writer.close()

    server = await asyncio.start_server(connected, sock=listening())
    call = HttpCall("POST", "/x", {"prompt": "x" * 100}, timeout="create")
    context = Context(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with Transport() as transport:
        answer = await transport.send(call, context, secret=None, media={}, answer_cap_bytes=100)
    server.close()
    assert isinstance(answer, Answer)
    assert answer.status == 413


# Answers


async def test_an_answer_over_the_cap_is_not_taken():
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"8\r\n12345678\r\n" * 200

    async def endless(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(chunked)

    for script in (answering(200, b"x" * 1_001), endless):
        async with serving(script) as there, Transport() as transport:
            call = HttpCall("GET", "/x")
            answer = await transport.send(call, Context(there.url), secret=None, media={}, answer_cap_bytes=1_000)
        assert answer == NoAnswer(True, "The answer is larger than 0.001 MB.")


async def test_a_packed_answer_is_unpacked():
    body = b'{"state": "done"}'
    for packed, how in ((gzip.compress(body), "gzip"), (zlib.compress(body), "deflate"), (b"", "gzip")):
        async with serving(answering(200, packed, content_encoding=how)) as there, Transport() as transport:
            answer = await get(transport, there.url)
        assert isinstance(answer, Answer)
        assert answer.text == (body.decode() if packed else "")


async def test_a_bomb_is_measured_unpacked_and_takes_little_memory():
    bomb = gzip.compress(bytes(200_000_000), 9)
    async with serving(answering(200, bomb, content_encoding="gzip")) as there, Transport() as transport:
        tracemalloc.start()
        answer = await get(transport, there.url)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert answer == NoAnswer(True, "The answer is larger than 1 MB.")
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("body", "how"),
    [(gzip.compress(b"{}", mtime=0)[:-3], "gzip"), (b"{}", "gzip"), (b"{}", "br"), (b"{}", "gzip, gzip")],
)
async def test_a_badly_packed_answer_is_no_answer(body: bytes, how: str):
    async with serving(answering(200, body, content_encoding=how)) as there, Transport() as transport:
        answer = await get(transport, there.url)
    assert isinstance(answer, NoAnswer)
    assert answer.sent


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b"", None),
        (b"<html>Bad gateway</html>", None),
        (b'{"a": ', None),
        (b"[" * 100_000, None),
        (b'{"a":' * 100_000, None),
        (b"1" * 5_000, None),
        (b"\xef\xbb\xbf{}", {}),
        (b'{"a": NaN, "b": -Infinity}', {"a": None, "b": None}),
        (b'["\\ud83d\\ude00", "\\ud83d", "x\\udc00y"]', ["\U0001f600", "�", "x�y"]),
        (b'{"\\ud800": ["\\uD800"]}', {"�": ["�"]}),
        (b'"\xff\xfe"', "��"),
    ],
)
async def test_json_is_read_loosely(body: bytes, read: object):
    async with serving(answering(200, body, X_Mixed="Case")) as there, Transport() as transport:
        answer = await get(transport, there.url)
    assert isinstance(answer, Answer)
    assert answer.json == read
    assert answer.headers["x-mixed"] == "Case"


async def test_the_text_of_a_large_answer_is_shortened_and_its_json_is_not():
    async with serving(answering(200, b'"' + b"x" * 900_000 + b'"')) as there, Transport() as transport:
        answer = await get(transport, there.url)
    assert isinstance(answer, Answer)
    assert answer.json == "x" * 900_000
    assert len(answer.text) == 100_000


# Places


async def test_status_questions_queue_and_creates_do_not():
    gate, full, busy, most = asyncio.Event(), asyncio.Event(), 0, 0

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        nonlocal busy, most
        if scope["method"] == "GET":
            busy += 1
            most = max(most, busy)
            if busy == 2:
                full.set()
            await gate.wait()
            busy -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    base = "http://sandbox.localhost"
    async with Transport(mounts={base: InProcessTransport(app)}, max_concurrent=2) as transport:
        questions = [asyncio.create_task(get(transport, base)) for _ in range(5)]
        await full.wait()
        assert isinstance(await post(transport, base), Answer)
        gate.set()
        assert all(isinstance(answer, Answer) for answer in await asyncio.gather(*questions))
    assert most == 2


async def test_what_is_mounted_is_reached_by_its_own_base_url_only():
    async def app(scope: Scope, _: Receive, send: Send) -> None:
        raise AssertionError("reached")

    mount = "http://sandbox.localhost"
    transports = {mount: InProcessTransport(app)}
    async with (
        serving(redirecting(f"{mount}/v1/x")) as there,
        Transport(mounts=transports, trusted_origins={mount}) as transport,
    ):
        answers = [await get(transport, there.url), await get(transport, there.url, f"{mount}/v1/x")]
    assert [answer.reason for answer in answers if isinstance(answer, NoAnswer)] == [
        "sandbox.localhost is part of the playground itself."
    ] * 2


async def test_an_unexpected_error_of_a_transport_is_no_crash():
    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise RuntimeError(request.headers["authorization"])

    base = "http://sandbox.localhost"
    async with Transport(mounts={base: Broken()}) as transport:
        answer = await post(transport, base, key_for(base))
    assert answer == NoAnswer(True, "The exchange with sandbox.localhost went wrong.")
