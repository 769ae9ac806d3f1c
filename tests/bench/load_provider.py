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
from typing import Final

from starlette.responses import FileResponse

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


def clip(folder: Path, resolution: str) -> Path:
    """Where the clip of a resolution lies."""
    return folder / f"{resolution}.mp4"


def draw_clip(folder: Path, spec: Path) -> None:
    """Give the clip that lies there."""
    asked = json.loads(spec.read_text("utf-8"))
    shutil.copyfile(clip(folder, asked["resolution"]), asked["output"])
    sys.stdout.write(json.dumps({"done": True, "bytes": Path(asked["output"]).stat().st_size}) + "\n")


def main() -> None:
    # A provider's own machines serve its files: here it should take as little as it can of the two cores.
    FileResponse.chunk_size = 1 << 20
    dice = Random(_SEED)

    def takes(wanted: Wanted) -> float:
        return draw(USUAL[wanted.model, wanted.resolution], dice)

    folder = Path(sys.argv[2])
    worker = (sys.executable, "-m", "tests.bench.load_provider", "draw", str(folder))
    emulator = emulator_of(folder, clock=lambda: datetime.now(UTC), worker=worker, takes=takes)
    asyncio.run(serve_until_stopped(emulator.app, listen("127.0.0.1", int(sys.argv[1])), emulator.paths["vertex"]))


if __name__ == "__main__":
    if sys.argv[1] == "draw":
        draw_clip(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
