"""Opening pictures and clips that strangers made: elsewhere, within limits, and never on the event loop."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from playground.domain.media import MediaFacts, MediaKind
from playground.domain.pictures import CannotChange, Change
from playground.jobs.formats import Clip

MEGABYTES: Final = 1_500
"""Of memory for one file: fifty megapixels in their worst shape take half of it."""
_SECONDS: Final = 20.0
"""Until a file counts as one that cannot be opened."""
_IN_ALL: Final = 180.0
"""Until an order is given up that is still waiting for others to end."""
_MOST_TOLD: Final = 1_000_000
_FACTS: Final = TypeAdapter(MediaFacts)
_CLIP: Final = TypeAdapter(Clip | None)
_ENVIRONMENT: Final = {
    # No key of the operator's, only the way to this package.
    "PYTHONPATH": str(Path(__file__).parents[2]),
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}


class TooCostly(Exception):
    """A file took more time or memory than one may; the message is a sentence for a person."""

    def __init__(self) -> None:
        super().__init__("It takes more time or memory to be opened than one file may have here.")


class Decoder:
    """Has files opened by a process that forks for each (`decoding.py`); it comes up with the first order.

    Belongs to no event loop; several may use it.
    """

    def __init__(self, *, seconds: float = _SECONDS, megabytes: int = MEGABYTES) -> None:
        self._limits = {"seconds": seconds, "megabytes": megabytes}
        self._starting = threading.Lock()
        self._orders: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Have it come up before the first order."""
        await asyncio.to_thread(self._ready)

    async def aclose(self) -> None:
        """Let the process go; what it was at is lost."""
        await asyncio.to_thread(self._stop)

    async def probe(self, kind: MediaKind, path: Path) -> MediaFacts:
        """Facts of a picture or a clip; a problem is one sentence."""
        try:
            facts = await self._ask("probe_video" if kind == "video" else "probe_image", path=path)
        except TooCostly as error:
            size = (await asyncio.to_thread(path.stat)).st_size
            return MediaFacts(kind, bytes=size, problem=f"The file cannot be used. {error}", problem_code="too_costly")
        return _FACTS.validate_python(facts)

    async def copy(self, source: Path, target: Path, change: Change) -> str:
        """Make a picture's copy that is sent in its place; answers its format (see `make_copy`).

        Raises:
            CannotChange: there is no such copy; the message says why.
            OSError: the disk is full or fails.
        """
        try:
            return str(await self._ask("copy", source=source, target=target, change=asdict(change)))
        except (TooCostly, ValueError) as error:
            raise CannotChange(str(error)) from None

    async def inspect(self, path: Path) -> tuple[str | None, Clip | None]:
        """Why a file is no whole MP4, and what the video in it holds; None for what there is not."""
        try:
            problem, clip = await self._ask("inspect", path=path)
        except TooCostly as error:
            return str(error), None
        return problem, _CLIP.validate_python(clip)

    async def clip(self, path: Path) -> Clip | None:
        """What a video file holds; None where it is none."""
        try:
            return _CLIP.validate_python(await self._ask("clip", path=path))
        except TooCostly:
            return None

    async def last_frame(self, video: Path, target: Path) -> None:
        """Write a clip's last frame (see `save_last_frame`).

        Raises:
            ValueError: the clip cannot be decoded, or only at too great a cost.
            OSError: the disk is full or fails.
        """
        await self._picture("last_frame", video, target)

    async def thumbnail(self, video: Path, target: Path) -> None:
        """Write a small picture of a clip. Raises as `last_frame`."""
        await self._picture("thumbnail", video, target)

    async def _picture(self, work: str, video: Path, target: Path) -> None:
        try:
            await self._ask(work, video=video, target=target)
        except TooCostly as error:
            raise ValueError(str(error)) from None

    async def _ask(self, work: str, **given: object) -> Any:
        said = {name: str(each.absolute()) if isinstance(each, Path) else each for name, each in given.items()}
        order = json.dumps({"work": work, "with": said, **self._limits}).encode() + b"\n"
        try:
            async with asyncio.timeout(_IN_ALL):
                answer = await self._told(await asyncio.to_thread(self._place_order), order)
        except TimeoutError:
            raise TooCostly from None
        if "value" in answer:
            return answer["value"]
        if "refused" in answer:
            raise ValueError(answer["refused"])
        if "errno" in answer:
            raise OSError(answer["errno"], answer["strerror"])
        raise TooCostly

    async def _told(self, caller: socket.socket, order: bytes) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(sock=caller)
        try:
            writer.write(order)
            told = await reader.read(_MOST_TOLD)
            while piece := await reader.read(_MOST_TOLD):
                told += piece
        except ConnectionError:
            told = b""
        finally:
            writer.close()
        # Nothing at all: the kernel has ended it.
        return json.loads(told) if told else {}

    def _place_order(self) -> socket.socket:
        """A socket to somebody who waits for one order."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._ready(), [b"o"], [theirs.fileno()])
            except (BrokenPipeError, ConnectionResetError):  # the process is gone: another takes its place
                self._stop()
                socket.send_fds(self._ready(), [b"o"], [theirs.fileno()])
        return ours

    def _ready(self) -> socket.socket:
        with self._starting:
            if self._orders is None:
                self._orders, theirs = socket.socketpair()
                with theirs:
                    self._process = subprocess.Popen(  # noqa: S603 - our own module
                        [sys.executable, "-sP", "-m", "playground.jobs.decoding", str(theirs.fileno())],
                        pass_fds=[theirs.fileno()],
                        stdin=subprocess.DEVNULL,
                        cwd=os.sep,
                        env=_ENVIRONMENT,
                    )
            return self._orders

    def _stop(self) -> None:
        with self._starting:
            orders, process, self._orders, self._process = self._orders, self._process, None, None
        if orders is not None:
            orders.close()
        if process is not None:
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:  # it waits for a fork that is at a hard one
                process.kill()
                process.wait()
