"""An answer that is the same for everybody, packed once and told from memory."""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

Headers = tuple[tuple[bytes, bytes], ...]
_OWN_HEADERS = (b"content-length", b"content-encoding", b"cache-control", b"etag", b"vary")
_OK, _UNCHANGED = 200, 304


@dataclass(frozen=True, slots=True)
class Packed:
    """Both forms of a body, each with a name of its own, and the headers that go with either."""

    headers: Headers
    plain: bytes
    packed: bytes
    tags: tuple[bytes, bytes]

    @classmethod
    def of(cls, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> "Packed":
        """Pack a body; of its headers those are left out that are said anew with each answer."""
        # No time in it: the same body has the same name.
        packed = gzip.compress(body, mtime=0)
        kept = tuple((name, value) for name, value in headers if name.lower() not in _OWN_HEADERS)
        return cls(kept, body, packed, (_tag(body), _tag(packed)))

    def answer(self, asked: Iterable[tuple[bytes, bytes]]) -> tuple[int, Headers, bytes]:
        """Status, headers and body for whoever asks with these headers; a browser that has it is only told so."""
        said = {name: value for name, value in asked if name in (b"accept-encoding", b"if-none-match")}
        packs = b"gzip" in said.get(b"accept-encoding", b"")
        tag = self.tags[packs]
        own: Headers = ((b"cache-control", b"no-cache"), (b"vary", b"accept-encoding"), (b"etag", tag))
        if tag in said.get(b"if-none-match", b""):
            return _UNCHANGED, own, b""
        body = self.packed if packs else self.plain
        own += ((b"content-length", str(len(body)).encode()),)
        if packs:
            own += ((b"content-encoding", b"gzip"),)
        return _OK, (*self.headers, *own), body


def _tag(body: bytes) -> bytes:
    return b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()
