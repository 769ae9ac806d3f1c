"""One tab: a mode's inputs, its settings, and Generate."""

import json
from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from playground.domain.words import MODE_LABELS
from playground.ui import texts
from playground.ui.controls import MAIN, Control
from playground.ui.mode_form import Drawn, ModeForm
from playground.ui.pieces import on_load, template
from playground.ui.settings_form import draw
from playground.ui.switching import remembered


@dataclass(frozen=True, slots=True)
class ModeTab:
    """The components of one tab, by what they mean."""

    form: ModeForm
    provider: gr.Dropdown
    model: gr.Dropdown
    fields: dict[str, Component]
    rehearsal: gr.Dropdown
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
        return ["provider", "model", *self.form.names, "rehearsal"]

    @property
    def values(self) -> list[Component]:
        """Everything that a person can set."""
        return [self.provider, self.model, *(self.fields[name] for name in self.form.names), self.rehearsal]


def mode_tab(form: ModeForm) -> ModeTab:
    """Draw the tab of a mode inside the `gr.Tabs` around it."""
    drawn = form.draw({})
    mode = form.mode
    controls = {control.name: control for control in drawn.controls}
    fields: dict[str, Component] = {}
    with gr.Tab(MODE_LABELS[mode], id=mode, elem_id=f"tab-{mode}"):
        _media_row(form, controls, fields)
        if "prompt" in controls:
            fields["prompt"] = draw(mode, controls["prompt"])
        provider, model = _who(mode, drawn)
        with gr.Group(elem_classes="pg-main"):
            main = [controls[name] for name in MAIN if name in controls]
            with gr.Row():
                fields.update({c.name: draw(mode, c) for c in main if c.style == "radio"})
            fields.update({c.name: draw(mode, c) for c in main if c.style != "radio"})
        with gr.Accordion(texts.ADVANCED, open=False, elem_id=f"{mode}-advanced", elem_classes="pg-advanced"):
            _advanced(mode, controls, fields)
            rehearsal = _rehearsal(mode, drawn)
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
            labels=texts.FIELD_LABELS,
            words=texts.ADVICE,
        )
        memory = gr.JSON(remembered(drawn), visible=False)
        with gr.Row(elem_classes="pg-actions"):
            gr.HTML(
                html_template=template("quote.html"),
                js_on_load=on_load("quote.js"),
                apply_default_css=False,
                elem_classes="pg-quote-place",
                mode=mode,
                words=texts.QUOTE,
            )
            go = gr.Button(texts.GENERATE, variant="primary", elem_id=f"{mode}-generate", scale=3, min_width=140)
    return ModeTab(form, provider, model, fields, rehearsal, problems, advice, memory, go)


def _initial(drawn: Drawn) -> str:
    """What the untouched form holds: the browser keeps a draft only from the first change on."""
    values = {control.name: control.value for control in drawn.controls if control.shown}
    return json.dumps({"provider": drawn.provider, "model": drawn.model, **values})


def _media_row(form: ModeForm, controls: dict[str, Control], fields: dict[str, Component]) -> None:
    media = [c for name, c in controls.items() if c.style == "media" and name in form.essential]
    if media:
        with gr.Row(elem_classes="pg-media-row"):
            fields.update({control.name: draw(form.mode, control) for control in media})


def _who(mode: str, drawn: Drawn) -> tuple[gr.Dropdown, gr.Dropdown]:
    with gr.Group(), gr.Row():
        provider = gr.Dropdown(
            drawn.providers,
            value=drawn.provider,
            label=texts.PROVIDER,
            interactive=True,
            min_width=150,
            elem_id=f"{mode}-provider",
        )
        model = gr.Dropdown(
            drawn.models,
            value=drawn.model,
            label=texts.MODEL,
            interactive=True,
            min_width=150,
            elem_id=f"{mode}-model",
        )
    return provider, model


def _advanced(mode: str, controls: dict[str, Control], fields: dict[str, Component]) -> None:
    rest = [c for name, c in controls.items() if name not in MAIN and name not in fields]
    for control in (c for c in rest if c.style == "text"):
        fields[control.name] = draw(mode, control)
    for kinds in (("line", "radio", "checkbox"), ("media",)):
        row = [control for control in rest if control.style in kinds]
        if row:
            with gr.Row(elem_classes="pg-media-row" if kinds == ("media",) else None):
                fields.update({control.name: draw(mode, control) for control in row})


def _rehearsal(mode: str, drawn: Drawn) -> gr.Dropdown:
    return gr.Dropdown(
        list(drawn.rehearsals),
        value=drawn.rehearsal,
        label=texts.REHEARSAL,
        info=texts.REHEARSAL_HELP,
        visible=bool(drawn.rehearsals),
        interactive=True,
        elem_id=f"{mode}-rehearsal",
    )
