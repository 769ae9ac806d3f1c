"""`serve`: the web app, until it is told to stop."""

import argparse
import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from playground.commands.logs import writing_logs
from playground.commands.output import Exit, say, tell
from playground.main import Playground, web_app
from playground.settings import Settings

_STOP_SECONDS = 1
"""An open page holds its connections; without a limit it would keep the server from stopping."""

_THREADS = 32
"""For files. They wait for the disk more than they work, and asyncio's own six on two cores would all stand there."""


async def run(options: argparse.Namespace, settings: Settings) -> Exit:
    """Serve the page; prints its URL once it answers."""
    with writing_logs(settings.log_format):
        return await _served(options, settings)


async def _served(options: argparse.Namespace, settings: Settings) -> Exit:
    try:
        listening = listen(options.host, options.port)
    except OSError as error:
        say(f"Port {options.port} on {options.host} cannot be used: {error.strerror}. Choose another with --port.")
        return Exit.NOT_CONFIGURED
    with listening:
        playground = Playground(settings, adopts=True)
        # Before the page, whose own start can only fail with a traceback.
        await playground.try_out()
        app = await asyncio.to_thread(web_app, playground)
        url = f"http://{_shown(options.host)}:{listening.getsockname()[1]}"
        await serve_until_stopped(app, listening, f"Veo Playground is at {url}", playground.stop_waiting)
    return Exit.DONE


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. The protocol is named, since asyncio turns off Nagle's delay only where it is.

    Raises:
        OSError: the port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


async def serve_until_stopped(
    app: object, listening: socket.socket, once_up: str, stop_waiting: Callable[[], None] | None = None
) -> None:
    """Run an ASGI app on a socket until SIGINT or SIGTERM; print a line once it answers.

    `stop_waiting` answers those requests that wait for something: otherwise they would be cut off at the end.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "files"))
    config = uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType] - uvicorn's own ASGI types are narrower than Starlette's
        log_level="warning",
        # Its lines go where all others go.
        log_config=None,
        timeout_graceful_shutdown=_STOP_SECONDS,
        # It would carry the signatures of media links and the ids of jobs.
        access_log=False,
    )
    log = logging.getLogger("uvicorn.error")
    log.addFilter(_is_no_cut)
    try:
        await _Announcing(config, once_up, stop_waiting).serve(sockets=[listening])
    finally:
        log.removeFilter(_is_no_cut)


def _is_no_cut(record: logging.LogRecord) -> bool:
    """Whether a line is about anything but a request that was cut off at the end, of which another line tells."""
    return record.exc_info is None or not isinstance(record.exc_info[1], asyncio.CancelledError)


class _Announcing(uvicorn.Server):
    """A server that says where it is once it answers, not before, and whose visitors do not wait once it stops."""

    def __init__(self, config: uvicorn.Config, once_up: str, stop_waiting: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._once_up = once_up
        self._stop_waiting = stop_waiting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the line."""
        await super().startup(sockets=sockets)
        if self.started:
            tell(self._once_up)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        if self._stop_waiting is not None:
            self._stop_waiting()
        await super().shutdown(sockets)


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::", "127.0.0.1"):  # noqa: S104 - shown, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host
