"""`make bench`: measure, print Markdown tables, and with `--write` put them into the README."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import answers, load, memory, programs, renders
from tests.bench.measure import Line, busy, machine
from tests.readme import README, with_block

TABLES = {"bench": ("answers", "memory", "programs", "renders"), "bench-load": ("load",)}
"""Parts by the block of the README that their lines stand in."""
PARTS = tuple(part for parts in TABLES.values() for part in parts)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median counts (default: 3)")
    parser.add_argument("--only", choices=PARTS, help="measure one part")
    parser.add_argument("--jobs", type=int, default=1_000, help="jobs of the load, which takes ten minutes")
    options = parser.parse_args()
    wanted = {name: [part for part in parts if options.only in (None, part)] for name, parts in TABLES.items()}
    if options.write and any(parts and len(parts) < len(TABLES[name]) for name, parts in wanted.items()):
        parser.error("--write takes a whole table: everything, or `--only load`, which has its own")
    for name, parts in wanted.items():
        if not parts:
            continue
        before = busy()
        with tempfile.TemporaryDirectory(prefix="playground-bench-") as folder:
            measured = list(_measured(options.runs, options.jobs, parts, Path(folder)))
        how = "one run" if name == "bench-load" else f"the median of at least {options.runs} runs"
        table = markdown(measured, f"{machine()}, load {before:.1f} before and {busy():.1f} after", how)
        sys.stdout.write(f"{table}\n")
        if options.write:
            README.write_text(with_block(README.read_text("utf-8"), name, table), "utf-8")
    return 0


def _measured(runs: int, jobs: int, parts: Sequence[str], folder: Path) -> Iterator[Line]:
    for part in parts:
        sys.stderr.write(f"measuring {part} …\n")
        # The quick ones vary most, and cost nothing to repeat.
        if part == "answers":
            yield from answers.lines(runs * 3)
        elif part == "memory":
            yield from memory.lines(runs, folder)
        elif part == "programs":
            yield from programs.lines(runs, folder)
        elif part == "renders":
            yield from renders.lines(runs, folder)
        else:
            # Once: a thousand jobs are a sample by themselves.
            yield from load.lines(jobs, folder)


def markdown(lines: list[Line], said: str, how: str) -> str:
    """The table, under a line on when and where it was measured and which goals were missed."""
    missed = [line.what for line in lines if line.met is False]
    verdict = f"Missed: {'; '.join(missed)}." if missed else "No goal is missed."
    rows = "\n".join(f"| {' | '.join(line.cells())} |" for line in lines)
    day = datetime.now(UTC).date()
    return f"""Measured on {day} ({said}), {how}. {verdict}

| what | measured | goal |
|---|---|---|
{rows}"""


if __name__ == "__main__":
    sys.exit(main())
