"""Judging what was measured of images and clips. What was not measured is not judged."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from playground.domain.capabilities import MediaLimit, ModeSpec, Parameter
from playground.domain.issues import Issue
from playground.domain.media import Facts, MediaFacts
from playground.domain.pictures import READABLE, Change, as_sent, change_for, told
from playground.domain.request import MEDIA_FIELDS, Value, VideoRequest, is_url
from playground.domain.words import label, listed, short, the_one

MEGA: Final = 1_000_000
MOST_TOLD: Final = 10**15
"""Bytes beyond which nobody reads the number."""
_SLACK_SECONDS: Final = 0.05
"""A clip of 141 s may measure a frame more."""


_ENDINGS: Final = {"jpeg": "jpg"}
_LINES_OF_4K: Final = 2160
_FAR: Final = 0.2
"""How much of a picture may be lost to its shape before that is worth a word."""
_RATIO: Final = re.compile(r"([1-9]\d{0,2}):([1-9]\d{0,2})")
FILLS_THE_FRAME: Final = frozenset({"first_frame", "last_frame"})
"""The pictures that become a frame of the video, so that their shape is fitted to it."""


def media_issues(request: VideoRequest, spec: ModeSpec, facts: Facts, now: datetime) -> Iterator[Issue]:
    """What is wrong with the given images and clips, and how many there may be."""
    for name in MEDIA_FIELDS:
        parameter = spec.parameters.get(name)
        value = request.value(name)
        if parameter is None or value is None:
            continue
        yield from _number(name, value, parameter)
        for fact in facts.media.get(name, ()):
            yield from _one(name, fact, parameter, spec, now)
            if name in FILLS_THE_FRAME and fact.problem is None:
                yield from _shape(name, fact, request.aspect_ratio or spec.default("aspect_ratio"))


def _number(name: str, value: Value, parameter: Parameter) -> Iterator[Issue]:
    involves = frozenset({name})
    references = value if isinstance(value, tuple) else (value,)
    if isinstance(value, tuple) and parameter.at_most is not None and len(value) > parameter.at_most:
        says = f"{len(value)} {label(name)} were given; at most {parameter.at_most} are taken."
        yield Issue(name, "too_many", says, evidence=parameter.evidence, involves=involves)
    if isinstance(value, tuple) and parameter.at_least is not None and 0 < len(value) < parameter.at_least:
        says = f"{len(value)} {label(name)} were given; at least {parameter.at_least} are needed."
        yield Issue(name, "too_few", says, evidence=parameter.evidence, involves=involves)
    url_only = parameter.limits is not None and parameter.limits.url_only
    if url_only and not all(isinstance(reference, str) and is_url(reference) for reference in references):
        says = f"{label(name).capitalize()} must be a public URL; files are not taken."
        yield Issue(name, "url_only", says, evidence=parameter.evidence, involves=involves)


def changed(fact: MediaFacts, name: str, spec: ModeSpec) -> Change | None:
    """What is done to a picture of a request before it is sent; a link that is handed on is not ours to change."""
    parameter = spec.parameters.get(name)
    if parameter is None or (fact.by_url and spec.takes_media_urls):
        return None
    limit = parameter.limits if parameter.limits is not None else MediaLimit()
    if limit.formats is not None:
        return change_for(fact, limit)
    # Where a provider names no formats, its table's rules tell which are safe.
    advised = (rule.media[name].formats for rule in spec.rules if name in rule.media)
    safe = next((formats for formats in advised if formats is not None), None)
    return change_for(fact, limit.model_copy(update={"formats": safe}), stated=False)


def _one(name: str, fact: MediaFacts, parameter: Parameter, spec: ModeSpec, now: datetime) -> Iterator[Issue]:
    involves = frozenset({name})
    if fact.problem is not None:
        yield Issue(name, fact.problem_code or "unusable", fact.problem, involves=involves)
        return
    change = changed(fact, name, spec)
    if change is not None:
        yield Issue(name, "changed", told(change, the_one(name)), "warning", evidence=parameter.evidence)
    if parameter.limits is not None:
        for code, says in violations(parameter.limits, as_sent(fact, change), label(name), now):
            yield Issue(name, code, says, evidence=parameter.evidence, involves=involves)


def _shape(name: str, fact: MediaFacts, aspect_ratio: Value | None) -> Iterator[Issue]:
    """A picture of quite another shape is cropped or padded: said, not refused."""
    match = _RATIO.fullmatch(aspect_ratio) if isinstance(aspect_ratio, str) else None
    if match is None or not fact.width or not fact.height:
        return
    wide, high = int(match[1]), int(match[2])
    both = sorted((fact.width * high, fact.height * wide))
    lost = 1 - both[0] / both[1]
    if lost > _FAR:
        says = f"The {label(name)} has another shape than {aspect_ratio}: {lost:.0%} of it would be cropped, or padded."
        yield Issue(name, "shape", says, "warning")


def violations(limit: MediaLimit, fact: MediaFacts, what: str, now: datetime) -> Iterator[tuple[str, str]]:
    """Every way in which a medium breaks a limit, as (code, sentence)."""
    yield from _size(limit, fact, what)
    yield from _length(limit, fact, what)
    yield from _origin(limit, fact, what, now)


def _size(limit: MediaLimit, fact: MediaFacts, what: str) -> Iterator[tuple[str, str]]:
    if limit.needs_type and fact.by_url and fact.format is None:
        endings = listed([f".{_ENDINGS.get(name, name)}" for name in limit.formats or ()])
        says = f"The link of the {what} does not tell its type, which must be named here"
        yield "unknown_type", f"{says}: use one that ends in {endings}, or upload the file."
    if limit.formats is not None and fact.format is not None and fact.format not in limit.formats:
        says = (
            f"A {fact.format.upper()} is not taken as {what}; use {listed([name.upper() for name in limit.formats])}."
        )
        handed_on = fact.by_url and fact.format in READABLE
        yield "format", f"{says} A link is handed on as it is; a file would be converted." if handed_on else says
    if limit.max_megabytes is not None and fact.bytes is not None and fact.bytes > limit.max_megabytes * MEGA:
        size = min(fact.bytes, MOST_TOLD) / MEGA
        yield "too_large", f"The {what} is {size:.1f} MB; at most {limit.max_megabytes:g} MB are taken."
    if fact.width is None or fact.height is None:
        return
    if limit.max_megapixels is not None and fact.width * fact.height > limit.max_megapixels * MEGA:
        yield "too_many_pixels", f"The {what} has more than {limit.max_megapixels:g} megapixels."
    if limit.heights is not None and min(fact.width, fact.height) not in limit.heights:
        sizes = listed(["4k" if height == _LINES_OF_4K else f"{height}p" for height in limit.heights])
        yield "size", f"The {what} is {short(fact.width)}×{short(fact.height)}; it must be {sizes}."


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
        yield "extended_enough", f"The {what} was extended {short(fact.extended)} times already, which is the most."
