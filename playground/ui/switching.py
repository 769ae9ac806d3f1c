"""Pure: a form moves to another provider or model. What was chosen and the new one takes stays; fine print that
nobody chose is its own default; the rest is set aside, said, and comes back with a provider that takes it, unless
somebody has chosen something else there meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from playground.domain.request import PARAMETER_KINDS
from playground.domain.words import spoken
from playground.ui import form, texts
from playground.ui.controls import MAIN, SWITCH, UNSET, Control, Style
from playground.ui.mode_form import Drawn, ModeForm

_TYPED: Final = ("line", "text", "media")
"""What a person writes or uploads: a hidden one of these still holds it."""
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Wish:
    """What a click on a proposal or on another provider asks for; `changes` are values of a request."""

    provider: object
    model: object
    changes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Switched:
    """The form after the move."""

    drawn: Drawn
    typed: Mapping[str, object]
    """What typed fields hold now, where that changed."""
    memory: dict[str, object]
    """For the browser to keep and to hand back: where the form was, what was chosen there, and what was set aside."""


def remembered(drawn: Drawn) -> dict[str, object]:
    """The memory of a form that has not been moved."""
    return {"provider": drawn.provider, "model": drawn.model, "aside": {}, "shown": {}, "said": [], "chosen": {}}


def read_wish(value: object) -> Wish | None:
    """A wish as the page's script hands it over."""
    fields = _mapping(value)
    return Wish(fields.get("provider"), fields.get("model"), _mapping(fields.get("changes"))) if fields else None


def switch(mode_form: ModeForm, memory: object, held: Mapping[str, object], wish: Wish | None = None) -> Switched:
    """Move a form to the provider and model that are chosen, or wished for."""
    known = _mapping(memory)
    aside, shown = _mapping(known.get("aside")), _mapping(known.get("shown"))
    before = mode_form.draw({"provider": known.get("provider"), "model": known.get("model")})
    usual = {control.name: control.value for control in before.controls}
    # Whoever has touched a field since has chosen; else what was set aside is still what is wanted.
    wanted = {n: aside[n] if n in aside and _same(v, shown.get(n)) else v for n, v in held.items()}
    # Of the fine print, what nobody chose is the new provider's own default, whichever others were looked at before.
    chosen = {n: v for n, v in _mapping(known.get("chosen")).items() if n in usual and _same(v, wanted.get(n))}
    chosen |= {n: v for n, v in wanted.items() if n in usual and not _same(v, usual[n])}
    wanted |= dict.fromkeys(n for n in usual if n in wanted and not (n in chosen or n in aside or n in MAIN))
    typed: dict[str, object] = {}
    if wish is not None:
        wanted |= {"provider": wish.provider, "model": wish.model}
        wanted["rehearsal"] = wish.changes.get("rehearsal", wanted.get("rehearsal"))
        for name, value in wish.changes.items():
            if name in mode_form.styles:
                chosen[name] = wanted[name] = as_held(name, mode_form.styles[name], value, held.get(name))
                if mode_form.styles[name] in _TYPED:
                    typed[name] = wanted[name]
    drawn = mode_form.draw(wanted)
    deliberate = set(wish.changes) if wish is not None else set[str]()
    lost = {
        control.name: wanted.get(control.name)
        for control in drawn.controls
        if control.name not in deliberate and _is_lost(control, wanted.get(control.name), usual, aside)
    }
    after = {c.name: held.get(c.name) if c.style in _TYPED else c.value for c in drawn.controls if c.name in lost}
    return Switched(
        drawn,
        typed,
        {
            "provider": drawn.provider,
            "model": drawn.model,
            "aside": lost,
            "shown": after,
            "chosen": {n: v for n, v in chosen.items() if mode_form.styles[n] not in _TYPED},
            "said": [{"label": texts.said().field(n), "value": _said(n, v)} for n, v in lost.items()],
        },
    )


def as_held(name: str, style: Style, value: object, current: object) -> object:
    """A request's value as the control of its field holds it."""
    if style == "media":
        wanted = cast("list[object]", value) if isinstance(value, list) else [value]
        return [item for item in form.media_items(current) if item["ref"] in wanted]
    if style == "radio" and isinstance(value, bool):
        return next(word for word, truth in SWITCH.items() if truth is value)
    if style in ("line", "text"):
        return "" if value is None else str(value)
    return UNSET if value is None and style == "radio" else value


def _is_lost(control: Control, wanted: object, usual: Mapping[str, object], aside: Mapping[str, object]) -> bool:
    """Whether a move takes away something that a person meant: an untouched default is nothing to talk about."""
    if _is_nothing(wanted) or (control.name not in aside and _same(wanted, usual.get(control.name))):
        return False
    return not control.shown or (control.style not in _TYPED and not _same(wanted, control.value))


def _is_nothing(value: object) -> bool:
    return value is None or value in ("", [], {})


def _same(one: object, other: object) -> bool:
    return (_is_nothing(one) and _is_nothing(other)) or (one == other and type(one) is type(other))


def _said(name: str, value: object) -> str:
    if PARAMETER_KINDS.get(name) == "media":
        return ", ".join(item["name"] for item in form.media_items(value))
    if isinstance(value, str) and value in SWITCH:
        value = SWITCH[value]
    text = spoken(name, value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _mapping(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def held_typed(names: Sequence[str], styles: Mapping[str, Style], values: Mapping[str, object]) -> dict[str, object]:
    """What typed fields held, for a form that is drawn anew: hidden ones keep theirs too."""
    kept: dict[str, object] = {}
    for name in names:
        if styles[name] == "media":
            kept[name] = list(form.media_items(values.get(name)))
        elif styles[name] in _TYPED:
            value = values.get(name)
            kept[name] = value if isinstance(value, str) else ""
    return kept
