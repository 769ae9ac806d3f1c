"""The page: header, a tab for each mode and one for the matrix, and on the right the stage with the job's status."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import gradio as gr

from playground.domain.request import MODES
from playground.domain.words import LABELS as FIELD_WORDS
from playground.jobs.service import Service
from playground.ui import texts
from playground.ui.endpoints import add_endpoints
from playground.ui.gradio_typed import address_of, changes, listen, on_page_load, person_token
from playground.ui.handlers import CAPABILITIES_TAB, Handlers
from playground.ui.mode_form import ModeForm
from playground.ui.pieces import call, on_load, template
from playground.ui.shelf import Shelf
from playground.ui.tabs import ModeTab, mode_tab

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""No endpoint that anyone should call by name, and no spinner over a form."""


def build(service: Service, upload_dir: Path, *, login: bool = False) -> gr.Blocks:
    """Compose the page. The settings that belong to the mounted application are in `app.py`.

    With `login`, whoever sees it has logged in and can log out.
    """
    said, shelf = texts.said(), Shelf.of(service)
    forms = [ModeForm(mode, shelf) for mode in MODES]
    with gr.Blocks(title=said.page.title, fill_width=True, delete_cache=(3600, 86400)) as page:
        header = gr.HTML(
            html_template=template("header.html"),
            js_on_load=on_load("header.js"),
            apply_default_css=False,
            title=said.page.title,
            tagline=said.page.tagline,
            theme=said.page.theme,
            keys=said.keys["open"],
            login="yes" if login else "no",
            out=said.login["out"],
            out_named=said.login["outNamed"],
        )
        gr.HTML(
            html_template=template("keys.html"),
            js_on_load=on_load("keys.js"),
            apply_default_css=False,
            elem_classes="pg-keys-place",
            words={**said.keys, "kept": said.login["keysKept"]} if login else said.keys,
        )
        with gr.Row(equal_height=False, elem_id="pg-columns"):
            with (
                gr.Column(scale=5, min_width=280, elem_id="pg-left"),
                gr.Tabs(elem_id="pg-tabs", overflow_behavior="wrap") as tabs,
            ):
                built = [mode_tab(form) for form in forms if form.names]
                with gr.Tab(said.page.capabilities, id=CAPABILITIES_TAB, elem_id=f"tab-{CAPABILITIES_TAB}"):
                    gr.HTML(
                        html_template=template("capabilities.html"),
                        js_on_load=on_load("capabilities.js"),
                        apply_default_css=False,
                        words={**said.matrix, "unknown": said.tables.unknown_price, "title": said.page.capabilities},
                    )
            with gr.Column(scale=7, min_width=280, elem_id="pg-right"):
                card = gr.HTML(
                    value={},
                    html_template=template("card.html"),
                    js_on_load=on_load("card.js"),
                    apply_default_css=False,
                    elem_id="pg-card",
                    words=said.for_card(),
                )
                gr.HTML(
                    html_template=template("jobs.html"),
                    js_on_load=on_load("jobs.js"),
                    apply_default_css=False,
                    elem_id="pg-jobs",
                    words={**said.for_jobs(), "note": said.login["jobsNote"]} if login else said.for_jobs(),
                )
                gr.HTML(
                    html_template=template("who.html"),
                    js_on_load=on_load("who.js"),
                    apply_default_css=False,
                    elem_id="pg-who",
                    words={**said.who, "fields": FIELD_WORDS},
                )
        _wire(page, header, Handlers(service, upload_dir), tabs, built, card)
        add_endpoints(service, upload_dir)
    return page


def _wire(
    page: gr.Blocks, header: gr.HTML, handlers: Handlers, tabs: gr.Tabs, built: Sequence[ModeTab], card: gr.HTML
) -> None:
    ticket = gr.JSON(visible=False)
    for tab in built:
        _wire_tab(handlers, tab, ticket, card)

    def restore(draft: object) -> list[object]:
        return handlers.restore(built, draft)

    # Only a browser that keeps something asks for it: a first visit waits for nobody.
    on_page_load(page, None, js=call("page.js", "begin"), **_QUIET)
    then = listen(
        [changes(header)],
        restore,
        inputs=[gr.JSON(visible=False)],
        outputs=[tabs, *(component for tab in built for component in (*tab.values, tab.memory))],
        js=call("page.js", "draft"),
        queue=False,
        preprocess=False,
        **_QUIET,
    )
    then(None, None, None, js=call("page.js", "restored"))


def _wire_tab(handlers: Handlers, tab: ModeTab, ticket: gr.JSON, card: gr.HTML) -> None:
    mode = tab.form.mode
    # `preprocess=False`: the form is read by `form.py`. Gradio would refuse a radio's value that it does not
    # remember having offered, which after a restart of the server is every value of a redrawn radio.
    then = listen(
        [tab.go.click, *([tab.prompt.submit] if tab.prompt is not None else [])],
        _submit(handlers, tab),
        inputs=[ticket, *tab.values],
        outputs=[card, tab.problems],
        js=call("page.js", "submitting", mode, len(tab.values) + 1),
        preprocess=False,
        concurrency_limit=None,
        trigger_mode="once",
        **_QUIET,
    )
    then(None, None, None, js=call("page.js", "submitted", mode))

    _wire_moves(handlers, tab)


def _wire_moves(handlers: Handlers, tab: ModeTab) -> None:
    """Another provider or model by hand, or by a click on a proposal; and the draft after every change."""
    mode = tab.form.mode
    places = [tab.memory, *tab.values]
    moved: dict[str, Any] = {"outputs": [*tab.values, tab.memory], "queue": False, "preprocess": False, **_QUIET}
    kept: dict[str, Any] = {
        "inputs": [*tab.values, tab.memory],
        "js": call("page.js", "changed", mode, [*tab.names, "memory"]),
    }

    def redraw(memory: object, *values: object) -> list[object]:
        return handlers.redraw(tab, memory, values)

    def apply(wish: object, memory: object, *values: object) -> list[object]:
        return handlers.redraw(tab, memory, values, wish)

    then = listen([tab.settings.input], redraw, inputs=places, **moved)
    then(None, **kept)
    wished = call("page.js", "wished", mode, len(places) + 1)
    then = listen([changes(tab.advice)], apply, inputs=[gr.JSON(visible=False), *places], js=wished, **moved)
    then(None, **{**kept, "js": call("page.js", "applied", mode, [*tab.names, "memory"])})
    listen([changes(component) for component in tab.values], None, **kept)


def _submit(handlers: Handlers, tab: ModeTab) -> Callable[..., Any]:
    async def submit(asker: gr.Request, ticket: object, *values: object) -> tuple[object, object]:
        return await handlers.submit(tab, _spoken_for(asker, ticket), values, address_of(asker))

    return submit


def _spoken_for(asker: gr.Request, ticket: object) -> object:
    """What the page's script sent, in the name of whoever has logged in."""
    token = person_token(asker)
    return {**cast("dict[str, object]", ticket), "owner": token} if token and isinstance(ticket, dict) else ticket
