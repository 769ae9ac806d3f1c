"""Gradio is imported as the page wants it, and at half the price."""

import subprocess
import sys
from pathlib import Path

WATCHED = """
import ast, inspect, os, sys
from pathlib import Path

parsed, parse = [], ast.parse
ast.parse = lambda source, *rest, **more: (parsed.append(source), parse(source, *rest, **more))[1]
known = inspect.getfile

from playground.ui.environment import prepare

prepare(Path(sys.argv[1]))
import gradio

assert inspect.getfile is known
assert inspect.getfile(gradio.Textbox).endswith("textbox.py")
print(len([source for source in parsed if "class Textbox" in str(source)]), os.environ["GRADIO_ANALYTICS_ENABLED"])
"""


def test_no_component_is_read_through_for_a_stub(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path)], capture_output=True, text=True, timeout=100, check=False
    )
    assert (ran.stdout.split(), ran.stderr) == (["0", "False"], "")
