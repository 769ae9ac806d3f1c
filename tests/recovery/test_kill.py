"""Kill -9 at every point between two committed states, start again, and count: nothing lost, nothing bought twice."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from playground.jobs.boxes import mp4_problem
from tests.recovery.provider_process import Point, ProviderProcess, provider_process

REQUEST = {"provider": "sandbox", "mode": "text-to-video", "prompt": "A boat.", "duration_seconds": 4}
REPO = Path(__file__).parent.parent.parent


@pytest.fixture
def provider(tmp_path: Path) -> Generator[ProviderProcess]:
    with provider_process(tmp_path / "provider") as served:
        yield served


class Machine:
    """Our side: processes on one data folder."""

    def __init__(self, folder: Path, provider: ProviderProcess) -> None:
        self.data = folder / "data"
        self.request = folder / "request.json"
        self.request.write_text(json.dumps(REQUEST))
        self._environment = {
            **os.environ,
            "HOME": str(folder),
            "PLAYGROUND_DATA_DIR": str(self.data),
            "SANDBOX_BASE_URL": provider.base_url,
            "PLAYGROUND_POLL_SECONDS": "0.05",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "playground", *arguments]
        return subprocess.Popen(
            command, cwd=REPO, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str) -> tuple[int, list[dict[str, object]]]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in err, err
        return process.returncode, [json.loads(line) for line in out.splitlines()]

    def states(self) -> list[str]:
        with sqlite3.connect(self.data / "playground.db") as database:
            return [row[0] for row in database.execute("select state from jobs order by created_at")]

    def videos(self) -> list[Path]:
        return sorted((self.data / "media").glob("*/*.mp4"))


@pytest.fixture
def machine(tmp_path: Path, provider: ProviderProcess) -> Machine:
    return Machine(tmp_path, provider)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize(
    ("point", "state", "bought", "status"),
    [
        ("before-accepting", "uncertain", 0, None),
        ("before-replying", "uncertain", 1, None),
        ("status", "running", 1, "succeeded"),
        ("download", "downloading", 1, "succeeded"),
    ],
)
def test_a_kill_at_a_named_point(
    machine: Machine, provider: ProviderProcess, point: Point, state: str, bought: int, status: str | None
) -> None:
    provider.gate.arm(point)
    process = machine.start("generate", str(machine.request), "--json")
    assert provider.gate.reached.wait(60), process.communicate(timeout=5)
    kill(process)
    provider.gate.go_on.set()
    before = machine.states()
    code, lines = machine.run("resume", "--json")
    finished = [line for line in lines if line["event"] == "finished"]
    if status is None:
        assert before == ["submitting"]
        assert code == 4
        assert finished[0]["charged"] == "unknown"
        assert machine.states() == [state]
    else:
        assert before == [state]
        assert code == 0
        assert [line["status"] for line in finished] == [status]
        assert [mp4_problem(video) for video in machine.videos()] == [None]
    assert provider.creates() == 1
    time.sleep(0.05)  # the provider may still be writing down what it accepted before the reply was lost
    assert provider.accepted() in ((0, 1) if point == "before-accepting" else (bought,))
    code, lines = machine.run("resume", "--json")
    assert provider.creates() == 1


def test_a_download_goes_on_where_it_was_cut(machine: Machine, provider: ProviderProcess) -> None:
    provider.gate.arm("download")
    process = machine.start("generate", str(machine.request), "--json")
    assert provider.gate.reached.wait(60)
    parts: list[Path] = []
    for _ in range(100):
        parts = [p for p in (machine.data / "media").glob("*/*.part") if p.stat().st_size > 0]
        if parts:
            break
        time.sleep(0.02)
    kill(process)
    provider.gate.go_on.set()
    code, _ = machine.run("resume", "--json")
    assert code == 0
    ranges = [held for _, path, held in provider.gate.log if "/files/" in path]
    assert parts
    assert ranges[-1].startswith("bytes=")
    assert [mp4_problem(video) for video in machine.videos()] == [None]
    assert list((machine.data / "media").glob("*/*part*")) == []


def test_two_processes_and_random_kills(machine: Machine, provider: ProviderProcess) -> None:
    """Several `generate` beside each other on one data folder, killed whenever; then one `resume` until all rest."""
    chance = random.Random(7)
    for _ in range(4):
        pair = [machine.start("generate", str(machine.request), "--json") for _ in range(2)]
        time.sleep(chance.uniform(0.9, 2.6))
        kill(pair[0])
        if chance.random() < 0.5:
            kill(pair[1])
        else:
            _, err = pair[1].communicate(timeout=60)
            assert "Traceback" not in err, err
    for _ in range(3):
        machine.run("resume", "--json")
    states = machine.states()
    assert set(states) <= {"succeeded", "uncertain"}, states
    assert provider.creates() <= len(states)
    assert provider.accepted() <= len(states)
    assert states.count("succeeded") <= provider.accepted()
    assert len(machine.videos()) == states.count("succeeded")
    assert [mp4_problem(video) for video in machine.videos()] == [None] * len(machine.videos())


def test_a_job_is_run_by_one_process_only(machine: Machine, provider: ProviderProcess) -> None:
    """`resume` beside a living `generate` leaves its job alone."""
    provider.gate.arm("status")
    process = machine.start("generate", str(machine.request), "--json")
    assert provider.gate.reached.wait(60)
    code, lines = machine.run("resume", "--json")
    assert (code, lines) == (0, [])
    provider.gate.go_on.set()
    out, _ = process.communicate(timeout=60)
    assert json.loads(out.splitlines()[-1])["status"] == "succeeded"
    assert provider.creates() == 1


def test_a_late_receipt_heals_what_was_uncertain(machine: Machine, provider: ProviderProcess) -> None:
    """The receipt reached the journal, the ledger did not: starting again finds it."""
    provider.gate.arm("status")
    process = machine.start("generate", str(machine.request), "--json")
    assert provider.gate.reached.wait(60)
    kill(process)
    provider.gate.go_on.set()
    with sqlite3.connect(machine.data / "playground.db") as database:
        # As if the process had died between the journal and the ledger.
        database.execute("update jobs set state = 'submitting', operation = null")
    code, lines = machine.run("resume", "--json")
    assert code == 0
    assert lines[-1]["status"] == "succeeded"
    assert provider.creates() == 1


def test_ctrl_c_says_how_to_go_on(machine: Machine, provider: ProviderProcess) -> None:
    provider.gate.arm("status")
    process = machine.start("generate", str(machine.request))
    assert provider.gate.reached.wait(60)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 6
    assert "playground resume" in err
    provider.gate.go_on.set()
    assert machine.run("resume", "--json")[0] == 0
    assert provider.creates() == 1
