"""What is known about a media input, gathered by the service and judged by the domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

MAX_IMAGE_BYTES: Final = 20_000_000
MAX_IMAGE_PIXELS: Final = 50_000_000
MAX_VIDEO_BYTES: Final = 100_000_000
READABLE: Final = frozenset({"png", "jpeg", "webp", "avif", "gif", "bmp", "tiff"})
"""Formats of images that we can read, and turn into another."""

MediaKind = Literal["image", "video", "unknown"]


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """One probed image or clip. What nobody could measure is None and is not judged."""

    kind: MediaKind
    format: str | None = None
    """Lower-case name of the format by its bytes (`png`, `jpeg`, `webp`, `mp4`, …), never by its file name."""
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    """Of an image held upright."""
    seconds: float | None = None
    frames_per_second: float | None = None
    has_audio: bool | None = None
    turned: bool = False
    """An image on its side or head: only its EXIF says how to hold it."""
    transparent: bool = False
    """Some of an image can be seen through."""
    ink: bool = False
    """An image in printers' colours (CMYK)."""
    moving: bool = False
    """A file with several images, such as an animated GIF."""
    by_url: bool = False
    """Given as a URL and not fetched: only its file extension is known."""
    made_by: str | None = None
    """The provider whose job of ours made this clip; None for an upload."""
    made_at: datetime | None = None
    extended: int = 0
    """How often this clip was extended before."""
    problem: str | None = None
    """One sentence about why this cannot be used at all (no image, truncated, too many pixels, a private address)."""
    problem_code: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything outside request and table that a check needs."""

    media: Mapping[str, tuple[MediaFacts, ...]] = field(default_factory=dict[str, tuple[MediaFacts, ...]])
    """By field; in the order of the references."""
    region: str | None = None
    """Two-letter code of the operator's region; None is unknown, and rules that need it warn."""
    allow_retired: bool = False
