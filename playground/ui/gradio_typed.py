"""The few calls of Gradio whose types it leaves unknown, each with the type it has."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import gradio as gr
from fastapi import FastAPI
from gradio.components import Component
from gradio.themes import Base, Default

from playground.ui.login.people import SPOKEN_FOR

Update = dict[str, Any]
Listener = Callable[..., Any]


def update(**changes: Any) -> Update:
    """Change some properties of a component."""
    return gr.update(**changes)


def skip() -> Update:
    """Leave a component as it is. Not for an own gr.HTML: it would lose its properties."""
    return cast("Update", gr.skip())  # pyright: ignore[reportUnknownMemberType] - untyped upstream


def listen(triggers: Sequence[Listener], handler: Listener | None, **options: Any) -> Listener:
    """Attach one handler to several events; answers `then`, for what comes after it."""
    dependency = gr.on(list(triggers), handler, **options)  # pyright: ignore[reportUnknownMemberType] - untyped upstream
    return cast("Listener", dependency.then)


def on_page_load(page: gr.Blocks, handler: Listener | None, **options: Any) -> Listener:
    """Attach a handler to the page's own load; answers `then`."""
    return cast("Listener", cast("Any", page).load(handler, **options).then)


def changes(component: Component) -> Listener:
    """A component's change event: the base class has none, every component of a form does."""
    return cast("Listener", cast("Any", component).change)


def address_of(asker: gr.Request | None) -> str | None:
    """Where an event comes from."""
    client = cast("Any", asker).client if asker is not None else None
    return cast("str", client.host) if client is not None else None


def endpoint(handler: Listener, **options: Any) -> None:
    """Add a named endpoint for `gradio_client` to the Blocks around this call."""
    cast("Any", gr).api(handler, **options)


def mount_page(app: FastAPI, page: gr.Blocks, **options: Any) -> FastAPI:
    """Mount a page in an application."""
    return cast("FastAPI", cast("Any", gr).mount_gradio_app(app, page, **options))


def look_for_events_every(page: gr.Blocks, seconds: float) -> None:
    """How long Gradio's queue rests between two looks for something to do; by itself 1 ms, at 6 % of a core."""
    queue = cast("Any", page)._queue
    queue.sleep_when_free = seconds
    queue.progress_update_sleep_when_free = seconds


def with_colours(theme: Default, **colours: str) -> Base:
    """A theme with some of its variables set."""
    return cast("Base", cast("Any", theme).set(**colours))


def person_token(asker: gr.Request) -> str | None:
    """The owner token of whoever has logged in; None where nobody has to."""
    scope = cast("Any", asker).request.scope
    token = scope.get(SPOKEN_FOR)
    return token if isinstance(token, str) else None
