"""`make bench`: measure, print a Markdown table, and with `--write` put it into the README."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import answers, memory, programs, renders
from tests.bench.measure import Line, load, machine
from tests.readme import README, with_block

PARTS = ("answers", "memory", "programs", "renders")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median counts (default: 3)")
    parser.add_argument("--only", choices=PARTS, help="measure one part")
    options = parser.parse_args()
    if options.write and options.only is not None:
        parser.error("--write takes the whole table")
    before = load()
    with tempfile.TemporaryDirectory(prefix="playground-bench-") as folder:
        measured = list(_measured(options.runs, options.only, Path(folder)))
    said = f"{machine()}, load {before:.1f} before and {load():.1f} after"
    table = markdown(measured, said, options.runs)
    sys.stdout.write(f"{table}\n")
    if options.write:
        README.write_text(with_block(README.read_text("utf-8"), "bench", table), "utf-8")
    return 0


def _measured(runs: int, only: str | None, folder: Path) -> Iterator[Line]:
    for part in PARTS:
        if only in (None, part):
            sys.stderr.write(f"measuring {part} …\n")
            # The quick ones vary most, and cost nothing to repeat.
            if part == "answers":
                yield from answers.lines(runs * 3)
            elif part == "memory":
                yield from memory.lines(runs, folder)
            elif part == "programs":
                yield from programs.lines(runs, folder)
            else:
                yield from renders.lines(runs, folder)


def markdown(lines: list[Line], said: str, runs: int) -> str:
    """The table, under a line on when and where it was measured and which goals were missed."""
    missed = [line.what for line in lines if line.met is False]
    verdict = f"Missed: {'; '.join(missed)}." if missed else "No goal is missed."
    rows = "\n".join(f"| {' | '.join(line.cells())} |" for line in lines)
    day = datetime.now(UTC).date()
    return f"""Measured on {day} ({said}), the median of at least {runs} runs. {verdict}

| what | measured | goal |
|---|---|---|
{rows}"""


if __name__ == "__main__":
    sys.exit(main())
