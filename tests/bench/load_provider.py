"""The provider of the load: Vertex AI stood in for, whose jobs take their time. `… load_provider PORT FOLDER`.

Its clips lie in `FOLDER`, named by resolution; `… load_provider draw FOLDER SPEC` gives one in a renderer's place.
"""

import asyncio
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.commands.serve import listen, serve_until_stopped
from playground.emulator._desk import Wanted
from playground.emulator._server import emulator_of
from tests.durations import draw, usual_times

KINDS: Final = tuple(
    (model, resolution)
    for model in ("veo-3.1-lite-generate-001", "veo-3.1-fast-generate-001", "veo-3.1-generate-001")
    for resolution in ("720p", "1080p")
)
"""Models and resolutions, the quickest first."""
USUAL: Final = dict(zip(KINDS, usual_times(len(KINDS)), strict=True))
_SEED: Final = 20_261_126
_PIECE: Final = 1 << 20


class FromMemory:
    """Gives an application's files from memory.

    A provider's own machines serve its files: here it should take as little as it can of the two cores.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._files: dict[str, list[bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application name the file, and send it."""

        async def sending(message: Message) -> None:
            if message["type"] != "http.response.pathsend":
                return await send(message)
            *pieces, last = self._pieces(message["path"])
            for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": last, "more_body": False})

        extensions: dict[str, Any] = {**scope.get("extensions", {}), "http.response.pathsend": {}}
        await self._app({**scope, "extensions": extensions}, receive, sending)

    def _pieces(self, path: str) -> list[bytes]:
        if path not in self._files:
            whole = Path(path).read_bytes()
            self._files[path] = [whole[start : start + _PIECE] for start in range(0, len(whole), _PIECE)]
        return self._files[path]


def clip(folder: Path, resolution: str) -> Path:
    """Where the clip of a resolution lies."""
    return folder / f"{resolution}.mp4"


def draw_clip(folder: Path, spec: Path) -> None:
    """Give the clip that lies there."""
    asked = json.loads(spec.read_text("utf-8"))
    shutil.copyfile(clip(folder, asked["resolution"]), asked["output"])
    sys.stdout.write(json.dumps({"done": True, "bytes": Path(asked["output"]).stat().st_size}) + "\n")


def main() -> None:
    dice = Random(_SEED)

    def takes(wanted: Wanted) -> float:
        return draw(USUAL[wanted.model, wanted.resolution], dice)

    folder = Path(sys.argv[2])
    worker = (sys.executable, "-m", "tests.bench.load_provider", "draw", str(folder))
    emulator = emulator_of(folder, clock=lambda: datetime.now(UTC), worker=worker, takes=takes)
    asyncio.run(
        serve_until_stopped(FromMemory(emulator.app), listen("127.0.0.1", int(sys.argv[1])), emulator.paths["vertex"])
    )


if __name__ == "__main__":
    if sys.argv[1] == "draw":
        draw_clip(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
