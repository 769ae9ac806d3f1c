"""How far the operator's keys are lent to those who come by the page: to nobody, or up to an amount each day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from playground.domain.errors import OverBudget

LOCAL: Final = "local"
"""The owner of jobs made on the command line: the operator."""
_TOO_DEAR: Final = "Enter a key of your own, or choose something cheaper."
"""What to do where one job costs more than is lent in a whole day."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the operator allows. A job counts from its creation, and no more once it is sure that it cost nothing."""

    public: bool = False
    """Whether strangers may reach the page."""
    share_keys: bool = False
    usd_per_day: float | None = None
    """What all jobs of a day (UTC) may cost together; None: no limit."""
    usd_per_owner: float | None = None
    """What those of one owner may cost."""
    unpriced: bool = False
    """Whether a job may be made whose price nobody knows; it counts as nothing."""

    def may_share(self, owner: str) -> bool:
        """Whether an owner's jobs may use the operator's keys."""
        return owner == LOCAL or not self.public or self.share_keys

    def is_counted(self, owner: str, credential: str) -> bool:
        """Whether an owner's job with this reference of a key is made with one that is lent under a limit."""
        lent = owner != LOCAL and credential.startswith("env:")
        return lent and (self.usd_per_day is not None or self.usd_per_owner is not None)

    def check(self, owner: str, price_usd: float | None, spent: Mapping[str, float]) -> None:
        """Whether a job of that price may be made beside what each owner's jobs of the day, it among them, cost.

        Raises:
            OverBudget: it may not.
        """
        if price_usd is None:
            if not self.unpriced:
                says = "Nobody knows what this costs, so the key of this server is not lent for it."
                raise OverBudget(says, next_step="Enter a key of your own, or choose a model whose price is known.")
            return
        together, own = sum(spent.values()), spent.get(owner, 0.0)
        for taken, limit, to in ((together, self.usd_per_day, ""), (own, self.usd_per_owner, " to each visitor")):
            if limit is not None and price_usd > 0 and _is_above(taken, limit):
                left = max(0.0, limit - (taken - price_usd))
                says = f"The key of this server is lent{to} for ${limit:.2f} a day"
                told = f"{says}: ${left:.2f} of it is left, and this costs ${price_usd:.2f}."
                raise OverBudget(told) if price_usd <= limit else OverBudget(told, next_step=_TOO_DEAR)


def day_of(seconds: float) -> float:
    """When the day (UTC) of a moment began; both in seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _is_above(usd: float, limit: float) -> bool:
    return round(usd - limit, 6) > 0
