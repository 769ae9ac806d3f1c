"""The desk behind every stand-in: what was accepted, how far it is, and the videos. Each dialect only words it."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from starlette.requests import Request

from playground.emulator._rehearsals import SCRIPTS, asked_for, check_rehearsal, take_rehearsal
from playground.emulator._videos import Videos
from playground.sandbox.spec import AspectRatio, Mode, Resolution

BOOK: Final = "accepted.jsonl"
Stage = Literal["queued", "running", "finished", "failed", "filtered", "empty"]
_POLLS_UNTIL_DONE: Final = 2
_NEARLY: Final = 0.9
_NEEDS: Final[dict[Mode, tuple[str, ...]]] = {
    "text-to-video": (),
    "image-to-video": ("first_frame",),
    "interpolation": ("first_frame", "last_frame"),
    "references": ("reference_images",),
    "extension": ("source_video",),
}
_ENDS: Final[dict[str, Stage]] = {"fails": "failed", "filtered": "filtered", "done-without-video": "empty"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One accepted create, told alike by every dialect."""

    provider: str
    model: str
    prompt: str
    mode: Mode = "text-to-video"
    seconds: int = 8
    """Of what is made new; an extension's source comes before it."""
    resolution: Resolution = "720p"
    aspect_ratio: AspectRatio = "16:9"
    audio: bool = True
    seed: int = 0
    videos: int = 1
    first_frame: Path | None = None
    last_frame: Path | None = None
    reference_images: tuple[Path, ...] = ()
    source_video: Path | None = None
    """Media as `Desk.keep` wrote them down; None also where the service was given a URL, which nobody follows here."""


@dataclass(slots=True)
class Operation:
    """An accepted create and how often it was asked about."""

    id: str
    wanted: Wanted
    rehearsal: str | None
    accepted_at: datetime
    polls: int = 0
    takes: float | None = None
    """Seconds that it runs, where that was told beforehand."""


@dataclass(frozen=True, slots=True)
class Look:
    """How an operation stands."""

    stage: Stage
    progress: float
    """0 to 1."""


class Desk:
    """Accepts, counts and finishes. In memory, but for the book of accepted creates; belongs to one event loop."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        worker: Sequence[str],
        patience_seconds: float = 5,
        scenario: str | None = None,
        slow_seconds: float = 20,
        takes: Callable[[Wanted], float | None] = lambda _wanted: None,
    ) -> None:
        """`clock` gives aware datetimes; `worker` is the renderer's command.

        A question waits `patience_seconds` at the most for a clip to be drawn.
        `takes` says for each job how many seconds it runs; None for the usual two questions.
        `scenario` is played wherever a prompt names none. Raises UnknownRehearsal (a ValueError) for an unknown one.
        """
        if scenario is not None:
            check_rehearsal(scenario, SCRIPTS)
        self.clock = clock
        self.folder = folder
        self.worker = tuple(worker)
        self._patience_seconds = patience_seconds
        self.scenario = scenario
        self.slow_seconds = slow_seconds
        self._takes = takes
        self._videos = Videos(folder / "clips", worker)
        self._operations: dict[str, Operation] = {}
        self._seen: set[tuple[str, str]] = set()

    async def aclose(self) -> None:
        """Stop drawing."""
        await self._videos.aclose()

    def read_prompt(self, prompt: str, request: Request, plays: Collection[str]) -> tuple[str, str | None]:
        """A prompt without its `[sandbox:NAME]`, and the script to play, one of those that the stand-in `plays`.

        Raises:
            UnknownRehearsal: the prompt names another one.
        """
        prompt, named = take_rehearsal(prompt, plays)
        everywhere = self.scenario if self.scenario in plays else None
        wanted = (asked_for(request.scope), named, everywhere)
        return prompt, next((script for script in wanted if script is not None), None)

    def first_time(self, what: str, mark: str) -> bool:
        """Whether this is asked for the first time; for scripts that happen once (a rate limit, an expired link)."""
        new = (what, mark) not in self._seen
        self._seen.add((what, mark))
        return new

    def spool(self) -> Path:
        """The folder where a large body may wait while it arrives."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    async def keep(self, data: bytes, ending: str) -> Path:
        """Write a medium down (`ending`: png, jpg, mp4); the same bytes give the same file."""
        path = self.folder / "media" / f"{hashlib.sha256(data).hexdigest()[:24]}.{ending}"
        await asyncio.to_thread(_save, path, data)
        return path

    async def accept(self, wanted: Wanted, rehearsal: str | None) -> Operation:
        """Take a job: written into the book of what was accepted, and drawn in the background."""
        operation = Operation(secrets.token_hex(10), wanted, rehearsal, self.clock(), takes=self._takes(wanted))
        self._operations[operation.id] = operation
        line = {"id": operation.id, "at": operation.accepted_at.isoformat(), **asdict(wanted)}
        if operation.takes is not None:
            line["takes"] = operation.takes
        await asyncio.to_thread(self._write_down, json.dumps(line, default=str))
        if rehearsal not in (*_ENDS, "never-ends"):
            for number in range(1, wanted.videos + 1):
                self._videos.start(**_clip(wanted, number))
        return operation

    def find(self, provider: str, operation_id: str) -> Operation | None:
        """An accepted operation of a provider."""
        operation = self._operations.get(operation_id)
        return operation if operation is not None and operation.wanted.provider == provider else None

    async def look(self, operation: Operation) -> Look:
        """How it stands; counts as one question. It is finished after two questions, and once the clips are drawn.

        What takes longer to draw than anybody likes to wait for an answer still runs.

        Raises:
            NotDrawn: the renderer failed.
        """
        operation.polls += 1
        if operation.rehearsal == "never-ends":
            return Look("running", 0.3)
        share = operation.polls / (_POLLS_UNTIL_DONE + 1)
        if operation.rehearsal == "slow":
            share = (self.clock() - operation.accepted_at).total_seconds() / max(self.slow_seconds, 0.001)
        if operation.takes is not None:
            share = (self.clock() - operation.accepted_at).total_seconds() / operation.takes
        elif operation.polls == 1:
            return Look("queued", 0.0)
        if share < 1:
            return Look("running", round(share, 2))
        if operation.rehearsal not in _ENDS:
            try:
                async with asyncio.timeout(self._patience_seconds):
                    await self.videos(operation)
            except TimeoutError:
                return Look("running", _NEARLY)
        return Look(_ENDS.get(operation.rehearsal or "", "finished"), 1.0)

    async def wait(self, operation: Operation) -> Look:
        """For a service that answers at once: come back when it is finished.

        Raises:
            NotDrawn: the renderer failed.
        """
        if operation.rehearsal == "never-ends":
            await asyncio.Event().wait()
        if operation.rehearsal == "slow":
            await asyncio.sleep(self.slow_seconds)
        if operation.rehearsal not in _ENDS:
            await self.videos(operation)
        return Look(_ENDS.get(operation.rehearsal or "", "finished"), 1.0)

    async def videos(self, operation: Operation) -> list[Path]:
        """The finished clips, in order.

        Raises:
            NotDrawn: the renderer failed.
        """
        wanted = operation.wanted
        return [await self._videos.clip(**_clip(wanted, number)) for number in range(1, wanted.videos + 1)]

    def accepted(self, provider: str | None = None) -> int:
        """How many creates were accepted."""
        return sum(1 for each in self._operations.values() if provider in (None, each.wanted.provider))

    def _write_down(self, line: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / BOOK).open("a", encoding="utf-8") as book:
            book.write(line + "\n")


def origin_of(request: Request) -> str:
    """Scheme, host and port under which this server was reached, for absolute links."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _save(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Named by nobody else: two jobs may bring the same picture at once.
    new = path.with_suffix(f".{secrets.token_hex(4)}.new")
    new.write_bytes(data)
    new.replace(path)


def _clip(wanted: Wanted, number: int) -> dict[str, object]:
    """What the renderer is asked for. Without the media that a mode needs, it draws a scene of the prompt."""
    media = {name: value for name in _NEEDS[wanted.mode] if (value := getattr(wanted, name))}
    whole = len(media) == len(_NEEDS[wanted.mode])
    return {
        "mode": wanted.mode if whole else "text-to-video",
        "prompt": wanted.prompt,
        "seconds": wanted.seconds,
        "resolution": wanted.resolution,
        "aspect_ratio": wanted.aspect_ratio,
        "audio": wanted.audio,
        "seed": wanted.seed + number - 1,
        **(media if whole else {}),
    }
