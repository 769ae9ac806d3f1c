"""Gradio's own doors: a short list stays open, every other is shut, and what an event brings is never a file to it.

A version of Gradio with new routes brings nothing new to the open: whoever wants one adds it here.
"""

import json
import re
from collections.abc import Callable
from typing import Final, cast

from fastapi import FastAPI
from starlette.routing import Mount

from playground.domain.errors import TooMany
from playground.ui.asgi import ASGIApp, Headers, Message, Receive, Scope, Send, answer
from playground.ui.form import without_uploads

_READ: Final = frozenset({"GET", "HEAD"})
_SENT: Final = frozenset({"POST"})
_API: Final = "/gradio_api"
OPEN: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (_READ, r"/|/config|/theme\.css|/robots\.txt"),
    (_READ, r"/(assets|static)/.+"),
    (_READ, rf"{_API}/(info|app_id|startup-events|queue/data|heartbeat/[^/]+|call/[^/]+/[^/]+)"),
    (_SENT, rf"{_API}/(cancel|reset)"),
)
"""Methods and whole paths, as Gradio itself reads them, that the page or `gradio_client` needs."""
_EVENTS: Final = re.compile(rf"{_API}/(queue/join|run/[^/]+|call/[^/]+)")
"""Where an event comes in, with what the form holds."""
_MOST_BYTES: Final = 1_000_000
"""Of an event: its media are references, never bytes."""


def close(app: FastAPI, count: Callable[[str | None], None]) -> None:
    """Put the doors between an application and the Gradio that was mounted last in it (`count` as in `Doors`)."""
    mounted = [route for route in app.routes if isinstance(route, Mount)][-1]
    mounted.app = Doors(mounted.app, count)


def is_open(method: str, path: str) -> bool:
    """Whether a request gets through to Gradio."""
    if method == "POST" and _EVENTS.fullmatch(path):
        return True
    return any(method in methods and re.fullmatch(pattern, path) for methods, pattern in OPEN)


class Doors:
    """Wraps Gradio's application."""

    def __init__(self, app: ASGIApp, count: Callable[[str | None], None]) -> None:
        """`count` hears of every event and its visitor's address; it raises TooMany where there were enough."""
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what is on the list; 404 for everything else, whether Gradio has it or not."""
        method, path = scope.get("method", ""), scope.get("path", "")
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif not is_open(method, path):
            await answer(send, 404, "Not Found")
        elif method == "POST" and _EVENTS.fullmatch(path):
            await self._event(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _event(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._count(scope["client"][0] if scope.get("client") else None)
        except TooMany as many:
            await answer(send, 429, f"{many.message} {many.next_step}")
            return
        body = await _whole(receive)
        if body is None:
            await answer(send, 413, "That is more than a form can hold.")
            return
        try:
            # Gradio would fetch a file that is named by a URL, from anywhere, and copy one that is named by a path.
            plain = json.dumps(without_uploads(json.loads(body))).encode()
        except (ValueError, RecursionError):
            await answer(send, 422, "That is no valid JSON.")
            return
        headers = [each for each in cast("Headers", scope["headers"]) if each[0].lower() != b"content-length"]
        length = (b"content-length", str(len(plain)).encode())
        told = False

        async def hear() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": plain, "more_body": False}

        await self._app({**scope, "headers": [*headers, length]}, hear, send)


async def _whole(receive: Receive) -> bytes | None:
    """A request's body; None where it is too long."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _MOST_BYTES:
            return None
        if message["type"] != "http.request" or not message.get("more_body"):
            return body
