"""Bodies: the JSON that a server reads, and how little memory it takes to send it."""

import base64
import json
import os
import tracemalloc
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_transport_loopback import answering, serving

from playground.domain.provider import Body, Context, HttpCall, MediaLeaf, MediaType, NoAnswer
from playground.transport.body import CHUNK_BYTES, BuiltBody, MediaUnreadable, StoredMedia, build_body
from playground.transport.client import Transport
from playground.transport.inprocess import InProcessTransport, Receive, Scope, Send


async def whole(built: BuiltBody) -> bytes:
    body = b"".join([piece async for piece in built.stream()])
    assert len(body) == built.content_length
    return body


async def read_back(body: Body, media: dict[str, StoredMedia]) -> Any:
    return json.loads(await whole(await build_body(body, media)))


def stored(path: Path, data: bytes, mime_type: str = "image/png") -> StoredMedia:
    path.write_bytes(data)
    return StoredMedia(path, mime_type)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=50, deadline=None)
@given(JSON)
async def test_any_json_is_read_back_as_it_was(body: Any):
    assert await read_back(body, {}) == body


@pytest.mark.parametrize("size", [0, 1, 2, 3, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 5])
async def test_a_file_of_any_size_is_spliced_in(tmp_path: Path, size: int):
    data = os.urandom(size)
    media = {"a.png": stored(tmp_path / "a.png", data)}
    leaf = {"bytes": MediaLeaf("a.png", "base64"), "type": MediaType("a.png")}
    assert await read_back(leaf, media) == {"bytes": base64.b64encode(data).decode(), "type": "image/png"}


async def test_every_encoding_and_every_kind_of_container(tmp_path: Path):
    media = {
        "a": stored(tmp_path / "a", b"\x00\x01", 'odd/"type"'),
        "https://x.example/b.png": StoredMedia(None, "image/png", "https://x.example/b.png?q=1"),
    }
    body: Body = MappingProxyType[str, object](
        {
            "prompt": "a \ud800 “cat”\n",
            "media": (MediaLeaf("a", "data-uri"), MediaLeaf("https://x.example/b.png", "url")),
            "empty": [dict[str, object](), list[object](), ()],
            "no": None,
            "n": [1, 2.5, True],
        }
    )
    assert await read_back(body, media) == {
        "prompt": "a \ud800 “cat”\n",
        "media": ['data:odd/"type";base64,AAE=', "https://x.example/b.png?q=1"],
        "empty": [{}, [], []],
        "no": None,
        "n": [1, 2.5, True],
    }


async def test_a_prompt_cannot_pass_for_a_medium(tmp_path: Path):
    media = {"a": stored(tmp_path / "a", b"private")}
    forged = [repr(MediaLeaf("a", "base64")), "a", '"}', "\x00a\x00", "data:image/png;base64,"]
    body: Body = {
        "prompt": " ".join(forged),
        "keys": {each: each for each in forged},
        "image": MediaLeaf("a", "base64"),
    }
    text = (await whole(await build_body(body, media))).decode()
    assert text.count(base64.b64encode(b"private").decode()) == 1
    assert json.loads(text)["keys"] == {each: each for each in forged}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (MediaLeaf("missing", "base64"), "missing"),
        (MediaType("missing"), "missing"),
        (MediaLeaf("file", "url"), "No URL"),
        (MediaLeaf("link", "base64"), "No file"),
        ([float("nan")], "JSON"),
    ],
)
async def test_a_body_that_cannot_be_built_is_refused_before_it_is_sent(tmp_path: Path, body: Body, says: str):
    media = {"file": stored(tmp_path / "f", b""), "link": StoredMedia(None, "image/png", "https://x.example/")}
    with pytest.raises(ValueError, match=says):
        await build_body(body, media)


async def test_a_body_can_be_streamed_again_from_its_start(tmp_path: Path):
    built = await build_body([MediaLeaf("a", "base64")], {"a": stored(tmp_path / "a", os.urandom(1_000_000))})
    first = built.stream()
    await anext(first)
    await anext(first)
    assert await whole(built) == await whole(built)


async def test_a_file_that_is_gone_before_the_call_has_sent_nothing(tmp_path: Path):
    call = HttpCall("POST", "/x", MediaLeaf("a", "base64"), timeout="create")
    media = {"a": StoredMedia(tmp_path / "gone", "image/png")}
    async with serving(answering(200)) as there, Transport() as transport:
        answer = await transport.send(call, Context(there.url), secret=None, media=media, answer_cap_bytes=10)
    assert answer == NoAnswer(False, "A media file of this job cannot be read any more.")
    assert there.connections == 0


@pytest.mark.parametrize("now", [b"", b"short", b"x" * 3_000_001, None])
async def test_a_file_that_changes_while_it_is_sent_ends_the_stream(tmp_path: Path, now: bytes | None):
    path = tmp_path / "a"
    built = await build_body(MediaLeaf("a", "base64"), {"a": stored(path, b"x" * 3_000_000)})
    stream = built.stream()
    for _ in range(2):
        await anext(stream)
    if now is None:
        path.unlink()
    else:
        path.write_bytes(now)
    with pytest.raises(MediaUnreadable):
        async for _ in stream:
            pass


async def test_a_file_that_changes_on_the_way_is_told_as_such(tmp_path: Path):
    path = tmp_path / "a"

    async def app(scope: Scope, receive: Receive, _: Send) -> None:
        await receive()
        path.write_bytes(b"")
        while (await receive())["type"] != "http.disconnect":
            pass

    base = "http://sandbox.localhost"
    call = HttpCall("POST", "/x", MediaLeaf("a", "base64"), timeout="create")
    media = {"a": stored(path, b"x" * 3_000_000)}
    async with Transport(mounts={base: InProcessTransport(app)}) as transport:
        answer = await transport.send(call, Context(base), secret=None, media=media, answer_cap_bytes=10)
    assert answer == NoAnswer(True, "A media file changed or vanished while it was sent to sandbox.localhost.")


async def test_sending_three_large_media_takes_the_memory_of_a_chunk(tmp_path: Path):
    media = {name: stored(tmp_path / name, os.urandom(1_000) * 15_000) for name in "abc"}
    body: Body = {"images": [MediaLeaf(name, "data-uri") for name in media]}
    received = 0

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        nonlocal received
        while (message := await receive())["more_body"]:
            received += len(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    base = "http://sandbox.localhost"
    async with Transport(mounts={base: InProcessTransport(app)}) as transport:
        tracemalloc.start()
        call = HttpCall("POST", "/x", body, timeout="create")
        await transport.send(call, Context(base), secret=None, media=media, answer_cap_bytes=10)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert received > 60_000_000
    assert peak < 8 * CHUNK_BYTES
