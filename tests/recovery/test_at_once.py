"""Providers that answer when the video is there: no job to ask about, so what the answer said must outlive a kill."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from playground import catalog
from playground.domain.request import VideoRequest
from playground.jobs.boxes import mp4_problem
from playground.jobs.service import LOCAL
from tests.emulation import Emulation
from tests.house import House

REPO = Path(__file__).parents[2]
AT_ONCE = ["azerion", "cloudflare"]


class Machine:
    """Our side: processes on one data folder."""

    def __init__(self, folder: Path, server: Emulation) -> None:
        self.folder, self.data = folder, folder / "data"
        own = {"HOME": str(folder), "PLAYGROUND_DATA_DIR": str(self.data)}
        self._environment = {**os.environ, **own, **server.environment()}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "playground", *arguments]
        return subprocess.Popen(command, cwd=REPO, env=self._environment, stdout=subprocess.PIPE, text=True)

    def ledger(self, statement: str) -> list[str]:
        with sqlite3.connect(self.data / "playground.db") as database:
            return [row[0] for row in database.execute(statement)]

    def killed_in_the_download(self, provider: str, server: Emulation) -> None:
        """Leave a job whose video is half here; it was paid for."""
        server.fault(provider, "file", "stall")
        request = self.folder / "request.json"
        asked = {"provider": provider, "mode": "text-to-video", "prompt": "A boat.", "duration_seconds": 4}
        request.write_text(json.dumps(asked))
        process = self.start("generate", str(request), "--json")
        until = time.monotonic() + 30
        while not list((self.data / "media").glob("*/*.part")) or self.states() != ["downloading"]:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()

    def states(self) -> list[str]:
        return self.ledger("select state from jobs")

    def resumed(self) -> dict[str, object]:
        process = self.start("resume", "--json")
        out, _ = process.communicate(timeout=60)
        (finished,) = [line for line in map(json.loads, out.splitlines()) if line["event"] == "finished"]
        return finished


@pytest.fixture
def machine(tmp_path: Path, server: Emulation) -> Machine:
    return Machine(tmp_path, server)


def is_whole(finished: dict[str, object]) -> bool:
    files = finished["files"]
    return isinstance(files, list) and [mp4_problem(Path(str(file))) for file in files] == [None]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON


@pytest.mark.parametrize("provider", AT_ONCE)
def test_a_kill_in_the_download_costs_nothing_more(provider: str, machine: Machine, server: Emulation) -> None:
    machine.killed_in_the_download(provider, server)
    finished = machine.resumed()
    assert (finished["status"], finished["charged"], finished["provider_job_id"]) == ("succeeded", "yes", None)
    assert is_whole(finished)
    assert server.accepted(provider) == 1


@pytest.mark.parametrize("provider", AT_ONCE)
def test_a_kill_before_the_ledger_knows_of_the_answer_is_healed_by_the_receipt(
    provider: str, machine: Machine, server: Emulation
) -> None:
    machine.killed_in_the_download(provider, server)
    # As it is where the process dies between writing the receipt down and telling the ledger.
    machine.ledger("update jobs set state = 'submitting', remote = null")
    finished = machine.resumed()
    assert (finished["status"], finished["charged"]) == ("succeeded", "yes")
    assert is_whole(finished)
    assert server.accepted(provider) == 1


async def test_of_several_videos_those_that_came_are_kept_and_the_others_missed(
    house: House, server: Emulation
) -> None:
    request = VideoRequest(
        provider="azerion", mode="text-to-video", prompt="A boat [sandbox:filtered].", number_of_videos=3
    )
    async with house.process(adopts=False, **server.environment()) as service:
        job = await service.submit(request, owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
    assert (view.state, len(view.videos), view.provider_job_id) == ("succeeded", 2, None)
    assert "3 videos were asked for, 2 came." in view.notes


async def test_videos_that_come_inside_the_answer_are_kept_as_well(
    house: House, server: Emulation, tmp_path: Path
) -> None:
    table = (Path(catalog.__file__).parent / "azerion.toml").read_text("utf-8")
    for old, new in (('"url"', '"base64"'), ('label = "Azerion"', 'label = "Inline"\ndialect = "azerion"')):
        assert table.count(old) == 1
        table = table.replace(old, new)
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "inline.toml").write_text(table, "utf-8")
    request = VideoRequest(provider="inline", mode="text-to-video", prompt="A boat.", number_of_videos=2)
    own = {"PLAYGROUND_CATALOG_DIR": str(tmp_path / "catalog"), **server.environment()}
    async with house.process(adopts=False, **own) as service:
        job = await service.submit(request, owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
        files = await service.video_files(job, owner=LOCAL)
    assert view.state == "succeeded", view.error
    assert [mp4_problem(file) for file in files] == [None, None]
    assert [line["path"] for line in server.requests()] == ["/azerion/v1/videos/generation"]


@pytest.mark.parametrize("provider", AT_ONCE)
async def test_while_the_call_waits_for_its_answer_the_provider_is_at_work(
    provider: str, house: House, server: Emulation
) -> None:
    request = VideoRequest(provider=provider, mode="text-to-video", prompt="A boat.", duration_seconds=4)
    async with house.process(adopts=False, **server.environment()) as service:
        job = await service.submit(request, owner=LOCAL, files_under=None)
        seen = {view.state: view async for view in service.watch(job, owner=LOCAL)}
    waiting = seen["submitting"]
    assert waiting.steps[waiting.step] == "generating"
    assert waiting.words == "It answers when the video is finished, and cannot be asked before."
    assert seen["succeeded"].words is None
