"""Whether an earlier result can be extended, judged by the same rules as a request that names it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from playground.domain.capabilities import MediaLimit, ModeSpec, Table
from playground.domain.issues import Issue, errors
from playground.domain.media import Facts, MediaFacts
from playground.domain.request import VideoRequest
from playground.domain.validation import check, spec_for
from playground.domain.view import VideoView

_SOURCE = "source_video"
_DAY = timedelta(days=1)


class Extendable(BaseModel):
    """One earlier result, and whether a provider's model can extend it; what `/api/extendable` lists."""

    model_config = ConfigDict(frozen=True)

    reference: str
    """What a request names as its `source_video`: `job:<id>`, or `job:<id>#2` for a second video."""
    job_id: str
    provider: str
    """Who made it."""
    provider_label: str
    model: str
    mode: str
    prompt: str
    finished_at: datetime | None
    video: VideoView
    can: bool
    why: str | None
    """One sentence why it cannot be extended; None where it can."""
    days_left: float | None
    """For how long it can be, rounded down to tenths; None where it cannot, and where nothing limits it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement alone."""

    can: bool
    why: str | None = None
    days_left: float | None = None


def verdict(request: VideoRequest, table: Table, fact: MediaFacts, now: datetime) -> Verdict:
    """Whether the clip that an extension names can be extended, why not, and how long it still can.

    Only what is wrong with the clip counts; a missing prompt or a retired model is told by the check of the request.
    """
    spec = spec_for(request, table, now)
    if isinstance(spec, Issue):
        return Verdict(can=False, why=spec.message)
    issues = errors(check(request, table, Facts({_SOURCE: (fact,)}), now))
    why = next((issue.message for issue in issues if issue.field == _SOURCE), None)
    return Verdict(why is None, why, _days_left(spec, fact, now) if why is None else None)


def _days_left(spec: ModeSpec, fact: MediaFacts, now: datetime) -> float | None:
    if fact.made_at is None:
        return None
    age = (now - fact.made_at) / _DAY
    left = [limit.younger_than_days - age for limit in _limits(spec) if limit.younger_than_days is not None]
    return math.floor(min(left) * 10) / 10 if left else None


def _limits(spec: ModeSpec) -> Iterator[MediaLimit]:
    """What blocks: the parameter's own limit and those of rules, not what only warns."""
    parameter = spec.parameters.get(_SOURCE)
    if parameter is not None and parameter.limits is not None:
        yield parameter.limits
    for rule in spec.rules:
        if rule.severity == "error" and _SOURCE in rule.media:
            yield rule.media[_SOURCE]
