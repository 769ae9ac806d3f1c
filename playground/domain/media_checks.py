"""Judging what was measured of an image or clip against a limit. What was not measured is not judged."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from playground.domain.capabilities import MediaLimit
from playground.domain.media import MediaFacts
from playground.domain.words import listed

MEGA: Final = 1_000_000
_SLACK_SECONDS: Final = 0.05
"""A clip of 141 s may measure a frame more."""


def violations(limit: MediaLimit, fact: MediaFacts, what: str, now: datetime) -> Iterator[tuple[str, str]]:
    """Every way in which a medium breaks a limit, as (code, sentence)."""
    yield from _size(limit, fact, what)
    yield from _length(limit, fact, what)
    yield from _origin(limit, fact, what, now)


def _size(limit: MediaLimit, fact: MediaFacts, what: str) -> Iterator[tuple[str, str]]:
    if limit.formats is not None and fact.format is not None and fact.format not in limit.formats:
        yield "format", f"A {fact.format.upper()} is not taken as {what}; use {listed(limit.formats)}."
    if limit.max_megabytes is not None and fact.bytes is not None and fact.bytes > limit.max_megabytes * MEGA:
        size = fact.bytes / MEGA
        yield "too_large", f"The {what} is {size:.1f} MB; at most {limit.max_megabytes:g} MB are taken."
    if fact.width is None or fact.height is None:
        return
    if limit.max_megapixels is not None and fact.width * fact.height > limit.max_megapixels * MEGA:
        yield "too_many_pixels", f"The {what} has more than {limit.max_megapixels:g} megapixels."
    if limit.heights is not None and min(fact.width, fact.height) not in limit.heights:
        sizes = listed(tuple(f"{height}p" for height in limit.heights))
        yield "size", f"The {what} is {fact.width}×{fact.height}; it must be {sizes}."


def _length(limit: MediaLimit, fact: MediaFacts, what: str) -> Iterator[tuple[str, str]]:
    if fact.seconds is not None:
        if limit.at_most_seconds is not None and fact.seconds > limit.at_most_seconds + _SLACK_SECONDS:
            yield (
                "too_long",
                f"The {what} is {fact.seconds:.1f} s long; at most {limit.at_most_seconds:g} s are taken.",
            )
        if limit.at_least_seconds is not None and fact.seconds < limit.at_least_seconds - _SLACK_SECONDS:
            yield (
                "too_short",
                f"The {what} is {fact.seconds:.1f} s long; it must be {limit.at_least_seconds:g} s or more.",
            )
    rate = limit.frames_per_second
    if rate is not None and fact.frames_per_second is not None and abs(fact.frames_per_second - rate) > 1 / rate:
        yield (
            "frame_rate",
            f"The {what} has {fact.frames_per_second:g} frames a second; it must have {rate:g}.",
        )


def _origin(limit: MediaLimit, fact: MediaFacts, what: str, now: datetime) -> Iterator[tuple[str, str]]:
    if limit.made_by is not None and fact.made_by != limit.made_by:
        yield "foreign", f"The {what} must be a result made here by {limit.made_by}."
        return
    if limit.younger_than_days is not None and fact.made_at is not None:
        age = now - fact.made_at
        if age > timedelta(days=limit.younger_than_days):
            yield (
                "expired",
                f"The {what} is {age.days} days old; the provider keeps it {limit.younger_than_days:g} days.",
            )
    if limit.extended_at_most is not None and fact.extended >= limit.extended_at_most:
        yield "extended_enough", f"The {what} was extended {fact.extended} times already, which is the most."
