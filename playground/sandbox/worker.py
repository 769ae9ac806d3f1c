"""The renderer's process: `python -m playground.sandbox.worker [SPEC.json]`.

Without a spec it loads what it needs and waits for the path of one, the first line of its stdin. It prints one JSON
object a line: `{"progress": 0.42}` as it goes, then `{"done": true, "bytes": N}` (exit 0) or `{"error": {"code": "…",
"message": "…"}}` (exit 1). Its parent holds the other end of its stdin: when that closes, the parent is gone, and the
worker ends at once (exit 2); so it does when it has waited for ten minutes.
"""

import contextlib
import errno
import json
import os
import resource
import select
import sys
import threading
import traceback
from pathlib import Path

from pydantic import ValidationError

from playground.sandbox.spec import PATIENCE_SECONDS, RenderError, RenderSpec
from playground.sandbox.story import table

_NICENESS = 10
_MOST_MEMORY = 3 << 30
"""Bytes of data that the process may hold, several times what a 4K clip takes: a strange input ends here alone."""

# What the system, FFmpeg of an encoder that could not begin, and OpenCV say where there is none.
_NO_MEMORY = errno.ENOMEM, int.from_bytes(b"EXT ", "little"), -4


def main(arguments: list[str]) -> int:
    """Render the spec in a file and return the exit code."""
    _be_modest()
    try:
        # Only now: to load the codecs takes a while, in which others have the cores first.
        from playground.sandbox.render import render

        path = arguments[0] if arguments else _awaited()
        threading.Thread(target=_end_with_parent, daemon=True).start()
        spec = RenderSpec.model_validate_json(Path(path).read_bytes())
        size = render(spec, lambda share: _say(progress=round(share, 3)))
    except Exception as error:
        told = _as_told(error)
        _say(error={"code": told.code, "message": told.message})
        return 1
    _say(done=True, bytes=size)
    return 0


def _awaited() -> str:
    """Wait for the path of a spec, with all that it needs loaded: so long, then the memory is given back."""
    for name in ("words", "scenery"):
        table(name)
    if not select.select([sys.stdin], [], [], PATIENCE_SECONDS)[0] or not (line := os.read(sys.stdin.fileno(), 65536)):
        os._exit(2)
    return os.fsdecode(line.rstrip(b"\n"))


def _be_modest() -> None:
    """Give way to others, and take no more memory than any clip needs, where the system knows such a limit."""
    with contextlib.suppress(OSError, ValueError):
        os.nice(_NICENESS)
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))


def _end_with_parent() -> None:
    with contextlib.suppress(OSError, ValueError):
        # Unbuffered: a buffered reader would hold a lock that an interpreter wants when it ends in an error.
        while os.read(sys.stdin.fileno(), 1024):
            pass
    os._exit(2)


def _as_told(error: Exception) -> RenderError:
    """Turn any error into one for a person; what only a developer can use goes to stderr."""
    if isinstance(error, RenderError):
        return error
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return RenderError("bad_spec", f"The spec is wrong: {'.'.join(map(str, first['loc']))}: {first['msg']}.")
    traceback.print_exception(error)
    code = getattr(error, "errno", getattr(error, "code", None))
    if code == errno.ENOSPC:
        return RenderError("no_space", "There is no space left on the disk.")
    if isinstance(error, MemoryError) or code in _NO_MEMORY:
        return RenderError("no_memory", "The preview needs more memory than the sandbox may take.")
    return RenderError("render_failed", "The preview could not be rendered.")


def _say(**line: object) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # To take pictures and codecs down first would keep the clip waiting for a twentieth of a second and more.
    sys.stderr.flush()
    os._exit(code)
