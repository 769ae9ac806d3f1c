"""What is generated from the tables and kept in files: the README's providers and the facts of each table.

`python -m tests.readme` names what is out of date; `python -m tests.readme --write` accepts the tables as they are.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playground.catalog import load_tables
from playground.domain.overview import as_markdown
from playground.registry import adapter_stems
from tests.table_facts import facts

ROOT: Final = Path(__file__).parents[1]
README: Final = ROOT / "README.md"
FACTS: Final = ROOT / "tests" / "unit" / "tables"


def block(text: str, name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- /name -->`."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", text, re.DOTALL)
    if found is None:
        raise LookupError(f"there is no block {name!r}")
    return found[1]


def with_block(text: str, name: str, body: str) -> str:
    """The text with another body between the markers of a block."""
    before, opening, rest = text.partition(f"<!-- {name} -->")
    _, closing, after = rest.partition(f"<!-- /{name} -->")
    if not opening or not closing:
        raise LookupError(f"there is no block {name!r}")
    return f"{before}{opening}\n{body}\n{closing}{after}"


def providers() -> str:
    """The README's tables of providers and models."""
    return as_markdown(load_tables(), set(adapter_stems()))


def wanted() -> Iterator[tuple[Path, str]]:
    """Every generated file with the text that it should have."""
    yield README, with_block(README.read_text("utf-8"), "providers", providers())
    for table in load_tables().values():
        yield FACTS / f"{table.id}.txt", facts(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.readme", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write what is out of date")
    write: bool = parser.parse_args().write
    stale = [(path, text) for path, text in wanted() if not path.exists() or path.read_text("utf-8") != text]
    stray = sorted(set(FACTS.glob("*")) - {path for path, _ in wanted()})
    for path, text in stale:
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for path in stray if write else ():
        path.unlink()
    for path in (*(path for path, _ in stale), *stray):
        sys.stdout.write(f"{'written' if write else 'out of date'}: {path.relative_to(ROOT)}\n")
    return 1 if (stale or stray) and not write else 0


if __name__ == "__main__":
    sys.exit(main())
