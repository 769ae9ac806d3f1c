"""A capability table as JSON, and as text that fits a terminal."""

from collections.abc import Iterator
from datetime import date

from playground.domain.capabilities import ModeSpec, Parameter, Table
from playground.domain.words import MODE_LABELS, listed


def table_as_json(table: Table, today: date) -> dict[str, object]:
    """Everything a table says, inheritance resolved; `stale` marks what somebody should look up again."""
    return {
        "provider": table.id,
        "label": table.provider.label,
        "facts": table.provider.model_dump(mode="json", exclude_none=True),
        "models": [
            {
                "id": model.id,
                "label": model.label,
                "lifecycle": model.lifecycle.model_dump(mode="json") if model.lifecycle is not None else None,
                "modes": {mode: _mode(spec) for (owner, mode), spec in table.specs.items() if owner == model.id},
            }
            for model in table.models
        ],
        "evidence": {
            name: {**each.model_dump(mode="json"), "stale": each.is_stale(today)}
            for name, each in table.evidence.items()
        },
    }


def _mode(spec: ModeSpec) -> dict[str, object]:
    return {
        "parameters": {n: p.model_dump(mode="json", exclude_defaults=True) for n, p in spec.parameters.items()},
        "rules": [rule.model_dump(mode="json", exclude_defaults=True) for rule in spec.rules],
        "prices": [price.model_dump(mode="json", exclude_defaults=True) for price in spec.prices],
        "adds_seconds": spec.adds_seconds,
        "warn": spec.warn,
    }


def table_as_text(table: Table) -> str:
    """The table for a person at a terminal."""
    return "\n".join(_lines(table))


def _lines(table: Table) -> Iterator[str]:
    yield f"{table.provider.label} ({table.id})"
    for spec in table.specs.values():
        yield f"  {spec.model.id} · {MODE_LABELS[spec.mode]}"
        for name, parameter in spec.parameters.items():
            yield f"    {name}: {_values(parameter)}"
        for rule in spec.rules:
            yield f"    {rule.severity}: {rule.says}"


def _values(parameter: Parameter) -> str:
    allowed = parameter.allowed()
    says = listed(allowed) if allowed is not None else "any"
    if parameter.default is not None:
        says += f" (default {parameter.default})"
    return says + (", required" if parameter.required else "")
