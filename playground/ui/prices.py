"""Pure: prices as a person reads them. A price that nobody knows is said to be unknown, never nothing."""

from playground.domain.capabilities import ModeSpec, Price
from playground.domain.words import label, spoken
from playground.ui import texts


def money(usd: float) -> str:
    """`$0.40`, `$0.075`: at least cents, and no more digits than there are."""
    text = f"{usd:.4f}".rstrip("0")
    whole, _, cents = text.partition(".")
    return f"${whole}.{cents.ljust(2, '0')}"


def in_short(spec: ModeSpec) -> str:
    """A mode's price in a cell of the matrix: `$0.10–0.40/s`, `Free`, `unknown`."""
    prices = [each.usd_per_second for each in spec.prices if can_hold(each, spec)]
    known = sorted(price for price in prices if isinstance(price, float))
    if not known:
        return texts.said().tables.unknown_price
    if not known[-1]:
        return texts.said().tables.free
    low, high = money(known[0]), money(known[-1])
    span = f"{low}/s" if low == high else f"{low}–{high.removeprefix('$')}/s"
    return span if len(known) == len(prices) else texts.said().tables.some_unknown.format(span=span)


def can_hold(price: Price, spec: ModeSpec) -> bool:
    """Whether a request of this model and mode can meet a price's conditions at all."""
    for name, wanted in price.when.items():
        parameter = spec.parameters.get(name)
        if parameter is None:
            return False
        allowed = (parameter.default,) if parameter.fixed else parameter.allowed()
        if allowed is not None and not set(allowed) & set(wanted):
            return False
    return True


def conditions(price: Price) -> str:
    """`resolution 720p or 1080p, sound on`; empty for a price that always holds."""
    each = [f"{label(n)} {' or '.join(spoken(n, v) for v in wanted)}" for n, wanted in price.when.items()]
    return ", ".join(each)


def per_second(price: Price) -> str:
    """`$0.40 a second`, `free`, `unknown`."""
    if price.usd_per_second == "unknown":
        return texts.said().tables.unknown_price
    return (
        texts.said().tables.per_second.format(price=money(price.usd_per_second))
        if price.usd_per_second
        else texts.said().tables.free
    )
