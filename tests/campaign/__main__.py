"""`make campaign`: kill two processes over and over, and compare the providers' books with what is left.

With `--write` the table goes into README.md.
"""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.campaign.campaign import RANDOM, Campaign, Result, plans
from tests.campaign.points import OWN, WIRE
from tests.emulation import TABLES, emulation
from tests.readme import README, with_block

PADDING_BYTES = 700_000
"""Of a video: enough for a part file to be seen half written."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--rounds", type=int, default=230, help="each kills one process, or both (default: 230)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playground-campaign-") as name:
        folder = Path(name)
        with emulation(folder / "providers", padding=PADDING_BYTES) as server:
            campaign = Campaign(folder, server, seed=options.seed)
            result = campaign.run(plans(options.rounds), _say)
    table = markdown(result, options.seed)
    sys.stdout.write(f"{table}\n")
    if options.write:
        README.write_text(with_block(README.read_text("utf-8"), "campaign", table), "utf-8")
    return 0 if result.total.wrong == 0 and result.rested else 1


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def markdown(result: Result, seed: int) -> str:
    """Both tables: what became of the jobs, and where the processes died."""
    named = result.kills.total() - result.kills[RANDOM]
    rows = [*((TABLES[stem].provider.label, count) for stem, count in result.counts.items()), ("all", result.total)]
    jobs = "\n".join(
        f"| {label} | {c.jobs} | {c.accepted} | {c.succeeded} | {c.taken} | {c.not_taken} "
        f"| {c.lost} | {c.twice} | {c.stuck} | {c.half} |"
        for label, c in rows
    )
    words = {**OWN, **{point: wire.words for point, wire in WIRE.items()}, RANDOM: "anywhere, at random"}
    points = "\n".join(f"| {says} | {result.kills[point]} |" for point, says in words.items())
    day = datetime.now(UTC).date()
    said = f"{result.kills.total()} SIGKILLs on {day}, {named} of them at named points (seed {seed})."
    heads = ("provider", "jobs", "accepted", "succeeded", "uncertain, accepted", "uncertain, not accepted")
    wrong = ("lost", "submitted twice", "stuck", "half files")
    return f"""{said}

| {" | ".join((*heads, *wrong))} |
|{"---|" * 10}
{jobs}

| a process died where | times |
|---|---|
{points}"""


if __name__ == "__main__":
    sys.exit(main())
