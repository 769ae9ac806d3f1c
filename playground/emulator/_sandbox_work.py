"""Worker processes from their start to their end, one that waits for its order, and tasks that end for certain."""

import asyncio
import contextlib
import json
import logging
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import playground
from playground.emulator._sandbox_records import Problem
from playground.sandbox.spec import PATIENCE_SECONDS

_log = logging.getLogger(__name__)

STOPPED: Final = Problem(code="render_failed", message="The renderer stopped unexpectedly.")

ENVIRONMENT: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    # To keep what is freed, since each picture needs as much as the one before.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "1000000000",
}
"""All that a worker is told: nothing of the operator's, least of all a key."""

Tell = Callable[[float], Awaitable[None]]

_WAITS_SECONDS: Final = PATIENCE_SECONDS - 60
"""Of one that waits, before another takes its place: somewhat less than it waits by itself."""


class Workers:
    """Worker processes, each for one clip. The next one may wait with its libraries loaded while nothing is asked."""

    def __init__(self, command: Sequence[str], *, waits: bool) -> None:
        """`waits`: the command without a spec waits for the path of one, the first line of its standard input."""
        self._command = tuple(command)
        self._waits = waits
        self._waiting: asyncio.Task[Process | None] | None = None
        self._waits_since = 0.0

    async def work(self, spec: Path, tell: Tell) -> Problem | None:
        """Run one worker to its end; None where it says that it is done. Cancelled, it kills the worker first."""
        beginning = asyncio.create_task(self._begin(spec))
        try:
            # Half started, a process could not be ended.
            await _to_the_end(beginning)
            process = beginning.result()
            if process is None:
                return Problem(code="render_failed", message="The renderer cannot be started.")
            problem, code = await _follow(process, tell)
        finally:
            if (process := beginning.result()) is not None:
                await _to_the_end(asyncio.create_task(_reap(process)))
        # Only now: beside a clip that is rendered it would take of the same cores.
        self._have_one_wait()
        return problem if problem is not None or code == 0 else STOPPED

    async def aclose(self) -> None:
        """Let the one that waits go."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and (process := await waiting) is not None:
            await _reap(process)

    def _have_one_wait(self) -> None:
        if self._waits and self._waiting is None:
            self._waiting = asyncio.create_task(_start(self._command))
            self._waits_since = asyncio.get_running_loop().time()

    async def _begin(self, spec: Path) -> Process | None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and (process := await waiting) is not None:
            fresh = asyncio.get_running_loop().time() - self._waits_since < _WAITS_SECONDS
            if fresh and await _told(process, spec):
                return process
            await _reap(process)
        return await _start((*self._command, str(spec)))


async def _told(process: Process, spec: Path) -> bool:
    """Give a worker that waits its order; False where it is there no more."""
    assert process.stdin is not None
    try:
        process.stdin.write(os.fsencode(spec) + b"\n")
        await process.stdin.drain()
    except ConnectionError:
        return False
    # The pipe of one that has just ended is known to be closed before its end is.
    return process.returncode is None and not process.stdin.is_closing()


async def _start(command: Sequence[str]) -> Process | None:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            # Held open: the worker ends when it closes, so it cannot outlive us.
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=Path(playground.__file__).parent.parent,
            # Ctrl-C in our terminal is for us to handle, or an interrupted worker would look like a failed run.
            start_new_session=True,
            env=ENVIRONMENT,
        )
    except OSError as error:
        _log.error("the sandbox's worker %s cannot be started: %s", command, error)
        return None


async def _follow(process: Process, tell: Tell) -> tuple[Problem | None, int]:
    errors = asyncio.create_task(_log_errors(process))
    try:
        problem = await _read(process, tell)
        await errors
        return problem, await process.wait()
    finally:
        # Two readers of one pipe would be an error: this one leaves before the rest is read.
        await stop(errors)


async def _read(process: Process, tell: Tell) -> Problem | None:
    assert process.stdout is not None
    problem = None
    async for raw in process.stdout:
        line = _object(raw)
        match line.get("progress"), line.get("error"):
            case ((int() | float() as share), _):
                await tell(share)
            case _, {"code": str(code), "message": str(message)}:
                problem = Problem(code=code, message=message)
            case _:
                pass
    return problem


async def _log_errors(process: Process) -> None:
    assert process.stderr is not None
    async for raw in process.stderr:
        _log.debug("sandbox worker: %s", raw.decode("utf-8", "replace").rstrip())


async def _reap(process: Process) -> None:
    """End a worker for certain and close its pipes."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    assert process.stdin is not None
    process.stdin.close()
    # Also reads what is left in the pipes, without which the wait might never end.
    await process.communicate()


async def stop(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have tidied up behind themselves."""
    for task in tasks:
        task.cancel()
    await _to_the_end(asyncio.gather(*tasks, return_exceptions=True))


async def _to_the_end(work: asyncio.Future[Any]) -> None:
    """Wait for something short that must not be left half done; a cancellation is felt only afterwards."""
    cancelled = False
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


def _object(raw: bytes) -> dict[str, object]:
    try:
        line = json.loads(raw)
    except ValueError:
        return {}
    return cast(dict[str, object], line) if isinstance(line, dict) else {}
