"""Pure: every provider's models by mode, as JSON for the page: the matrix, and what its scripts need of the tables."""

from collections.abc import Iterator

from playground.domain.capabilities import UNKNOWN, ModelFacts, ModeSpec, Parameter, Table
from playground.domain.request import MODES, PARAMETER_KINDS
from playground.domain.words import MODE_LABELS, spoken
from playground.ui import prices, texts
from playground.ui.shelf import Shelf

Json = dict[str, object]


def matrix(shelf: Shelf) -> Json:
    """The whole matrix, and how values are spoken. Those who can be used now come first."""
    tables = sorted(shelf.tables.values(), key=lambda table: _order(shelf, table))
    return {
        "today": shelf.today().isoformat(),
        "modes": [{"id": mode, "label": MODE_LABELS[mode], "short": texts.said().short_modes[mode]} for mode in MODES],
        "spoken": {name: dict(_spoken(shelf, name)) for name in PARAMETER_KINDS},
        "providers": [_provider(shelf, table) for table in tables],
    }


def _order(shelf: Shelf, table: Table) -> tuple[bool, int, str]:
    gone = all(shelf.is_gone(model) for model in table.models)
    return gone, ("ready", "key", "check").index(shelf.readiness(table.id)), table.provider.label.casefold()


def _provider(shelf: Shelf, table: Table) -> Json:
    return {
        "id": table.id,
        "label": table.provider.label,
        "ready": shelf.readiness(table.id),
        "all_locked": all(shelf.is_locked(model) for model in table.models),
        "note": texts.said().readiness[shelf.readiness(table.id)],
        "why": shelf.why_not(table.id),
        "rehearsals": list(table.provider.rehearsals),
        "needs_key": table.provider.credential is not None,
        "models": [_model(shelf, table, model) for model in table.models],
    }


def _model(shelf: Shelf, table: Table, model: ModelFacts) -> Json:
    life = model.lifecycle
    return {
        "id": model.id,
        "label": model.label,
        "stage": shelf.stage(model),
        "locked": shelf.is_locked(model),
        "standing": shelf.standing(model),
        "retired_on": life.retired_on.isoformat() if life is not None and life.retired_on is not None else None,
        "instead": life.use_instead if life is not None else None,
        "modes": {m: _cell(table.specs[model.id, m]) for m in MODES if (model.id, m) in table.specs},
    }


def _cell(spec: ModeSpec) -> Json:
    return {
        "price": prices.in_short(spec),
        "fields": {name: _known_default(parameter) for name, parameter in spec.parameters.items()},
    }


def _known_default(parameter: Parameter) -> str | int | bool | None:
    return None if parameter.default == UNKNOWN else parameter.default


def _spoken(shelf: Shelf, name: str) -> Iterator[tuple[str, str]]:
    """How each value that any table lists is spoken, by its JSON spelling."""
    if PARAMETER_KINDS[name] == "flag":
        yield from (("true", spoken(name, True)), ("false", spoken(name, False)))
    for table in shelf.tables.values():
        for spec in table.specs.values():
            parameter = spec.parameters.get(name)
            for value in (parameter.allowed() if parameter is not None else None) or ():
                yield str(value), spoken(name, value)
