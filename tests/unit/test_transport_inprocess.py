"""The in-process transport: what a socket would do to an app and its client, without one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from playground.transport.inprocess import App, InProcessTransport, Message, Receive, Scope, Send

START: Message = {"type": "http.response.start", "status": 200, "headers": []}


def piece(body: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def asking(method: str = "GET", read: float | None = 5, content: object = None) -> httpx.Request:
    timeout = {"timeout": {"read": read}}
    return httpx.Request(method, "http://sandbox.localhost/a%20b?x=1", content=content, extensions=timeout)  # pyright: ignore[reportArgumentType]


async def whole(app: App, request: httpx.Request) -> tuple[int, bytes]:
    transport = InProcessTransport(app)
    response = await transport.handle_async_request(request)
    try:
        return response.status_code, b"".join([chunk async for chunk in response.aiter_raw()])
    finally:
        await response.aclose()
        assert_alone()


async def collect(response: httpx.Response, into: list[bytes]) -> None:
    async for chunk in response.aiter_raw():
        into.append(chunk)


def assert_alone() -> None:
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_app_sees_the_request_as_a_server_would_show_it():
    async def show(request: Request) -> Response:
        return JSONResponse([request.method, request.url.path, request.url.query, request.headers["host"]])

    app = Starlette(routes=[Route("/a b", show, methods=["POST"])])
    status, body = await whole(app, asking("POST", content=b"x"))
    assert (status, body) == (200, b'["POST","/a b","x=1","sandbox.localhost"]')


async def test_both_bodies_stream_with_the_app_never_more_than_a_piece_ahead():
    steps: list[str] = []

    async def upload() -> AsyncIterator[bytes]:
        for n in range(3):
            steps.append(f"client gives {n}")
            yield b"%d" % n

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        while (message := await receive())["more_body"]:
            steps.append(f"app takes {message['body'].decode()}")
        for n in range(3):
            steps.append(f"app gives {n}")
            await send(piece(b"%d" % n, more=n < 2))

    response = await InProcessTransport(app).handle_async_request(asking("POST", content=upload()))
    async for chunk in response.aiter_raw():
        await asyncio.sleep(0.01)
        steps.append(f"client takes {chunk.decode()}")
    await response.aclose()
    assert steps == [
        "client gives 0", "app takes 0", "client gives 1", "app takes 1", "client gives 2", "app takes 2",
        "app gives 0", "app gives 1", "client takes 0", "app gives 2", "client takes 1", "client takes 2",
    ]  # fmt: skip
    assert_alone()


async def test_silence_before_the_answer_is_a_timeout_and_the_app_is_stopped():
    ended: list[str] = []

    async def app(*_: object) -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("cancelled")

    with pytest.raises(httpx.ReadTimeout):
        await InProcessTransport(app).handle_async_request(asking(read=0.05))
    assert ended == ["cancelled"]
    assert_alone()


async def test_silence_within_the_answer_is_a_timeout_and_a_slow_answer_is_none():
    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        for n in range(15):
            await asyncio.sleep(0.02)
            await send(piece(b"%x" % n, more=True))
        await asyncio.sleep(10)

    response = await InProcessTransport(app).handle_async_request(asking(read=0.25))
    got: list[bytes] = []
    with pytest.raises(httpx.ReadTimeout):
        await collect(response, got)
    await response.aclose()
    assert b"".join(got) == b"0123456789abcde"
    assert_alone()


async def test_a_slow_upload_is_no_silence():
    async def upload() -> AsyncIterator[bytes]:
        for _ in range(15):
            await asyncio.sleep(0.02)
            yield b"x"

    async def read_all(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    app = Starlette(routes=[Route("/a b", read_all, methods=["POST"])])
    assert await whole(app, asking("POST", read=0.25, content=upload())) == (200, b"x" * 15)


async def loses(_: Scope, receive: Receive, send: Send) -> None:
    raise ConnectionResetError


async def says_nothing(_: Scope, receive: Receive, send: Send) -> None:
    return


async def speaks_out_of_turn(_: Scope, receive: Receive, send: Send) -> None:
    await send(piece(b"x", more=False))


@pytest.mark.parametrize("app", [loses, says_nothing, speaks_out_of_turn])
async def test_a_reply_can_be_lost(app: App):
    with pytest.raises(httpx.ReadError):
        await InProcessTransport(app).handle_async_request(asking())
    assert_alone()


def cutting(how: Callable[[Send], Awaitable[None]], length: int | None = None) -> App:
    headers = [] if length is None else [(b"Content-Length", b"%d" % length)]

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await send({**START, "headers": headers})
        await send(piece(b"abc", more=True))
        await how(send)

    return app


async def by_raising(_: Send) -> None:
    raise RuntimeError


async def by_returning(_: Send) -> None:
    return


async def by_ending(send: Send) -> None:
    await send(piece(b"", more=False))


async def by_saying_too_much(send: Send) -> None:
    await send(piece(b"defg", more=False))


async def by_starting_again(send: Send) -> None:
    await send(START)


@pytest.mark.parametrize(
    "app",
    [
        cutting(by_raising),
        cutting(by_returning),
        cutting(by_starting_again),
        cutting(by_returning, 6),
        cutting(by_ending, 6),
        cutting(by_saying_too_much, 6),
    ],
)
async def test_an_answer_can_be_cut_after_what_was_given(app: App):
    response = await InProcessTransport(app).handle_async_request(asking())
    got: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError):
        await collect(response, got)
    await response.aclose()
    assert got == [b"abc"]
    assert_alone()


async def test_an_answer_without_a_body_may_name_a_length():
    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await send({**START, "headers": [(b"content-length", b"1000")]})
        await send(piece(b"", more=False))

    assert await whole(app, asking("HEAD")) == (200, b"")


async def test_an_error_that_the_app_has_answered_is_an_answer():
    async def fails(_: Request) -> Response:
        raise ValueError

    status, body = await whole(Starlette(routes=[Route("/a b", fails)]), asking())
    assert (status, body) == (500, b"Internal Server Error")


async def test_an_app_hears_that_its_client_left_and_may_end_by_itself():
    heard: list[str] = []

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(START)
        await send(piece(b"x", more=True))
        heard.append((await receive())["type"])

    response = await InProcessTransport(app).handle_async_request(asking())
    async for _ in response.aiter_raw():
        break
    await response.aclose()
    assert heard == ["http.disconnect"]
    assert_alone()


async def test_an_app_that_does_not_listen_is_cancelled():
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000

    async def stream(_: Request) -> Response:
        return StreamingResponse(endless())

    app = Starlette(routes=[Route("/a b", stream)])
    response = await InProcessTransport(app).handle_async_request(asking())
    async for _ in response.aiter_raw():
        break
    await response.aclose()
    assert_alone()


async def test_a_client_that_is_cancelled_takes_its_app_along():
    async def app(*_: object) -> None:
        await asyncio.sleep(10)

    client = asyncio.create_task(InProcessTransport(app).handle_async_request(asking()))
    await asyncio.sleep(0.01)
    client.cancel()
    with pytest.raises(asyncio.CancelledError):
        await client
    assert_alone()


async def test_work_after_the_answer_goes_on_until_the_transport_closes():
    gate, done = asyncio.Event(), list[str]()

    async def later() -> None:
        await gate.wait()
        done.append("done")

    async def answer(request: Request) -> Response:
        return PlainTextResponse("ok", background=BackgroundTask(later))

    transport = InProcessTransport(Starlette(routes=[Route("/a b", answer)]))
    for _ in range(2):
        response = await transport.handle_async_request(asking())
        await response.aread()
        await response.aclose()
    assert done == []
    gate.set()
    await asyncio.sleep(0.01)
    assert done == ["done", "done"]
    gate.clear()
    response = await transport.handle_async_request(asking())
    await response.aclose()
    await transport.aclose()
    assert done == ["done", "done"]
    assert_alone()


async def test_an_upload_that_fails_fails_the_request():
    async def upload() -> AsyncIterator[bytes]:
        yield b"x"
        raise LookupError

    async def read_all(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    app = Starlette(routes=[Route("/a b", read_all, methods=["POST"])])
    with pytest.raises(LookupError):
        await InProcessTransport(app).handle_async_request(asking("POST", content=upload()))
    assert_alone()
