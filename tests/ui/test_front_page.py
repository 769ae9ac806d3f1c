"""The page is asked of Gradio once for each address, told packed, and never told where Gradio had a say."""

import gzip
from collections.abc import Mapping
from typing import Any

import pytest

from playground.ui.asgi import Message, Receive, Scope, Send
from playground.ui.front_page import FrontPage

HERE = {"host": "localhost:7860"}


class Gradio:
    """Writes its page anew each time, with its address in it."""

    def __init__(self, status: int = 200) -> None:
        self.asked: list[str] = []
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope["headers"]).get(b"host", b"")
        self.asked.append(f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}")
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"999")]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": b"<p>at " + host, "more_body": True})
        await send({"type": "http.response.body", "body": b"</p>"})


async def got(
    page: FrontPage, headers: Mapping[str, str] = HERE, *, path: str = "/", query: str = "", method: str = "GET"
) -> tuple[int, dict[bytes, bytes], bytes]:
    heard: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        heard.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "scheme": "http", "root_path": ""}
    await page({**scope, "query_string": query.encode(), "headers": raw}, receive, send)
    return heard[0]["status"], dict(heard[0]["headers"]), b"".join(each["body"] for each in heard[1:])


async def test_the_page_is_written_once_for_each_address() -> None:
    gradio = Gradio()
    page = FrontPage(gradio)
    for query in ("", "job=abc", "__theme=dark", "__theme=light&job=x"):
        status, headers, body = await got(page, query=query)
        assert (status, body) == (200, b"<p>at localhost:7860</p>")
        assert headers[b"content-length"] == str(len(body)).encode()
        assert headers[b"content-type"].startswith(b"text/html")
    assert (await got(page, {"host": "example.org"}))[2] == b"<p>at example.org</p>"
    assert len(gradio.asked) == 2
    await got(page, {**HERE, "x-forwarded-proto": "https", "x-forwarded-for": "10.1.2.3"})
    await got(page, {**HERE, "x-forwarded-proto": "https", "x-forwarded-for": "10.4.5.6"})
    assert len(gradio.asked) == 3, "who asks makes no difference, the way to us does"


async def test_it_is_told_packed_and_not_at_all_to_who_has_it() -> None:
    page = FrontPage(Gradio())
    _, headers, packed = await got(page, {**HERE, "accept-encoding": "gzip, br"})
    assert (headers[b"content-encoding"], headers[b"vary"]) == (b"gzip", b"accept-encoding")
    assert gzip.decompress(packed) == b"<p>at localhost:7860</p>"
    assert headers[b"cache-control"] == b"no-cache"
    tag = headers[b"etag"].decode()
    status, again, body = await got(page, {**HERE, "accept-encoding": "gzip", "if-none-match": tag})
    assert (status, again[b"etag"], body) == (304, headers[b"etag"], b"")
    status, _, body = await got(page, {**HERE, "if-none-match": tag})
    assert (status, body) == (200, b"<p>at localhost:7860</p>"), "that name was of the packed one"


@pytest.mark.parametrize(
    ("path", "query", "method"),
    [("/", "deep_link=x", "GET"), ("/", "all_endpoints=1", "GET"), ("/", "", "HEAD"), ("/gradio_api/info", "", "GET")],
)
async def test_what_gradio_answers_differently_passes_through(path: str, query: str, method: str) -> None:
    gradio = Gradio()
    page = FrontPage(gradio)
    for count in (1, 2):
        await got(page, path=path, query=query, method=method)
        assert len(gradio.asked) == count


async def test_whoever_has_logged_in_gets_his_own() -> None:
    gradio = Gradio()
    page = FrontPage(gradio)
    await got(page, {**HERE, "cookie": "theme=dark"})
    await got(page, {**HERE, "cookie": "theme=light"})
    assert len(gradio.asked) == 1
    for count in (2, 3):
        await got(page, {**HERE, "cookie": "theme=dark; access-token-unsecure-x=y"})
        assert len(gradio.asked) == count


async def test_an_error_is_not_kept_and_addresses_are_forgotten() -> None:
    failing = Gradio(500)
    page = FrontPage(failing)
    assert (await got(page))[0] == (await got(page))[0] == 500
    assert len(failing.asked) == 2
    gradio = Gradio()
    page = FrontPage(gradio)
    for number in range(9):
        await got(page, {"host": f"host-{number}"})
    await got(page, {"host": "host-8"})
    assert len(gradio.asked) == 9
    await got(page, {"host": "host-0"})
    assert len(gradio.asked) == 10


async def test_the_browser_is_told_early_what_the_page_will_need() -> None:
    async def with_head(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<head></head><p></head></p>"})

    _, _, body = await got(FrontPage(with_head, '<link rel="preload">'))
    assert body == b'<head><link rel="preload"></head><p></head></p>'
