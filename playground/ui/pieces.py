"""The files of `assets/` that the page is made of, and the one-liners that call their scripts."""

import json
import re
from typing import Final

from playground.assets import asset

STATIC: Final = "pg-static"
"""Where the assets are served; Gradio owns /assets and /static."""
SHEET: Final = "sheets.css"
"""All style sheets in one."""
SHEETS: Final = (
    "page.css",
    "prompt.css",
    "settings.css",
    "card.css",
    "doubt.css",
    "result.css",
    "jobs.css",
    "media.css",
    "advice.css",
    "capabilities.css",
    "keys.css",
)
"""In their order: where two say something of one element, the later one holds."""


def template(name: str) -> str:
    """An HTML template of ours."""
    return asset(name).read_text("utf-8")


FIRST: Final = (
    "page.js",
    "header.js",
    "settings.js",
    "prompt.js",
    "advice.js",
    "quote.js",
    "card.js",
    "jobs.js",
    "who.js",
)
"""The scripts of what is in sight at first."""
_IMPORT: Final = re.compile(r'^import [^"]*"\./([\w.-]+)";$', re.MULTILINE)


_FONT: Final = re.compile(r'<link rel="preload" as="font"[^>]*>')
_EARLY: Final = "frames.js"
"""The one script that has to run before Gradio's."""


def sheets() -> str:
    """What is served as `SHEET`: one request instead of ten."""
    return "\n".join(template(name) for name in SHEETS)


def head() -> str:
    """What Gradio's script puts into the page's head, once it runs: the sheets and the icon."""
    return template("head.html").replace("{static}", STATIC).replace("{sheet}", SHEET)


def hints() -> str:
    """What the page asks for from its first byte on: font, sheet and every script that the first sight needs.

    Otherwise the browser learns of the sheet from Gradio's script, and of a script from the one that imports it.
    At the end comes `_EARLY`, which runs at once.
    """
    links = [*_FONT.findall(head()), f'<link rel="preload" as="style" href="{STATIC}/{SHEET}">']
    links += [f'<link rel="modulepreload" href="{STATIC}/{name}">' for name in _with_imports(FIRST)]
    return "".join([*links, f'<script src="{STATIC}/{_EARLY}"></script>'])


def _with_imports(modules: tuple[str, ...]) -> list[str]:
    found = list(modules)
    for name in found:
        found += [each for each in _IMPORT.findall(template(name)) if each not in found]
    return list(dict.fromkeys(found))


def on_load(module: str) -> str:
    """For `js_on_load`: hand an own component to its module's `mount`."""
    return f"{_module(module)}.then((m) => m.mount({{element, props, trigger, watch}}))"


def call(module: str, function: str, *arguments: object) -> str:
    """For `js=`: call a function of a module with these arguments, then the values of the event."""
    said = "".join(json.dumps(argument) + ", " for argument in arguments)
    return f"async (...values) => (await {_module(module)}).{function}({said}values)"


def _module(name: str) -> str:
    return f'import(new URL("{STATIC}/{name}", document.baseURI).href)'
