"""An ASGI wrapper around the whole application: nothing from another site, who really asks, and headers."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from playground.ui.asgi import ASGIApp, Message, Receive, Scope, Send, answer

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
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
_READ: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({"same-origin", "none"})
_ELSEWHERE: Final = "This server takes requests from its own page only."
_STRANGE_NAME: Final = (
    "This server is reached by a name that it does not know. Open it as http://localhost, "
    "or set PLAYGROUND_BEHIND_PROXY=on where a proxy leads here."
)


class Guard:
    """Wraps an ASGI application; the lifespan passes through."""

    def __init__(
        self, app: ASGIApp, *, behind_proxy: bool = False, public: bool = False, is_public: Callable[[str], bool]
    ) -> None:
        """`behind_proxy`: the visitor's address is what the proxy says. `is_public` tells an address of the internet.

        With neither `behind_proxy` nor `public`, a connection from this machine must call it by a name of its own.
        """
        self._app = app
        self._behind_proxy = behind_proxy
        self._local = not (behind_proxy or public)
        self._is_public = is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what another site sends, else let through; every answer gets the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        out = _with_headers(send)
        if self._local and _is_renamed(scope, headers):
            await answer(out, 403, _STRANGE_NAME)
        elif scope["method"] not in _READ and _is_from_elsewhere(headers):
            await answer(out, 403, _ELSEWHERE)
        else:
            if self._behind_proxy:
                scope = {**scope, "client": (self._visitor(scope, headers), 0)}
            await self._app(scope, receive, out)

    def _visitor(self, scope: Scope, headers: dict[bytes, str]) -> str:
        """The last public address that the proxies name: those before it may be a stranger's invention."""
        named = [each.strip() for each in headers.get(b"x-forwarded-for", "").split(",")]
        peer = scope["client"][0] if scope.get("client") else ""
        return next((each for each in reversed(named) if self._is_public(each)), peer)


def _is_from_elsewhere(headers: dict[bytes, str]) -> bool:
    """Whether a browser says that another site's page has sent it; whatever is no browser says nothing."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in _OURS
    origin = headers.get(b"origin")
    hosts = (headers.get(b"host"), headers.get(b"x-forwarded-host"))
    return origin is not None and urlsplit(origin).netloc not in hosts


def _is_renamed(scope: Scope, headers: dict[bytes, str]) -> bool:
    """Whether a connection to a loopback address calls it by somebody else's name (DNS rebinding)."""
    server = scope.get("server")
    here = _ip(str(server[0])) if server is not None else None
    if here is None or not here.is_loopback:
        return False
    try:
        host = urlsplit(f"//{headers.get(b'host', '')}").hostname or ""
    except ValueError:
        return True
    return host != "localhost" and not host.endswith(".localhost") and _ip(host) is None


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _with_headers(send: Send) -> Send:
    async def out(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in HEADERS}
            theirs = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in ours]
            message = {**message, "headers": [*theirs, *HEADERS]}
        await send(message)

    return out
