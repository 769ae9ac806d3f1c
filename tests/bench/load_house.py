"""The playground under load: its page, and jobs that are begun here. `… load_house PORT FOLDER JOBS VISITORS`.

Settings come from the environment. What is measured within goes to standard output, one JSON object a line.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from playground.commands.serve import listen, serve_until_stopped
from playground.domain.request import VideoRequest
from playground.jobs.record import JobRecord
from playground.jobs.service import owner_of_token
from playground.jobs.store import Store
from playground.main import Playground, web_app
from playground.settings import Settings, load_settings
from tests.bench.load_provider import KINDS, USUAL
from tests.durations import draw

HISTORY = 60
"""Jobs of each kind that the ledger has from before."""
_BEGIN_AT_ONCE = 16
_PROMPT = "A paper boat crosses a lake at dusk, slow pan left."


def token_of(visitor: int) -> str:
    """What a visitor's browser holds."""
    return f"visitor-{visitor:04d}-of-the-load"


def request_of(number: int) -> VideoRequest:
    """The request of a job: of each kind as many."""
    model, resolution = KINDS[number % len(KINDS)]
    fields = {"provider": "vertex", "mode": "text-to-video", "prompt": _PROMPT, "duration_seconds": 8}
    return VideoRequest.model_validate({**fields, "model": model, "resolution": resolution})


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def say(**what: object) -> None:
    """One line for whoever measures."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def remember(database: str) -> None:
    """Put jobs into the ledger that finished before: true durations, until they were seen and saved."""
    dice, store, now = Random(7), Store(database, clock=time.time, pause=asyncio.sleep), time.time()
    await store.open()
    try:
        for number in range(HISTORY * len(KINDS)):
            asked = request_of(number)
            took = draw(USUAL[KINDS[number % len(KINDS)]], dice) + dice.uniform(0.2, 5)
            fields = {"owner": "local", "nonce": None, "runner": None, "credential": "none", "base_url": ""}
            times = {"created_at": now - 3_600, "submitted_at": now - 3_600, "finished_at": now - 3_600 + took}
            what = {"provider": "vertex", "model": asked.model, "mode": asked.mode}
            row: dict[str, object] = {
                "account": {},
                "inputs": {},
                "id": f"before-{number}",
                "state": "succeeded",
                **fields,
                **times,
                **what,
            }
            await store.add(JobRecord.model_validate({**row, "request": asked.model_dump(exclude_none=True)}))
    finally:
        await store.close()


async def begin(playground: Playground, jobs: int, visitors: int) -> None:
    """Begin every job, a few at a time, and say what the waiting ones cost."""
    before, began, places = resident(), time.time(), asyncio.Semaphore(_BEGIN_AT_ONCE)

    async def one(number: int) -> None:
        visitor = number % visitors
        async with places:
            owner = owner_of_token(token_of(visitor))
            job = await playground.service.submit(request_of(number), owner=owner, files_under=None)
            async for view in playground.service.watch(job, owner=owner):
                if view.state not in ("queued", "submitting"):
                    break
        say(job=job, visitor=visitor)

    await asyncio.gather(*(one(number) for number in range(jobs)))
    say(all_begun=time.time(), seconds=time.time() - began, bytes_a_job=(resident() - before) / jobs)


async def main(port: int, settings: Settings, jobs: int, visitors: int) -> None:
    await remember(settings.database)
    playground = Playground(settings, adopts=True)
    app = web_app(playground)
    beginning: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def starting() -> AsyncGenerator[None]:
        async def soon() -> None:
            # The page is up, in the windows too, and what it loads late is loaded.
            await asyncio.sleep(10)
            await begin(playground, jobs, visitors)

        beginning.append(asyncio.create_task(soon()))
        yield
        beginning[0].cancel()

    async with starting():
        await serve_until_stopped(app, listen("127.0.0.1", port), "up", playground.stop_waiting)


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(int(sys.argv[1]), load_settings(data_dir=folder), int(sys.argv[3]), int(sys.argv[4])))
