"""Mounts the page in our FastAPI application. Routes of our own must be added to it before."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from playground.jobs.service import Service
from playground.ui import doors
from playground.ui.asgi import ASGIApp
from playground.ui.capability_routes import capability_routes
from playground.ui.front_page import FrontPage
from playground.ui.gradio_typed import look_for_events_every, mount_page
from playground.ui.guard import Guard
from playground.ui.layout import build
from playground.ui.pieces import head, hints
from playground.ui.static_routes import static_routes
from playground.ui.theme import theme
from playground.ui.upload_routes import upload_routes

_WORKERS: Final = 200
"""Queue workers; Gradio's default of 40 would let 40 followed jobs of `gradio_client` users block every click."""
_SESSIONS: Final = 500
_WAITING: Final = 200
_LOOK_SECONDS: Final = 0.04
"""Nobody feels that a click waits so long, and an idle server costs next to nothing."""


def mount(
    app: FastAPI,
    service: Service,
    *,
    upload_dir: Path,
    public: bool,
    behind_proxy: bool,
    is_public: Callable[[str], bool],
    gate: Callable[[ASGIApp], ASGIApp] | None = None,
) -> ASGIApp:
    """Put the page on "/" of the application and answer it wrapped in its guard: serve that.

    With a `gate`, nobody gets to any of it who has not logged in. The three before it are the guard's own.

    `environment.prepare` must have been called before this module was imported.
    """
    app.include_router(static_routes())
    app.include_router(capability_routes(service))
    app.include_router(upload_routes(service))
    page = build(service, upload_dir, login=gate is not None)
    page.max_threads = _WORKERS
    page.state_session_capacity = _SESSIONS
    page.queue(default_concurrency_limit=None, max_size=_WAITING, api_open=False)
    look_for_events_every(page, _LOOK_SECONDS)
    mounted = mount_page(
        app,
        page,
        path="",
        theme=theme(),
        # The style sheet is linked there: Gradio's own `css=` rewrites rules and loses some of them.
        head=head(),
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        pwa=False,
        ssr_mode=False,
        mcp_server=False,
        footer_links=[],
        max_file_size="100mb",
    )
    doors.close(mounted, service.rates.page_event)
    front = FrontPage(mounted, hints())
    inside = gate(front) if gate is not None else front
    # Where everybody logs in, another name for this server gets nobody in.
    is_open = public or gate is not None
    return Guard(inside, public=is_open, behind_proxy=behind_proxy, is_public=is_public)
