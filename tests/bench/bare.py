"""What our page is held against: the same inputs in the same tabs as plain Gradio draws them, and nothing else.

`python -m tests.bench.bare PORT` serves it.
"""

import sys
from typing import Any, cast

import gradio as gr
from gradio.components import Component

from playground.catalog import load_tables
from playground.domain.request import MODES
from playground.ui.controls import Control
from playground.ui.mode_form import ModeForm
from playground.ui.shelf import Shelf


def page() -> gr.Blocks:
    """Five tabs of inputs on the left, a video and its status on the right, one event for each button."""
    shelf = Shelf(load_tables())
    with gr.Blocks(title="Bare") as blocks, gr.Row():
        with gr.Column(), gr.Tabs():
            drawn = [_tab(ModeForm(mode, shelf)) for mode in MODES]
        with gr.Column():
            result, status = gr.Video(label="Result"), gr.Textbox(label="Status")
            gr.HTML("<p>Jobs</p>")
            gr.HTML("<p>Who can do this</p>")
        for go, inputs in drawn:
            cast("Any", go).click(_done, inputs, [result, status])
    return blocks


def _done(*_: object) -> tuple[None, str]:
    return None, "Done"


def _tab(form: ModeForm) -> tuple[gr.Button, list[Component]]:
    now = form.draw({})
    with gr.Tab(form.mode):
        inputs: list[Component] = [
            gr.Dropdown(now.providers, value=now.provider, label="Provider"),
            gr.Dropdown(now.models, value=now.model, label="Model"),
            *(_component(control) for control in now.controls if control.shown),
            gr.Dropdown(list(now.rehearsals), value=now.rehearsal, label="Rehearsal"),
        ]
        return gr.Button("Generate", variant="primary"), inputs


def _component(control: Control) -> Component:
    match control.style:
        case "media":
            if control.name == "source_video":
                return gr.Video(label=control.label)
            return gr.Gallery(label=control.label) if control.at_most > 1 else gr.Image(label=control.label)
        case "radio":
            return gr.Radio(list(control.choices), value=control.value, label=control.label, info=control.help)
        case "checkbox":
            return gr.Checkbox(bool(control.value), label=control.label, info=control.help)
        case "line" | "text":
            return gr.Textbox(str(control.value or ""), label=control.label, info=control.help)


if __name__ == "__main__":
    cast("Any", page()).launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), ssr_mode=False, quiet=True)
