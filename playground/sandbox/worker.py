"""The renderer's process: `python -m playground.sandbox.worker SPEC.json`.

It prints one JSON object a line: `{"progress": 0.42}` as it goes, then `{"done": true, "bytes": N}` (exit 0)
or `{"error": {"code": "…", "message": "…"}}` (exit 1). Its parent holds the other end of its stdin: when that
closes, the parent is gone, and the worker ends at once (exit 2).
"""

import contextlib
import errno
import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from playground.sandbox.spec import RenderError, RenderSpec

_NICENESS = 10
_SECONDS_BETWEEN_LINES = 0.1
_MOST_MEMORY = 3 << 30
"""Bytes of data that the process may hold, several times what a 4K clip takes: a strange input ends here alone."""


def main(arguments: list[str]) -> int:
    """Render one spec and return the exit code."""
    _be_modest()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    try:
        spec = _read_spec(arguments)
        # Imported only now: a bad spec is told at once, without waiting for the codecs to load.
        from playground.sandbox.render import render

        size = render(spec, _Progress())
    except Exception as error:
        told = _as_told(error)
        _say({"error": {"code": told.code, "message": told.message}})
        return 1
    _say({"done": True, "bytes": size})
    return 0


def _be_modest() -> None:
    """Give way to others, and take no more memory than any clip needs, where the system knows such limits."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        os.nice(_NICENESS)
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))


class _Progress:
    """Prints progress, about ten lines a second at most."""

    _next = 0.0

    def __call__(self, share: float) -> None:
        now = time.monotonic()
        if now >= self._next or share >= 1:
            self._next = now + _SECONDS_BETWEEN_LINES
            _say({"progress": round(share, 3)})


def _end_with_parent() -> None:
    with contextlib.suppress(OSError, ValueError):
        # Unbuffered: a buffered reader would hold a lock that the interpreter wants when it ends.
        while os.read(sys.stdin.fileno(), 1024):
            pass
    os._exit(2)


def _read_spec(arguments: list[str]) -> RenderSpec:
    try:
        return RenderSpec.model_validate_json(Path(arguments[0]).read_bytes())
    except IndexError as error:
        raise RenderError("bad_spec", "The worker needs the path of a spec.") from error
    except OSError as error:
        raise RenderError("bad_spec", f"The spec {arguments[0]} cannot be read.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise RenderError("bad_spec", f"The spec is wrong: {where} {first['msg']}".strip() + ".") from error


def _as_told(error: Exception) -> RenderError:
    """Turn any error into one for a person; what only a developer can use goes to stderr."""
    if isinstance(error, RenderError):
        return error
    traceback.print_exception(error)
    code = errno.ENOMEM if isinstance(error, MemoryError) else error.errno if isinstance(error, OSError) else None
    if code == errno.ENOSPC:
        return RenderError("no_space", "There is no space left on the disk.")
    if code == errno.ENOMEM:
        return RenderError("no_memory", "The preview needs more memory than the sandbox may take.")
    return RenderError("render_failed", "The preview could not be rendered.")


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
