"""Events of the page, thin: read the form, ask the service, say what came of it. No job lives here."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from playground.domain.errors import NotFound, PlaygroundError
from playground.jobs.service import Service, owner_of_token
from playground.ui import form, presenter, settings, texts
from playground.ui.gradio_typed import skip, update
from playground.ui.mode_form import Drawn
from playground.ui.settings_form import redraw, redraw_settings
from playground.ui.switching import held_typed, read_wish, remembered, switch
from playground.ui.tabs import ModeTab

CAPABILITIES_TAB: Final = "capabilities"
"""The one tab that is no mode's."""
_log: Final = logging.getLogger(__name__)
_MAX_NONCE: Final = 100


class Handlers:
    """What happens on a click. Each of these is a public HTTP endpoint too, so nothing that arrives is believed."""

    def __init__(self, service: Service, upload_dir: Path) -> None:
        self._service = service
        self._upload_dir = upload_dir

    async def submit(
        self, tab: ModeTab, ticket: object, values: Sequence[object], address: str | None = None
    ) -> tuple[object, object]:
        """Check and submit; the card gets the job's id, or the problems stand beside Generate."""
        held = tab.held(values)
        try:
            owner, nonce = _ticket(ticket)
            provider, model = held.get("provider"), held.get("model")
            shown = {name: held.get(name) for name in tab.form.in_sight(provider, model)}
            request = form.to_request(tab.form.mode, provider, model, shown, held.get("rehearsal"))
            job_id = await self._service.submit(
                request, owner=owner, files_under=self._upload_dir, nonce=nonce, address=address
            )
        except PlaygroundError as error:
            return same_card(), presenter.problems(error)
        except Exception:
            _log.exception("A submit failed in a way nobody expected")
            return same_card(), presenter.our_fault()
        return {"job": job_id, "nonce": nonce}, ""

    def redraw(self, tab: ModeTab, memory: object, values: Sequence[object], wish: object = None) -> list[object]:
        """The same form under another table: somebody chose a provider or a model, or clicked on a proposal."""
        held = tab.held(values)
        moved = switch(tab.form, memory, held, read_wish(wish))
        return [*_updates(tab, moved.drawn, held, moved.typed), moved.memory]

    def restore(self, tabs: Sequence[ModeTab], draft: object) -> list[object]:
        """After a reload: the tab that was open and what each form held, as far as it still fits."""
        kept = cast("dict[str, object]", draft) if isinstance(draft, dict) else {}
        opened = kept.get("tab")
        modes = {tab.form.mode: tab for tab in tabs}
        updates: list[object] = [update(selected=opened) if opened in (*modes, CAPABILITIES_TAB) else skip()]
        for mode, tab in modes.items():
            values = kept.get(mode)
            if isinstance(values, dict):
                updates += _restored(tab, cast("dict[str, object]", values))
            else:
                updates += _untouched(tab)
        return updates


def _ticket(ticket: object) -> tuple[str, str]:
    """Who asks, and which burst of clicks this belongs to."""
    fields = cast("dict[str, object]", ticket) if isinstance(ticket, dict) else {}
    token, nonce = fields.get("owner"), fields.get("nonce")
    if not isinstance(token, str) or not isinstance(nonce, str) or not 0 < len(nonce) <= _MAX_NONCE:
        raise NotFound
    return owner_of_token(token), nonce


def same_card() -> dict[str, Any]:
    """An update that changes nothing of the card, with all its own properties: see `skip`."""
    return update(words=texts.said().for_card())


def _untouched(tab: ModeTab) -> list[object]:
    drawn = tab.form.draw({})
    fields: list[object] = [[] if tab.form.styles[name] == "media" else skip() for name in tab.fields]
    return [settings.values(drawn, {}), *fields, remembered(drawn)]


def _updates(tab: ModeTab, drawn: Drawn, held: Mapping[str, object], changed: Mapping[str, object]) -> list[object]:
    """One update for each component; what was typed stays but for what is changed."""
    typed = {**held_typed(tab.form.names, tab.form.styles, held), **changed}
    controls = {control.name: control for control in drawn.controls}
    mode = tab.form.mode
    fields = [
        {**redraw(mode, controls[name]), "value": changed[name]} if name in changed else redraw(mode, controls[name])
        for name in tab.fields
    ]
    return [redraw_settings(mode, drawn, typed), *fields]


def _restored(tab: ModeTab, values: dict[str, object]) -> list[object]:
    drawn = tab.form.draw(values)
    memory = cast("dict[str, object] | None", values.get("memory"))
    typed = held_typed(tab.form.names, tab.form.styles, values)
    return [*_updates(tab, drawn, values, typed), memory if isinstance(memory, dict) else remembered(drawn)]
