"""The catalogue of words: whatever the page asks for is in it, and nothing that a person reads is written elsewhere."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast, get_args

import pytest

from playground.assets import asset
from playground.domain.job import State
from playground.domain.snippets import LANGUAGES
from playground.ui import prompt_texts, table_texts, texts

CATALOGUE = (texts, prompt_texts, table_texts)
PAGE = sorted([*asset().glob("*.js"), *asset().glob("*.html")])
FOR_PROGRAMS = ("doors.py", "endpoints.py", "guard.py", "upload_routes.py")
"""What answers a program that knocks at the page's own doors."""
CODE = [
    path
    for path in sorted(Path(texts.__file__).parent.glob("*.py"))
    if not path.name.endswith("texts.py") and path.name not in FOR_PROGRAMS
]
WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")


def keys() -> set[str]:
    values: list[object] = [value for module in CATALOGUE for value in vars(module).values()]
    tables = [cast("Mapping[object, object]", value) for value in values if isinstance(value, Mapping)]
    return {str(key) for table in tables for key in table}


@pytest.mark.parametrize("path", PAGE, ids=lambda path: path.name)
def test_what_a_script_or_a_template_says_is_in_the_catalogue(path: Path) -> None:
    asked = set(re.findall(r"\bwords\.(\w+)", path.read_text("utf-8")))
    assert asked <= {*keys(), "fields", "labels"}


def test_what_is_put_together_from_a_state_is_there_too() -> None:
    for stem, ends in {
        "charged": ("yes", "no", "unknown"),
        "code": LANGUAGES,
        "step": ("checked", "submitted", "generating", "saving", "ready"),
    }.items():
        assert {f"{stem}_{end}" for end in ends} <= set(texts.CARD)
    assert {*get_args(State), "overdue"} <= set(texts.CARD)


@pytest.mark.parametrize("path", PAGE, ids=lambda path: path.name)
def test_no_script_and_no_template_has_words_of_its_own(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        assert re.findall(r">[^<{]*[A-Za-z]{3,}", text) == []
        assert re.findall(r'(?:title|alt|placeholder|aria-label)="[^"{]*[A-Za-z]{3,}', text) == []
    else:
        assert re.findall(r'"[A-Z][a-z]+ [a-z]+[^"]*"', re.sub(r"(?m)//.*$", "", text)) == []


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.name)
def test_no_module_of_the_page_has_words_of_its_own(path: Path) -> None:
    assert list(_said(ast.parse(path.read_text("utf-8")))) == []


def _said(tree: ast.Module) -> Iterator[str]:
    """String literals of several words that are no docstring, no markup and no line of the log."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log."):
            silent |= {id(argument) for argument in node.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            bare = re.sub(r"<[^>]*>?", "", node.value)
            if WORDS.search(bare):
                yield node.value
