"""How much memory large bodies take: three pictures going out, a video coming in, each in a process of its own.

`python -m tests.bench.memory send|receive FOLDER` is that process; it prints the peak above what it
had before, in bytes.
"""

import asyncio
import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from playground.domain.provider import Answer, Context, HttpCall, MediaLeaf, Reply
from playground.transport.body import StoredMedia
from playground.transport.client import Transport
from tests.bench.measure import Line, median_of

_MEGA: Final = 1_000_000
_PICTURES: Final = 3
_PICTURE_BYTES: Final = 15 * _MEGA
_VIDEO_BYTES: Final = 48 * _MEGA
_SENT: Final = _PICTURES * _PICTURE_BYTES * 4 / 3
_RECEIVED: Final = _VIDEO_BYTES * 4 / 3
_SEND_GOAL: Final = 2.5
_RECEIVE_GOAL: Final = 1.0
"""Of the answer's size; whoever holds an answer whole needs more than twice that."""


def lines(runs: int, folder: Path) -> Iterator[Line]:
    """The peak above what the process had before, as a multiple of the body."""
    yield _line("Sending 3 pictures of 15 MB as base64", "send", _SENT, _SEND_GOAL, runs, folder)
    yield _line("Receiving a video of 48 MB inside a JSON answer", "receive", _RECEIVED, _RECEIVE_GOAL, runs, folder)


def _line(what: str, way: str, body: float, goal: float, runs: int, folder: Path) -> Line:
    peak = median_of(runs, lambda: _peak(way, folder))
    share = peak / body
    says = f"{peak / _MEGA:.0f} MB more memory for a body of {body / _MEGA:.0f} MB ({share:.2f} × it)"
    return Line(what, says, f"≤ {goal:g} × the body", share <= goal)


def _peak(way: str, folder: Path) -> float:
    command = [sys.executable, "-m", "tests.bench.memory", way, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    return float(done.stdout)


async def _measure(way: str, folder: Path) -> int:
    pictures = [folder / f"{number}.png" for number in range(_PICTURES)]
    if way == "send" and not pictures[-1].exists():
        for each in pictures:
            each.write_bytes(os.urandom(_PICTURE_BYTES))
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.memory", "serve", str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    origin = f"http://127.0.0.1:{int(await server.stdout.readline())}"
    try:
        async with Transport(trusted_origins=[origin]) as transport:
            await _exchange(transport, origin, [], folder, "small")
            before = _peak_bytes()
            reply = await _exchange(transport, origin, pictures if way == "send" else [], folder, way)
            assert isinstance(reply, Answer), reply
            return _peak_bytes() - before
    finally:
        server.kill()
        await server.wait()


async def _exchange(transport: Transport, origin: str, pictures: list[Path], folder: Path, way: str) -> Reply:
    media = {str(path): StoredMedia(path, "image/png") for path in pictures}
    call = HttpCall(
        "POST",
        f"/{way}",
        {"images": [MediaLeaf(reference, "base64") for reference in media]},
        timeout="create",
        inline_videos=("video",),
    )
    return await transport.send(
        call, Context(origin), secret=None, media=media, answer_cap_bytes=512 * _MEGA, inline_folder=folder / "inline"
    )


def _peak_bytes() -> int:
    # Not what `getrusage` says: that begins with the memory of whoever started this process.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1_024


async def _serve(folder: Path) -> None:
    """Swallow any body; answer with a video where the path asks for one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            left = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            while left > 0:
                left -= len(await reader.read(min(left, 1 << 16)))
            piece = b64encode(bytes(3 * 10_000)).decode()
            pieces = _VIDEO_BYTES // 30_000 if head.startswith(b"post /receive") else 1
            start, end = '{"video":"', '"}'
            size = len(start) + len(end) + len(piece) * pieces
            writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n{start}".encode())
            for _ in range(pieces):
                writer.write(piece.encode())
                await writer.drain()
            writer.write(end.encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    sys.stdout.write(f"{json.dumps(server.sockets[0].getsockname()[1])}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve(Path(sys.argv[2])))
    else:
        sys.stdout.write(f"{asyncio.run(_measure(sys.argv[1], Path(sys.argv[2])))}\n")
