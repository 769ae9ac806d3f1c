"""Faults below HTTP: a create whose connection broke is sent once; everything else is asked again."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import pytest

from playground.domain.capabilities import ModeSpec
from playground.jobs.service import LOCAL, Service
from tests.emulation import TABLES, Emulation, emulation
from tests.house import House, request_for

SPEC = TABLES["aigateway"].specs["google/veo-3.1", "text-to-video"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulation]:
    with emulation(tmp_path_factory.mktemp("emulation"), proxied=True) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(server: Emulation) -> None:
    server.forget()


@asynccontextmanager
async def process(house: House, server: Emulation) -> AsyncGenerator[Service]:
    house.read_seconds = {"status": 0.5, "create": 0.5, "blocking-create": 0.5, "download": 0.5}
    async with house.process(adopts=False, **server.environment()) as service:
        yield service


@pytest.mark.parametrize("fault", ["reset-after", "end-after", "black-hole"])
async def test_a_create_whose_connection_broke_is_in_doubt(house: House, server: Emulation, fault: str) -> None:
    assert isinstance(SPEC, ModeSpec)
    async with process(house, server) as service:
        server.fault(None, "connection", fault)
        job = await service.submit(request_for(SPEC), owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
    assert (view.state, view.charged) == ("uncertain", "unknown"), view.error
    assert server.accepted("aigateway") == 1
    assert len([line for line in server.requests() if line["method"] == "POST"]) == 1


async def test_a_create_that_was_reset_at_once_is_never_accepted_twice(house: House, server: Emulation) -> None:
    assert isinstance(SPEC, ModeSpec)
    async with process(house, server) as service:
        server.fault(None, "connection", "reset")
        job = await service.submit(request_for(SPEC), owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
    # Whether it counts as connected is a matter of microseconds; a create that may have left is not repeated.
    made = {"uncertain": 0, "succeeded": 1}
    assert server.accepted("aigateway") == made[view.state]


@pytest.mark.parametrize("after", [0, 40, 4_000])
@pytest.mark.parametrize("fault", ["reset-after", "end-after", "black-hole", "trickle"])
async def test_a_download_or_a_question_whose_connection_broke_is_made_again(
    house: House, server: Emulation, fault: str, after: int
) -> None:
    assert isinstance(SPEC, ModeSpec)
    async with process(house, server) as service:
        job = await service.submit(request_for(SPEC), owner=LOCAL, files_under=None)
        async for view in service.watch(job, owner=LOCAL):
            if view.state == "running":
                server.fault(None, "connection", fault, times=2, after_bytes=after)
                break
        view = await service.settled(job, owner=LOCAL)
    assert view.state == "succeeded", view.error
    assert server.accepted("aigateway") == 1
