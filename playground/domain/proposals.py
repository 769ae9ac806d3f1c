"""Pure: when a request does not fit, the nearest ones that do.

Nearest means: the fewest and mildest changes first. `MIND` is the documented order of what a person minds least;
the prompt and the mode are never touched. First within the model, then the provider's other models, then other
providers. Every proposal validates, and none changes more than another one that does the same.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Final, NamedTuple

from playground.domain.capabilities import ModeSpec, Parameter, Table
from playground.domain.issues import Issue, errors
from playground.domain.media import Facts, MediaFacts
from playground.domain.planning import Quote, price
from playground.domain.request import PARAMETER_KINDS, Value, VideoRequest
from playground.domain.validation import check, spec_for

MIND: Final[Mapping[str, float]] = {
    "compression_quality": 1.0,
    "resize_mode": 1.0,
    "enhance_prompt": 1.0,
    "seed": 1.5,
    "duration_seconds": 2.0,
    "resolution": 2.5,
    "number_of_videos": 3.0,
    "person_generation": 3.5,
    "negative_prompt": 4.0,
    "generate_audio": 4.5,
    "aspect_ratio": 6.0,
    "reference_images": 7.0,
    "last_frame": 8.0,
    "first_frame": 8.0,
    "model": 5.0,
    "provider": 9.0,
}
"""How much a person minds each change; what is not listed is never changed. Changes add up."""

MOST: Final = 3
_MOST_CHANGES: Final = 6
_MOST_LOOKS: Final = 40
"""Requests looked at for each model: enough for every conflict that a table can state, and quick."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field's value before and after; None is "not set"."""

    before: Value | None
    after: Value | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A valid request near the one that was asked for."""

    request: VideoRequest
    changes: Mapping[str, Change]
    quote: Quote
    reasons: tuple[str, ...]
    """The sentences that the changes answer."""

    def as_json(self) -> dict[str, object]:
        """The shape that `check --json` and `/api/check` answer with."""
        return {
            "provider": self.request.provider,
            "model": self.request.model,
            "changes": {name: {"from": c.before, "to": c.after} for name, c in self.changes.items()},
            "price_usd": self.quote.usd,
            "request": self.request.as_json(),
            "reasons": list(self.reasons),
        }


def proposals(
    request: VideoRequest, tables: Mapping[str, Table], facts: Facts, now: datetime, most: int = MOST
) -> list[Proposal]:
    """Up to `most` nearest valid requests; none where the request is valid already, or nothing near it is."""
    home = tables.get(request.provider)
    if home is None:
        return []
    problems = errors(check(request, home, facts, now))
    if not problems:
        return []
    reasons = tuple(dict.fromkeys(issue.message for issue in problems))
    found: list[Proposal] = []
    for start, table in _starts(request, tables, facts, now):
        room = most - len(found)
        if room <= 0:
            break
        for changed in _nearest(start, table, facts, now, room):
            changes = _changes(request, changed)
            if not any(_covers(changes, each.changes) for each in found):
                found.append(Proposal(changed, changes, price(changed, table, now), reasons))
    return found


def _starts(
    request: VideoRequest, tables: Mapping[str, Table], facts: Facts, now: datetime
) -> Iterator[tuple[VideoRequest, Table]]:
    """Where to search from: the request itself, then the provider's other models, then everybody else's."""
    home = tables[request.provider]
    yield request, home
    current = spec_for(request, home, now)
    used = current.model.id if isinstance(current, ModeSpec) else request.model
    instead = _named_instead(home, used)
    others = [table for table in tables.values() if table.id != request.provider]
    # A preview that needs no key is not what somebody wants who asked for a model: it comes last. Before it those come
    # whose price nobody knows.
    others.sort(key=lambda t: (t.id != instead, t.provider.credential is None, not t.has_price(request.mode)))
    for table in (home, *others):
        # Somebody else's model of the same name first: it is the smaller change.
        for model in sorted(table.models_for(request.mode), key=lambda model: model.id != used):
            if table is home and model.id == used:
                continue
            yield request.model_copy(update={"provider": table.id, "model": model.id}), table


def _named_instead(table: Table, model_id: str | None) -> str | None:
    """The provider that the table itself names as what to use instead of a model."""
    model = table.model(model_id) if model_id is not None else None
    lifecycle = model.lifecycle if model is not None else None
    return lifecycle.use_instead.split(":")[0] if lifecycle is not None and lifecycle.use_instead is not None else None


class _Step(NamedTuple):
    """One place of the search; steps are taken up by what they will cost at least, then in the order found."""

    total: float
    place: int
    spent: float
    changes: Mapping[str, Value | None]
    bound: frozenset[str]
    """The fields that are changed, and those that have to be."""


class _Problem(NamedTuple):
    """An issue as the search sees it: what it hangs on, every change that may mend it, and the mildest one's cost."""

    fields: frozenset[str]
    mends: tuple[tuple[str, Value | None, float], ...]
    least: float


def _nearest(start: VideoRequest, table: Table, facts: Facts, now: datetime, most: int) -> Iterator[VideoRequest]:
    """Best first from a request to valid ones, changing one field at a time."""
    spec = spec_for(start, table, now)
    if not isinstance(spec, ModeSpec):
        return
    order = count()
    frontier = [_Step(0.0, next(order), 0.0, {}, frozenset())]
    seen: set[frozenset[tuple[str, Value | None]]] = set()
    valid: list[frozenset[str]] = []
    looks = 0
    while frontier and looks < _MOST_LOOKS and len(valid) < most:
        step = heapq.heappop(frontier)
        if any(fields <= step.bound for fields in valid):
            continue
        looks += 1
        request = start.model_copy(update=step.changes)
        problems = errors(check(request, table, _facts_of(request, facts), now))
        if not problems:
            valid.append(frozenset(step.changes))
            yield request
            continue
        for field, value, cost, others in _repairs(problems, request, spec, step.changes):
            changes = {**step.changes, field: value}
            key = frozenset(changes.items())
            if key not in seen:
                seen.add(key)
                spent = step.spent + cost
                total = spent + sum(problem.least for problem in others)
                bound = frozenset(changes).union(*(each.fields for each in others if len(each.fields) == 1))
                heapq.heappush(frontier, _Step(total, next(order), spent, changes, bound))


def _facts_of(request: VideoRequest, facts: Facts) -> Facts:
    """What is known of the media that a request still has: what was dropped is not judged."""
    kept: dict[str, tuple[MediaFacts, ...]] = {}
    for name, known in facts.media.items():
        value = request.value(name)
        if value is not None:
            kept[name] = known[: len(value)] if isinstance(value, tuple) else known
    return facts if kept == facts.media else replace(facts, media=kept)


def _repairs(
    issues: Iterable[Issue], request: VideoRequest, spec: ModeSpec, changed: Collection[str]
) -> Iterator[tuple[str, Value | None, float, list[_Problem]]]:
    """Every single change that may mend the first problem, its cost, and the problems that it surely leaves.

    Nothing, where a problem cannot be mended at all or too many are left: a problem stays as long as no field that
    it hangs on is changed, so problems without a common field need a change each.
    """
    problems: list[_Problem] = []
    for issue in issues:
        problem = _problem(issue, request, spec, changed)
        if not problem.mends:
            return
        problems.append(problem)
    left = _MOST_CHANGES - len(changed)
    for name, value, cost in problems[0].mends:
        others = _apart(problems, name)
        if len(others) < left:
            yield name, value, cost, others


def _problem(issue: Issue, request: VideoRequest, spec: ModeSpec, changed: Collection[str]) -> _Problem:
    fields = [name for name in (issue.field, *sorted(issue.involves - {issue.field})) if name in PARAMETER_KINDS]
    mends = tuple(
        (name, value, MIND[name] + nuance)
        for name in fields
        if name in MIND and name not in changed
        for value, nuance in _values(name, request, spec)
    )
    return _Problem(frozenset(fields), mends, min((cost for _, _, cost in mends), default=0.0))


def _apart(problems: Iterable[_Problem], changed: str) -> list[_Problem]:
    """Problems that a change of one field leaves as they are, no two of which hang on the same field."""
    taken = {changed}
    apart: list[_Problem] = []
    for problem in problems:
        if taken.isdisjoint(problem.fields):
            taken |= problem.fields
            apart.append(problem)
    return apart


def _values(name: str, request: VideoRequest, spec: ModeSpec) -> Iterator[tuple[Value | None, float]]:
    """Other values of a field, nearest first, with a small extra for the distance; None unsets it."""
    current = request.value(name)
    parameter = spec.parameters.get(name)
    if parameter is None:
        if current is not None:
            yield None, 0.0
        return
    if name == "reference_images" and isinstance(current, tuple) and parameter.at_most is not None:
        if len(current) > parameter.at_most:
            yield current[: parameter.at_most], 0.0
        return
    if current is not None and not parameter.required:
        # Leaving it to the provider is worse than a value that one knows.
        yield None, 0.9
    for place, value in enumerate(_by_distance(_listed(name, parameter), current)):
        if value != current:
            yield value, 0.01 * place
    if PARAMETER_KINDS[name] == "range" and isinstance(current, int) and parameter.allowed() is None:
        low, high = parameter.at_least, parameter.at_most
        clamped = max(low if low is not None else current, min(high if high is not None else current, current))
        if clamped != current:
            yield clamped, 0.0


def _listed(name: str, parameter: Parameter) -> tuple[Value, ...]:
    if PARAMETER_KINDS[name] == "flag":
        return (True, False)
    # The bounds of a medium count media: they are no values of it, and nobody can choose pictures for another.
    return parameter.allowed() or () if PARAMETER_KINDS[name] != "media" else ()


def _by_distance(values: tuple[Value, ...], current: Value | None) -> list[Value]:
    """Numbers by how near they are; words by how near they stand in the table's order."""
    if isinstance(current, int) and not isinstance(current, bool):
        return sorted(values, key=lambda value: abs(value - current) if isinstance(value, int) else 0)
    if current in values:
        place = values.index(current)
        return sorted(values, key=lambda value: abs(values.index(value) - place))
    return list(values)


def _changes(before: VideoRequest, after: VideoRequest) -> dict[str, Change]:
    changes: dict[str, Change] = {}
    if after.provider != before.provider:
        changes["provider"] = Change(before.provider, after.provider)
    if after.model != before.model:
        changes["model"] = Change(before.model, after.model)
    for name in PARAMETER_KINDS:
        if after.value(name) != before.value(name):
            changes[name] = Change(before.value(name), after.value(name))
    return changes


def _covers(changes: Mapping[str, Change], others: Mapping[str, Change]) -> bool:
    """Whether these changes are those others and more."""
    return all(changes.get(name) == change for name, change in others.items())
