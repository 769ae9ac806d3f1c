"""Exit codes and what is printed: words for people, one JSON object a line for programs."""

import json
import os
import re
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Final, TextIO

from playground.domain.errors import InvalidRequest, PlaygroundError, Unavailable
from playground.domain.job import State
from playground.domain.view import JobView

_COMMANDS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, colours it, or turns the direction of text."""


class Exit(IntEnum):
    """What a command answers its caller with."""

    DONE = 0
    INVALID = 2
    FAILED = 3
    UNCERTAIN = 4
    NOT_CONFIGURED = 5
    RUNNING = 6
    CANCELLED = 7


_BY_STATE: Final[dict[State, Exit]] = {
    "succeeded": Exit.DONE,
    "failed": Exit.FAILED,
    "uncertain": Exit.UNCERTAIN,
    "parked": Exit.NOT_CONFIGURED,
    "cancelled": Exit.CANCELLED,
}


def exit_of(view: JobView) -> Exit:
    """The exit code that a job's state stands for."""
    return _BY_STATE.get(view.state, Exit.RUNNING)


def say(text: str) -> None:
    """A line for a person, where it does not get into a program's way."""
    _write(sys.stderr, text)


def tell(text: str) -> None:
    """A result for a person, on standard output."""
    _write(sys.stdout, text)


def _write(stream: TextIO, text: str) -> None:
    # A terminal would obey a provider's words; whatever else reads gets them as they are.
    shown = _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text) if stream.isatty() else text
    try:
        stream.write(f"{shown}\n")
        stream.flush()
    except BrokenPipeError:
        # Whoever read has left. What was begun goes on to its own exit code; Python's last flush must not fail either.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def put(line: object) -> None:
    """One JSON object on standard output."""
    tell(json.dumps(line, ensure_ascii=False))


def show_status(view: JobView, *, as_json: bool) -> None:
    """A line of progress."""
    if as_json:
        put({"event": "status", "job_id": view.id, "state": view.state, "progress": view.progress, "words": view.words})
        return
    percent = f" {view.progress:.0%}" if view.progress is not None else ""
    words = f" · {view.words}" if view.words else ""
    say(f"{view.elapsed_seconds:6.1f} s  {view.state}{percent}{words}")


def finished_line(view: JobView, files: Sequence[Path]) -> dict[str, object]:
    """The one object that ends each job, as the contract has it."""
    status = view.state if view.at_rest and not view.overdue else "running"
    goes_on = (_goes_on(view),) if exit_of(view) is Exit.RUNNING else ()
    return {
        "event": "finished",
        "job_id": view.id,
        "status": status,
        "provider_job_id": view.provider_job_id,
        "files": [str(file) for file in files],
        "notes": [*view.notes, *goes_on],
        "charged": view.charged,
        "price_usd": view.price_usd,
        "error": view.error.as_json() if view.error is not None else None,
    }


def _goes_on(view: JobView) -> str:
    return f"The job goes on where a page runs it; otherwise: playground resume {view.id}"


def show_finished(view: JobView, files: Sequence[Path], *, as_json: bool) -> None:
    """How a job ended (or that it goes on), for a person or a program."""
    if as_json:
        put(finished_line(view, files))
        return
    for file, video in zip(files, view.videos, strict=False):
        sound = "with sound" if video.has_audio else "silent"
        tell(f"{file}  ({video.seconds:g} s, {video.width}×{video.height}, {sound})")
    for note in view.notes:
        say(f"Note: {note}")
    if view.error is not None:
        say(f"{view.error.message} Charged: {view.charged}. {view.error.next_step}")
    if exit_of(view) is Exit.RUNNING:
        say(_goes_on(view))


def refused(error: PlaygroundError, *, as_json: bool) -> Exit:
    """What could not be sent at all."""
    issues = [issue.as_json() for issue in error.issues] if isinstance(error, InvalidRequest) else []
    if as_json:
        line: dict[str, object] = {"event": "finished", "job_id": None, "status": "failed", "provider_job_id": None}
        line |= {"files": [], "notes": [], "charged": "no", "price_usd": None}
        put({**line, "error": error.as_json(), "issues": issues})
    else:
        say(f"{error.message} Nothing was sent. {error.next_step}")
    if isinstance(error, Unavailable):
        return Exit.FAILED
    return Exit.INVALID if isinstance(error, InvalidRequest) else Exit.NOT_CONFIGURED
