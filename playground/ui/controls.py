"""Pure: what a form shows for one mode, drawn from the capability tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from playground.domain.capabilities import UNKNOWN, MediaLimit, ModeSpec, Parameter, Table
from playground.domain.request import PARAMETER_KINDS, Mode
from playground.domain.words import spoken
from playground.ui import texts

Style = Literal["radio", "checkbox", "line", "text", "media"]
Plain = str | int | bool
MAIN: Final = ("aspect_ratio", "duration_seconds", "resolution", "generate_audio")
"""Settings that are always in sight; the others wait under Advanced."""
UNSET: Final = ""
"""What a control holds where the request shall say nothing."""
SWITCH: Final = {"on": True, "off": False}
"""A flag whose default nobody knows has three positions: these and UNSET."""


@dataclass(frozen=True, slots=True)
class Control:
    """One control as it is to be drawn now."""

    name: str
    style: Style
    label: str
    help: str | None
    shown: bool
    choices: tuple[tuple[str, Plain], ...] = ()
    value: Plain | None = None
    free: bool = True
    """False: it shows what always happens and cannot be changed."""
    at_most: int = 1
    """How many media it takes."""
    accepts: str = ""
    """File types for the browser's file dialog."""
    links_only: bool = False
    """Whether it takes public links and no files."""


def specs_for(tables: Mapping[str, Table], mode: Mode) -> list[ModeSpec]:
    """Every table's word on a mode."""
    return [table.specs[model.id, mode] for table in tables.values() for model in table.models_for(mode)]


def field_names(tables: Mapping[str, Table], mode: Mode) -> tuple[str, ...]:
    """Every parameter that any provider has in this mode, in the order of the request."""
    named = {name for spec in specs_for(tables, mode) for name in spec.parameters}
    return tuple(name for name in PARAMETER_KINDS if name in named)


def style_of(name: str, specs: Iterable[ModeSpec]) -> Style:
    """One kind of control for all providers: a form cannot exchange a component, only redraw it."""
    parameters = [spec.parameters[name] for spec in specs if name in spec.parameters]
    kind = PARAMETER_KINDS[name]
    if kind == "flag":
        return "checkbox" if all(isinstance(p.default, bool) for p in parameters) else "radio"
    if kind == "range":
        return "radio" if all(p.allowed() is not None for p in parameters) else "line"
    return "radio" if kind == "choice" else kind


def control(name: str, spec: ModeSpec | None, style: Style, current: object = None) -> Control:
    """How a control looks under a spec; the current value stays where it still fits."""
    parameter = spec.parameters.get(name) if spec is not None else None
    label = texts.said().field(name)
    if parameter is None:
        return Control(name, style, label, None, shown=False, choices=(), value=_nothing(style))
    if style == "media":
        return Control(
            name,
            style,
            label,
            _limits(parameter.limits),
            shown=True,
            at_most=(parameter.at_most or 1) if name == "reference_images" else 1,
            accepts="video/*" if name == "source_video" else "image/*",
            links_only=parameter.limits is not None and parameter.limits.url_only,
        )
    choices = _choices(name, parameter) if style == "radio" else ()
    return Control(
        name=name,
        style=style,
        label=label,
        help=" ".join(words for words in (parameter.help, parameter.note) if words is not None) or None,
        shown=True,
        choices=choices,
        value=_value(style, parameter, choices, current),
        free=not parameter.fixed,
    )


def _nothing(style: Style) -> Plain | None:
    return {"checkbox": False, "line": "", "text": ""}.get(style)


def _choices(name: str, parameter: Parameter) -> tuple[tuple[str, Plain], ...]:
    said = texts.said().page
    if PARAMETER_KINDS[name] == "flag":
        offered: list[tuple[str, Plain]] = [(said.on, "on"), (said.off, "off")]
    else:
        values = (parameter.default,) if parameter.fixed and parameter.default is not None else parameter.allowed()
        offered = [(spoken(name, value), value) for value in values or ()]
    if _needs_unset(parameter):
        offered.insert(0, (said.not_set, UNSET))
    return tuple(offered)


def _needs_unset(parameter: Parameter) -> bool:
    return parameter.default == UNKNOWN or (parameter.default is None and not parameter.required)


def _value(style: Style, parameter: Parameter, choices: Sequence[tuple[str, Plain]], current: object) -> Plain | None:
    default = None if parameter.default == UNKNOWN else parameter.default
    if style == "checkbox":
        return current if isinstance(current, bool) and not parameter.fixed else bool(default)
    if style in {"line", "text"}:
        return current if isinstance(current, str) else "" if default is None else str(default)
    values = [value for _, value in choices]
    fitting = next((v for v in values if v == current and type(v) is type(current)), None)
    if fitting is not None:
        return fitting
    if isinstance(default, bool):
        default = next(word for word, truth in SWITCH.items() if truth is default)
    return default if default is not None else UNSET if UNSET in values else None


def _limits(limits: MediaLimit | None) -> str | None:
    """`PNG, JPEG or WEBP, up to 20 MB`, as far as the table says."""
    if limits is None:
        return None
    said = texts.said().tables
    formats = [name.upper() for name in limits.formats or ()]
    known = ", ".join(formats[:_FORMATS_NAMED]) + (" …" if len(formats) > _FORMATS_NAMED else "")
    most, longest = limits.max_megabytes, limits.at_most_seconds
    size = said.megabytes.format(value=f"{most:g}") if most is not None else ""
    length = said.seconds_most.format(value=f"{longest:g}") if longest is not None else ""
    return ", ".join(part for part in (known, size, length) if part) or None


_FORMATS_NAMED: Final = 3


def rehearsal_choices(table: Table | None) -> tuple[tuple[str, str], ...]:
    """What a provider can play on purpose; empty where it cannot."""
    names = table.provider.rehearsals if table is not None else ()
    return (
        ((texts.said().page.no_rehearsal, UNSET), *((n.replace("-", " ").capitalize(), n) for n in names))
        if names
        else ()
    )
