"""How the log of a service is written: words on a terminal, else one JSON object a line."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, Literal

from pythonjsonlogger.json import JsonFormatter

LogFormat = Literal["json", "text"]
_PLAIN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
"""What every record has; what is besides was said about this one."""


@contextmanager
def writing_logs(wanted: LogFormat | None) -> Generator[None]:
    """Write the log of this process to standard error while the block lasts; None: JSON where that is no terminal."""
    as_json = wanted == "json" or (wanted is None and not sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json() if as_json else _Words("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    everybody, ours = logging.getLogger(), logging.getLogger("playground")
    level = ours.level
    everybody.addHandler(handler)
    ours.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        ours.setLevel(level)
        everybody.removeHandler(handler)


def _json() -> logging.Formatter:
    return JsonFormatter(
        "%(levelname)s %(name)s %(message)s",
        rename_fields={"levelname": "level", "name": "logger", "message": "event"},
        timestamp="at",
        json_ensure_ascii=False,
        reserved_attrs=[*_PLAIN],
    )


class _Words(logging.Formatter):
    """The message, the job it is about, and what else is known: `job moved Zx81… state=running polls=3`."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """One line."""
        said: dict[str, Any] = {name: value for name, value in vars(record).items() if name not in _PLAIN}
        about = [str(said["job"])] if "job" in said else []
        rest = [f"{name}={value}" for name, value in said.items() if name != "job" and value is not None]
        return " ".join([super().formatMessage(record), *about, *rest])
