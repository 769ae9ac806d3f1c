"""A resolved table as text: one fact a line, defaults left out, said once with where it holds.

A fact without a place holds in every model and mode of its table.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from playground.domain.capabilities import ModeSpec, Table
from playground.domain.request import Mode

Place = tuple[str, Mode]


def facts(table: Table) -> str:
    return "\n".join(_lines(table)) + "\n"


def _lines(table: Table) -> Iterator[str]:
    yield from _said(_flat("provider", _told(table.provider)))
    for model in table.models:
        yield from _said(_flat(f"model {model.id}", {"label": model.label}))
        if model.lifecycle is not None:
            yield from _said(_flat(f"model {model.id}.lifecycle", _told(model.lifecycle)))
        yield f"model {model.id}.modes = {json.dumps([mode for owner, mode in table.specs if owner == model.id])}"
    yield from _placed(table)
    for name, evidence in table.evidence.items():
        yield from _said(_flat(f"evidence {name}", _told(evidence)))


def _placed(table: Table) -> Iterator[str]:
    """What is said of models in modes, each fact with its places."""
    places: dict[str, dict[str, list[Place]]] = {}
    for place, spec in table.specs.items():
        for path, value in _of_spec(spec):
            places.setdefault(path, {}).setdefault(value, []).append(place)
    for path, values in places.items():
        for value, holding in values.items():
            yield f"{path} = {value}{_where(holding, table)}"


def _of_spec(spec: ModeSpec) -> Iterator[tuple[str, str]]:
    mode = {"adds_seconds": spec.adds_seconds, "warn": spec.warn, "evidence": spec.evidence}
    yield from _flat("mode", {name: value for name, value in mode.items() if value is not None})
    for name, parameter in spec.parameters.items():
        yield from _flat(name, _told(parameter))
    for rule in spec.rules:
        told = _told(rule)
        yield from _flat(f"rule {rule.id}", {name: told[name] for name in told if name not in ("id", "mode", "model")})
    # Numbered, because the first one that applies counts.
    for number, price in enumerate(spec.prices, start=1):
        told = _told(price)
        yield from _flat(f"price {number}", {name: told[name] for name in told if name not in ("mode", "model")})


def _told(value: Any) -> dict[str, Any]:
    return value.model_dump(mode="json", exclude_defaults=True)


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        named: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON
        for name, inner in named.items():
            yield from _flat(f"{path}.{name}", inner)
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def _said(flat: Iterable[tuple[str, str]]) -> Iterator[str]:
    for path, value in flat:
        yield f"{path} = {value}"


def _where(holding: list[Place], table: Table) -> str:
    if len(holding) == len(table.specs):
        return ""
    modes: dict[str, tuple[Mode, ...]] = {
        model: tuple(mode for owner, mode in holding if owner == model) for model, _ in holding
    }
    if len(modes) == len(table.models) and len(set(modes.values())) == 1:
        return f"  <- in {', '.join(next(iter(modes.values())))}"
    return f"  <- {'; '.join(_together(modes, table))}"


def _together(modes: Mapping[str, tuple[Mode, ...]], table: Table) -> Iterator[str]:
    """Models that share their modes on one side; no modes are named where it is all of a model's."""
    whole = {model: tuple(mode for owner, mode in table.specs if owner == model) for model in modes}
    told = {model: f" in {', '.join(held)}" if held != whole[model] else "" for model, held in modes.items()}
    for where in dict.fromkeys(told.values()):
        yield ", ".join(model for model in told if told[model] == where) + where
