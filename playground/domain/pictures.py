"""What has to be done to a picture before a provider gets it: decided here, told before, done by `jobs/pictures.py`."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from playground.domain.capabilities import MediaLimit
from playground.domain.media import MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, READABLE, MediaFacts

_PHOTOS: Final = frozenset({"jpeg", "webp", "avif"})
"""What most likely holds a photo, which a JPEG keeps small."""
_MEGA: Final = 1_000_000

Target = Literal["png", "jpeg"]


class CannotChange(Exception):
    """No copy can be made; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Change:
    """A copy of a picture that is sent in its place: upright, opaque, one picture, in screen colours."""

    format: Target
    why: tuple[str, ...]
    """What is different about the copy, each in a few words."""
    max_bytes: int
    max_pixels: int | None
    or_jpeg: bool
    """Whether a PNG that is too large may become a JPEG."""
    needed: bool
    """Whether the provider would refuse the picture as it is."""


def change_for(fact: MediaFacts, limit: MediaLimit, *, stated: bool = True) -> Change | None:
    """What must be done to a picture that is ours to change; None where it is sent as it is (or cannot be helped).

    `stated` tells whether the provider itself says which formats it takes.
    """
    target = _target(fact, limit)
    if target is None or not _can_be_opened(fact):
        return None
    most = min(int((limit.max_megabytes or MAX_IMAGE_BYTES / _MEGA) * _MEGA), MAX_IMAGE_BYTES)
    pixels = int(limit.max_megapixels * _MEGA) if limit.max_megapixels is not None else None
    other = limit.formats is not None and fact.format not in limit.formats
    large = _too_large(fact, most, pixels)
    said = f"{str(fact.format).upper()} is not {'taken here' if stated else 'known to be taken'}"
    why = (*([said] if other else []), *large, *_amiss(fact))
    # Hardly anybody documents before which colour they are put; white is what most people see behind them. A copy is
    # opaque, whatever it is made for.
    if fact.transparent and (why or not limit.transparency):
        why = (*why, "its transparent parts become white")
    if not why:
        return None
    or_jpeg = limit.formats is None or "jpeg" in limit.formats
    return Change(target, why, most, pixels, or_jpeg, needed=bool(large) or (other and stated))


def _can_be_opened(fact: MediaFacts) -> bool:
    pixels = fact.width * fact.height if fact.width is not None and fact.height is not None else 0
    small = (fact.bytes or 0) <= MAX_IMAGE_BYTES and pixels <= MAX_IMAGE_PIXELS
    return fact.kind == "image" and fact.problem is None and fact.format in READABLE and small


def _too_large(fact: MediaFacts, most: int, pixels: int | None) -> list[str]:
    why: list[str] = []
    if fact.bytes is not None and fact.bytes > most:
        why.append(f"it is made smaller than {most / _MEGA:g} MB")
    if pixels is not None and fact.width is not None and fact.height is not None and fact.width * fact.height > pixels:
        why.append(f"it is made smaller than {pixels / _MEGA:g} megapixels")
    return why


def _amiss(fact: MediaFacts) -> list[str]:
    """What a provider would take and might see in another way than a person does."""
    # Nobody documents whether EXIF is heeded.
    said = {
        "it is turned upright": fact.turned,
        "its ink colours (CMYK) become screen colours": fact.ink,
        "only its first picture counts": fact.moving,
    }
    return [words for words, holds in said.items() if holds]


def _target(fact: MediaFacts, limit: MediaLimit) -> Target | None:
    order: tuple[Target, ...] = ("jpeg", "png") if fact.format in _PHOTOS else ("png", "jpeg")
    return next((name for name in order if limit.formats is None or name in limit.formats), None)


def as_sent(fact: MediaFacts, change: Change | None) -> MediaFacts:
    """The facts of what will be sent, as far as they are known before."""
    if change is None:
        return fact
    shrunk = any("smaller" in words for words in change.why)
    size = {"width": None, "height": None} if shrunk else {}
    return replace(
        fact, format=change.format, bytes=None, turned=False, transparent=False, ink=False, moving=False, **size
    )


def told(change: Change, what: str) -> str:
    """`The first frame is sent as a JPEG copy: WEBP is not taken here, it is turned upright.`"""
    return f"{what} is sent as a {change.format.upper()} copy: {', '.join(change.why)}."
