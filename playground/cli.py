"""The command line: the same service as the page, headless. Commands, output and exit codes are a contract."""

import argparse
import asyncio
import importlib
import math
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Final

from playground.commands.output import Exit, put, say
from playground.domain.errors import NotConfigured
from playground.settings import Settings, SettingsError, load_settings

_INTERRUPTED: Final = 130
"""What a shell expects of a program that Ctrl-C ended."""
_MAX_PORT: Final = 65_535
_UNCONFIRMED: Final = math.nan
"""A price that nobody has confirmed: it equals none."""


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    return _parser_and_commands()[0]


def _parser_and_commands() -> tuple[argparse.ArgumentParser, list[str]]:
    parser = argparse.ArgumentParser(prog="playground", description="Try Veo 3.1 across providers.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data-dir", type=Path, help="where jobs and videos are kept")
    as_json = argparse.ArgumentParser(add_help=False)
    as_json.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    request = argparse.ArgumentParser(add_help=False)
    request.add_argument("request", metavar="REQUEST.json", help="the request; - reads standard input")
    commands = parser.add_subparsers(dest="command")

    page = commands.add_parser("serve", parents=[shared], help="the web app (the default)")
    page.add_argument("--host", default="127.0.0.1")
    page.add_argument("--port", type=_port, default=7860)
    page.set_defaults(run="serve:run")

    make = commands.add_parser("generate", parents=[shared, request, as_json], help="make a video, headless")
    make.add_argument("--out", type=Path, metavar="FILE.mp4", help="copy the video here (FILE-2.mp4, … for more)")
    make.set_defaults(run="generate:run")

    check = commands.add_parser("check", parents=[shared, request, as_json], help="validate only; no network")
    check.set_defaults(run="inspect:check")

    call = commands.add_parser("call", parents=[shared, request], help="the request as runnable code")
    call.add_argument("--language", choices=("curl", "python", "javascript"), default="curl")
    call.set_defaults(run="inspect:call")

    jobs = commands.add_parser("jobs", parents=[shared, as_json], help="list the jobs on this machine")
    jobs.set_defaults(run="inspect:jobs")

    resume = commands.add_parser("resume", parents=[shared, as_json], help="go on with jobs that nobody runs")
    resume.add_argument("job", metavar="JOB", nargs="?", help="only this one")
    way = resume.add_mutually_exclusive_group()
    way.add_argument("--provider-job-id", metavar="ID", help="of an uncertain JOB: what its provider calls it")
    way.add_argument("--lost", action="store_true", help="take an uncertain JOB for lost")
    way.add_argument("--again", action="store_true", help="submit an uncertain JOB again; it may be charged twice")
    resume.add_argument("--price", type=_usd, default=_UNCONFIRMED, metavar="USD", help="confirms what --again costs")
    resume.set_defaults(run="generate:resume")

    tables = commands.add_parser("capabilities", parents=[shared, as_json], help="what each provider can do")
    tables.add_argument("--provider", metavar="P")
    tables.set_defaults(run="inspect:capabilities")

    stand_in = commands.add_parser("emulate", parents=[shared], help="serve the providers' protocols on loopback")
    stand_in.add_argument("--port", type=_port, default=0, help="0 picks a free one")
    stand_in.add_argument("--scenario", metavar="S", help="a rehearsal that every request plays")
    stand_in.set_defaults(run="emulate:run")

    health = commands.add_parser("doctor", parents=[shared, as_json], help="check the installation, and look for leaks")
    health.add_argument("--provider", metavar="P", action="append", default=[], help="rehearse only with this one")
    health.set_defaults(run="doctor:run")
    return parser, list(commands.choices)


def _command(where: str) -> Callable[[argparse.Namespace, Settings], Coroutine[None, None, int]]:
    """The function of a command; only now are its modules loaded, so that `--help` need not wait for them all."""
    module, _, function = where.partition(":")
    return getattr(importlib.import_module(f"playground.commands.{module}"), function)


def _usd(text: str) -> float | None:
    if text == "unknown":
        return None
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a price is a number of US dollars, or unknown; not {text!r}") from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_PORT)) and int(text) <= _MAX_PORT):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_MAX_PORT}, not {text!r}")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers its exit code."""
    parser, commands = _parser_and_commands()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help")):
        given.insert(0, "serve")
    elif not given[0].startswith("-") and given[0] not in commands:
        say(f"There is no command {given[0]!r}. There are: {', '.join(commands)}.")
        return Exit.INVALID
    options = parser.parse_args(given)
    try:
        settings: Settings = load_settings(data_dir=options.data_dir)
        return int(asyncio.run(_command(options.run)(options, settings)))
    except SettingsError as error:
        return _say_misconfigured(str(error), as_json=getattr(options, "json", False))
    except KeyboardInterrupt:
        return Exit.RUNNING if options.command in ("generate", "resume") else _INTERRUPTED


def _say_misconfigured(says: str, *, as_json: bool) -> int:
    if as_json:
        error = NotConfigured(says, "Correct the setting.").as_json()
        line: dict[str, object] = {"event": "finished", "job_id": None, "status": "failed", "provider_job_id": None}
        put({**line, "files": [], "notes": [], "charged": "no", "price_usd": None, "error": error})
    else:
        say(says)
    return Exit.NOT_CONFIGURED
