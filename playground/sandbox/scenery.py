"""What is known of words and of the looks of things: the tables in `assets/sandbox`, each read once."""

import tomllib
from functools import cache
from typing import Any

from playground.assets import asset


@cache
def words() -> dict[str, dict[str, str]]:
    """Regular expressions by lexicon and choice."""
    return _table("words.toml")


@cache
def looks() -> dict[str, Any]:
    """Colours, strips and silhouettes by kind and name."""
    return _table("scenery.toml")


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(asset("sandbox", name).read_text("utf-8"))
