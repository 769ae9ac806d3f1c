"""Pure: what the settings of a form show and hold, as the page's own component takes them."""

from collections.abc import Mapping
from typing import Any, Final

from playground.ui import texts
from playground.ui.controls import MAIN, Control
from playground.ui.mode_form import Drawn

Json = dict[str, Any]
APART: Final = ("prompt",)
"""What is written outside the settings, beside the media."""


def belongs(control: Control) -> bool:
    """Whether a control is drawn among the settings."""
    return control.style != "media" and control.name not in APART


def described(mode: str, drawn: Drawn) -> Json:
    """Every property of the component but its value, in one piece: an update of an own component replaces them all."""
    shown = [control for control in drawn.controls if control.shown and belongs(control)]
    return {
        "mode": mode,
        "form": {
            "providers": [
                {"label": label, "value": value, "ready_label": drawn.waiting.get(value)}
                for label, value in drawn.providers
            ],
            "models": [{"label": label, "value": v, "locked": v in drawn.locked} for label, v in drawn.models],
            "main": [_control(control) for name in MAIN for control in shown if control.name == name],
            "advanced": [_control(control) for control in shown if control.name not in MAIN],
            "rehearsals": [{"label": label, "value": value} for label, value in drawn.rehearsals],
        },
        "words": _words(),
    }


def _words() -> Json:
    said = texts.said()
    switch = {"on": said.page.on, "off": said.page.off}
    return {**said.for_advice(), **said.settings, **switch, "labels": said.fields}


def values(drawn: Drawn, typed: Mapping[str, object]) -> Json:
    """What the component holds: choices as drawn; what was typed, also where it is hidden now, as it is."""
    settings = {c.name: typed.get(c.name, c.value) for c in drawn.controls if belongs(c)}
    return {"provider": drawn.provider, "model": drawn.model, **settings, "rehearsal": drawn.rehearsal}


def _control(control: Control) -> Json:
    return {
        "name": control.name,
        "style": control.style,
        "label": control.label,
        "help": control.help or "",
        "choices": [{"label": label, "value": value} for label, value in control.choices],
        "free": control.free,
        "placeholder": texts.said().placeholders.get(control.name, ""),
    }
