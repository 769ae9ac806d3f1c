"""What Google's SDK documents, over the same operations: sleep 10 s, ask, download. `… load_plain BASE BOOK OUT JOBS`.

`BOOK` is where the provider writes down what it accepted. One line of JSON for each operation goes to `OUT`. It speaks
just enough HTTP for that, because it runs beside what is measured: the less it takes of the two cores, the better.
"""

import asyncio
import json
import socket
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

_SLEEP = 10.0
_AT_ONCE = 32
_PIECE = 1 << 20
_MODEL = "/projects/load/locations/us-central1/publishers/google/models"


class Loop:
    """One client for all operations, as many questions at a time as ours has."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self._host, self._port, self._path = parts.hostname or "", parts.port or 80, parts.path
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def follow(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Until its video is there; answers when it was finished, when it was here, and how often was asked."""
        ready = datetime.fromisoformat(operation["at"]).timestamp() + operation["takes"]
        # It was accepted a moment before it was read in the book.
        await asyncio.sleep(max(0.0, ready - operation["takes"] + _SLEEP - time.time()))
        polls, model = 1, f"{_MODEL}/{operation['model']}"
        asked = json.dumps({"operationName": f"{model.removeprefix('/')}/operations/{operation['id']}"}).encode()
        while True:
            answer = json.loads(await self._exchange("POST", f"{model}:fetchPredictOperation", asked))
            if answer.get("done"):
                break
            await asyncio.sleep(_SLEEP)
            polls += 1
        bucket, _, name = answer["response"]["videos"][0]["gcsUri"].removeprefix("gs://").partition("/")
        await self._fetch(f"/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}?alt=media")
        return {"id": operation["id"], "delay": time.time() - ready, "polls": polls}

    async def _exchange(self, method: str, path: str, body: bytes = b"") -> bytes:
        """One request over a connection of its own, and the body of its answer."""
        async with self._places:
            reader, writer = await asyncio.open_connection(self._host, self._port)
            try:
                writer.write(self._head(method, path, len(body)) + body)
                return await reader.readexactly(_length(path, await reader.readuntil(b"\r\n\r\n")))
            finally:
                writer.close()

    async def _fetch(self, path: str) -> None:
        """Take a video and throw it away: always into the same memory, which is a third of what a stream costs."""
        loop, into = asyncio.get_running_loop(), memoryview(bytearray(_PIECE))
        async with self._places:
            with socket.socket() as there:
                there.setblocking(False)
                await loop.sock_connect(there, (self._host, self._port))
                await loop.sock_sendall(there, self._head("GET", path, 0))
                begun = b""
                while b"\r\n\r\n" not in begun:
                    begun += into[: await loop.sock_recv_into(there, into) or _cut(path)]
                head, end, first = begun.partition(b"\r\n\r\n")
                left = _length(path, head + end) - len(first)
                while left > 0:
                    left -= await loop.sock_recv_into(there, into) or _cut(path)

    def _head(self, method: str, path: str, length: int) -> bytes:
        head = (
            f"{method} {self._path}{path} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\nconnection: close\r\n"
            f"authorization: Bearer a-key-of-the-load\r\ncontent-length: {length}\r\n"
            "content-type: application/json\r\n\r\n"
        )
        return head.encode()


def _length(path: str, head: bytes) -> int:
    status, _, fields = head.partition(b"\r\n")
    if b" 200 " not in status:
        raise RuntimeError(f"{path}: {status.decode()}")
    return int(fields.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def _cut(path: str) -> NoReturn:
    raise RuntimeError(f"{path} was cut")


def _accepted(book: Path) -> list[str]:
    return book.read_text().splitlines() if book.exists() else []


async def main(base: str, book: Path, jobs: int) -> list[dict[str, Any]]:
    loop, tasks, read = Loop(base), list[asyncio.Task[dict[str, Any]]](), 0
    while len(tasks) < jobs:
        await asyncio.sleep(0.5)
        lines = await asyncio.to_thread(_accepted, book)
        tasks += [asyncio.create_task(loop.follow(json.loads(line))) for line in lines[read:]]
        read = len(lines)
    return await asyncio.gather(*tasks)


if __name__ == "__main__":
    results = asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[4])))
    Path(sys.argv[3]).write_text("\n".join(json.dumps(each) for each in results))
