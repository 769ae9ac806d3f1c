"""Pure: what stands on the shelf today: which providers can be used here, and which models are still made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

from playground.domain.capabilities import ModelFacts, Table
from playground.domain.request import Mode
from playground.jobs.service import STRANGER, Service
from playground.ui import texts

Readiness = Literal["ready", "key", "check"]
"""It can be used now; it waits for its key or account; it can be checked and priced here, no more."""
Option = tuple[str, str]
"""What a list shows, and what it holds."""


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tables together with what this installation can do with them."""

    tables: Mapping[str, Table]
    why_not: Callable[[str], str | None] = lambda _: None
    """One sentence why a provider cannot be used now."""
    can_make: Callable[[str], bool] = lambda _: True
    today: Callable[[], date] = _today
    allow_retired: bool = False

    @classmethod
    def of(cls, service: Service, owner: str = STRANGER) -> "Shelf":
        """The shelf as an owner sees it. Asked anew each time: while a page is open, keys come and models go."""

        def why_not(provider: str) -> str | None:
            return service.not_ready(provider, owner=owner)

        return cls(service.tables, why_not, service.can_make, service.today, service.allow_retired)

    def readiness(self, provider: str) -> Readiness:
        """Whether a provider can be used now."""
        if not self.can_make(provider):
            return "check"
        return "ready" if self.why_not(provider) is None else "key"

    def stage(self, model: ModelFacts) -> str:
        """Where a model stands today."""
        return model.lifecycle.stage(self.today()) if model.lifecycle is not None else "available"

    def is_gone(self, model: ModelFacts) -> bool:
        """Whether a model was shut down."""
        return self.stage(model) == "retired"

    def is_locked(self, model: ModelFacts) -> bool:
        """Whether nobody may send anything to it: shut down, and the operator did not say otherwise."""
        return self.is_gone(model) and not self.allow_retired

    def standing(self, model: ModelFacts) -> str:
        """`locked, shut down 2026-10-22`, `at risk since …`; empty for a model that is simply there."""
        life, said = model.lifecycle, texts.said().page
        stage = self.stage(model)
        if life is None or stage == "available":
            return ""
        if stage == "retired":
            return (said.locked if self.is_locked(model) else said.shut_down).format(date=life.retired_on)
        if stage == "deprecated":
            return said.deprecated.format(date=life.deprecated_on)
        return said.at_risk.format(date=life.at_risk_from)

    def providers(self, mode: Mode) -> list[Option]:
        """The providers that have a mode, those that can be used now first; what is locked comes last."""
        able = [table for table in self.tables.values() if table.models_for(mode)]
        able.sort(key=lambda table: self._rank(table, mode))
        return [(_noted(table.provider.label, self._provider_note(table, mode)), table.id) for table in able]

    def waiting(self, mode: Mode) -> dict[str, str]:
        """Those of them that wait for nothing but a key, with what they are called once it is there."""
        noted = texts.said().readiness["key"]
        tables = (self.tables[provider] for _, provider in self.providers(mode))
        return {table.id: table.provider.label for table in tables if self._provider_note(table, mode) == noted}

    def models(self, provider: str | None, mode: Mode) -> list[Option]:
        """A provider's models for a mode; the ones that were shut down stay in sight, with their date."""
        table = self.tables.get(provider) if provider is not None else None
        models = table.models_for(mode) if table is not None else ()
        return [(_noted(model.label, self.standing(model)), model.id) for model in models]

    def locked(self, provider: str | None, mode: Mode) -> frozenset[str]:
        """Those of them that cannot be chosen."""
        table = self.tables.get(provider) if provider is not None else None
        models = table.models_for(mode) if table is not None else ()
        return frozenset(model.id for model in models if self.is_locked(model))

    def default_provider(self, mode: Mode) -> str | None:
        """One that works: a live one with a key, sooner one whose price is known, else the one that needs none."""
        return next((provider for _, provider in self.providers(mode)), None)

    def _all_gone(self, table: Table, mode: Mode) -> bool:
        return all(self.is_gone(model) for model in table.models_for(mode))

    def _rank(self, table: Table, mode: Mode) -> tuple[bool, int, bool, bool]:
        needs_none = table.provider.credential is None
        return self._all_gone(table, mode), _ORDER[self.readiness(table.id)], needs_none, not table.has_price(mode)

    def _provider_note(self, table: Table, mode: Mode) -> str:
        if self._all_gone(table, mode):
            latest = max(table.models_for(mode), key=lambda model: _retired_on(model))
            return self.standing(latest)
        return texts.said().readiness[self.readiness(table.id)]


_ORDER: Final[dict[Readiness, int]] = {"ready": 0, "key": 1, "check": 2}


def _retired_on(model: ModelFacts) -> date:
    life = model.lifecycle
    return life.retired_on if life is not None and life.retired_on is not None else date.min


def _noted(label: str, note: str) -> str:
    return f"{label} · {note}" if note else label
