"""Media as a strict service takes them: plain base64, of a file that is what it says it is."""

import base64
import binascii
from collections.abc import Collection
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_WEBP: Final = (b"RIFF", b"WEBP")
MIME_TYPES: Final = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "mp4": "video/mp4"}
"""By the ending that `Desk.keep` is told."""
USUAL: Final = ("png", "jpg", "mp4")
_NAMES: Final = {"jpg": "JPEG", "webp": "WebP"}


class NotMedia(ValueError):
    """No base64, or not of a file that is taken; the message is for a person."""


def medium(encoded: str, mime_type: str | None = None, *, endings: Collection[str] = USUAL) -> tuple[bytes, str]:
    """The bytes behind plain base64 and their ending, one of `endings`. Takes time for a video: call it in a thread.

    Raises:
        NotMedia: it is none of these, or another one than its MIME type says.
    """
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NotMedia("is not valid base64") from None
    ending = _ending(data)
    if ending is None or ending not in endings:
        raise NotMedia(f"is not a {_listed(endings)} file")
    if mime_type is not None and MIME_TYPES[ending] != mime_type:
        raise NotMedia(f"is {MIME_TYPES[ending]}, not {mime_type[:60]}")
    return data, ending


def _ending(data: bytes) -> str | None:
    if data.startswith(_PNG):
        return "png"
    if data.startswith(_JPEG):
        return "jpg"
    if (data[:4], data[8:12]) == _WEBP:
        return "webp"
    return "mp4" if data[4:8] == b"ftyp" else None


def _listed(endings: Collection[str]) -> str:
    *others, last = (_NAMES.get(ending, ending.upper()) for ending in endings)
    return f"{', '.join(others)} or {last}" if others else last
