"""What Google's SDK documents, over the same operations: sleep 10 s, ask, download. `… load_plain BASE BOOK OUT JOBS`.

`BOOK` is where the provider writes down what it accepted. One line of JSON for each operation goes to `OUT`.
"""

import asyncio
import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpcore
import httpx

from playground.transport.kept import KeptConnections

_SLEEP = 10.0
_AT_ONCE = 32
_MODEL = "/projects/load/locations/us-central1/publishers/google/models"


class Loop:
    """One client for all operations, as many questions at a time as ours has."""

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self._client = client
        self._base = base
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def follow(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Until its video is there; answers when it was finished, when it was here, and how often was asked."""
        ready = datetime.fromisoformat(operation["at"]).timestamp() + operation["takes"]
        # It was accepted a moment before it was read in the book.
        await asyncio.sleep(max(0.0, ready - operation["takes"] + _SLEEP - time.time()))
        polls, model = 1, f"{self._base}{_MODEL}/{operation['model']}"
        body = {"operationName": f"{model.removeprefix(f'{self._base}/')}/operations/{operation['id']}"}
        while True:
            try:
                async with self._places:
                    answer = (await self._client.post(f"{model}:fetchPredictOperation", json=body)).json()
            except httpx.TransportError:
                # A kept connection that the server had just closed: asked anew, and not counted.
                continue
            if answer.get("done"):
                break
            await asyncio.sleep(_SLEEP)
            polls += 1
        bucket, _, name = answer["response"]["videos"][0]["gcsUri"].removeprefix("gs://").partition("/")
        link = f"{self._base}/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}?alt=media"
        async with self._places, self._client.stream("GET", link) as answer:
            answer.raise_for_status()
            async for _ in answer.aiter_raw():
                pass
        return {"id": operation["id"], "delay": time.time() - ready, "polls": polls}


def _accepted(book: Path) -> list[str]:
    return book.read_text().splitlines() if book.exists() else []


async def main(base: str, book: Path, jobs: int) -> list[dict[str, Any]]:
    # Its connections are ours, too: it should lack no core that ours has.
    httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = 1 << 18  # pyright: ignore[reportAttributeAccessIssue] - inferred as a literal
    one, headers = httpx.Limits(max_connections=1), {"authorization": "Bearer a-key-of-the-load"}
    kept = KeptConnections(lambda: httpx.AsyncHTTPTransport(verify=False, limits=one), most=_AT_ONCE, seconds=2)
    async with httpx.AsyncClient(headers=headers, transport=kept, timeout=60) as client:
        loop, tasks, read = Loop(client, base), list[asyncio.Task[dict[str, Any]]](), 0
        while len(tasks) < jobs:
            await asyncio.sleep(0.5)
            lines = await asyncio.to_thread(_accepted, book)
            tasks += [asyncio.create_task(loop.follow(json.loads(line))) for line in lines[read:]]
            read = len(lines)
        return await asyncio.gather(*tasks)


if __name__ == "__main__":
    results = asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[4])))
    Path(sys.argv[3]).write_text("\n".join(json.dumps(each) for each in results))
