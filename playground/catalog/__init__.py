"""The capability tables: one TOML file for each provider, readable by someone who does not program."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from playground.domain.capabilities import Table
from playground.domain.tables import TableError, as_document, parse_table


def load_tables(extra: Path | None = None) -> dict[str, Table]:
    """Every table by its stem, sorted; `extra` is a folder whose tables are added.

    Raises:
        TableError: a table that does not follow the grammar, or a folder that is not there.
    """
    tables: dict[str, Table] = {}
    for stem, text in _documents(extra):
        if stem in tables:
            raise TableError(f"{extra}/{stem}.toml: there is a table {stem!r} already; name this one otherwise")
        tables[stem] = parse_table(stem, as_document(_toml(stem, text)))
    return dict(sorted(tables.items()))


def _documents(extra: Path | None) -> Iterator[tuple[str, str]]:
    for entry in files(__name__).iterdir():
        if entry.name.endswith(".toml"):
            yield entry.name.removesuffix(".toml"), entry.read_text("utf-8")
    if extra is not None:
        if not extra.is_dir():
            raise TableError(f"{extra} is no folder of capability tables")
        for path in sorted(extra.glob("*.toml")):
            yield path.stem, _text(path)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path} cannot be read: {error}") from error


def _toml(stem: str, text: str) -> object:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"catalog/{stem}.toml: {error}") from error
