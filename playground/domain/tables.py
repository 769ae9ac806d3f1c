"""From a parsed TOML document to a `Table`: inheritance resolved, references checked, defaults proven legal.

Order of inheritance: provider-wide `[parameters.*]`, then the model's, then the mode's, then the model's own for
that mode; later words win field by field. `without` takes away whole parameters (a list) or single choices (a table).
A media parameter belongs to a mode only where that mode names it; elsewhere it merely says what the media must be.
"""

from collections.abc import Iterable, Iterator, Mapping
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
from playground.domain.request import MEDIA_FIELDS, MODES, PARAMETER_KINDS, Mode, VideoRequest

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
        _refuse_unknown(value)
        for name, words in value.items():
            unknown = set(words) - set(Parameter.model_fields)
            if unknown:
                raise ValueError(f"{name} has words that are not in the grammar: {', '.join(sorted(unknown))}")
        return value

    @field_validator("without")
    @classmethod
    def _taken_fields_exist(cls, value: Without) -> Without:
        _refuse_unknown(value)
        return value


def _refuse_unknown(names: Iterable[str]) -> None:
    unknown = set(names) - set(PARAMETER_KINDS)
    if unknown:
        raise ValueError(f"a request has no such parameter: {', '.join(sorted(unknown))}")


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
        table = Table(stem, read.provider, tuple(_facts(m) for m in read.model), specs, read.evidence)
        _check_references(read, table)
    except ValidationError as error:
        raise TableError(f"catalog/{stem}.toml: {_said(error)}") from error
    except TableError as error:
        raise TableError(f"catalog/{stem}.toml: {error}") from error
    return table


def _said(error: ValidationError) -> str:
    """`provider.poll_second: Extra inputs are not permitted`, one after the other."""
    each = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(str(step) for step in one['loc'])}: {one['msg']}" for one in each)


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
                always=document.provider.always,
                takes_media_urls=document.provider.takes_media_urls,
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
    return {
        name: _parameter(f"[parameters.{name}] of {model.id} in {mode}", name, kept[name])
        for name in PARAMETER_KINDS
        if name in kept
    }


def _take_away(merged: dict[str, Raw], without: Without) -> None:
    if isinstance(without, tuple):
        for name in without:
            merged.pop(name, None)
        return
    for name, gone in without.items():
        if name in merged and "choices" in merged[name]:
            merged[name] = {**merged[name], "choices": [c for c in merged[name]["choices"] if c not in gone]}


def _parameter(where: str, name: str, words: Raw) -> Parameter:
    try:
        parameter = Parameter.model_validate(words)
    except ValidationError as error:
        raise TableError(f"{where}: {_said(error)}") from error
    problem = _problem(name, parameter)
    if problem is not None:
        raise TableError(f"{where} {problem}")
    return parameter


def _problem(name: str, parameter: Parameter) -> str | None:
    """Why a parameter contradicts itself, or its field of the request."""
    kind = PARAMETER_KINDS[name]
    choices, low, high = parameter.choices, parameter.at_least, parameter.at_most
    if kind == "choice" and not choices:
        return "needs choices"
    if kind in ("flag", "text", "media") and choices is not None:
        return f"is a {kind}: it has no choices"
    strange = [value for value in choices or () if not _fits(name, value)]
    if strange:
        return f"cannot be {strange[0]!r}: a request has another type there"
    if low is not None and high is not None and low > high:
        return f"is at least {low} and at most {high}"
    unknown = set(parameter.required_unless) - set(PARAMETER_KINDS)
    if unknown:
        return f"is required unless {', '.join(sorted(unknown))}: a request has no such parameter"
    if choices is not None and set(parameter.words) - {str(choice) for choice in choices}:
        return f"has words for {', '.join(sorted(set(parameter.words) - {str(c) for c in choices}))}, not a choice"
    return _default_problem(name, parameter)


def _default_problem(name: str, parameter: Parameter) -> str | None:
    default = parameter.default
    if default is None or default == UNKNOWN:
        return "is fixed and must say to what" if parameter.fixed else None
    if PARAMETER_KINDS[name] == "media":
        return "is a medium: it has no default"
    if not _fits(name, default):
        return f"has a default of another type than a request has there: {default!r}"
    allowed = parameter.allowed()
    if allowed is not None and PARAMETER_KINDS[name] != "flag" and default not in allowed:
        return f"has a default, {default!r}, that is not among {allowed}"
    low, high = parameter.at_least, parameter.at_most
    if isinstance(default, int) and ((low is not None and default < low) or (high is not None and default > high)):
        return f"has a default, {default}, that is out of its range"
    return None


def _fits(name: str, value: object) -> bool:
    """Whether a request could hold this value in that field: the request itself is asked."""
    try:
        VideoRequest.model_validate({"provider": "", "mode": MODES[0], name: value})
    except ValidationError:
        return False
    return True


def _check_references(document: _Document, table: Table) -> None:
    """Everything that a table names has to be there, or a typo would silently loosen a rule."""
    models = [model.id for model in document.model]
    if len(set(models)) < len(models):
        raise TableError("two models have the same id")
    for where, key in _evidence_used(document, table):
        if key not in document.evidence:
            raise TableError(f"{where} names evidence {key!r}, which is not there")
    for mode, layer in document.modes.items():
        _refuse(f"[modes.{mode}]", set(layer.models or ()) - set(models))
    for model in document.model:
        _refuse(f"model {model.id}", set(model.modes) - set(document.modes))
    for rule in document.rule:
        fields = {*rule.when, *rule.then, *rule.media}
        _refuse(f"rule {rule.id!r}", (fields - set(PARAMETER_KINDS)) | (set(rule.model or ()) - set(models)))
        _refuse(f"media of rule {rule.id!r}", set(rule.media) - set(MEDIA_FIELDS))
    for price in document.price:
        _refuse("a price", (set(price.when) - set(PARAMETER_KINDS)) | (set(price.model or ()) - set(models)))
    _check_values(document)


def _refuse(where: str, unknown: Iterable[str]) -> None:
    names = ", ".join(sorted(unknown))
    if names:
        raise TableError(f"{where} names {names}, which is not there")


def _check_values(document: _Document) -> None:
    """Values that a rule, a price or a `without` names must be such as a request can hold, and choices stated here."""
    layers = list(_layers(document))
    for where, name, values in _values_named(document, layers):
        kind = PARAMETER_KINDS[name]
        stated = {c for _, layer in layers for c in layer.parameters.get(name, {}).get("choices", ())}
        for value in values:
            if kind in ("text", "media") or not _fits(name, value):
                raise TableError(f"{where}: {name} can never be {value!r}")
            if kind == "choice" and value not in stated:
                raise TableError(f"{where}: {name} has no choice {value!r} in this table")


def _layers(document: _Document) -> Iterator[tuple[str, _Layer]]:
    yield "the table", _Layer(parameters=document.parameters)
    for mode, layer in document.modes.items():
        yield f"[modes.{mode}]", layer
    for model in document.model:
        yield f"model {model.id}", model
        for mode, layer in model.modes.items():
            yield f"model {model.id} in {mode}", layer


def _values_named(
    document: _Document, layers: list[tuple[str, _Layer]]
) -> Iterator[tuple[str, str, tuple[str | int | bool, ...]]]:
    for where, layer in layers:
        if isinstance(layer.without, dict):
            for name, gone in layer.without.items():
                yield f"`without` of {where}", name, gone
    for rule in document.rule:
        for name, values in (*rule.when.items(), *rule.then.items()):
            if isinstance(values, tuple):
                yield f"rule {rule.id!r}", name, values
    for price in document.price:
        for name, values in price.when.items():
            yield "a price", name, values


def _evidence_used(document: _Document, table: Table) -> Iterator[tuple[str, str]]:
    yield "[provider]", document.provider.evidence
    if document.provider.always is not None:
        yield "always", document.provider.always.evidence
    if document.provider.usual_wait is not None:
        yield "usual_wait", document.provider.usual_wait.evidence
    if document.provider.look_up is not None:
        yield "look_up", document.provider.look_up.evidence
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
