"""The doors of Gradio that stay shut, however their address is written, and the headers of every answer."""

from typing import Any

import pytest

from playground.ui.guard import HEADERS, Guard, Message, Receive, Scope, Send, is_denied


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=https://example.org/a.png",
        "/gradio_api/file%3Dhttp://example.org",
        "/gradio_api/file%253Dhttp://example.org",
        "//gradio_api//file=HTTP://example.org",
        "/gradio_api/./proxy=http://example.org",
        "/GRADIO_API/proxy=x",
        "/gradio_api/deep_link",
        "/gradio_api/process_recording",
        "/gradio_api/runs",
        "/gradio_api/openapi.json",
        "/monitoring/summary",
    ],
)
def test_shut(path: str) -> None:
    assert is_denied(path)


@pytest.mark.parametrize(
    "path",
    ["/", "/gradio_api/info", "/gradio_api/upload", "/gradio_api/file=/data/uploads/a.png", "/api/check", "/healthz"],
)
def test_open(path: str) -> None:
    assert not is_denied(path)


async def answered(path: str, kind: str = "http") -> list[Message]:
    """What comes out of a guarded application that says 200 to everything."""

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"x-content-type-options", b"theirs"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    await Guard(inner)({"type": kind, "path": path}, receive, send)
    return sent


async def test_every_answer_carries_the_headers_once() -> None:
    for path in ("/", "/monitoring"):
        start = (await answered(path))[0]
        names = [name for name, _ in start["headers"]]
        assert all(names.count(name) == 1 for name, _ in HEADERS)
        assert dict(start["headers"])[b"x-content-type-options"] == b"nosniff"


async def test_a_shut_door_is_a_404_of_our_own() -> None:
    start, body = await answered("/monitoring/summary")
    assert (start["status"], body["body"]) == (404, b"Not Found")


async def test_the_policy_lets_no_other_host_in() -> None:
    start: Any = (await answered("/"))[0]
    policy = dict(start["headers"])[b"content-security-policy"].decode()
    sources = {word for part in policy.split("; ") if not part.startswith("frame-ancestors") for word in part.split()}
    assert not {source for source in sources if "://" in source or source == "*"}


async def test_the_lifespan_passes_untouched() -> None:
    assert (await answered("", "lifespan"))[0]["headers"][0] == (b"x-content-type-options", b"theirs")
