"""How a job is watched over HTTP: what has not changed is not told again, and a change is told at once."""

import asyncio
from pathlib import Path

import httpx
import pytest

from playground.domain.request import VideoRequest
from playground.jobs.service import Service, owner_of_bearer
from tests.house import House
from tests.ui.test_keys_api import ANNA, BEN, app_of

LAKE = VideoRequest(provider="sandbox", mode="text-to-video", prompt="A lake [sandbox:never-ends]")


async def started(service: Service) -> str:
    """A job that the provider has taken and goes on with for ever."""
    job = await service.submit(LAKE, owner=owner_of_bearer(ANNA["authorization"]), files_under=None)
    async for view in service.watch(job, owner=owner_of_bearer(ANNA["authorization"])):
        if view.state == "running":
            return job
    raise AssertionError("it rests")


def client_of(service: Service) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app_of(service)), base_url="http://here")


async def test_who_has_the_newest_view_is_told_so_after_the_wait_he_asked_for(tmp_path: Path) -> None:
    async with House(tmp_path).process() as service, client_of(service) as client:
        link = f"/api/jobs/{await started(service)}"
        first = await client.get(link, headers=ANNA)
        assert first.status_code == 200
        changed, seen = True, first
        for _ in range(50):
            again = await client.get(link, headers={**ANNA, "if-none-match": seen.headers["etag"]})
            changed, seen = again.status_code == 200, again
            if not changed:
                break
        assert not changed
        assert (seen.content, seen.headers["cache-control"]) == (b"", "private, no-store")


async def test_a_change_ends_the_wait(tmp_path: Path) -> None:
    async with House(tmp_path).process() as service, client_of(service) as client:
        job = await started(service)
        link, owner = f"/api/jobs/{job}", owner_of_bearer(ANNA["authorization"])
        mark = (await client.get(link, headers=ANNA)).headers["etag"]

        async def until_cancelled(mark: str) -> str:
            while True:
                answer = await client.get(link, headers={**ANNA, "if-none-match": mark, "prefer": "wait=20"})
                if answer.status_code == 200 and answer.json()["state"] == "cancelled":
                    return str(answer.json()["state"])
                mark = answer.headers["etag"]

        async with asyncio.timeout(15):
            watching = asyncio.create_task(until_cancelled(mark))
            await asyncio.sleep(0.05)
            await service.cancel(job, owner=owner)
            assert await watching == "cancelled"
        # At rest nothing is waited for, whatever was asked.
        resting = (await client.get(link, headers=ANNA)).headers["etag"]
        async with asyncio.timeout(5):
            answer = await client.get(link, headers={**ANNA, "if-none-match": resting, "prefer": "wait=20"})
        assert answer.status_code == 304


@pytest.mark.parametrize("wait", ["wait=20", ""])
async def test_to_others_a_job_is_not_there_however_they_ask(tmp_path: Path, wait: str) -> None:
    async with House(tmp_path).process() as service, client_of(service) as client:
        link = f"/api/jobs/{await started(service)}"
        for headers in (BEN, {}):
            answer = await client.get(link, headers={**headers, "if-none-match": "x", "prefer": wait})
            assert answer.status_code == 404
