"""The page as Gradio built it: six tabs, five public endpoints, and no event that anyone could call by name."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from playground.domain.request import MODES
from playground.domain.words import LABELS, MODE_LABELS

# In a process of its own: importing Gradio takes seconds, reads the environment and leaves an event loop behind.
BUILD = """
import json, sys
from pathlib import Path
from playground.ui.environment import prepare
prepare(Path(sys.argv[1]))
from playground.catalog import load_tables
from playground.ui.layout import build

class Shelf:
    tables = load_tables()
    allow_retired = False
    def not_ready(self, provider, *, owner):
        return None if provider == "sandbox" else "No key."
    def can_make(self, provider):
        return provider == "sandbox"
    def today(self):
        from datetime import date
        return date(2026, 11, 20)

page = build(Shelf(), Path(sys.argv[1]))

import asyncio
from gradio import queueing
from playground.ui.gradio_typed import look_for_events_every

page.queue()
look_for_events_every(page, 0.05)
looks = []

class Asyncio:
    def __getattr__(self, name):
        return getattr(asyncio, name)
    async def sleep(self, seconds):
        looks.append(seconds)
        page._queue.stopped = len(looks) >= 3

async def idle():
    queueing.asyncio = Asyncio()
    for loop in (page._queue.start_processing, page._queue.start_progress_updates):
        page._queue.stopped = False
        looks.append("then")
        await loop()
asyncio.run(idle())

from playground.ui import texts
english = texts.said
def foreign(node, key=""):
    if isinstance(node, str):
        return node if key in ("id", "media") else f"«{node}»"
    if isinstance(node, dict):
        return {k: v if k == "media" and not isinstance(v, dict) else foreign(v, k) for k, v in node.items()}
    return [foreign(each, key) for each in node] if isinstance(node, (list, tuple)) else node
translated = texts.Texts.model_validate(foreign(english().model_dump()))
texts.said = lambda: translated
other = build(Shelf(), Path(sys.argv[1])).get_config_file()

print(json.dumps({
    "config": page.get_config_file(), "info": page.get_api_info(), "looks": looks,
    "translated": other, "english": english().model_dump(),
}, default=str))
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What Gradio would send to a browser, and what its `/info` says."""
    folder: Path = tmp_path_factory.mktemp("uploads")
    built = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BUILD, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(folder)},
        timeout=60,
    )
    assert built.returncode == 0, built.stderr
    return json.loads(built.stdout)


def test_a_tab_for_each_mode_and_one_for_the_matrix(page: Any) -> None:
    tabs = [c["props"] for c in page["config"]["components"] if c["type"] == "tabitem"]
    assert [tab["label"] for tab in tabs] == [*MODE_LABELS.values(), "Capabilities"]
    assert [tab["id"] for tab in tabs] == [*MODES, "capabilities"]


def test_info_lists_our_five_endpoints_and_no_other(page: Any) -> None:
    info = page["info"]
    assert sorted(info["named_endpoints"]) == sorted(f"/{mode.replace('-', '_')}" for mode in MODES)
    assert info["unnamed_endpoints"] == {}
    (first, second) = info["named_endpoints"]["/text_to_video"]["parameters"]
    assert (first["parameter_name"], second["parameter_name"]) == ("request", "owner_token")


def test_every_other_event_is_private(page: Any) -> None:
    public = [d for d in page["config"]["dependencies"] if d["api_visibility"] == "public"]
    assert len(public) == len(MODES)


def test_no_heartbeat_is_needed(page: Any) -> None:
    assert "state" not in {c["type"] for c in page["config"]["components"]}
    assert not [d for d in page["config"]["dependencies"] if any(t[1] == "unload" for t in d["targets"])]


def test_no_component_decodes_an_upload(page: Any) -> None:
    assert not {"image", "video", "file", "number"} & {c["type"] for c in page["config"]["components"]}


def test_an_idle_queue_rests_between_its_looks(page: Any) -> None:
    assert page["looks"] == ["then", 0.05, 0.05, "then", 0.05]


def test_a_translation_of_the_one_catalogue_leaves_no_english_in_the_page(page: Any) -> None:
    english = {text for text in strings(page["english"]) if " " in text}
    shown = set(strings(page["translated"]))
    assert len([text for text in shown if text.startswith("«")]) > len(english)
    assert english & shown <= set(LABELS.values())  # the domain's own names of its fields
    assert {text for text in english if text in set(strings(page["config"]))} > {"Generate video", "Your jobs"}


def strings(node: Any) -> Iterator[str]:
    """Every string of a configuration; properties that are JSON are read."""
    if isinstance(node, str):
        if node[:1] in ("[", "{"):
            with suppress(ValueError):
                yield from strings(json.loads(node))
        yield node
    inside: list[Any] = []
    if isinstance(node, dict):
        inside = list(cast("dict[str, Any]", node).values())
    elif isinstance(node, list):
        inside = cast("list[Any]", node)
    for each in inside:
        yield from strings(each)
