"""One tab: a mode's inputs, its settings, and Generate."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import gradio as gr
from gradio.components import Component

from playground.domain.request import MEDIA_FIELDS
from playground.domain.words import MODE_LABELS
from playground.ui import texts
from playground.ui.controls import Control
from playground.ui.mode_form import Drawn, ModeForm
from playground.ui.pieces import on_load, template
from playground.ui.settings_form import draw_media, draw_prompt, draw_prompt_help, draw_settings
from playground.ui.switching import remembered


@dataclass(frozen=True, slots=True)
class ModeTab:
    """The components of one tab, by what they mean."""

    form: ModeForm
    settings: gr.HTML
    fields: dict[str, Component]
    """The prompt and the media."""
    problems: gr.HTML
    advice: gr.HTML
    """Speaks while one types; its change event is a click on a proposal or on another provider."""
    memory: gr.JSON
    go: gr.Button

    @property
    def prompt(self) -> gr.Textbox | None:
        """Where the prompt is written; every mode of today has one."""
        field = self.fields.get("prompt")
        return field if isinstance(field, gr.Textbox) else None

    @property
    def names(self) -> list[str]:
        """What `values` hold, in their order."""
        return ["settings", *self.fields]

    @property
    def values(self) -> list[Component]:
        """Everything that a person can set."""
        return [self.settings, *self.fields.values()]

    def held(self, values: Sequence[object]) -> dict[str, object]:
        """What the components hold, by field: the settings are spread out among the others."""
        given = dict(zip(self.names, values, strict=False))
        settings = given.pop("settings", None)
        return {**(cast("dict[str, object]", settings) if isinstance(settings, dict) else {}), **given}


def mode_tab(form: ModeForm) -> ModeTab:
    """Draw the tab of a mode inside the `gr.Tabs` around it."""
    drawn = form.draw({})
    mode = form.mode
    controls = {control.name: control for control in drawn.controls}
    fields: dict[str, Component] = {}
    with gr.Tab(MODE_LABELS[mode], id=mode, elem_id=f"tab-{mode}"):
        _media_row(form, controls, fields, essential=True)
        if "prompt" in controls:
            with gr.Group(elem_classes="pg-prompt-group"):
                fields["prompt"] = draw_prompt(mode, controls["prompt"])
                draw_prompt_help(mode)
        settings = draw_settings(mode, drawn)
        _media_row(form, controls, fields, essential=False)
        problems = gr.HTML(
            "",
            html_template=template("problems.html"),
            js_on_load=None,
            apply_default_css=False,
            elem_classes="pg-problems",
        )
        advice = gr.HTML(
            html_template=template("advice.html"),
            js_on_load=on_load("advice.js"),
            apply_default_css=False,
            elem_classes="pg-advice",
            mode=mode,
            initial=_initial(drawn),
            labels=texts.said().fields,
            words=texts.said().for_advice(),
        )
        memory = gr.JSON(remembered(drawn), visible=False)
        with gr.Row(elem_classes="pg-actions"):
            gr.HTML(
                html_template=template("quote.html"),
                js_on_load=on_load("quote.js"),
                apply_default_css=False,
                elem_classes="pg-quote-place",
                mode=mode,
                share=texts.said().quote["share"],
                fields=["provider", "model", *(n for n in form.names if n not in MEDIA_FIELDS), "rehearsal"],
                words=texts.said().quote,
            )
            go = gr.Button(
                texts.said().page.generate, variant="primary", elem_id=f"{mode}-generate", scale=3, min_width=140
            )
    return ModeTab(form, settings, fields, problems, advice, memory, go)


def _initial(drawn: Drawn) -> str:
    """What the untouched form holds: the browser keeps a draft only from the first change on."""
    values = {control.name: control.value for control in drawn.controls if control.shown}
    return json.dumps({"provider": drawn.provider, "model": drawn.model, **values})


def _media_row(form: ModeForm, controls: dict[str, Control], fields: dict[str, Component], *, essential: bool) -> None:
    """The media that some provider cannot do without are always in sight, the others with the advanced settings."""
    media = [c for n, c in controls.items() if c.style == "media" and (n in form.essential) is essential]
    if media:
        with gr.Row(elem_classes=["pg-media-row"] if essential else ["pg-media-row", "pg-optional"]):
            fields.update({control.name: draw_media(form.mode, control) for control in media})
