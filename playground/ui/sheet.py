"""Pure: one cell of the matrix in full: parameters, rules, limits, price, and where each fact comes from, as JSON."""

from collections.abc import Iterator
from typing import get_args

from playground.domain.capabilities import UNKNOWN, Evidence, MediaLimit, ModeSpec, Parameter, Rule, Table
from playground.domain.request import MEDIA_FIELDS, PARAMETER_KINDS, Mode
from playground.domain.words import MODE_LABELS, label, listed, spoken
from playground.ui import prices, texts
from playground.ui.shelf import Shelf

Json = dict[str, object]


def sheet(shelf: Shelf, provider: str, model: str, mode: str) -> Json | None:
    """What is known about one model in one mode; None where there is no such cell."""
    table = shelf.tables.get(provider)
    found = next((m for m in get_args(Mode) if m == mode), None)
    spec = table.specs.get((model, found)) if table is not None and found is not None else None
    if table is None or spec is None:
        return None
    return {
        "provider": table.provider.label,
        "provider_id": table.id,
        "model": spec.model.label,
        "model_id": spec.model.id,
        "mode": MODE_LABELS[spec.mode],
        "mode_id": spec.mode,
        "about": table.provider.about,
        "docs": table.provider.docs,
        "locked": shelf.is_locked(spec.model),
        "ready": shelf.readiness(provider),
        "ready_says": shelf.why_not(provider),
        "standing": _standing(shelf, spec),
        "warn": spec.warn,
        "parameters": [_parameter(name, parameter) for name, parameter in spec.parameters.items()],
        "rules": [_rule(rule) for rule in spec.rules],
        "prices": [
            {"price": prices.per_second(p), "when": prices.conditions(p), "note": p.note, "evidence": p.evidence}
            for p in spec.prices
            if prices.can_hold(p, spec)
        ],
        "handling": list(_handling(table, spec)),
        "evidence": {key: _evidence(shelf, each) for key, each in table.evidence.items() if key in _used(table, spec)},
    }


def _standing(shelf: Shelf, spec: ModeSpec) -> Json | None:
    life = spec.model.lifecycle
    words = shelf.standing(spec.model)
    if life is None or not words:
        return None
    instead = texts.said().tables.instead.format(instead=life.use_instead) if life.use_instead is not None else ""
    follows = texts.said().tables.followed_by.format(model=life.replacement) if life.replacement is not None else ""
    says = " ".join(part for part in (f"{words[0].upper()}{words[1:]}.", follows, instead) if part)
    return {"stage": shelf.stage(spec.model), "says": says, "evidence": life.evidence}


def _parameter(name: str, parameter: Parameter) -> Json:
    notes = [parameter.help, parameter.note, parameter.warn]
    return {
        "field": name,
        "label": texts.said().field(name),
        "takes": "; ".join(_takes(name, parameter)),
        "default": _default(name, parameter),
        "required": _required(parameter),
        "notes": [note for note in notes if note is not None],
        "words": [{"ours": spoken(name, v), "theirs": t} for v, t in _their_words(name, parameter)],
        "evidence": parameter.evidence,
    }


def _takes(name: str, parameter: Parameter) -> Iterator[str]:
    allowed = parameter.allowed()
    if parameter.fixed and parameter.default is not None:
        yield texts.said().tables.always.format(value=spoken(name, parameter.default))
    elif PARAMETER_KINDS[name] == "flag":
        yield texts.said().tables.on_off
    elif allowed is not None and name not in MEDIA_FIELDS:
        yield listed(allowed, name)
    elif parameter.at_least is not None and parameter.at_most is not None:
        yield texts.said().tables.between.format(low=f"{parameter.at_least:,}", high=f"{parameter.at_most:,}")
    if parameter.max_characters is not None:
        yield texts.said().tables.characters.format(count=f"{parameter.max_characters:,}")
    if parameter.max_tokens is not None:
        yield texts.said().tables.tokens.format(count=f"{parameter.max_tokens:,}")
    yield from _limits(parameter.limits)


def _limits(limits: MediaLimit | None) -> Iterator[str]:
    if limits is None:
        return
    if limits.formats is not None:
        yield ", ".join(name.upper() for name in limits.formats)
    for value, words in (
        (limits.max_megabytes, texts.said().tables.megabytes),
        (limits.max_megapixels, texts.said().tables.megapixels),
        (limits.at_least_seconds, texts.said().tables.seconds_least),
        (limits.at_most_seconds, texts.said().tables.seconds_most),
        (limits.frames_per_second, texts.said().tables.frame_rate),
        (limits.younger_than_days, texts.said().tables.younger),
        (limits.extended_at_most, texts.said().tables.extended),
    ):
        if value is not None:
            yield words.format(value=f"{value:g}")
    if limits.heights is not None:
        yield " or ".join(f"{height}p" for height in limits.heights)
    if limits.made_by is not None:
        yield texts.said().tables.made_by.format(provider=limits.made_by)
    if limits.url_only:
        yield texts.said().tables.links_only


def _default(name: str, parameter: Parameter) -> str | None:
    if parameter.fixed or parameter.default is None:
        return None
    return texts.said().tables.unknown_default if parameter.default == UNKNOWN else spoken(name, parameter.default)


def _required(parameter: Parameter) -> str | None:
    if parameter.required_unless:
        return texts.said().tables.needed_unless.format(
            others=listed([label(other) for other in parameter.required_unless])
        )
    return texts.said().tables.needed if parameter.required and parameter.default in (None, UNKNOWN) else None


def _their_words(name: str, parameter: Parameter) -> Iterator[tuple[str | int, str]]:
    """The provider's own words, where they differ from what is shown."""
    for value in parameter.allowed() or ():
        theirs = parameter.words.get(str(value), str(value))
        if theirs != spoken(name, value) and (isinstance(value, str) or str(value) in parameter.words):
            yield value, theirs


def _rule(rule: Rule) -> Json:
    return {
        "says": rule.says,
        "severity": rule.severity,
        "where": texts.said().tables.some_regions if rule.region is not None or rule.outside is not None else None,
        "evidence": rule.evidence,
    }


def _handling(table: Table, spec: ModeSpec) -> Iterator[str]:
    facts = table.provider
    yield texts.said().tables.answers_once if facts.answers == "once" else texts.said().tables.answers_poll
    if facts.usual_wait is not None:
        wait = facts.usual_wait
        yield texts.said().tables.takes_time.format(least=f"{wait.at_least:g}", most=f"{wait.at_most / 60:g}")
    if spec.adds_seconds is not None:
        yield texts.said().tables.adds.format(seconds=spec.adds_seconds)
    kept = facts.retention_hours
    yield texts.said().tables.kept.format(hours=f"{kept:g}") if kept is not None else texts.said().tables.kept_unknown
    if facts.takes_media_urls:
        yield texts.said().tables.takes_links


def _used(table: Table, spec: ModeSpec) -> set[str]:
    items = (*spec.parameters.values(), *spec.rules, *spec.prices)
    said_once = (spec.model.lifecycle, table.provider.usual_wait)
    return {table.provider.evidence, spec.evidence, *(i.evidence for i in (*items, *said_once) if i is not None)}


def _evidence(shelf: Shelf, evidence: Evidence) -> Json:
    return {
        "kind": texts.said().evidence_kinds[evidence.kind],
        "where": evidence.where,
        "link": evidence.link if evidence.link is not None and evidence.link.startswith("https://") else None,
        "read": evidence.read.isoformat(),
        "stale": evidence.is_stale(shelf.today()),
    }
