"""Providers that overdo it, clocks that jump, a database that is locked: said in words, and nothing else is harmed."""

import asyncio
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.catalog import load_tables
from playground.domain.errors import Unavailable
from playground.domain.view import JobView
from playground.jobs.service import LOCAL, Service
from tests.house import WORKER, House, request_for

TEXT = load_tables()["sandbox"].specs["sandbox-preview", "text-to-video"]
GATE = """
import os, time
while not os.path.exists(os.path.join(os.path.dirname(sys.argv[1]), "go")):
    time.sleep(0.01)
"""
DAY = 86_400.0
PIECE = b"0" * 1_000_000


class Torrent:
    """In front of a provider: what is asked first of a kind is answered without end, or with far too much."""

    def __init__(self, app: ASGIApp, part: str, pieces: int | None) -> None:
        """`pieces` of a megabyte are sent; None: as long as somebody takes them."""
        self._app = app
        self._part = part
        self._pieces = pieces
        self.first: str | None = None
        """The path that is flooded; an empty one: none any more."""
        self.most = 0
        """Megabytes that were taken of one answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "GET" or self._part not in path:
            await self._app(scope, receive, send)
            return
        if self.first is None:
            self.first = path
        if path != self.first:
            await self._app(scope, receive, send)
            return
        start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"video/mp4")]}
        await send(start)
        sent = 0
        while self._pieces is None or sent < self._pieces:
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
            sent += 1
            self.most = max(self.most, sent)
        await send({"type": "http.response.body", "body": b""})


async def begun(service: Service, prompt: str = "A boat.") -> str:
    return await service.submit(request_for(TEXT, prompt=prompt), owner=LOCAL, files_under=None)


async def ended(service: Service, job_id: str) -> JobView:
    """The end of a job, looked at again where the fake clock ran past its deadline before the machine made it."""
    while (view := await service.settled(job_id, owner=LOCAL)).overdue:
        await service.look_again(job_id, owner=LOCAL)
    return view


async def running(service: Service, job_id: str) -> JobView:
    async for view in service.watch(job_id, owner=LOCAL):
        if view.state == "running" and view.polls:
            return view
    raise AssertionError("it never ran")


def small_caps(house: House) -> Path:
    """The sandbox once more, with a small cap on downloads."""
    tables = house.folder / "tables"
    tables.mkdir()
    own = (Path(__file__).parents[2] / "playground" / "catalog" / "sandbox.toml").read_text()
    capped = own.replace("[provider]\n", '[provider]\ndialect = "sandbox"\ndownload_cap_megabytes = 5\n', 1)
    (tables / "capped.toml").write_text(capped)
    return tables


async def test_a_video_without_end_is_cut_at_the_tables_cap(house: House) -> None:
    torrents: list[Torrent] = []

    def around(app: ASGIApp) -> ASGIApp:
        torrents.append(Torrent(app, "/files/", None))
        return torrents[-1]

    house.around = around
    async with house.process(PLAYGROUND_CATALOG_DIR=str(small_caps(house))) as service:
        endless = await service.submit(request_for(TEXT, provider="capped"), owner=LOCAL, files_under=None)
        view = await service.settled(endless, owner=LOCAL)
        assert (view.state, view.charged) == ("failed", "no")
        assert view.error is not None
        assert view.error.message == "The video is larger than the 5 MB that are taken."
        assert view.error.next_step
        good = await service.settled(await begun(service), owner=LOCAL)
        assert good.state == "succeeded"
    assert torrents[0].most <= 8
    assert list((house.data / "media" / endless).glob("*.mp4")) == []


async def test_fifty_megabytes_of_status_are_no_answer_and_are_asked_for_again(house: House) -> None:
    torrents: list[Torrent] = []

    def around(app: ASGIApp) -> ASGIApp:
        torrents.append(Torrent(app, "/v1/videos/", 50))
        return torrents[-1]

    house.around = around
    async with house.process() as service:
        flooded = await begun(service)
        async for view in service.watch(flooded, owner=LOCAL):
            if view.words is not None and "larger than" in view.words:
                break
        # Begun only now: whichever was asked first would be the flooded one.
        assert (await ended(service, await begun(service))).state == "succeeded"
        torrents[0].first = ""
        assert (await ended(service, flooded)).state == "succeeded"
    assert 8 <= torrents[0].most < 20


@pytest.mark.parametrize(("answers", "late"), [(0.5, 0.0), (0.0, 0.5), (0.3, 0.3)])
async def test_slow_answers_and_a_busy_machine_thin_no_questions_out(house: House, answers: float, late: float) -> None:
    asked: list[float] = []
    house.time.late = late

    def around(app: ASGIApp) -> ASGIApp:
        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["method"] == "GET" and "/v1/videos/" in scope["path"]:
                asked.append(house.time.now)
                house.time.now += answers
            await app(scope, receive, send)

        return slow

    house.around = around
    polling = load_tables()["sandbox"].provider.poll_seconds
    assert polling is not None
    async with house.process(PLAYGROUND_POLL_SECONDS="") as service:
        assert (await ended(service, await begun(service, "A boat [sandbox:slow]."))).state == "succeeded"
    gaps = [after - before for before, after in pairwise(asked)]
    assert len(gaps) > 10
    assert all(0.8 * polling.then <= gap <= 1.2 * polling.then + 0.01 for gap in gaps), gaps


@pytest.mark.parametrize("days", [1, -1, -400])
async def test_a_clock_that_jumps_loses_no_job(house: House, days: int) -> None:
    house.render_with(WORKER.replace("print(", f"{GATE}print(", 1))
    async with house.process() as service:
        job = await begun(service)
        await running(service, job)
        house.time.now += days * DAY
        (house.folder / "go").touch()
        view = await service.settled(job, owner=LOCAL)
        if days > 0 and view.overdue:
            # Its time seems to be over; it was asked once more all the same, and one click goes on.
            await service.look_again(job, owner=LOCAL)
            view = await service.settled(job, owner=LOCAL)
        assert (view.state, len(view.videos), view.overdue) == ("succeeded", 1, False)
        assert view.elapsed_seconds >= 0
        assert (await service.settled(await begun(service), owner=LOCAL)).state == "succeeded"
    assert house.accepted() == 2


async def test_a_locked_database_is_said_and_what_can_be_read_is_shown(house: House) -> None:
    async with house.process() as service:
        done = await service.settled(await begun(service), owner=LOCAL)
        with sqlite3.connect(house.data / "playground.db", isolation_level=None) as other:
            other.execute("begin immediate")
            submitting = asyncio.create_task(begun(service))
            await asyncio.sleep(0.3)
            # While one waits for its turn to write, everybody else can look.
            async with asyncio.timeout(1.5):
                assert [job.id for job in await service.jobs(owner=LOCAL)] == [done.id]
            submitting.cancel()
            other.execute("rollback")
        assert (await service.settled(await begun(service), owner=LOCAL)).state == "succeeded"
    assert house.accepted() >= 2


async def test_a_ledger_that_is_gone_refuses_before_anything_is_sent(house: House) -> None:
    async with house.process() as service:
        await service.settled(await begun(service), owner=LOCAL)
        with sqlite3.connect(house.data / "playground.db") as database:
            database.execute("alter table jobs rename to elsewhere")
        with pytest.raises(Unavailable, match="cannot be written down") as refused:
            await begun(service)
        assert refused.value.next_step
        with sqlite3.connect(house.data / "playground.db") as database:
            database.execute("alter table elsewhere rename to jobs")
        assert (await service.settled(await begun(service), owner=LOCAL)).state == "succeeded"
    assert house.accepted() == 2
    assert len(list((house.data / "inputs").glob("*"))) == 0
