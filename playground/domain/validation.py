"""Pure: a request, a table and facts in; issues out; and, from the same rules, the choices that remain.

An *error* blocks, a *warning* is said and does not. `check` never raises for anything a person can enter.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from playground.domain.capabilities import (
    UNKNOWN,
    Condition,
    Demand,
    ModeSpec,
    Parameter,
    Rule,
    Severity,
    Table,
)
from playground.domain.issues import Choice, Issue, errors
from playground.domain.media import Facts
from playground.domain.media_checks import changed, media_issues, violations
from playground.domain.pictures import as_sent
from playground.domain.request import MEDIA_FIELDS, PARAMETER_KINDS, Value, VideoRequest
from playground.domain.words import label, listed, needed, short, spoken

CHARACTERS_PER_TOKEN: Final = 4
"""A rough English average; token limits are only estimated, so they warn."""


class _Missing:
    """No value and no default: nothing happens."""


class _Unknown:
    """No value, and a default that nobody knows."""


_MISSING: Final = _Missing()
_UNKNOWN: Final = _Unknown()
_Effective = Value | _Missing | _Unknown


def check(request: VideoRequest, table: Table, facts: Facts, now: datetime) -> list[Issue]:
    """All issues at once, errors first. An empty list, or warnings only, means: it may be sent."""
    found = spec_for(request, table, now)
    if isinstance(found, Issue):
        return [found]
    issues = [
        *_lifecycle(found, table, facts, now),
        *_parameters(request, found),
        *media_issues(request, found, facts, now),
        *_rules(request, found, facts, now),
    ]
    if found.warn is not None:
        issues.append(Issue("mode", "note", found.warn, "warning", evidence=found.evidence))
    return sorted(dict.fromkeys(issues), key=lambda issue: issue.severity != "error")


def spec_for(request: VideoRequest, table: Table, now: datetime) -> ModeSpec | Issue:
    """What the table says of this model and mode, or the issue that it has no such thing."""
    model = table.default_model(request.mode, now.date()) if request.model is None else table.model(request.model)
    if model is None and request.model is not None:
        ids = tuple(m.id for m in table.models)
        says = f"{table.provider.label} has no model {short(request.model)!r}. It has: {listed(ids)}."
        return Issue("model", "unknown_model", says, allowed=ids, involves=frozenset({"model"}))
    spec = table.specs.get((model.id, request.mode)) if model is not None else None
    if spec is not None:
        return spec
    who = table.provider.label if model is None or not table.models_for(request.mode) else model.label
    modes = tuple(m for m in table.modes() if model is None or (model.id, m) in table.specs)
    says = f"{who} does not offer {spoken('mode', request.mode)}. It offers: {listed(modes)}."
    return Issue("mode", "unsupported_mode", says, allowed=modes, involves=frozenset({"mode", "model"}))


def remaining(request: VideoRequest, table: Table, facts: Facts, now: datetime) -> dict[str, tuple[Choice, ...]]:
    """For each listable field, which values the other choices leave free, and what blocks the others."""
    spec = spec_for(request, table, now)
    if isinstance(spec, Issue):
        return {}
    return {name: tuple(_choices(request, table, facts, now, name, spec.parameters[name])) for name in _listable(spec)}


def _listable(spec: ModeSpec) -> Iterator[str]:
    for name, parameter in spec.parameters.items():
        if name not in MEDIA_FIELDS and (parameter.allowed() is not None or PARAMETER_KINDS[name] == "flag"):
            yield name


def _choices(
    request: VideoRequest, table: Table, facts: Facts, now: datetime, name: str, parameter: Parameter
) -> Iterator[Choice]:
    for value in (True, False) if PARAMETER_KINDS[name] == "flag" else parameter.allowed() or ():
        issues = check(request.model_copy(update={name: value}), table, facts, now)
        blocking = next((issue for issue in errors(issues) if name in issue.involves), None)
        yield Choice(value, blocking)


def _lifecycle(spec: ModeSpec, table: Table, facts: Facts, now: datetime) -> Iterator[Issue]:
    lifecycle = spec.model.lifecycle
    if lifecycle is None:
        return
    stage = lifecycle.stage(now.date())
    instead = f" It is followed by {lifecycle.replacement}." if _is_served(lifecycle.replacement, table, now) else ""
    instead += f" Use {lifecycle.use_instead} instead." if lifecycle.use_instead is not None else ""
    involves = frozenset({"model"})
    if stage == "retired":
        severity: Severity = "warning" if facts.allow_retired else "error"
        says = f"{spec.model.label} was shut down on {lifecycle.retired_on}.{instead}"
        yield Issue("model", "retired", says, severity, None, "lifecycle", lifecycle.evidence, involves)
    elif stage == "deprecated":
        says = f"{spec.model.label} is deprecated since {lifecycle.deprecated_on}.{instead}"
        yield Issue("model", "deprecated", says, "warning", None, "lifecycle", lifecycle.evidence, involves)
    elif stage == "at-risk":
        says = f"{spec.model.label} may be shut down any day now: it was promised only until {lifecycle.at_risk_from}."
        yield Issue("model", "at_risk", says, "warning", None, "lifecycle", lifecycle.evidence, involves)


def _is_served(replacement: str | None, table: Table, now: datetime) -> bool:
    """Whether a named successor is worth naming: not where it was shut down itself."""
    model = table.model(replacement) if replacement is not None else None
    gone = model is not None and model.lifecycle is not None and model.lifecycle.stage(now.date()) == "retired"
    return replacement is not None and not gone


def _parameters(request: VideoRequest, spec: ModeSpec) -> Iterator[Issue]:
    given = request.set_values()
    for name, value in given.items():
        parameter = spec.parameters.get(name)
        if parameter is None:
            says = _not_taken(name, spec)
            yield Issue(name, "unsupported_field", says, involves=frozenset({name}), evidence=spec.evidence)
            continue
        issue = _judge_value(name, value, parameter)
        if issue is not None:
            yield issue
        if parameter.warn is not None:
            yield Issue(name, "note", parameter.warn, "warning", evidence=parameter.evidence)
    for name, parameter in spec.parameters.items():
        if _is_missing(given.get(name)) and _is_required(parameter, given):
            says = f"{needed(name)} for {spoken('mode', spec.mode)}."
            yield Issue(name, "required", says, evidence=parameter.evidence, involves=frozenset({name}))


def _not_taken(name: str, spec: ModeSpec) -> str:
    where = spoken("mode", spec.mode)
    if name in MEDIA_FIELDS:
        return f"{spec.model.label} takes no {label(name)} in {where}."
    return f"{label(name).capitalize()} cannot be set for {spec.model.label} in {where}."


def _is_missing(value: Value | None) -> bool:
    """Blank text and an empty list are as good as nothing where something is required."""
    return value is None or (isinstance(value, str) and not value.strip()) or value == ()


def _is_required(parameter: Parameter, given: Mapping[str, Value]) -> bool:
    if parameter.required and parameter.default in (None, UNKNOWN):
        return True
    return bool(parameter.required_unless) and all(_is_missing(given.get(n)) for n in parameter.required_unless)


def _judge_value(name: str, value: Value, parameter: Parameter) -> Issue | None:
    involves = frozenset({name})
    if parameter.fixed and value != parameter.default:
        says = f"{label(name).capitalize()} is always {spoken(name, parameter.default)} here."
        return Issue(name, "fixed", says, "error", _allowed_tuple(parameter), None, parameter.evidence, involves)
    kind = PARAMETER_KINDS[name]
    if kind in ("choice", "range") and parameter.choices is not None and value not in parameter.choices:
        choices = parameter.choices
        says = f"{label(name).capitalize()}: {spoken(name, value)} is not offered; choose {listed(choices, name)}."
        return Issue(name, "not_allowed", says, "error", choices, None, parameter.evidence, involves)
    if kind == "range" and isinstance(value, int):
        return _judge_number(name, value, parameter)
    if kind == "text" and isinstance(value, str):
        return _judge_text(name, value, parameter)
    return None


def _allowed_tuple(parameter: Parameter) -> tuple[str | int | bool, ...] | None:
    return (parameter.default,) if parameter.fixed and parameter.default is not None else parameter.allowed()


def _judge_number(name: str, value: int, parameter: Parameter) -> Issue | None:
    low, high = parameter.at_least, parameter.at_most
    if (low is None or value >= low) and (high is None or value <= high):
        return None
    bounds = f"between {low} and {high}" if low is not None and high is not None else f"at least {low}"
    if low is None:
        bounds = f"at most {high}"
    says = f"{label(name).capitalize()}: {spoken(name, value)} is out of range; it must be {bounds}."
    involves = frozenset({name})
    return Issue(name, "out_of_range", says, "error", parameter.allowed(), None, parameter.evidence, involves)


def _judge_text(name: str, value: str, parameter: Parameter) -> Issue | None:
    if parameter.max_characters is not None and len(value) > parameter.max_characters:
        says = f"The {label(name)} is {len(value):,} characters long; at most {parameter.max_characters:,} are taken."
        return Issue(name, "too_long", says, evidence=parameter.evidence, involves=frozenset({name}))
    if parameter.max_tokens is not None and len(value) / CHARACTERS_PER_TOKEN > parameter.max_tokens:
        says = (
            f"The {label(name)} may be longer than the {parameter.max_tokens:,} tokens that are read "
            "(estimated from its length); the end may be ignored."
        )
        return Issue(name, "maybe_too_long", says, "warning", evidence=parameter.evidence)
    return None


def _rules(request: VideoRequest, spec: ModeSpec, facts: Facts, now: datetime) -> Iterator[Issue]:
    active = [(rule, holds) for rule in spec.rules if (holds := _holds(rule, request, spec, facts)) is not False]
    narrowed = _narrowed(spec, [rule for rule, holds in active if holds is True and rule.severity == "error"])
    for rule, holds in active:
        for name, demand in rule.then.items():
            yield from _demand(rule, holds, name, demand, request, spec, narrowed.get(name))
        for name, limit in rule.media.items():
            for fact in facts.media.get(name, ()):
                sent = as_sent(fact, changed(fact, name, spec))
                if fact.problem is None and any(violations(limit, sent, label(name), now)):
                    yield _broken(rule, name, "conflict", None, certain=holds is True)
        if not rule.then and not rule.media:
            yield _broken(rule, next(iter(rule.when), "mode"), "note", None, certain=holds is True)


def _broken(rule: Rule, name: str, code: str, allowed: tuple[str | int | bool, ...] | None, *, certain: bool) -> Issue:
    severity = rule.severity if certain else "warning"
    says = rule.says if certain else f"{rule.says} (Not certain here: it depends on something that is not known.)"
    return Issue(name, code, says, severity, allowed, rule.id, rule.evidence, rule.fields | {name})


def _holds(rule: Rule, request: VideoRequest, spec: ModeSpec, facts: Facts) -> bool | None:
    """Whether a rule's conditions hold; None where that hangs on something nobody knows."""
    truths = [_condition(c, _effective(name, request, spec)) for name, c in rule.when.items()]
    here = facts.region.upper() if facts.region is not None else None
    if rule.region is not None:
        truths.append(None if here is None else here in {region.upper() for region in rule.region})
    if rule.outside is not None:
        truths.append(None if here is None else here not in {region.upper() for region in rule.outside})
    if False in truths:
        return False
    return None if None in truths else True


def _effective(name: str, request: VideoRequest, spec: ModeSpec) -> _Effective:
    value = request.value(name)
    if value is not None and value != ():
        return value
    parameter = spec.parameters.get(name)
    if parameter is None or parameter.default is None:
        return _MISSING
    return _UNKNOWN if parameter.default == UNKNOWN else parameter.default


def _condition(condition: Condition, value: _Effective) -> bool | None:
    if condition == "set":
        return not isinstance(value, _Missing | _Unknown)
    if condition == "unset":
        return isinstance(value, _Missing | _Unknown)
    if isinstance(value, _Unknown):
        return None
    return value in condition


def _narrowed(spec: ModeSpec, rules: list[Rule]) -> dict[str, tuple[str | int | bool, ...]]:
    """What all active rules together leave of each field's values."""
    left: dict[str, tuple[str | int | bool, ...]] = {}
    for rule in rules:
        for name, demand in rule.then.items():
            if isinstance(demand, tuple):
                parameter = spec.parameters.get(name)
                offered = parameter.allowed() if parameter is not None else None
                before = left.get(name, offered if offered is not None else demand)
                left[name] = tuple(value for value in before if value in demand)
    return left


def _demand(
    rule: Rule,
    holds: bool | None,
    name: str,
    demand: Demand,
    request: VideoRequest,
    spec: ModeSpec,
    left: tuple[str | int | bool, ...] | None,
) -> Iterator[Issue]:
    value = _effective(name, request, spec)
    verdict = _violates(demand, value, request.value(name))
    # Where neither the condition nor the value was chosen, there is nothing to tell the one who chose nothing.
    if verdict is False or (holds is None and verdict is None):
        return
    certain = holds is True and verdict is True
    code = demand if isinstance(demand, str) else "conflict"
    allowed = left if left is not None else demand if isinstance(demand, tuple) else None
    yield _broken(rule, name, code, allowed, certain=certain)


def _violates(demand: Demand, value: _Effective, given: Value | None) -> bool | None:
    if demand == "required":
        return _is_missing(given)
    if demand == "forbidden":
        return given is not None and given != ()
    if isinstance(value, _Missing):
        return False
    return None if isinstance(value, _Unknown) else value not in demand
