"""Who is alive, and what was paid for: both must survive every kind of death."""

import asyncio
import contextlib
import fcntl
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from playground.domain.provider import Operation, RemoteFile
from playground.jobs.changes import Changes
from playground.jobs.journal import Journal, Receipt
from playground.jobs.locks import ProcessLock

ROOT = Path(__file__).parents[2]

_HOLDER = """
import sys
from pathlib import Path
from playground.jobs.locks import ProcessLock

lock = ProcessLock(Path(sys.argv[1]))
lock.acquire()
print(lock.id, flush=True)
sys.stdin.readline()
lock.release()
print("released", flush=True)
sys.stdin.readline()
"""


@contextlib.contextmanager
def another_process(folder: Path) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A process that holds its lock until it is told otherwise."""
    command = [sys.executable, "-c", _HOLDER, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_one_sees_another_alive_until_it_is_killed(tmp_path: Path) -> None:
    me = ProcessLock(tmp_path)
    me.acquire()
    with another_process(tmp_path) as (process, other):
        assert len(other) == 24
        assert me.is_alive(other)
        me.sweep()
        assert me.is_alive(other)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert not me.is_alive(other)
        assert (tmp_path / f"{other}.lock").exists()
        me.sweep()
        assert {path.name for path in tmp_path.iterdir()} == {f"{me.id}.lock"}
    assert me.is_alive(me.id)
    me.release()


def test_one_that_lets_go_is_gone_at_once(tmp_path: Path) -> None:
    me = ProcessLock(tmp_path)
    me.acquire()
    with another_process(tmp_path) as (process, other):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "released\n"
        assert process.poll() is None
        assert not me.is_alive(other)
    me.release()


def test_nobody_and_the_unknown_are_not_alive(tmp_path: Path) -> None:
    me = ProcessLock(tmp_path / "not yet made")
    assert not me.is_alive(None)
    assert not me.is_alive("nobody")
    assert not me.is_alive(me.id)
    me.sweep()
    me.acquire()
    assert me.is_alive(me.id)
    me.release()
    me.release()
    assert not me.is_alive(me.id)
    assert list((tmp_path / "not yet made").iterdir()) == []


def test_every_start_has_an_id_of_its_own(tmp_path: Path) -> None:
    assert len({ProcessLock(tmp_path).id for _ in range(50)}) == 50


def test_a_child_that_outlives_us_does_not_keep_us_alive(tmp_path: Path) -> None:
    """The sandbox's worker must not inherit the lock."""
    me, other = ProcessLock(tmp_path), ProcessLock(tmp_path)
    me.acquire()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        assert other.is_alive(me.id)
        me.release()
        (tmp_path / f"{me.id}.lock").touch()
        assert not other.is_alive(me.id)
        child.kill()


def test_a_sweep_never_removes_a_living_ones_lock(tmp_path: Path) -> None:
    """Processes start and stop while others sweep and look: whoever holds a lock is seen by everyone."""
    stop, problems = threading.Event(), list[str]()

    def sweep() -> None:
        sweeper = ProcessLock(tmp_path)
        while not stop.is_set():
            sweeper.sweep()

    def live() -> None:
        watcher = ProcessLock(tmp_path)
        while not stop.is_set():
            lock = ProcessLock(tmp_path)
            lock.acquire()
            for _ in range(3):
                if not watcher.is_alive(lock.id):
                    problems.append(lock.id)
            lock.release()

    threads = [threading.Thread(target=work) for work in (sweep, sweep, sweep, live, live)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)  # a race needs real time
    stop.set()
    for thread in threads:
        thread.join(10)
    assert problems == []


def test_a_sweep_that_comes_late_spares_the_file_that_was_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a sweep's opening and its locking, another sweep removes the file and its owner makes a new one."""
    owner, watcher, flock = ProcessLock(tmp_path), ProcessLock(tmp_path), fcntl.flock
    path = tmp_path / f"{owner.id}.lock"
    path.touch()

    def late(file: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        path.unlink()
        owner.acquire()
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    watcher.sweep()
    assert path.exists()
    assert watcher.is_alive(owner.id)
    owner.release()


# ---- The journal ----

RECEIPT = Receipt("job-1", 12.5, Operation(id="models/veo/operations/ü", extra={"uri": "files/1"}), None)
FILES = Receipt("job-2", 13.5, None, (RemoteFile(url="https://a.example/1.mp4", with_credential=True),))


async def test_receipts_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "receipts", "me")
    assert journal.processes() == []
    assert journal.of("me") == []
    await journal.write(RECEIPT)
    await journal.write(FILES)
    await Journal(tmp_path / "receipts", "you").write(FILES)
    another = Journal(tmp_path / "receipts", "another")
    assert another.processes() == ["me", "you"]
    assert another.of("me") == [RECEIPT, FILES]
    another.forget("me")
    another.forget("me")
    assert another.processes() == ["you"]


async def test_receipts_written_at_once_are_all_there(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "me")
    large = Operation(id="op", extra={"words": "x" * 20_000})
    receipts = [Receipt(f"job-{n}", float(n), large, None) for n in range(20)]
    await asyncio.gather(*(journal.write(receipt) for receipt in receipts))
    assert sorted(journal.of("me"), key=lambda receipt: receipt.at) == receipts


async def test_a_cut_last_line_takes_nothing_with_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "me")
    await journal.write(RECEIPT)
    await journal.write(FILES)
    path = tmp_path / "me.jsonl"
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert journal.of("me") == [RECEIPT]
    path.write_bytes(whole[: first + 10])
    # The disk had been full; there is room again.
    await journal.write(FILES)
    assert journal.of("me") == [RECEIPT, FILES]


@pytest.mark.parametrize(
    "garbage", [b"\0" * 500, b"\xff\xfe\x00", b"[]\n{}\n1\nnull\n", b'{"job_id": 1}\n', b'"x"\n', b"[" * 5_000]
)
async def test_garbage_is_passed_over(tmp_path: Path, garbage: bytes) -> None:
    journal = Journal(tmp_path, "me")
    await journal.write(RECEIPT)
    with (tmp_path / "me.jsonl").open("ab") as file:
        file.write(garbage + b"\n")
    await journal.write(FILES)
    assert journal.of("me") == [RECEIPT, FILES]


# ---- Waking those who watch ----


async def test_watchers_are_woken_and_forgotten() -> None:
    changes = Changes(look_every_seconds=30)
    with changes.follow("job-1") as one, changes.follow("job-1") as two, changes.follow("job-2") as other:
        changes.announce("job-1")
        # Announced before anybody waits: nobody misses it.
        await asyncio.wait_for(asyncio.gather(one(), two()), 5)
        waiting = asyncio.ensure_future(other())
        changes.announce("job-1")
        changes.announce("nobody")
        await asyncio.sleep(0)
        assert not waiting.done()
        changes.announce("job-2")
        await asyncio.wait_for(waiting, 5)
    changes.announce("job-1")


async def test_what_another_process_changed_is_looked_for_after_a_moment() -> None:
    changes = Changes(look_every_seconds=0.001)
    with changes.follow("job-1") as changed:
        await asyncio.wait_for(changed(), 5)
        await asyncio.wait_for(changed(), 5)
