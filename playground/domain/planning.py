"""Pure: what a request costs, what of it is sent, and who can do it as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from playground.domain.capabilities import UNKNOWN, ModeSpec, Price, Table
from playground.domain.issues import Issue, errors
from playground.domain.media import Facts
from playground.domain.request import MEDIA_FIELDS, Value, VideoRequest
from playground.domain.validation import check, spec_for


@dataclass(frozen=True, slots=True)
class Quote:
    """What a request costs. `usd` is None where nobody knows, which is not the same as nothing."""

    usd: float | None
    usd_per_second: float | None
    billed_seconds: int | None
    evidence: str | None

    @classmethod
    def unknown(cls) -> "Quote":
        """Nothing is known about the price."""
        return cls(None, None, None, None)


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether one provider's model can do a request as it is, and for how much."""

    provider: str
    model: str
    can: bool
    quote: Quote
    blocked_by: tuple[Issue, ...]

    def as_json(self) -> dict[str, object]:
        """The shape that `check --json` and `/api/check` answer with."""
        blocked = [{"field": i.field, "rule": i.rule, "message": i.message} for i in self.blocked_by]
        return {
            "provider": self.provider,
            "model": self.model,
            "can": self.can,
            "price_usd": self.quote.usd,
            "blocked_by": blocked,
        }


_BILLABLE: Final = 100_000
"""Nobody bills more seconds or videos than this, nor fewer than one: such a request has no price."""
_NOBODY_KNOWS: Final = Quote.unknown()


def price(request: VideoRequest, table: Table, now: datetime) -> Quote:
    """The price of a request, each video's seconds billed; unknown stays unknown."""
    spec = spec_for(request, table, now)
    if isinstance(spec, Issue):
        return _NOBODY_KNOWS
    seconds = billed_seconds(request, spec)
    for each in spec.prices:
        holds = _holds(each, request, spec)
        if holds is None:
            return _NOBODY_KNOWS
        if not holds:
            continue
        if each.usd_per_second == "unknown" or seconds is None:
            return Quote(None, None, seconds, each.evidence)
        return Quote(round(each.usd_per_second * seconds, 6), each.usd_per_second, seconds, each.evidence)
    return _NOBODY_KNOWS


def billed_seconds(request: VideoRequest, spec: ModeSpec) -> int | None:
    """Seconds of video that are made: an extension's added ones, times the number of videos; None if unknown."""
    each = spec.adds_seconds if spec.adds_seconds is not None else _integer(request, spec, "duration_seconds")
    count = _integer(request, spec, "number_of_videos") if "number_of_videos" in spec.parameters else 1
    return None if each is None or count is None else each * count


def _integer(request: VideoRequest, spec: ModeSpec, field: str) -> int | None:
    value = request.value(field)
    value = spec.default(field) if value is None else value
    return value if isinstance(value, int) and 0 < value <= _BILLABLE else None


def _holds(each: Price, request: VideoRequest, spec: ModeSpec) -> bool | None:
    """Whether a price's conditions hold; None where that hangs on a default that nobody knows."""
    for field, wanted in each.when.items():
        value = request.value(field)
        if value is None:
            parameter = spec.parameters.get(field)
            if parameter is not None and parameter.default == UNKNOWN:
                return None
            value = spec.default(field)
        if value not in wanted:
            return False
    return True


def to_send(request: VideoRequest, spec: ModeSpec) -> VideoRequest:
    """The request as it goes out: what is set, and (with the table's default) what is required or always sent.

    What is fixed at the provider is not sent: it happens anyway.
    """
    changes: dict[str, Value | None] = {"model": spec.model.id}
    for name, parameter in spec.parameters.items():
        if parameter.fixed:
            changes[name] = None
        elif (parameter.required or parameter.always_sent) and request.value(name) is None and name not in MEDIA_FIELDS:
            changes[name] = spec.default(name)
    return request.changed(changes)


def who_can(request: VideoRequest, tables: Mapping[str, Table], facts: Facts, now: datetime) -> list[Offer]:
    """For the request as it is: every model of every provider, yes or what stops it; those who can come first."""
    offers = [offer for table in tables.values() for offer in _offers(request, table, facts, now)]
    return sorted(offers, key=lambda offer: not offer.can)


def _offers(request: VideoRequest, table: Table, facts: Facts, now: datetime) -> Iterable[Offer]:
    for model in table.models:
        asked = request.model_copy(update={"provider": table.id, "model": model.id})
        blocked = tuple(errors(check(asked, table, facts, now)))
        yield Offer(table.id, model.id, not blocked, price(asked, table, now), blocked)
