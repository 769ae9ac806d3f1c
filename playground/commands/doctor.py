"""`doctor`: whether the installation works, and whether a key can get out of it."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from playground.catalog import load_tables
from playground.commands import installation
from playground.commands.installation import Check
from playground.commands.leaks import Leak
from playground.commands.output import Exit, put, say, tell
from playground.commands.rehearsal import Played, rehearse
from playground.settings import Settings


async def run(options: argparse.Namespace, settings: Settings) -> Exit:
    """Look at everything, and say what is found; the canaries live in a folder that is gone afterwards."""
    tables = await asyncio.to_thread(load_tables)
    keyed = [stem for stem, table in tables.items() if table.provider.credential is not None]
    unknown = sorted(set(options.provider).difference(keyed))
    if unknown:
        say(f"There is no provider {unknown[0]!r} with a key. There are: {', '.join(keyed)}.")
        return Exit.INVALID
    sick = False
    leaks: list[Leak] = []

    def show(check: Check) -> None:
        nonlocal sick
        sick = sick or not check.ok
        if options.json:
            put({"event": "check", "name": check.name, "ok": check.ok, "says": check.says})
        else:
            tell(f"{'✓' if check.ok else '✗'} {check.says}")

    async for check in installation.checks(settings):
        show(check)
    if not sick:
        check, leaks = await installation.own_keys(settings)
        show(check)
        with TemporaryDirectory(prefix="playground-doctor-") as folder:
            check, clip = await installation.rendered(Path(folder) / "renderer")
            show(check)
            if clip is not None:
                played = await rehearse(Path(folder) / "rehearsal", clip, tables, only=options.provider)
                show(_verdict(played))
                leaks += played.leaks
    _end(leaks, sick=sick, as_json=options.json)
    return Exit.FAILED if sick else Exit.DONE


def _verdict(played: Played) -> Check:
    ends = ", ".join(f"{count} {state}" for state, count in played.ends.most_common())
    looked = f"{played.requests} requests and {played.places} places looked through"
    says = f"{played.ends.total()} rehearsed jobs ({ends}), {looked}"
    if played.leaks:
        return Check("leaks", False, f"{says}: a key got out.")
    if not {"succeeded", "failed"} <= played.ends.keys() or "mistake of ours" in played.ends or played.unmet:
        return Check("leaks", False, f"{says}: the rehearsal itself did not go as it should.")
    return Check("leaks", True, f"{says}: no key got out.")


def _end(leaks: Sequence[Leak], *, sick: bool, as_json: bool) -> None:
    if as_json:
        found = [{"key": leak.key, "place": leak.place, "spelling": leak.spelling} for leak in leaks]
        put({"event": "finished", "ok": not sick, "leaks": found})
        return
    for leak in leaks:
        tell(f"  The {leak.key} is in {leak.place} ({leak.spelling}).")
    tell("Something is wrong; see above." if sick else "All is well.")
