"""Pure: every model of every table on one line, for the README and for whoever compares.

Dates are said as the tables have them and not judged by today, so the same tables always give the same words.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from playground.domain.capabilities import Lifecycle, ModelFacts, ModeSpec, Price, ProviderFacts, Table
from playground.domain.request import MODES, Mode

MODE_WORDS: Final[Mapping[Mode, str]] = {
    "text-to-video": "text",
    "image-to-video": "image",
    "interpolation": "two frames",
    "references": "references",
    "extension": "extension",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One model of one provider, over all modes that it has."""

    provider: str
    model: str
    modes: tuple[Mode, ...]
    seconds: tuple[int, ...]
    adds_seconds: int | None
    resolutions: tuple[str, ...]
    shapes: tuple[str, ...]
    sound: str
    usd_per_second: tuple[float, float] | None
    """Lowest and highest; None where no price is known."""
    some_unknown: bool
    """Whether at least one price is not known."""
    lifecycle: str


def overview(tables: Mapping[str, Table]) -> tuple[Row, ...]:
    """One row for each model, in the tables' order."""
    return tuple(_row(table, model) for table in tables.values() for model in table.models)


def as_markdown(tables: Mapping[str, Table], making: Collection[str]) -> str:
    """The providers, then their models; `making` are those that can make videos in this version, and come first."""
    tables = dict(sorted(tables.items(), key=lambda item: item[0] not in making))
    providers = [("provider", "what it is", "in this version", "needs")]
    providers += [_introduced(table, makes=table.id in making) for table in tables.values()]
    models = [("provider", "model", "modes", "seconds", "resolutions", "shapes", "sound", "USD a second", "lifecycle")]
    models += [_cells(row) for row in overview(tables)]
    return f"{_table(providers)}\n\n{_table(models)}"


def needs(facts: ProviderFacts) -> tuple[str, ...]:
    """The environment names without which a provider makes nothing."""
    key = (facts.credential.env,) if facts.credential is not None else ()
    return (*key, *(setting.env for setting in facts.account.values() if setting.required))


def _row(table: Table, model: ModelFacts) -> Row:
    specs = [spec for (owner, _), spec in table.specs.items() if owner == model.id]
    prices = [price.usd_per_second for spec in specs for price in spec.prices if _can_apply(price, spec)]
    known = [usd for usd in prices if not isinstance(usd, str)]
    return Row(
        provider=table.id,
        model=model.id,
        modes=tuple(mode for mode in MODES if any(spec.mode == mode for spec in specs)),
        seconds=tuple(sorted(value for value in _offered(specs, "duration_seconds") if isinstance(value, int))),
        adds_seconds=max((spec.adds_seconds for spec in specs if spec.adds_seconds is not None), default=None),
        resolutions=tuple(str(value) for value in _offered(specs, "resolution")),
        shapes=tuple(str(value) for value in _offered(specs, "aspect_ratio")),
        sound=_sound(specs),
        usd_per_second=(min(known), max(known)) if known else None,
        some_unknown=len(known) < len(prices),
        lifecycle=_dates(model.lifecycle),
    )


def _offered(specs: Iterable[ModeSpec], name: str) -> list[str | int]:
    """What a field takes in any of the modes, in the tables' order."""
    found = [spec.parameters[name].allowed() or () for spec in specs if name in spec.parameters]
    return list(dict.fromkeys(value for values in found for value in values))


def _can_apply(price: Price, spec: ModeSpec) -> bool:
    """Whether a request of this mode can meet the price's conditions: some lists price what cannot be had."""
    for name, wanted in price.when.items():
        parameter = spec.parameters.get(name)
        allowed = parameter.allowed() if parameter is not None else ()
        if allowed is not None and not set(allowed) & set(wanted):
            return False
    return True


def _sound(specs: Iterable[ModeSpec]) -> str:
    found = [spec.parameters.get("generate_audio") for spec in specs]
    if any(parameter is not None and not parameter.fixed for parameter in found):
        return "on or off"
    fixed = {parameter.default for parameter in found if parameter is not None}
    return "always" if fixed == {True} else "never" if fixed == {False} else "not said"


def _dates(lifecycle: Lifecycle | None) -> str:
    if lifecycle is None:
        return ""
    if lifecycle.retired_on is not None:
        return f"retired on {lifecycle.retired_on}"
    if lifecycle.deprecated_on is not None:
        return f"deprecated on {lifecycle.deprecated_on}"
    return f"at risk from {lifecycle.at_risk_from}" if lifecycle.at_risk_from is not None else ""


def _introduced(table: Table, *, makes: bool) -> tuple[str, ...]:
    facts = table.provider
    name = f"[{facts.label}]({facts.docs})" if facts.docs is not None else facts.label
    says = f"**{name}.** {facts.about}" if facts.about is not None else f"**{name}.**"
    here = "makes videos" if makes else "checks, compares and prices"
    return f"`{table.id}`", says, here, ", ".join(f"`{env}`" for env in needs(facts)) or "nothing"


def _cells(row: Row) -> tuple[str, ...]:
    modes = "all five" if row.modes == MODES else ", ".join(MODE_WORDS[mode] for mode in row.modes)
    seconds = ", ".join(str(value) for value in row.seconds)
    added = f"; +{row.adds_seconds}" if row.adds_seconds is not None else ""
    return (
        f"`{row.provider}`",
        f"`{row.model}`",
        modes,
        seconds + added,
        ", ".join(row.resolutions),
        ", ".join(row.shapes),
        row.sound,
        _price(row),
        row.lifecycle,
    )


def _price(row: Row) -> str:
    if row.usd_per_second is None:
        return "unknown"
    low, high = row.usd_per_second
    known = "free" if high == 0 else f"{low:.2f}" if low == high else f"{low:.2f}–{high:.2f}"
    return f"{known}, some unknown" if row.some_unknown else known


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(_lines(list(rows)))


def _lines(rows: list[tuple[str, ...]]) -> Iterator[str]:
    for place, row in enumerate(rows):
        yield f"| {' | '.join(row)} |"
        if place == 0:
            yield f"|{'---|' * len(row)}"
