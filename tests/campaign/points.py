"""Named points between each pair of committed states, and how a process comes to die at one.

A process dies at what it does itself by its own hand: SQLAlchemy and Python tell of a statement, a commit, an opened
and a renamed file, and what listens sends SIGKILL. On the wire it is its provider that stops, and the campaign kills.
"""

import os
import signal
import sys
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

OWN: Final = {
    "before queued": "the job is not committed yet",
    "after queued": "queued, nothing sent",
    "before submitting": "about to be submitted, not committed",
    "after submitting": "submitting is committed, the create has not left",
    "before put off": "refused for now, not committed",
    "after put off": "put off, to be sent again",
    "journal": "accepted and answered, not journalled",
    "before receipt": "journalled, not in the ledger",
    "after receipt": "the receipt is in the ledger",
    "before downloading": "finished, not committed",
    "after downloading": "finished, the download has not begun",
    "rename": "a whole part file, not moved",
    "before saved": "moved, not committed",
    "after saved": "saved, not ended",
    "before succeeded": "about to end, not committed",
    "after succeeded": "ended",
}
"""Points that a process meets in itself."""

PROVOKED: Final = {"before put off": ("create", "rate-limited"), "after put off": ("create", "rate-limited")}
"""Those that it meets only where its provider plays a fault at a step."""


@dataclass(frozen=True, slots=True)
class OnWire:
    """A point on the wire: the provider plays a fault, and the process that waits for it is killed."""

    step: str
    fault: str
    words: str


WIRE: Final = {
    "create hang": OnWire("create", "hang", "the create is sent, not accepted"),
    "create stall": OnWire("create", "stall", "accepted, half the answer is here"),
    "status stall": OnWire("status", "stall", "running, half an answer is here"),
    "file stall": OnWire("file", "stall", "half a part file"),
}


class Reaper:
    """Ends this process by SIGKILL when it comes to a point for the `nth` time."""

    def __init__(self, point: str, nth: int = 1) -> None:
        self._point = point
        self._left = nth
        self._written: str | None = None

    def listen(self) -> None:
        """From now on. There is no way back."""
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Pool, "checkin", self._done)
        sys.addaudithook(self._heard)

    def _reached(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def _statement(self, _link: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: Any) -> None:
        if statement.startswith("INSERT INTO job_events"):
            return  # what is written into the history belongs to the statement before it
        self._written = _what_is_written(statement, context)
        if self._written is not None:
            self._reached(f"before {self._written}")

    def _done(self, *_connection: object) -> None:
        """The connection is given back: what was written is committed."""
        written, self._written = self._written, None
        if written is not None:
            self._reached(f"after {written}")

    def _heard(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "open" and "/receipts/" in str(arguments[0]) and "a" in str(arguments[1]):
            self._reached("journal")
        elif name == "os.rename" and str(arguments[0]).endswith(".part") and str(arguments[1]).endswith(".mp4"):
            self._reached("rename")


def _what_is_written(statement: str, context: Any) -> str | None:
    """What a statement says of a job, None where it says nothing of one."""
    if statement.startswith("INSERT INTO jobs "):
        return "queued"
    if not statement.startswith("UPDATE jobs "):
        return None
    values = context.compiled_parameters[0]
    state = values.get("state")
    if state == "queued":
        return "put off"
    return "receipt" if "operation" in values else "saved" if "videos" in values else state
