"""One worker process from its start to its end, and tasks that end for certain."""

import asyncio
import contextlib
import json
import logging
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import playground
from playground.emulator._sandbox_records import Problem

_log = logging.getLogger(__name__)

STOPPED: Final = Problem(code="render_failed", message="The renderer stopped unexpectedly.")

Tell = Callable[[float], Awaitable[None]]


async def work(command: Sequence[str], spec: Path, tell: Tell) -> Problem | None:
    """Run one worker to its end; None where it says that it is done. Cancelled, it kills the worker first."""
    starting = asyncio.create_task(_start(command, spec))
    try:
        # Half started, a process could not be ended.
        await _to_the_end(starting)
        process = starting.result()
        if process is None:
            return Problem(code="render_failed", message="The renderer cannot be started.")
        problem, code = await _follow(process, tell)
    finally:
        if (process := starting.result()) is not None:
            await _to_the_end(asyncio.create_task(_reap(process)))
    return problem if problem is not None or code == 0 else STOPPED


async def _start(command: Sequence[str], spec: Path) -> Process | None:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            str(spec),
            # Held open and never written to: the worker ends when it closes, so it cannot outlive us.
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=Path(playground.__file__).parent.parent,
            # Ctrl-C in our terminal is for us to handle, or an interrupted worker would look like a failed run.
            start_new_session=True,
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
