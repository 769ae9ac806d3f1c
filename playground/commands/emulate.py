"""`emulate`: the providers' protocols on loopback, for tests and for other people's programs."""

import argparse
import json

from playground.commands.output import Exit, say
from playground.commands.serve import listen, serve_until_stopped
from playground.main import emulator_app
from playground.settings import Settings


async def run(options: argparse.Namespace, settings: Settings) -> Exit:
    """Serve the stand-ins; prints one JSON line with their base URLs once they answer."""
    try:
        emulator = emulator_app(settings.data_dir / "emulator", options.scenario)
    except ValueError as error:
        say(str(error))
        return Exit.INVALID
    try:
        listening = listen("127.0.0.1", options.port)
    except OSError as error:
        say(f"Port {options.port} cannot be used: {error.strerror}. Choose another with --port.")
        return Exit.NOT_CONFIGURED
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    urls = json.dumps({name: origin + path for name, path in emulator.paths.items()})
    # The server is behind a proxy, which plays what a server cannot.
    behind = listen("127.0.0.1", 0)
    await emulator.proxy.start(listening, behind.getsockname()[1])
    try:
        await serve_until_stopped(emulator.app, behind, urls)
    finally:
        await emulator.proxy.aclose()
    return Exit.DONE
