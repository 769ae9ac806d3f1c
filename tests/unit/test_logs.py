"""The log of a service: one JSON object a line, with the job, and without what is nobody's business."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# In a process of its own: it sets up the log of a whole process.
SAYS = """
import logging, sys, warnings
from playground.commands.logs import writing_logs
with writing_logs({wanted!r}):
    log = logging.getLogger("playground.events")
    log.info("job moved", extra={{"job": "abc", "state": "failed", "ending": None, "polls": 3}})
    logging.getLogger("httpx").info("GET https://host/?signature=secret")
    warnings.warn("old")
    try:
        raise ValueError("why")
    except ValueError:
        log.exception("a sweep failed")
"""


def said(wanted: str | None) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", SAYS.format(wanted=wanted)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return ran.stderr.splitlines()


def test_a_service_writes_one_json_object_a_line() -> None:
    moved, warned, failed = (json.loads(line) for line in said(None))
    assert moved.pop("at")[:2] == "20"
    assert moved == {
        "level": "INFO",
        "logger": "playground.events",
        "event": "job moved",
        "job": "abc",
        "state": "failed",
        "ending": None,
        "polls": 3,
    }
    assert (warned["level"], failed["level"], failed["event"]) == ("WARNING", "ERROR", "a sweep failed")
    assert "ValueError: why" in failed["exc_info"]


def test_a_person_reads_words() -> None:
    moved, *_ = said("text")
    assert moved.split(" ", 1)[1] == "INFO job moved abc state=failed polls=3"
