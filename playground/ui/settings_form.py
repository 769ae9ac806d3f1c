"""From a `Control` to its Gradio component, and to the update that redraws it."""

from typing import Any, Final

import gradio as gr
from gradio.components import Component

from playground.ui import texts
from playground.ui.controls import Control
from playground.ui.gradio_typed import update
from playground.ui.pieces import on_load, template

_PROMPT_LINES: Final = 4


def draw(mode: str, control: Control) -> Component:
    """One component for one control, at the place where it is called."""
    elem_id = f"{mode}-{control.name}"
    if control.style == "media":
        return _media(elem_id, control)
    if control.style == "radio":
        return gr.Radio(
            choices=list(control.choices),
            value=control.value,
            label=control.label,
            info=control.help,
            visible=control.shown,
            interactive=control.free,
            min_width=150,
            elem_id=elem_id,
            elem_classes="pg-radio",
        )
    if control.style == "checkbox":
        return gr.Checkbox(
            value=bool(control.value),
            label=control.label,
            info=control.help,
            visible=control.shown,
            interactive=control.free,
            min_width=150,
            elem_id=elem_id,
        )
    return _text(mode, elem_id, control)


def _text(mode: str, elem_id: str, control: Control) -> Component:
    placeholders = {"prompt": texts.PROMPT_PLACEHOLDERS[mode], "seed": texts.SEED_PLACEHOLDER}
    is_prompt = control.name == "prompt"
    return gr.Textbox(
        value=str(control.value or ""),
        label=control.label,
        info=None if is_prompt else control.help,
        placeholder=placeholders.get(control.name, texts.NEGATIVE_PLACEHOLDER if control.style == "text" else None),
        lines=_PROMPT_LINES if is_prompt else 1,
        max_lines=12 if control.style == "text" else 1,
        visible=control.shown,
        interactive=True,
        min_width=150,
        elem_id=elem_id,
    )


def _media(elem_id: str, control: Control) -> Component:
    """An own control: it uploads by itself, shows what it has, and nothing is decoded on the way."""
    return gr.HTML(
        value=[],
        html_template=template("media.html"),
        js_on_load=on_load("media.js"),
        apply_default_css=False,
        visible=control.shown,
        min_width=200,
        elem_id=elem_id,
        **_media_props(control),
    )


def _media_props(control: Control) -> dict[str, Any]:
    return {
        "field": control.name,
        "title": control.label,
        "hint": control.help or "",
        "accepts": control.accepts,
        "at_most": control.at_most,
        "words": texts.MEDIA,
    }


def redraw(control: Control) -> dict[str, Any]:
    """The update that makes a component look like its control; what a person typed or uploaded stays."""
    changes: dict[str, Any] = {"visible": control.shown}
    if control.style == "media":
        # An update of a gr.HTML replaces all its own properties at once: a missing one would be lost.
        changes |= _media_props(control)
    if control.style in {"radio", "checkbox"}:
        changes |= {"value": control.value, "interactive": control.free, "info": control.help}
    if control.style == "radio":
        changes["choices"] = list(control.choices)
    return update(**changes)
