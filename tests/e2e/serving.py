"""The web page as `playground serve` has it, but for the sandbox: `python -m tests.e2e.serving PORT FOLDER`.

Its renderer draws each kind of clip once, and a slow job of it takes half as long.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from playground.commands.logs import writing_logs
from playground.commands.serve import listen, serve_until_stopped
from playground.emulator.sandbox import SandboxProvider
from playground.main import Playground, web_app
from playground.settings import load_settings

SLOW_SECONDS = 10


async def serve(port: int, folder: Path) -> None:
    """Serve until told to stop; clips of every kind are kept in a folder."""
    settings = load_settings()
    renderer = (sys.executable, str(Path(__file__).with_name("renderer.py")), str(folder))
    sandbox = SandboxProvider(
        settings.data_dir, clock=lambda: datetime.now(UTC), worker=renderer, slow_seconds=SLOW_SECONDS
    )
    with writing_logs(settings.log_format), listen("127.0.0.1", port) as listening:
        playground = Playground(settings, adopts=True, sandbox=sandbox)
        await playground.try_out()
        await serve_until_stopped(
            await asyncio.to_thread(web_app, playground), listening, "up", playground.stop_waiting
        )


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
