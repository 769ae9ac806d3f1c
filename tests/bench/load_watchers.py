"""Those who watch: each holds a question about one job, as the page does, and one of them uses the page meanwhile.

`… load_watchers BASE JOBS OUT`: `JOBS` is a file of `{"job", "visitor"}`, one a line. `OUT` gets, one JSON object a
line, when each job was seen to be ready (`job`, `ready`) and how long each request of the page took (`what`, `took`).
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import httpx

from tests.bench.load_house import request_of, token_of

_HELD = 20
_ENDS = ("succeeded", "failed", "cancelled")


async def watch(base: str, job: str, headers: dict[str, str]) -> dict[str, Any]:
    """Ask until it has ended; what has not changed is held back by the server."""
    mark = ""
    # Each has a client of his own, as each has a browser: a pool of hundreds of connections looks through all of them.
    async with httpx.AsyncClient(base_url=base, verify=False, timeout=60) as client:
        while True:
            asked = {**headers, "if-none-match": mark, "prefer": f"wait={_HELD}"} if mark else headers
            try:
                answer = await client.get(f"/api/jobs/{job}", headers=asked)
            except httpx.HTTPError:
                await asyncio.sleep(1)
                continue
            mark = answer.headers.get("etag", "")
            if answer.status_code == 200 and answer.json()["state"] in _ENDS:
                return {"job": job, "ready": time.time(), "state": answer.json()["state"]}
            await asyncio.sleep(0.15)


async def use_the_page(
    client: httpx.AsyncClient, job: str, headers: dict[str, str], seen: list[dict[str, Any]]
) -> None:
    """What a page asks for, again and again; a video's beginning and its picture once there is one."""
    request, begun = request_of(0).model_dump(mode="json", exclude_none=True), {"range": "bytes=0-65535"}

    async def timed(what: str, call: Awaitable[httpx.Response]) -> httpx.Response:
        began = time.perf_counter()
        answer = await call
        seen.append({"what": what, "took": time.perf_counter() - began, "status": answer.status_code})
        await asyncio.sleep(0.2)
        return answer

    while True:
        await timed("the page itself", client.get("/"))
        await timed("checking a request", client.post("/api/check", json=request, headers=headers))
        view = (await timed("a job", client.get(f"/api/jobs/{job}", headers=headers))).json()
        await timed("the list of jobs", client.get("/api/jobs", headers=headers))
        await timed("a script", client.get("/pg-static/card.js"))
        for video in view["videos"]:
            await timed("a video's beginning", client.get(video["url"], headers=begun))
            await timed("a video's picture", client.get(video["thumbnail"]))


async def main(base: str, watched: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen = list[dict[str, Any]]()
    async with httpx.AsyncClient(base_url=base, timeout=60) as page:
        whose = [{"authorization": f"Bearer {token_of(each['visitor'])}"} for each in watched]
        visitor = asyncio.create_task(use_the_page(page, watched[0]["job"], whose[0], seen))
        pairs = zip(watched, whose, strict=True)
        ready = await asyncio.gather(*(watch(base, each["job"], headers) for each, headers in pairs))
        visitor.cancel()
    return [*ready, *seen]


if __name__ == "__main__":
    told = [json.loads(line) for line in Path(sys.argv[2]).read_text().splitlines()]
    results = asyncio.run(main(sys.argv[1], told))
    Path(sys.argv[3]).write_text("\n".join(json.dumps(each) for each in results))
