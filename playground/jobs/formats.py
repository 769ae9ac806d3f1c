"""What a file is by its first bytes, never by its name. Nothing is decoded here, and no decoder is loaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playground.domain.media import MediaKind

SNIFFED_BYTES: Final = 64
"""Of a file's beginning, that tell its format."""

_HEIC: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_BRANDS: Final = {b"avif": "avif", b"avis": "avif", b"qt  ": "mov", **dict.fromkeys(_HEIC, "heic")}
"""Formats by the first brand of their `ftyp` box; any other is a kind of MP4."""
_OLD_MOV: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
"""What a MOV may begin with that is older than the box that names its kind."""

_SIGNATURES: Final = {
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF8": "gif",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
}
_CLIPS: Final = frozenset({"mp4", "mov", "webm"})

MIME_TYPES: Final[dict[str, str]] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}
"""Format by its bytes → MIME type, for everything that can be taken."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What a video file holds."""

    format: str
    seconds: float
    width: int
    height: int
    frames_per_second: float | None
    has_audio: bool


def sniff(path: Path) -> str | None:
    """The format that the first bytes tell, where it is one of ours."""
    with path.open("rb") as file:
        return sniffed(file.read(SNIFFED_BYTES))


def sniffed(head: bytes) -> str | None:
    """The same of a file's first bytes."""
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "mp4")
    if head[4:8] in _OLD_MOV:
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "webm" if b"webm" in head else None
    found = next((name for start, name in _SIGNATURES.items() if head.startswith(start)), None)
    return "webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else found


def kind_of(format_name: str | None) -> MediaKind | None:
    """Whether a format that was sniffed is a picture's or a clip's."""
    if format_name is None:
        return None
    return "video" if format_name in _CLIPS else "image"
