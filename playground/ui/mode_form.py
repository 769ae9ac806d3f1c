"""Pure: the form of one mode over all tables, and how it is redrawn when provider or model change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from playground.domain.capabilities import ModeSpec, Table
from playground.domain.request import Mode
from playground.ui import controls
from playground.ui.controls import UNSET, Control, Style
from playground.ui.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Drawn:
    """A form as it is to be shown now."""

    provider: str | None
    providers: list[tuple[str, str]]
    waiting: dict[str, str]
    """The providers that need a key, with what they are called once it is there."""
    model: str | None
    models: list[tuple[str, str]]
    locked: frozenset[str]
    """The models that nothing can be sent to any more."""
    controls: tuple[Control, ...]
    rehearsals: tuple[tuple[str, str], ...]
    rehearsal: str


class ModeForm:
    """Which controls a mode has, whatever the provider, and how each looks under one of them."""

    def __init__(self, mode: Mode, shelf: Shelf) -> None:
        specs = controls.specs_for(shelf.tables, mode)
        self.mode: Final = mode
        self.names: Final = controls.field_names(shelf.tables, mode)
        self.styles: Final[dict[str, Style]] = {name: controls.style_of(name, specs) for name in self.names}
        self.essential: Final = frozenset(n for s in specs for n, p in s.parameters.items() if p.required)
        """What some provider cannot do without: its media are always in sight."""
        self._shelf = shelf

    def draw(self, values: Mapping[str, object]) -> Drawn:
        """The form under the provider and model among the values; what still fits of the others stays."""
        providers = self._shelf.providers(self.mode)
        provider = _kept(values.get("provider"), providers, self._shelf.default_provider(self.mode))
        table = self._table(provider)
        models = self._shelf.models(provider, self.mode)
        usual = table.default_model(self.mode, self._shelf.today()) if table is not None else None
        model = _kept(values.get("model"), models, usual.id if usual is not None else None)
        spec = self._spec(table, model)
        rehearsals = controls.rehearsal_choices(table)
        return Drawn(
            provider=provider,
            providers=providers,
            waiting=self._shelf.waiting(self.mode),
            model=model,
            models=models,
            locked=self._shelf.locked(provider, self.mode),
            controls=tuple(controls.control(n, spec, self.styles[n], values.get(n)) for n in self.names),
            rehearsals=rehearsals,
            rehearsal=_kept(values.get("rehearsal"), list(rehearsals), UNSET) or UNSET,
        )

    def in_sight(self, provider: object, model: object) -> tuple[str, ...]:
        """The controls that a provider's model shows: what a hidden one still holds is not asked for.

        All of them for a model that nobody knows, which is then the problem to be told.
        """
        spec = self._spec(self._table(provider), model if isinstance(model, str) else None)
        return tuple(name for name in self.names if spec is None or name in spec.parameters)

    def _table(self, provider: object) -> Table | None:
        return self._shelf.tables.get(provider) if isinstance(provider, str) else None

    def _spec(self, table: Table | None, model: str | None) -> ModeSpec | None:
        return table.specs.get((model, self.mode)) if table is not None and model is not None else None


def _kept(current: object, choices: list[tuple[str, str]], otherwise: str | None) -> str | None:
    return next((value for _, value in choices if value == current), otherwise)
