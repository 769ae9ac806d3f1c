"""Videos that came inside an answer outlive the process that received them; lost ones are asked for again."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from playground.domain.capabilities import ModeSpec
from playground.jobs.service import LOCAL, Service
from tests.emulation import TABLES, Emulation
from tests.house import House, request_for


@asynccontextmanager
async def process(house: House, server: Emulation) -> AsyncGenerator[Service]:
    async with house.process(adopts=True, **server.environment()) as service:
        yield service


async def stopped_before_the_video_was_saved(house: House, server: Emulation) -> str:
    """A job whose answer, video included, has arrived, in a process that could not save it and was ended."""
    spec = TABLES["vertex"].specs["veo-3.1-generate-001", "text-to-video"]
    assert isinstance(spec, ModeSpec)
    async with process(house, server) as service:
        job = await service.submit(request_for(spec), owner=LOCAL, files_under=None)
        # A folder in the file's place: nothing can be written there, whoever one is.
        (house.data / "media" / job / "1.part").mkdir(parents=True)
        async for view in service.watch(job, owner=LOCAL):
            if view.state == "downloading" and view.words is not None:
                break
    return job


@pytest.mark.parametrize("lost", [False, True])
async def test_a_video_inside_an_answer_is_brought_home_by_the_next_process(
    house: House, server: Emulation, lost: bool
) -> None:
    server.forget()
    job = await stopped_before_the_video_was_saved(house, server)
    folder = house.data / "media" / job
    assert await asyncio.to_thread(lambda: [path.name for path in (folder / "inline").iterdir()]) == ["1.inline"]
    await asyncio.to_thread((folder / "1.part").rmdir)
    if lost:
        await asyncio.to_thread(shutil.rmtree, folder / "inline")
    asked = len(server.requests())
    async with process(house, server) as service:
        view = await service.settled(job, owner=LOCAL)
    assert view.state == "succeeded", view.error
    assert server.accepted("vertex") == 1
    assert (len(server.requests()) > asked) == lost
    assert await asyncio.to_thread(lambda: (folder / "inline").exists()) is False
