"""What is known of words and of the looks of things: the tables in `assets/sandbox`, each read once."""

import tomllib
from functools import cache
from typing import Any

from playground.assets import asset


@cache
def table(name: str) -> dict[str, Any]:
    """Read `words` (regular expressions by lexicon and choice) or `scenery` (colours, shapes, moves and sounds)."""
    return tomllib.loads(asset("sandbox", f"{name}.toml").read_text("utf-8"))
