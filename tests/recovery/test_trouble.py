"""What is paid for survives a broken disk, a strange setting and a half delivery."""

import shutil

import pytest

from playground.catalog import load_tables
from playground.jobs.boxes import mp4_problem
from playground.jobs.service import LOCAL
from tests.house import WORKER, House, request_for

TEXT = load_tables()["sandbox"].specs["sandbox-preview", "text-to-video"]


async def test_a_receipt_that_cannot_be_journalled_reaches_the_ledger(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.data.mkdir()
    for folder in ("receipts", "talk"):
        (house.data / folder).write_text("no folder")
    async with house.process() as service:
        job = await service.submit(request_for(TEXT), owner=LOCAL, files_under=None)
        assert (await service.settled(job, owner=LOCAL)).state == "succeeded"
    assert house.accepted() == 1
    # One line each says what could not be written, and why.
    (said,) = [each for each in caplog.records if each.getMessage().startswith("a receipt cannot be journalled: ")]
    assert vars(said)["job"] == job
    assert "what Sandbox answered cannot be kept for looking at: Not a directory" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_video_that_cannot_be_written_waits_for_the_disk(house: House) -> None:
    async with house.process() as service:
        job = await service.submit(request_for(TEXT), owner=LOCAL, files_under=None)
        shutil.rmtree(house.data / "media")
        (house.data / "media").write_text("no folder")
        view = await service.settled(job, owner=LOCAL)
        assert (view.state, view.overdue, view.error) == ("downloading", True, None)
        (house.data / "media").unlink()
        await service.look_again(job, owner=LOCAL)
        assert (await service.settled(job, owner=LOCAL)).state == "succeeded"
        (video,) = await service.video_files(job, owner=LOCAL)
    assert mp4_problem(video) is None
    assert house.accepted() == 1


async def test_one_bad_file_does_not_cost_the_good_one(house: House) -> None:
    spoil_the_second = WORKER.replace("shutil.copyfile(", "(shutil.copyfile if spec['seed'] == 7 else spoil)(").replace(
        "spec = ", "spoil = lambda _, to: open(to, 'wb').write(b'no video')\nspec = "
    )
    house.render_with(spoil_the_second)
    async with house.process() as service:
        request = request_for(TEXT, seed=7, number_of_videos=2)
        job = await service.submit(request, owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
        assert (view.state, len(view.videos)) == ("succeeded", 1), view.error
        assert any("could not be saved" in note for note in view.notes)
        (video,) = await service.video_files(job, owner=LOCAL)
    assert mp4_problem(video) is None


async def test_a_job_goes_on_only_where_it_was_made(house: House) -> None:
    """Another base URL is another provider: asked there, a paid job would seem to be gone."""
    async with house.process() as service:
        request = request_for(TEXT, prompt="A boat [sandbox:slow].")
        job = await service.submit(request, owner=LOCAL, files_under=None)
        async for view in service.watch(job, owner=LOCAL):
            if view.state == "running":
                break
    async with house.process(SANDBOX_BASE_URL="http://127.0.0.1:9/v1") as service:
        assert await service.resume() == []
        assert (await service.view(job, owner=LOCAL)).state == "running"
    async with house.process() as service:
        assert await service.resume() == [(job, LOCAL)]
        assert (await service.settled(job, owner=LOCAL)).state == "succeeded"
    assert house.accepted() == 1


async def test_looking_again_from_another_process_wakes_the_one_that_owns_it(house: House) -> None:
    async with house.process(adopts=True) as ours, house.process() as other:
        request = request_for(TEXT, prompt="A boat [sandbox:never-ends].")
        job = await ours.submit(request, owner=LOCAL, files_under=None)
        assert (await ours.settled(job, owner=LOCAL)).overdue
        polls = (await other.view(job, owner=LOCAL)).polls
        await other.look_again(job, owner=LOCAL)
        assert (await other.settled(job, owner=LOCAL)).overdue
        assert (await other.view(job, owner=LOCAL)).polls > polls
        await other.cancel(job, owner=LOCAL)
