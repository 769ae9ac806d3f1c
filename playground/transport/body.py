"""Bodies as streams: JSON with media spliced in as base64, so that no medium is ever whole in memory."""

import asyncio
import json
import os
from binascii import b2a_base64
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from playground.domain.provider import Body, MediaLeaf, MediaType

CHUNK_BYTES: Final = 3 * 256 * 1024
"""Of a file, at a time. A multiple of 3, so that pieces of base64 can be joined without padding between them."""


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """What a media reference stands for when a body is sent."""

    path: Path | None
    """The prepared file; None only where the reference is passed on as a URL."""
    mime_type: str
    url: str | None = None
    """What is sent for a leaf whose encoding is `url`."""
    handle: str | None = None
    """The provider's own link to it, for a leaf whose encoding is `handle`."""


class MediaUnreadable(Exception):
    """A stored file is gone, cannot be read or changed while it was sent."""


@dataclass(frozen=True, slots=True)
class BuiltBody:
    """A body of known length that can be streamed as often as it is needed."""

    content_length: int
    stream: Callable[[], AsyncIterator[bytes]]
    """Makes a fresh stream of the whole body; streaming may raise `MediaUnreadable`."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int

    @property
    def encoded_size(self) -> int:
        return (self.size + 2) // 3 * 4


async def build_body(body: Body, media: Mapping[str, StoredMedia]) -> BuiltBody:
    """Turn a call's body into UTF-8 JSON of known length.

    The JSON is written by a walk over the body, not by replacing placeholders: a prompt can forge nothing.

    Raises:
        ValueError: a leaf whose reference is unknown or lacks what its encoding needs; a number that JSON lacks.
        TypeError: a leaf that is no JSON.
        MediaUnreadable: a file is gone or cannot be read.
    """
    # Files are looked at in a thread; most questions are about none.
    pieces = await asyncio.to_thread(_pieces, body, media) if media else _pieces(body, media)
    length = sum(len(piece) if isinstance(piece, bytes) else piece.encoded_size for piece in pieces)
    return BuiltBody(length, lambda: _stream(pieces))


def _pieces(body: Body, media: Mapping[str, StoredMedia]) -> tuple[bytes | _File, ...]:
    written: list[str | _File] = []
    _write(body, media, written)
    pieces: list[bytes | _File] = []
    text: list[str] = []
    for part in written:
        if isinstance(part, str):
            text.append(part)
        else:
            pieces += ["".join(text).encode("ascii"), part]
            text.clear()
    return (*pieces, "".join(text).encode("ascii"))


def _write(node: object, media: Mapping[str, StoredMedia], out: list[str | _File]) -> None:
    if isinstance(node, MediaLeaf):
        _write_leaf(node, _stored(node.reference, media), out)
    elif isinstance(node, MediaType):
        out.append(_dumps(_stored(node.reference, media).mime_type))
    elif isinstance(node, Mapping):
        for place, (key, value) in enumerate(cast("Mapping[str, object]", node).items()):
            out.append(f"{',' if place else '{'}{_dumps(key)}:")
            _write(value, media, out)
        out.append("}" if node else "{}")
    elif isinstance(node, Sequence) and not isinstance(node, str | bytes | bytearray):
        for place, value in enumerate(cast("Sequence[object]", node)):
            out.append("," if place else "[")
            _write(value, media, out)
        out.append("]" if node else "[]")
    else:
        out.append(_dumps(node))


def _write_leaf(leaf: MediaLeaf, stored: StoredMedia, out: list[str | _File]) -> None:
    if leaf.encoding in ("url", "handle"):
        link = stored.url if leaf.encoding == "url" else stored.handle
        if link is None:
            what = "URL" if leaf.encoding == "url" else "link of the provider's own"
            raise ValueError(f"No {what} is known for {leaf.reference!r}")
        out.append(_dumps(link))
        return
    if stored.path is None:
        raise ValueError(f"No file is known for {leaf.reference!r}")
    start = f"data:{stored.mime_type};base64," if leaf.encoding == "data-uri" else ""
    out += [_dumps(start)[:-1], _File(stored.path, _size(stored.path)), '"']


def _stored(reference: str, media: Mapping[str, StoredMedia]) -> StoredMedia:
    if reference not in media:
        raise ValueError(f"No medium is known for {reference!r}")
    return media[reference]


def _dumps(value: object) -> str:
    # ASCII only: a lone surrogate in a prompt stays an escape and can always be encoded.
    return json.dumps(value, allow_nan=False)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise MediaUnreadable from error


async def _stream(pieces: tuple[bytes | _File, ...]) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        for offset in range(0, piece.size, CHUNK_BYTES):
            yield await asyncio.to_thread(_encoded, piece, offset)


def _encoded(file: _File, offset: int) -> bytes:
    """One chunk as base64. Opens the file anew, so that an abandoned stream leaves nothing open."""
    try:
        with file.path.open("rb") as handle:
            handle.seek(offset)
            raw = handle.read(min(CHUNK_BYTES, file.size - offset))
            size = os.fstat(handle.fileno()).st_size
    except OSError as error:
        raise MediaUnreadable from error
    if size != file.size or len(raw) != min(CHUNK_BYTES, file.size - offset):
        raise MediaUnreadable
    return b2a_base64(raw, newline=False)
