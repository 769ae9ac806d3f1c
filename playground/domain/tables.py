"""From a parsed TOML document to a `Table`: inheritance resolved, references checked, defaults proven legal.

Order of inheritance: provider-wide `[parameters.*]`, then the model's, then the mode's, then the model's own for
that mode; later words win field by field. `without` takes away whole parameters (a list) or single choices (a table).
A media parameter belongs to a mode only where that mode names it; elsewhere it merely says what the media must be.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from playground.domain.capabilities import (
    UNKNOWN,
    Evidence,
    Lifecycle,
    ModelFacts,
    ModeSpec,
    Parameter,
    Price,
    ProviderFacts,
    Rule,
    Table,
)
from playground.domain.request import MEDIA_FIELDS, PARAMETER_KINDS, Mode

Raw = dict[str, Any]
Without = tuple[str, ...] | dict[str, tuple[str | int, ...]]


class TableError(ValueError):
    """A table that does not follow the grammar; the message names the table and the place."""


class _Layer(BaseModel):
    """What a model, a mode, or a model's mode may add or take away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: Mapping[str, Raw] = Field(default_factory=dict[str, Raw])
    without: Without = ()

    @field_validator("parameters")
    @classmethod
    def _fields_exist(cls, value: Mapping[str, Raw]) -> Mapping[str, Raw]:
        unknown = set(value) - set(PARAMETER_KINDS)
        if unknown:
            raise ValueError(f"a request has no such parameter: {', '.join(sorted(unknown))}")
        return value


class _ModeLayer(_Layer):
    adds_seconds: int | None = None
    warn: str | None = None
    models: tuple[str, ...] | None = None
    """Only these models have the mode; default: all."""
    evidence: str


class _ModelLayer(_Layer):
    id: str
    label: str
    lifecycle: Lifecycle | None = None
    modes: Mapping[Mode, _Layer] = Field(default_factory=dict[Mode, _Layer])


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: ProviderFacts
    model: tuple[_ModelLayer, ...] = Field(min_length=1)
    modes: Mapping[Mode, _ModeLayer]
    parameters: Mapping[str, Raw] = Field(default_factory=dict[str, Raw])
    rule: tuple[Rule, ...] = ()
    price: tuple[Price, ...] = Field(min_length=1)
    evidence: Mapping[str, Evidence]


def parse_table(stem: str, document: Mapping[str, object]) -> Table:
    """Build the table of one provider.

    Raises:
        TableError: an unknown word, an evidence key that is not there, a default that its own choices refuse.
    """
    try:
        read = _Document.model_validate(document)
        _Layer(parameters=read.parameters)
        specs: dict[tuple[str, Mode], ModeSpec] = {(s.model.id, s.mode): s for s in _specs(stem, read)}
    except (ValidationError, TableError) as error:
        raise TableError(f"catalog/{stem}.toml: {error}") from error
    table = Table(stem, read.provider, tuple(_facts(m) for m in read.model), specs, read.evidence)
    _check_references(read, table)
    return table


def _facts(model: _ModelLayer) -> ModelFacts:
    return ModelFacts(model.id, model.label, model.lifecycle)


def _specs(stem: str, document: _Document) -> Iterator[ModeSpec]:
    for model in document.model:
        for mode, layer in document.modes.items():
            if layer.models is not None and model.id not in layer.models:
                continue
            yield ModeSpec(
                provider=stem,
                model=_facts(model),
                mode=mode,
                parameters=_parameters(document, model, mode, layer),
                rules=tuple(r for r in document.rule if _applies(r, model.id, mode)),
                prices=tuple(p for p in document.price if _applies(p, model.id, mode)),
                adds_seconds=layer.adds_seconds,
                warn=layer.warn,
                evidence=layer.evidence,
            )


def _applies(item: Rule | Price, model: str, mode: Mode) -> bool:
    return (item.model is None or model in item.model) and (item.mode is None or mode in item.mode)


def _parameters(document: _Document, model: _ModelLayer, mode: Mode, layer: _ModeLayer) -> dict[str, Parameter]:
    layers: list[_Layer] = [_Layer(parameters=document.parameters), model, layer]
    if mode in model.modes:
        layers.append(model.modes[mode])
    named_by_mode = {*layer.parameters, *(model.modes[mode].parameters if mode in model.modes else ())}
    merged: dict[str, Raw] = {}
    for each in layers:
        _take_away(merged, each.without)
        for name, words in each.parameters.items():
            merged[name] = {**merged.get(name, {}), **words}
    # Taken away after the words too: a model without 4k has none, although the mode names it again.
    for each in layers:
        _take_away(merged, each.without)
    kept = {n: w for n, w in merged.items() if n not in MEDIA_FIELDS or n in named_by_mode}
    return {name: _parameter(name, kept[name]) for name in PARAMETER_KINDS if name in kept}


def _take_away(merged: dict[str, Raw], without: Without) -> None:
    if isinstance(without, tuple):
        for name in without:
            merged.pop(name, None)
        return
    for name, gone in without.items():
        if name in merged and "choices" in merged[name]:
            merged[name] = {**merged[name], "choices": [c for c in merged[name]["choices"] if c not in gone]}


def _parameter(name: str, words: Raw) -> Parameter:
    try:
        parameter = Parameter.model_validate(words)
    except ValidationError as error:
        raise TableError(f"[parameters.{name}] {error}") from error
    allowed = parameter.allowed()
    kind = PARAMETER_KINDS[name]
    if kind == "choice" and parameter.choices is None:
        raise TableError(f"[parameters.{name}] needs choices")
    known = parameter.default is not None and parameter.default != UNKNOWN
    if known and kind == "flag" and not isinstance(parameter.default, bool):
        raise TableError(f"[parameters.{name}] is on or off: its default must be true or false")
    if known and kind != "flag" and allowed is not None and parameter.default not in allowed:
        raise TableError(f"[parameters.{name}] its default {parameter.default!r} is not among {allowed}")
    if parameter.fixed and not known:
        raise TableError(f"[parameters.{name}] is fixed and must say to what")
    return parameter


def _check_references(document: _Document, table: Table) -> None:
    models = {model.id for model in document.model}
    for where, key in _evidence_used(document, table):
        if key not in document.evidence:
            raise TableError(f"catalog/{table.id}.toml: {where} names evidence {key!r}, which is not there")
    for rule in document.rule:
        fields = {*rule.when, *rule.then, *rule.media}
        unknown = (fields - set(PARAMETER_KINDS)) | (set(rule.model or ()) - models)
        if unknown:
            raise TableError(f"catalog/{table.id}.toml: rule {rule.id!r} names {', '.join(sorted(unknown))}")


def _evidence_used(document: _Document, table: Table) -> Iterator[tuple[str, str]]:
    yield "[provider]", document.provider.evidence
    for mode, layer in document.modes.items():
        yield f"[modes.{mode}]", layer.evidence
    for model in document.model:
        if model.lifecycle is not None:
            yield f"lifecycle of {model.id}", model.lifecycle.evidence
    for item in (*document.rule, *document.price):
        yield (f"rule {item.id}" if isinstance(item, Rule) else "a price"), item.evidence
    for (model_id, mode), spec in table.specs.items():
        for name, parameter in spec.parameters.items():
            yield f"{name} of {model_id} in {mode}", parameter.evidence


def as_document(value: object) -> Mapping[str, object]:
    """Narrow what a TOML reader returns."""
    return cast("Mapping[str, object]", value)
