"""The catalogue of words: whatever the page asks for is in it, and nothing that a person reads is written elsewhere."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast, get_args

import pytest
from pydantic import ValidationError

from playground.assets import asset
from playground.domain.job import State
from playground.domain.snippets import LANGUAGES
from playground.ui import texts

PAGE = sorted([*asset().glob("*.js"), *asset().glob("*.html")])
FOR_PROGRAMS = ("doors.py", "endpoints.py", "guard.py", "upload_routes.py")
"""What answers a program that knocks at the page's own doors."""
CODE = [path for path in sorted(Path(texts.__file__).parent.glob("*.py")) if path.name not in FOR_PROGRAMS]
COMPOSED = {"deleting", "fields", "labels", "modes", "unknown", "wholeNumber", "format", "map"}
"""What is added to a section on its way to a script; `format` and `map` are methods of what is called words there."""
WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")


def keys() -> set[str]:
    sections: list[object] = [*texts.said().model_dump().values()]
    tables = [cast("Mapping[str, object]", section) for section in sections if isinstance(section, Mapping)]
    return {key for table in tables for key in table}


def test_a_catalogue_without_a_word_or_with_a_word_too_many_is_refused(tmp_path: Path) -> None:
    whole = asset("texts", "en.toml").read_text("utf-8")
    path = tmp_path / "xx.toml"
    for spoilt in (whole.replace("not_set = ", "not_sat = "), whole.replace("[quote]", "[quota]")):
        path.write_text(spoilt, "utf-8")
        with pytest.raises(ValidationError):
            texts.read(path)


@pytest.mark.parametrize("path", sorted(asset("texts").glob("*.toml")), ids=lambda path: path.stem)
def test_every_catalogue_has_the_same_words_with_the_same_places_to_fill_in(path: Path) -> None:
    assert dict(_places(texts.read(path).model_dump())) == dict(_places(texts.said().model_dump()))


def _places(node: object, where: str = "") -> Iterator[tuple[str, set[str]]]:
    if isinstance(node, str):
        yield where, set(re.findall(r"\{\w*\}", node))
    elif isinstance(node, Mapping):
        for key, value in cast("Mapping[str, object]", node).items():
            yield from _places(value, f"{where}.{key}")


@pytest.mark.parametrize("path", PAGE, ids=lambda path: path.name)
def test_what_a_script_or_a_template_says_is_in_the_catalogue(path: Path) -> None:
    asked = set(re.findall(r"\bwords\.(\w+)", path.read_text("utf-8")))
    assert asked <= keys() | COMPOSED


def test_what_is_put_together_from_a_state_is_there_too() -> None:
    for stem, ends in {
        "charged": ("yes", "no", "unknown"),
        "code": LANGUAGES,
        "step": ("checked", "submitted", "generating", "saving", "ready"),
    }.items():
        assert {f"{stem}_{end}" for end in ends} <= set(texts.said().card)
    assert {*get_args(State), "overdue"} <= set(texts.said().card)


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
