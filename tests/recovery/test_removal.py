"""Deleting a job by hand: what it was about and its files are gone, and nothing that runs is hit."""

import json
import sqlite3
from typing import Any

import pytest

from playground.catalog import load_tables
from playground.domain.errors import NotFound, NotNow
from playground.domain.view import JobView
from playground.jobs.service import LOCAL, Service, owner_of_token
from tests.house import SAMPLES, House, request_for

TABLES = load_tables()
TEXT = TABLES["sandbox"].specs["sandbox-preview", "text-to-video"]
IMAGE = TABLES["sandbox"].specs["sandbox-preview", "image-to-video"]


async def finished(service: Service, owner: str = LOCAL, **changes: Any) -> JobView:
    request = request_for(IMAGE, prompt="A heron lands.", **changes)
    return await service.settled(await service.submit(request, owner=owner, files_under=SAMPLES), owner=owner)


async def until(service: Service, job_id: str, state: str) -> JobView:
    async for view in service.watch(job_id, owner=LOCAL):
        if view.state == state:
            return view
    raise AssertionError(f"it never was {state}")


async def test_nothing_of_a_deleted_job_is_left_but_what_it_cost(house: House) -> None:
    async with house.process() as service:
        kept, view = await finished(service), await finished(service)
        assert view.can_delete
        assert view.delete_note == "Sandbox keeps its own copy for up to 2 days."
        await service.delete(view.id, owner=LOCAL)
        for asking in (service.view, service.delete, service.conversation, service.cancel):
            with pytest.raises(NotFound):
                await asking(view.id, owner=LOCAL)
        assert [job.id for job in await service.jobs(owner=LOCAL)] == [kept.id]
    left = [path for path in house.data.rglob("*") if view.id in path.name]
    assert left == []
    with sqlite3.connect(house.data / "playground.db") as database:
        events = database.execute("select count(*) from job_events where job_id = ?", (view.id,)).fetchone()
        (row,) = database.execute("select request, inputs, operation, videos from jobs where id = ?", (view.id,))
    assert events == (0,)
    assert [json.loads(each) if each else None for each in row] == [
        {"provider": "sandbox", "mode": "image-to-video"},
        {},
        None,
        [],
    ]


async def test_somebody_elses_job_is_not_there_to_be_deleted(house: House) -> None:
    async with house.process() as service:
        view = await finished(service)
        with pytest.raises(NotFound):
            await service.delete(view.id, owner=owner_of_token("x" * 30))
        assert (await service.view(view.id, owner=LOCAL)).state == "succeeded"


async def test_a_running_job_is_kept_and_says_why(house: House) -> None:
    async with house.process() as service:
        request = request_for(TEXT, prompt="A boat [sandbox:slow].")
        job = await service.submit(request, owner=LOCAL, files_under=None)
        view = await until(service, job, "running")
        assert (view.can_delete, view.delete_note) == (False, "It is being made: cancel it, or wait for its end.")
        with pytest.raises(NotNow, match="It is being made"):
            await service.delete(job, owner=LOCAL)
        assert (await service.settled(job, owner=LOCAL)).state == "succeeded"


async def test_what_nobody_watches_any_more_can_be_deleted_and_stays_so(house: House) -> None:
    async with house.process() as service:
        job = await service.submit(
            request_for(TEXT, prompt="A boat [sandbox:never-ends]."), owner=LOCAL, files_under=None
        )
        view = await service.settled(job, owner=LOCAL)
        assert view.overdue
        assert view.can_delete
        assert "may still go on at Sandbox" in view.delete_note
        await service.delete(job, owner=LOCAL)
        assert await service.resume() == []
    async with house.process(adopts=True) as service:
        assert await service.jobs(owner=LOCAL) == []


async def test_the_same_click_again_makes_no_second_job(house: House) -> None:
    async with house.process() as service:
        job = await service.submit(request_for(TEXT), owner=LOCAL, files_under=None, nonce="once")
        await service.settled(job, owner=LOCAL)
        await service.delete(job, owner=LOCAL)
        assert await service.submit(request_for(TEXT), owner=LOCAL, files_under=None, nonce="once") == job
    assert house.accepted() == 1
