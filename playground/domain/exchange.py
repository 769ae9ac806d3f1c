"""What was sent to a provider and what it answered, cut to what a person can read and may see.

No key, no bytes of a medium, no value of a signed link: these are replaced by words about them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, JsonValue

from playground.domain.credentials import Secret
from playground.domain.provider import Answer, Context, HttpCall, MediaLeaf, MediaType, Reply
from playground.domain.request import is_url

MAX_CHARACTERS: Final = 20_000
"""Of one body."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{256}")
_DATA_URI: Final = re.compile(r"data:[\w/+.-]*;base64,")
_QUERY_VALUE: Final = re.compile(r"([?&][\w.\[\]%-]+=)[^&#\s\"'<>]+")
_TELLTALE: Final = re.compile(r"authorization|api[-_]?key|access[-_]?token|secret|password|signature", re.IGNORECASE)
Hidden = Mapping[str, str]
"""What must not be seen → the word for it."""
_HEADERS_SHOWN: Final = ("content-type", "retry-after", "x-request-id")
_KEY: Final = "‹key›"
_CUT: Final = "‹cut›"


class Sent(BaseModel):
    """One call, as it went out."""

    model_config = ConfigDict(frozen=True)

    method: str
    url: str
    headers: dict[str, str]
    body: JsonValue = None


class Received(BaseModel):
    """What came back; `status` is None where nothing whole did, and `body` says why."""

    model_config = ConfigDict(frozen=True)

    status: int | None
    headers: dict[str, str]
    body: JsonValue


class Exchange(BaseModel):
    """One call and its answer."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    sent: Sent
    received: Received


class Conversation(BaseModel):
    """What a job's owner may look at: the neutral request, the create call, and the newest questions, newest first."""

    model_config = ConfigDict(frozen=True)

    request: dict[str, JsonValue]
    create: Exchange | None
    later: tuple[Exchange, ...]


def masks(secret: Secret | None, context: Context, names: Mapping[str, str]) -> Hidden:
    """Words for what must not be seen: the key, and the account settings in `names` (setting → environment name)."""
    hidden = {context.account[name]: f"‹{env}›" for name, env in names.items() if context.account.get(name)}
    if secret is not None and secret.value:
        hidden |= {quote(secret.value, safe=""): _KEY, secret.value: _KEY}
    # The longest first: one may be a part of another.
    return dict(sorted(hidden.items(), key=lambda item: -len(item[0])))


def sent(
    call: HttpCall, context: Context, secret: Secret | None, media: Mapping[str, tuple[str, int | None]], hide: Hidden
) -> Sent:
    """A call with its media as words. `media` tells each reference's MIME type and its bytes, None for a link."""
    url = call.path if is_url(call.path) else f"{_without_login(context.base_url)}/{call.path.removeprefix('/')}"
    if call.query:
        url += ("&" if "?" in url else "?") + "&".join(f"{name}={value}" for name, value in call.query)
    headers = {name: _text(value, hide) for name, value in call.headers}
    if secret is not None:
        headers["authorization" if secret.scheme == "bearer" else secret.scheme] = (
            f"Bearer {_KEY}" if secret.scheme == "bearer" else _KEY
        )
    # A link that a provider gave is signed; an address that we built is not.
    shown = _text(url, hide) if is_url(call.path) else _masked(url, hide)
    return Sent(method=call.method, url=shown, headers=headers, body=_body(call.body, media, hide))


def received(reply: Reply, hide: Hidden) -> Received:
    """An answer, shortened."""
    if not isinstance(reply, Answer):
        return Received(status=None, headers={}, body=_masked(reply.reason, hide))
    headers = {name: _text(reply.headers[name], hide) for name in _HEADERS_SHOWN if name in reply.headers}
    body = shortened(reply.json, hide) if reply.json is not None else _text(reply.text, hide)
    return Received(status=reply.status, headers=headers, body=_within(body))


def shortened(value: JsonValue, hide: Hidden) -> JsonValue:
    """JSON without media, link values and keys."""
    if isinstance(value, str):
        return _text(value, hide)
    if isinstance(value, list):
        return [shortened(each, hide) for each in value]
    if isinstance(value, dict):
        return {
            _masked(key, hide): _CUT if isinstance(each, str) and _TELLTALE.search(key) else shortened(each, hide)
            for key, each in value.items()
        }
    return value


def _text(text: str, hide: Hidden) -> str:
    start = _DATA_URI.match(text)
    if start is not None:
        return f"{start[0]}‹{len(text) - start.end():,} characters›"
    # The beginning tells: a film of base64 must not be read to its end for this.
    if _BASE64.match(text):
        return f"‹base64, {len(text):,} characters›"
    if len(text) > MAX_CHARACTERS:
        text = f"{text[:MAX_CHARACTERS]}… ‹{len(text):,} characters›"
    return _QUERY_VALUE.sub(rf"\1{_CUT}", _masked(text, hide))


def _masked(text: str, hide: Hidden) -> str:
    for hidden, word in hide.items():
        text = text.replace(hidden, word)
    return text


def _within(body: JsonValue) -> JsonValue:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return body if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}… ‹cut›"


def _body(body: object, media: Mapping[str, tuple[str, int | None]], hide: Hidden) -> JsonValue:
    if isinstance(body, Mapping):
        return {key: _body(each, media, hide) for key, each in cast("Mapping[str, object]", body).items()}
    if isinstance(body, str):
        return _masked(body, hide)
    if isinstance(body, Sequence):
        return [_body(each, media, hide) for each in cast("Sequence[object]", body)]
    if isinstance(body, MediaType):
        return media.get(body.reference, ("‹unknown type›", None))[0]
    if isinstance(body, MediaLeaf):
        return _leaf(body, media, hide)
    return cast("JsonValue", body)


def _leaf(leaf: MediaLeaf, media: Mapping[str, tuple[str, int | None]], hide: Hidden) -> str:
    kind, size = media.get(leaf.reference, ("", None))
    if leaf.encoding == "url" or size is None:
        return _text(leaf.reference, hide)
    said = f"‹{kind} as base64, {(size + 2) // 3 * 4:,} characters›"
    return f"data:{kind};base64,{said}" if leaf.encoding == "data-uri" else said


def _without_login(url: str) -> str:
    scheme, mark, rest = url.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"
