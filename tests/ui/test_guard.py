"""What stands around the whole application: the headers of every answer, other sites' pages, and who really asks."""

from typing import Any

import pytest

from playground.transport.addresses import is_public
from playground.ui.asgi import Message, Receive, Scope, Send
from playground.ui.guard import HEADERS, Guard

HERE = {"host": "localhost:7860"}


async def asked(headers: dict[str, str], *, method: str = "POST", kind: str = "http", **setting: Any) -> list[Message]:
    """What comes out of a guarded application that answers 200 to everything, with the address that it was told."""

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        told = [(b"x-content-type-options", b"theirs"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": told})
        await send({"type": "http.response.body", "body": scope["client"][0].encode()})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    server = setting.pop("server", ("127.0.0.1", 7860))
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": kind,
        "method": method,
        "path": "/api/x",
        "headers": raw,
        "server": server,
        "client": ("10.0.0.7", 1),
    }
    await Guard(inner, is_public=is_public, **setting)(scope, receive, send)
    return sent


async def test_every_answer_carries_the_headers_once() -> None:
    for headers in (HERE, {**HERE, "origin": "https://evil.example"}):
        start = (await asked(headers))[0]
        names = [name for name, _ in start["headers"]]
        assert all(names.count(name) == 1 for name, _ in HEADERS)
        assert dict(start["headers"])[b"x-content-type-options"] == b"nosniff"


async def test_the_policy_lets_no_other_host_in() -> None:
    policy = dict((await asked(HERE))[0]["headers"])[b"content-security-policy"].decode()
    sources = {word for part in policy.split("; ") if not part.startswith("frame-ancestors") for word in part.split()}
    assert not {source for source in sources if "://" in source or source == "*"}
    assert "frame-ancestors 'self' https://huggingface.co" in policy


async def test_the_lifespan_passes_untouched() -> None:
    assert (await asked({}, kind="lifespan"))[0]["headers"][0] == (b"x-content-type-options", b"theirs")


@pytest.mark.parametrize(
    ("headers", "method", "status"),
    [
        ({}, "POST", 200),
        ({"origin": "http://localhost:7860"}, "POST", 200),
        ({"sec-fetch-site": "same-origin", "origin": "https://a-space.hf.space"}, "POST", 200),
        ({"sec-fetch-site": "none"}, "POST", 200),
        ({"origin": "https://public.example", "x-forwarded-host": "public.example"}, "POST", 200),
        ({"sec-fetch-site": "cross-site"}, "GET", 200),
        ({"sec-fetch-site": "cross-site"}, "POST", 403),
        ({"sec-fetch-site": "same-site", "origin": "http://localhost:3000"}, "PUT", 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://localhost:7860"}, "DELETE", 403),
        ({"origin": "https://evil.example"}, "POST", 403),
        ({"origin": "http://localhost:3000"}, "POST", 403),
        ({"origin": "null"}, "POST", 403),
    ],
)
async def test_another_sites_page_sends_nothing(headers: dict[str, str], method: str, status: int) -> None:
    assert (await asked({**HERE, **headers}, method=method))[0]["status"] == status


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1:7860", "[::1]:7860", "192.168.1.5", "a.localhost:7860"])
async def test_its_own_names_are_known(host: str) -> None:
    assert (await asked({"host": host}, method="GET"))[0]["status"] == 200


@pytest.mark.parametrize("host", ["evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "[::1", ""])
async def test_a_foreign_name_for_this_machine_is_refused(host: str) -> None:
    """A page at evil.example that has its name lead to 127.0.0.1 is its own site to the browser."""
    for server in (("127.0.0.1", 7860), ("::1", 7860)):
        assert (await asked({"host": host}, method="GET", server=server))[0]["status"] == 403
    elsewhere: list[dict[str, Any]] = [{"public": True}, {"behind_proxy": True}, {"server": ("10.0.0.1", 7860)}]
    elsewhere.append({"server": None})
    for open_to in elsewhere:
        assert (await asked({"host": host}, method="GET", **open_to))[0]["status"] == 200


@pytest.mark.parametrize(
    ("forwarded", "trusted", "address"),
    [
        ("8.8.8.8", False, b"10.0.0.7"),
        ("8.8.8.8", True, b"8.8.8.8"),
        ("1.1.1.1, 8.8.8.8", True, b"8.8.8.8"),
        ("1.1.1.1, 8.8.8.8, 10.4.4.4", True, b"8.8.8.8"),
        ("127.0.0.1, 10.4.4.4", True, b"10.0.0.7"),
        ("whatever", True, b"10.0.0.7"),
        ("", True, b"10.0.0.7"),
    ],
)
async def test_who_asks_is_the_last_that_the_proxies_vouch_for(forwarded: str, trusted: bool, address: bytes) -> None:
    _, body = await asked({**HERE, "x-forwarded-for": forwarded}, behind_proxy=trusted)
    assert body["body"] == address
