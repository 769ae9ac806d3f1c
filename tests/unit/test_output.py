"""What is printed for people: a terminal obeys nobody's words."""

import io
import sys
import tomllib
from pathlib import Path

import pytest

from playground.commands.output import put, say, tell

TEXTS: list[str] = tomllib.loads((Path(__file__).parents[1] / "data" / "hostile_texts.toml").read_text())["texts"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("text", [*TEXTS, "a\rb", "\x9b31m", "nul \0"])
def test_a_terminal_is_told_no_commands(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for name, write in (("stderr", say), ("stdout", tell)):
        terminal = Terminal()
        monkeypatch.setattr(sys, name, terminal)
        write(text)
        shown = terminal.getvalue().removesuffix("\n")
        assert not set(shown) & set("\x00\x07\x1b\r\x9b\u202e\u2066")
        assert len(shown) == len(text)


@pytest.mark.parametrize("text", TEXTS)
def test_a_program_is_told_exactly(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    put({"words": text})
    tell(text)
    assert pipe.getvalue().endswith(f"{text}\n")
