"""From a drawn form to its Gradio components, and to the updates that redraw them."""

import json
from collections.abc import Mapping
from typing import Any, Final

import gradio as gr
from gradio.components import Component

from playground.domain.media_checks import FILLS_THE_FRAME
from playground.ui import texts
from playground.ui.controls import Control
from playground.ui.gradio_typed import update
from playground.ui.mode_form import Drawn
from playground.ui.pieces import on_load, template
from playground.ui.settings import described, values

_PROMPT_LINES: Final = 4


def draw_settings(mode: str, drawn: Drawn) -> gr.HTML:
    """An own control for provider, model and every setting: only it can shut a single choice and say why.

    Its input event asks for the form of another provider or model; its change event is any other choice.
    """
    return gr.HTML(
        value=values(drawn, {}),
        html_template=template("settings.html"),
        js_on_load=on_load("settings.js"),
        apply_default_css=False,
        elem_classes="pg-settings",
        **described(mode, drawn),
    )


def redraw_settings(mode: str, drawn: Drawn, typed: Mapping[str, object]) -> dict[str, Any]:
    """The settings under another table, or as they were left."""
    return update(value=values(drawn, typed), **described(mode, drawn))


def draw_prompt(mode: str, control: Control) -> gr.Textbox:
    """Where the prompt is written."""
    return gr.Textbox(
        value=str(control.value or ""),
        label=control.label,
        placeholder=texts.said().prompt_placeholders[mode],
        lines=_PROMPT_LINES,
        max_lines=12,
        visible=control.shown,
        interactive=True,
        elem_id=f"{mode}-prompt",
        elem_classes="pg-prompt",
    )


def draw_prompt_help(mode: str) -> None:
    """Examples, the builder, the counter and the hints below a prompt."""
    words = texts.said()
    gr.HTML(
        html_template=template("prompt.html"),
        js_on_load=on_load("prompt.js"),
        apply_default_css=False,
        mode=mode,
        examples=json.dumps([each.model_dump() for each in words.examples[mode]]),
        parts=json.dumps([each.model_dump() for each in words.builder_parts]),
        builder=json.dumps(words.builder),
        labels=words.fields,
        marks=words.for_advice(),
        words=words.prompt_help,
    )


def draw_media(mode: str, control: Control) -> Component:
    """An own control: it uploads by itself, shows what it has, and nothing is decoded on the way."""
    return gr.HTML(
        value=[],
        html_template=template("media.html"),
        js_on_load=on_load("media.js"),
        apply_default_css=False,
        visible=control.shown,
        min_width=200,
        elem_id=f"{mode}-{control.name}",
        **_media_props(mode, control),
    )


def _media_props(mode: str, control: Control) -> dict[str, Any]:
    return {
        "mode": mode,
        "field": control.name,
        "title": control.label,
        "hint": control.help or "",
        "accepts": control.accepts,
        "at_most": control.at_most,
        "links_only": control.links_only,
        "fills": control.name in FILLS_THE_FRAME,
        "words": texts.said().media,
    }


def redraw(mode: str, control: Control) -> dict[str, Any]:
    """The update that makes the prompt or a medium look like its control; what a person put in stays."""
    changes: dict[str, Any] = {"visible": control.shown}
    if control.style == "media":
        # An update of a gr.HTML replaces all its own properties at once: a missing one would be lost.
        changes |= _media_props(mode, control)
    return update(**changes)
