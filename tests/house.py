"""The whole house for tests: real service, real ledger, real stand-in; only the clock and the renderer are ours."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from starlette.types import ASGIApp

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec, Parameter, Table
from playground.domain.provider import TimeoutClass
from playground.domain.request import MEDIA_FIELDS, PARAMETER_KINDS, VideoRequest
from playground.emulator.sandbox import SandboxProvider
from playground.jobs.decoder import Decoder
from playground.jobs.service import Service
from playground.main import Playground
from playground.settings import load_settings
from playground.transport.client import READ_SECONDS

SAMPLES = Path(__file__).parent.parent / "assets" / "samples"

# A stand-in for the renderer: it writes a prepared clip, so that a job takes no time.
WORKER = """
import json, os, shutil, sys
spec = json.load(open(sys.argv[2]))
print(json.dumps({"progress": 0.5}), flush=True)
shutil.copyfile(sys.argv[1], spec["output"] + ".new")
os.replace(spec["output"] + ".new", spec["output"])
print(json.dumps({"done": True, "bytes": os.path.getsize(spec["output"])}), flush=True)
"""


@dataclass
class FakeTime:
    """A clock that only a pause moves. Real work (a subprocess, a disk) still gets its turn."""

    now: float = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    pauses: list[float] = field(default_factory=list[float])
    still: bool = False
    """Whether a pause leaves the clock alone, so that a test moves it by hand."""
    late: float = 0.0
    """Seconds that every pause ends late."""

    def clock(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        self.now += 0 if self.still else seconds + self.late
        self.pauses.append(seconds)
        await asyncio.sleep(0.01)


def small_clip(path: Path, seconds: int = 4, size: tuple[int, int] = (1280, 720), padding: int = 0) -> Path:
    """A real H.264 clip of one grey, encoded once for each process of the tests.

    `padding` are bytes in a free box: harmless to players, and long enough to be cut in the middle.
    """
    box = (padding + 8).to_bytes(4, "big") + b"free" + bytes(padding) if padding else b""
    path.write_bytes(_clip(seconds, size) + box)
    return path


@cache
def _clip(seconds: int, size: tuple[int, int]) -> bytes:
    with TemporaryDirectory() as folder:
        return _encoded(Path(folder) / "clip.mp4", seconds, size).read_bytes()


def _encoded(path: Path, seconds: int, size: tuple[int, int]) -> Path:
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=24)  # pyright: ignore[reportUnknownMemberType] - PyAV's packets are half typed
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        stream.codec_context.time_base = Fraction(1, 24)
        frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 90, np.uint8), format="rgb24")
        for number in range(seconds * 24):
            frame.pts = number
            container.mux(stream.encode(frame))  # pyright: ignore[reportUnknownMemberType] - PyAV's packets are half typed
        container.mux(stream.encode(None))  # pyright: ignore[reportUnknownMemberType] - PyAV's packets are half typed
    return path


@cache
def shared_decoder() -> Decoder:
    """One process that opens files, for every house: it takes half a second to come up."""
    return Decoder()


@cache
def shared_tables() -> dict[str, Table]:
    """The tables of every house without tables of its own: reading them takes a third of a second."""
    return load_tables()


class House:
    """Processes on one data folder; each `process` is a Playground of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.time = FakeTime()
        self.read_seconds: Mapping[TimeoutClass, float] = READ_SECONDS
        self.around: Callable[[ASGIApp], ASGIApp] = lambda app: app
        """What stands in the way to the provider."""
        folder.mkdir(parents=True, exist_ok=True)
        self._clip = small_clip(folder / "prepared.mp4")
        self._worker = folder / "worker.py"
        self._worker.write_text(WORKER)

    @asynccontextmanager
    async def process(self, *, adopts: bool = False, **environment: str) -> AsyncGenerator[Service]:
        # A fake clock makes long waits free, and every question costs real time: so ask seldom.
        settings = load_settings(
            {"HOME": str(self.folder), "PLAYGROUND_POLL_SECONDS": "30", **environment}, data_dir=self.data
        )
        command = (sys.executable, "-S", "-E", str(self._worker), str(self._clip))

        def now() -> datetime:
            return datetime.fromtimestamp(self.time.now, UTC)

        sandbox = SandboxProvider(self.data, clock=now, worker=command, slow_seconds=20)
        sandbox.app = self.around(sandbox.app)
        playground = Playground(
            settings,
            adopts=adopts,
            tables=shared_tables() if settings.catalog_dir is None else None,
            sandbox=sandbox,
            decoder=shared_decoder(),
            clock=self.time.clock,
            pause=self.time.pause,
            read_seconds=self.read_seconds,
        )
        async with playground.opened() as service:
            yield service

    def render_with(self, script: str) -> None:
        """Put another renderer in; it gets the prepared clip and the spec as arguments."""
        self._worker.write_text(script)

    def accepted(self) -> int:
        """How many creates the provider's own book has."""
        book = self.data / "sandbox" / "accepted.jsonl"
        return len(book.read_text().splitlines()) if book.exists() else 0

    def orders(self) -> list[dict[str, object]]:
        """What the provider was asked for, as it wrote it down."""
        return [json.loads(path.read_text()) for path in (self.data / "sandbox").glob("*/request.json")]


def request_for(spec: ModeSpec, source: Path | str | None = None, **changes: object) -> VideoRequest:
    """The least request that a model takes in a mode, derived from its table; media are sample files or links."""
    values: dict[str, object] = {"provider": spec.provider, "model": spec.model.id, "mode": spec.mode}
    for name, parameter in spec.parameters.items():
        if name in MEDIA_FIELDS:
            if parameter.required:
                values[name] = _sample(name, source, parameter)
        elif PARAMETER_KINDS[name] == "text" and (parameter.required or parameter.required_unless):
            values[name] = "A paper boat drifts down a stream at dawn."
    return VideoRequest.model_validate({**values, **changes})


def _sample(name: str, source: Path | str | None, parameter: Parameter) -> object:
    if parameter.limits is not None and parameter.limits.url_only:
        return "https://example.com/frame.png"
    if name == "source_video":
        return str(source)
    if name == "reference_images":
        return [str(SAMPLES / "reference-1.png")]
    return str(SAMPLES / ("last-frame.jpg" if name == "last_frame" else "first-frame.jpg"))
