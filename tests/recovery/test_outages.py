"""Troubles that last: a ledger that is away, a download that is down for long, links that cannot be renewed at once."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from playground.domain.capabilities import ModeSpec
from playground.jobs.service import LOCAL, Service
from tests.emulation import TABLES, Emulation
from tests.house import House, request_for
from tests.unit.test_transport_loopback import Seen, reply, serving


def plain(stem: str) -> ModeSpec:
    return next(spec for (_, mode), spec in TABLES[stem].specs.items() if mode == "text-to-video")


@asynccontextmanager
async def process(house: House, server: Emulation) -> AsyncGenerator[Service]:
    house.read_seconds = {**house.read_seconds, "download": 0.5}
    async with house.process(adopts=False, PLAYGROUND_ALLOW_RETIRED="1", **server.environment()) as service:
        yield service


class Ledger:
    """The table of jobs, which somebody takes away for a while."""

    def __init__(self, house: House) -> None:
        self._file = house.data / "playground.db"

    def take_away(self) -> None:
        self._run("alter table jobs rename to away")

    def bring_back(self) -> None:
        self._run("alter table away rename to jobs")

    def _run(self, statement: str) -> None:
        with sqlite3.connect(self._file) as database:
            database.execute(statement)


async def until(service: Service, job: str, *states: str) -> None:
    async for view in service.watch(job, owner=LOCAL):
        if view.state in states:
            return


@pytest.mark.parametrize("stem", ["cloudflare", "sandbox"])
async def test_a_receipt_waits_for_a_ledger_that_is_away(house: House, server: Emulation, stem: str) -> None:
    async with process(house, server) as service:
        request = request_for(plain(stem), prompt="A boat [sandbox:slow].")
        job = await service.submit(request, owner=LOCAL, files_under=None)
        await until(service, job, "submitting", "running")
        Ledger(house).take_away()
        receipts = house.data / "receipts"
        while not any(path.stat().st_size for path in receipts.glob("*.jsonl")):  # noqa: ASYNC110 - a file tells
            await asyncio.sleep(0.01)
        # Long enough for what comes next to have met it.
        await asyncio.sleep(0.3)
        Ledger(house).bring_back()
        view = await service.settled(job, owner=LOCAL)
    assert (view.state, server.accepted(stem)) == ("succeeded", 1), view.error


@pytest.mark.parametrize("stops", [False, True], ids=["goes on", "stops"])
async def test_a_refusal_waits_for_a_ledger_that_is_away(
    house: House, caplog: pytest.LogCaptureFixture, stops: bool
) -> None:
    """It is clear that nothing was charged: no reason for doubt, even where the process is told to stop meanwhile."""

    async def refuses(_: Seen, writer: asyncio.StreamWriter) -> None:
        Ledger(house).take_away()
        await reply(writer, 400, b'{"error": {"message": "No."}}')

    key = {"TOKENBAY_API_KEY": "a-key-of-this-test"}
    async with serving(refuses) as there:
        environment = {"TOKENBAY_BASE_URL": there.url, **key}
        async with house.process(adopts=False, **environment) as service:
            job = await service.submit(request_for(plain("tokenbay")), owner=LOCAL, files_under=None)
            while "what its create was answered with cannot be written yet" not in caplog.text:  # noqa: ASYNC110 - a log
                await asyncio.sleep(0.01)
            Ledger(house).bring_back()
            if not stops:
                await service.settled(job, owner=LOCAL)
        async with house.process(adopts=False, **environment) as service:
            view = await service.view(job, owner=LOCAL)
    assert (view.state, view.charged, len(there.seen)) == ("failed", "no", 1), view.error


async def test_a_download_that_is_down_until_the_deadline_is_brought_home_later(
    house: House, server: Emulation
) -> None:
    server.fault("aigateway", "file", "error-500", times=100_000)
    async with process(house, server) as service:
        job = await service.submit(request_for(plain("aigateway")), owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
        assert (view.state, view.overdue, view.error) == ("downloading", True, None)
        server.forget_faults()
        await service.look_again(job, owner=LOCAL)
        assert (await service.settled(job, owner=LOCAL)).state == "succeeded"
    assert server.accepted("aigateway") == 1


@pytest.mark.parametrize("trouble", ["error-500", "html", "garbage"])
async def test_links_are_renewed_although_the_status_is_in_trouble(
    house: House, server: Emulation, trouble: str
) -> None:
    server.fault("aigateway", "file", "stall")
    async with process(house, server) as service:
        job = await service.submit(request_for(plain("aigateway")), owner=LOCAL, files_under=None)
        await until(service, job, "downloading")
        server.fault("aigateway", "status", trouble, times=3)
        server.fault("aigateway", "file", "gone", times=2)
        view = await service.settled(job, owner=LOCAL)
    assert (view.state, server.accepted("aigateway")) == ("succeeded", 1), view.error


async def test_a_create_that_is_put_off_again_and_again_can_be_cancelled(house: House, server: Emulation) -> None:
    server.fault("aigateway", "create", "rate-limited", times=100)
    async with process(house, server) as service:
        job = await service.submit(request_for(plain("aigateway")), owner=LOCAL, files_under=None)
        while len(server.requests()) < 2:  # noqa: ASYNC110 - another thread's
            await asyncio.sleep(0.001)
        await service.cancel(job, owner=LOCAL)
        view = await service.settled(job, owner=LOCAL)
        asked = len(server.requests())
        assert (view.state, view.charged, view.error) == ("cancelled", "no", None)
        await asyncio.sleep(0.05)
    assert (server.accepted("aigateway"), len(server.requests())) == (0, asked)
