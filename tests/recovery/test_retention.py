"""The operator's limits: what is too old goes, and the oldest where there is no room; never what a job still needs."""

import asyncio
import os
from collections.abc import Callable

import pytest

from playground.catalog import load_tables
from playground.domain.view import JobView
from playground.jobs.journal import Journal
from playground.jobs.service import LOCAL, Service
from tests.house import SAMPLES, House, request_for

TABLES = load_tables()
TEXT = TABLES["sandbox"].specs["sandbox-preview", "text-to-video"]
IMAGE = TABLES["sandbox"].specs["sandbox-preview", "image-to-video"]
DAY = 86_400.0


async def made(service: Service) -> JobView:
    job = await service.submit(request_for(IMAGE), owner=LOCAL, files_under=SAMPLES)
    return await service.settled(job, owner=LOCAL)


async def begun(service: Service) -> str:
    request = request_for(IMAGE, prompt="It moves [sandbox:never-ends].")
    job = await service.submit(request, owner=LOCAL, files_under=SAMPLES)
    async for view in service.watch(job, owner=LOCAL):
        if view.state == "running":
            break
    return job


async def until(true: Callable[[], bool]) -> None:
    """Real time: the sweeps touch a real disk."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - there is no event for a file that goes
            await asyncio.sleep(0.01)


def kept_of(house: House, job_id: str) -> set[str]:
    return {path.parent.name for path in house.data.glob(f"*/{job_id}")}


async def test_what_is_older_than_the_limit_goes_with_its_row(house: House) -> None:
    async with house.process() as service:
        old, running = await made(service), await begun(service)
        assert kept_of(house, old.id) == {"media", "inputs", "talk"}
    upload = house.data / "uploads" / "anna" / "abc" / "old.png"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(b"x")
    long_ago = house.time.now - 9 * DAY
    os.utime(upload.parent, (long_ago, long_ago))
    house.time.now += 8 * DAY
    async with house.process() as service:
        new = await made(service)
    async with house.process(adopts=True, PLAYGROUND_KEEP_DAYS="7") as service:
        await until(lambda: not kept_of(house, old.id) and not upload.exists())
        left = [job.id for job in await service.jobs(owner=LOCAL)]
        assert left == [new.id, running]
        assert kept_of(house, new.id) == {"media", "inputs", "talk"}
        assert kept_of(house, running) >= {"inputs"}
        assert [end.parent.name for end in (house.data / "sandbox").glob("*/end.json")] == [new.provider_job_id]


async def test_without_limits_nothing_of_a_job_is_removed(house: House) -> None:
    async with house.process() as service:
        old = await made(service)
    house.time.now += 1_000 * DAY
    upload = house.data / "uploads" / "anna" / "abc" / "old.png"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(b"x")
    os.utime(upload.parent, (1, 1))
    async with house.process(adopts=True) as service:
        await until(lambda: not upload.exists())  # a sweep was here: an upload is kept for a day
        assert (await service.view(old.id, owner=LOCAL)).videos[0].gone is False
    assert kept_of(house, old.id) == {"media", "inputs", "talk"}


async def test_where_there_is_no_room_the_oldest_files_go_and_their_jobs_say_so(house: House) -> None:
    async with house.process() as service:
        oldest, running = await made(service), await begun(service)
        house.time.now += DAY
        newest = await made(service)
    for job in (oldest, newest):
        os.truncate(house.data / "media" / job.id / "1.mp4", 40_000_000)
    async with house.process(adopts=True, PLAYGROUND_DISK_QUOTA_GB="0.06") as service:
        await until(lambda: not kept_of(house, oldest.id))
        view = await service.view(oldest.id, owner=LOCAL)
        assert (view.state, view.videos[0].gone) == ("succeeded", True)
        assert [video.gone for job in await service.jobs(owner=LOCAL) for video in job.videos] == [False, True]
        assert kept_of(house, running) >= {"inputs"}
        assert kept_of(house, newest.id) == {"media", "inputs", "talk"}
        (clip,) = [each for each in await service.extendable("sandbox", None, owner=LOCAL) if each.job_id == oldest.id]
        assert not clip.can
        assert "no longer here" in (clip.why or "")


async def test_a_job_that_runs_is_never_touched_however_full_it_is(house: House) -> None:
    async with house.process() as service:
        running = await begun(service)
        os.truncate(next((house.data / "inputs" / running).glob("*")), 40_000_000)
        done = await made(service)
    async with house.process(adopts=True, PLAYGROUND_DISK_QUOTA_GB="0.001") as service:
        await until(lambda: not kept_of(house, done.id))
        assert kept_of(house, running) >= {"inputs"}
        assert (house.data / "sandbox" / str((await service.view(running, owner=LOCAL)).provider_job_id)).is_dir()


async def test_a_clock_that_jumps_ahead_makes_nothing_old(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async with house.process() as service:
        job = await made(service)
    async with house.process(adopts=True, PLAYGROUND_KEEP_DAYS="7") as service:
        await until(lambda: (house.data / "sweep.lock").exists())
        house.time.still = True
        house.time.now += 400 * DAY
        await until(lambda: "the clock was set" in caplog.text)
        for _ in range(7):  # within the hour
            await moved(house, 500)
        assert (await service.view(job.id, owner=LOCAL)).videos[0].gone is False
        await moved(house, 500)
        await moved(house, 500)
        await until(lambda: not kept_of(house, job.id))


async def moved(house: House, seconds: float) -> None:
    """Let time pass, and let every loop see that it did."""
    house.time.now += seconds
    seen = len(house.time.pauses)
    await until(lambda: len(house.time.pauses) >= seen + 5)


async def test_the_receipts_of_a_process_that_goes_on_are_shortened(house: House) -> None:
    async with house.process(adopts=True) as service:
        await made(service)
        receipts = house.data / "receipts"
        await until(lambda: [path.stat().st_size for path in receipts.glob("*.jsonl")] == [0])
        await made(service)
        (path,) = receipts.glob("*.jsonl")
        assert len(Journal(receipts, path.stem).of(path.stem)) <= 1


async def test_two_processes_sweep_one_folder(house: House) -> None:
    async with house.process() as service:
        jobs = [await made(service) for _ in range(3)]
    house.time.now += 8 * DAY
    limits = {"PLAYGROUND_KEEP_DAYS": "7", "PLAYGROUND_DISK_QUOTA_GB": "0.001"}
    async with house.process(adopts=True, **limits) as one, house.process(adopts=True, **limits) as other:
        await until(lambda: not any(kept_of(house, job.id) for job in jobs))
        assert await one.jobs(owner=LOCAL) == await other.jobs(owner=LOCAL) == []
