"""The page itself, kept packed: Gradio writes its 200 kB anew for every visit, and they are the same for everybody.

Nothing in them belongs to a session; what a visitor has comes afterwards, by his own requests.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, cast
from urllib.parse import parse_qsl

from playground.ui.asgi import ASGIApp, Message, Receive, Scope, Send
from playground.ui.packed import Packed

_ADDRESSES_KEPT: Final = 8
"""The page names its own address, so it is another one for each that it is reached by."""
_ADDRESS_HEADERS: Final = (b"host", b"x-forwarded-host", b"x-forwarded-proto", b"x-gradio-server")
"""What Gradio tells that address by."""
_OUR_WORDS: Final = frozenset({"job", "__theme"})
"""What an address of ours may ask for; the page's script reads it. Gradio has words of its own."""
_LOGIN: Final = b"access-token"
_OK: Final = 200


class FrontPage:
    """Wraps the application: `GET /` is asked of it once for each address, everything else passes through."""

    def __init__(self, app: ASGIApp, hints: str = "") -> None:
        """`hints` is HTML for the end of the head: what the browser may fetch while Gradio's script is on its way."""
        self._app = app
        self._hints = hints.encode()
        self._kept: OrderedDict[object, Packed] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the page from memory, or let the request through."""
        if not _is_page(scope):
            await self._app(scope, receive, send)
            return
        address = _address(scope)
        kept = self._kept.get(address)
        if kept is None:
            answer = await self._ask(scope, receive)
            kept = await asyncio.to_thread(_keep, answer, self._hints)
            if kept is None:
                for message in answer:
                    await send(message)
                return
            self._kept[address] = kept
            if len(self._kept) > _ADDRESSES_KEPT:
                self._kept.popitem(last=False)
        await _tell(kept, scope, send)

    async def _ask(self, scope: Scope, receive: Receive) -> list[Message]:
        answer: list[Message] = []

        async def hear(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, hear)
        return answer


def _is_page(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
        return False
    # Whoever has logged in by Gradio's own login is told a page of his own.
    if any(name == b"cookie" and _LOGIN in value for name, value in scope["headers"]):
        return False
    query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return {name for name, _ in query} <= _OUR_WORDS


def _address(scope: Scope) -> object:
    said = tuple(each for each in scope["headers"] if each[0] in _ADDRESS_HEADERS)
    return scope.get("scheme"), scope.get("root_path"), said


def _keep(answer: list[Message], hints: bytes) -> Packed | None:
    """An answer that may be given again; None for an error, which is told once and asked anew."""
    if not answer or answer[0].get("status") != _OK:
        return None
    body = b"".join(message.get("body", b"") for message in answer[1:]).replace(b"</head>", hints + b"</head>", 1)
    return Packed.of(body, cast("Sequence[tuple[bytes, bytes]]", answer[0]["headers"]))


async def _tell(kept: Packed, scope: Scope, send: Send) -> None:
    status, headers, body = kept.answer(scope["headers"])
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})
