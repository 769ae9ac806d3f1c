"""An ASGI wrapper around the whole application: doors of Gradio that stay shut, and headers for every answer."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import unquote

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_API: Final = "/gradio_api"
DENIED: Final = (
    # Streams any public URL through this server.
    f"{_API}/file=http",
    f"{_API}/file/http",
    f"{_API}/proxy=",
    # Runs ffmpeg for anybody.
    f"{_API}/process_recording",
    # Writes every value of a session to disk and hands it to whoever has the link.
    f"{_API}/deep_link",
    f"{_API}/vibe",
    f"{_API}/undo-vibe",
    f"{_API}/runs",
    f"{_API}/run-history",
    f"{_API}/openapi.json",
    f"{_API}/mcp",
    "/openapi.json",
    "/monitoring",
    "/manifest.json",
    "/pwa_icon",
)
"""Beginnings of paths that are answered with 404. The `/info` of Gradio stays readable: it lists our five endpoints."""

_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        # Gradio compiles its templates in the page and writes its theme into style attributes.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self' https://huggingface.co",
    )
)
HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
_MAX_UNQUOTE: Final = 3


def plain_path(path: str) -> str:
    """A path as the most generous router could read it: unquoted, single slashes, no dots, lower case."""
    for _ in range(_MAX_UNQUOTE):
        path = unquote(path)
    path = re.sub(r"/(\./)+", "/", re.sub(r"[/\\]+", "/", path))
    return path.lower()


def is_denied(path: str) -> bool:
    """Whether a path is one of the doors that stay shut."""
    return plain_path(path).startswith(DENIED)


class Guard:
    """Wraps an ASGI application; websockets and the lifespan pass through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404 at a shut door, else let through and add the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif is_denied(scope["path"]):
            await _not_found(send)
        else:
            await self._app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def out(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in HEADERS}
            theirs = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in ours]
            message = {**message, "headers": [*theirs, *HEADERS]}
        await send(message)

    return out


async def _not_found(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"9"), *HEADERS]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"Not Found"})
