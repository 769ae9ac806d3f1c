"""The files of `assets/` that the page is made of, and the one-liners that call their scripts."""

import json

from playground.assets import asset

STATIC = "pg-static"
"""Where `api.py` serves the assets; Gradio owns /assets and /static."""


def template(name: str) -> str:
    """An HTML template of ours."""
    return asset(name).read_text("utf-8")


def on_load(module: str) -> str:
    """For `js_on_load`: hand an own component to its module's `mount`."""
    return f"{_module(module)}.then((m) => m.mount({{element, props, trigger, watch}}))"


def call(module: str, function: str, *arguments: object) -> str:
    """For `js=`: call a function of a module with these arguments, then the values of the event."""
    said = "".join(json.dumps(argument) + ", " for argument in arguments)
    return f"async (...values) => (await {_module(module)}).{function}({said}values)"


def _module(name: str) -> str:
    return f'import(new URL("{STATIC}/{name}", document.baseURI).href)'
