"""Real MP4s for the stand-ins: drawn by the sandbox's renderer, once for each kind of clip."""

import asyncio
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playground.emulator._sandbox_work import Workers, stop
from playground.sandbox.spec import RenderSpec


class NotDrawn(Exception):
    """The renderer failed; the message is for a person."""


class Videos:
    """Draws clips in worker processes, one at a time, and keeps them in a folder by what was asked for."""

    def __init__(self, folder: Path, worker: Sequence[str]) -> None:
        self._folder = folder
        # Drawn once, and hardly ever: nobody waits for the next.
        self._workers = Workers(worker, waits=False)
        self._gate = asyncio.Semaphore(1)
        self._tasks: dict[str, asyncio.Task[Path]] = {}

    async def clip(self, **wanted: Any) -> Path:
        """The clip of a render spec's fields (all but `output`), drawn now unless it is there already.

        Raises:
            NotDrawn: the renderer refused or failed.
        """
        name = hashlib.sha256(json.dumps(wanted, sort_keys=True, default=str).encode()).hexdigest()[:24]
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(self._draw(self._folder / f"{name}.mp4", wanted))
        return await asyncio.shield(self._tasks[name])

    def start(self, **wanted: Any) -> None:
        """Begin to draw a clip that will be asked for."""
        task = asyncio.ensure_future(self.clip(**wanted))
        # Whoever asks for the clip is told what went wrong.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def aclose(self) -> None:
        """Kill the worker and wait for it."""
        await stop(*self._tasks.values())

    async def _draw(self, path: Path, wanted: dict[str, Any]) -> Path:
        if await asyncio.to_thread(path.is_file):
            return path
        spec = path.with_suffix(".json")
        await asyncio.to_thread(_write, spec, RenderSpec(**wanted, output=path))
        async with self._gate:
            problem = await self._workers.work(spec, _say_nothing)
        if problem is not None:
            raise NotDrawn(problem.message)
        return path


def _write(path: Path, spec: RenderSpec) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}.new")
    new.write_text(spec.model_dump_json(), "utf-8")
    new.replace(path)


async def _say_nothing(_share: float) -> None:
    """Nobody watches."""
