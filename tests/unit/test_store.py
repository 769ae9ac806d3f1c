"""The ledger on a real SQLite file: legal moves only, one winner, no gap in a history, one receipt."""

import asyncio
import itertools
import random
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from playground.domain.errors import failure
from playground.domain.job import ACTIVE, ENDS, MOVES, STATES, State, may_move
from playground.domain.provider import Operation, RemoteFile
from playground.jobs.database import LedgerUnavailable
from playground.jobs.record import JobEvent, JobRecord
from playground.jobs.store import Store

ROOT = Path(__file__).parents[2]


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def opened(folder: Path, clock: Callable[[], float] = lambda: 1_000.0, **options: Any) -> AsyncGenerator[Store]:
    store = Store(f"sqlite:///{folder / 'jobs.db'}", clock=clock, pause=no_pause, **options)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def a_job(**fields: Any) -> JobRecord:
    plain: dict[str, Any] = {
        "id": "job-1",
        "owner": "local",
        "nonce": None,
        "state": "queued",
        "runner": "me",
        "credential": "none",
        "base_url": "http://sandbox.localhost/v1",
        "account": {},
        "provider": "sandbox",
        "model": "sandbox-preview",
        "mode": "text-to-video",
        "request": {"provider": "sandbox", "mode": "text-to-video", "prompt": "🎬", "seed": 0, "generate_audio": False},
        "inputs": {"a.png": {"file": "inputs/a.png", "mime_type": "image/png"}},
        "operation": None,
        "remote": None,
        "videos": (),
        "notes": ("A note.",),
        "failure": None,
        "charged": "no",
        "price_usd": None,
        "extended": 0,
        "progress": None,
        "words": None,
        "polls": 0,
        "attempts": 0,
        "created_at": 1_000.0,
        "submitted_at": None,
        "finished_at": None,
        "overdue": False,
        "watch_until": None,
        "parked_from": None,
        "seq": 0,
    }
    return JobRecord.model_validate({**plain, **fields})


def at(state: State, **fields: Any) -> JobRecord:
    return a_job(state=state, **fields)


def gapless(events: list[JobEvent]) -> bool:
    return [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_a_job_comes_back_as_it_was_written(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        written = await store.add(a_job())
        assert written.seq == 1
        assert await store.get("job-1") == written
        assert written.asked().set_values() == {"prompt": "🎬", "seed": 0, "generate_audio": False}
        assert await store.get("nobody") is None
    async with opened(tmp_path) as again:
        assert await again.get("job-1") == written


async def test_a_row_that_is_damaged_is_not_quoted(tmp_path: Path) -> None:
    """Its error goes into the log, where no prompt may be."""
    async with opened(tmp_path) as store:
        await store.add(a_job())
    with closing(sqlite3.connect(tmp_path / "jobs.db")) as ledger, ledger:
        ledger.execute("""update jobs set request = '"A heron lands on a pier"'""")
    async with opened(tmp_path) as store:
        with pytest.raises(ValidationError) as wrong:
            await store.get("job-1")
    assert "heron" not in "".join(traceback.format_exception(wrong.value))


async def test_a_move_writes_its_columns_and_its_event_together(tmp_path: Path) -> None:
    async with opened(tmp_path, itertools.count(1_000).__next__) as store:
        await store.add(at("downloading", operation=Operation(id="op")))
        reason = failure("expired", "The link expired.", "yes")
        moved = await store.move("job-1", "downloading", "failed", because="expired", failure=reason, charged="yes")
        assert moved is not None
        assert (moved.state, moved.failure, moved.charged, moved.seq) == ("failed", reason, "yes", 2)
        assert await store.get("job-1") == moved
        first, second = await store.events("job-1")
        assert (first.kind, first.data) == ("created", {"state": "downloading"})
        assert (second.kind, second.data) == ("moved", {"state": "failed", "because": "expired"})
        assert (first.at, second.at) == (1_000, 1_001)
        assert await store.events("job-1", after=1) == [second]


async def test_a_url_with_the_driver_of_earlier_releases_opens_the_same_ledger(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(a_job())
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'jobs.db'}", clock=lambda: 1_000.0, pause=no_pause)
    await store.open()
    try:
        job = await store.get("job-1")
        assert job is not None
        assert job.state == "queued"
    finally:
        await store.close()


@pytest.mark.parametrize(("before", "after"), [(b, a) for b in STATES for a in STATES if not may_move(b, a)])
async def test_an_illegal_move_is_a_mistake_of_ours(tmp_path: Path, before: State, after: State) -> None:
    # It raises before the database is asked: none is open here.
    store = Store("sqlite://", clock=lambda: 0.0, pause=no_pause)
    with pytest.raises(ValueError, match="never moves"):
        await store.move("job-1", before, after)


async def test_no_other_door_leads_around_the_graph(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(at("submitting"))
        with pytest.raises(ValueError, match="move"):
            await store.note("job-1", "progress", state="succeeded")
        with pytest.raises(ValueError, match="never moves"):
            await store.receipt("job-1", "succeeded", operation=Operation(id="op"))
        job = await store.get("job-1")
        assert job is not None
        assert (job.state, job.seq) == ("submitting", 1)


async def test_a_move_from_elsewhere_or_by_another_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        job = await store.add(at("running"))
        assert await store.move("job-1", "queued", "submitting") is None
        assert await store.move("job-1", ("queued", "downloading"), "failed") is None
        assert await store.move("job-1", "running", "downloading", runner="another") is None
        assert await store.move("nobody", "running", "downloading") is None
        assert await store.get("job-1") == job
        assert len(await store.events("job-1")) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_walk_stays_on_the_graph(tmp_path: Path, seed: int) -> None:
    """Everything that the store can do, in any order, from two processes' points of view."""
    dice = random.Random(seed)
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        for number in range(6):
            job_id = f"job-{number}"
            expected = await one.add(a_job(id=job_id))
            for _ in range(14):
                store = dice.choice((one, two))
                after = await _step(store, expected, dice)
                found = await store.get(job_id)
                assert found is not None
                if after is None:
                    assert found == expected
                else:
                    assert found == after
                    assert after.seq == expected.seq + 1
                    assert after.state == expected.state or may_move(expected.state, after.state)
                    expected = after
            events = await two.events(job_id)
            assert gapless(events)
            assert len(events) == expected.seq
            states = [str(event.data["state"]) for event in events if "state" in event.data]
            assert states[-1] == expected.state
            assert all(after in MOVES[before] for before, after in itertools.pairwise(states))  # pyright: ignore[reportArgumentType] - states all


async def _step(store: Store, job: JobRecord, dice: random.Random) -> JobRecord | None:
    match dice.randrange(6):
        case 0:
            return await store.note(job.id, "progress", progress=dice.random(), words="Drawing", polls=job.polls + 1)
        case 1:
            return await store.receipt(job.id, dice.choice(("running", "downloading")), operation=Operation(id="op"))
        case 2:
            return await store.adopt(job.id, dice.choice((job.runner, "nobody", None)), f"runner-{dice.randrange(99)}")
        case _:
            # Somewhere legal, asked for from wherever the dice believe the job to be.
            true = job.state not in ENDS and dice.random() < 0.7
            before: State = job.state if true else dice.choice([state for state in STATES if MOVES[state]])
            after: State = dice.choice([state for state in STATES if state in MOVES[before]])
            return await store.move(job.id, before, after, words=str(dice.random()))


async def test_one_of_many_movers_wins(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        for number in range(5):
            await one.add(a_job(id=f"job-{number}"))
            movers = [
                store.move(f"job-{number}", "queued", "submitting", words=str(n))
                for n in range(5)
                for store in (one, two)
            ]
            moved = [job for job in await asyncio.gather(*movers) if job is not None]
            assert len(moved) == 1
            assert await two.get(f"job-{number}") == moved[0]
            assert gapless(await one.events(f"job-{number}"))


async def test_the_same_nonce_is_the_same_job(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        twins = [store.add(a_job(id=f"job-{n}", nonce="click")) for n, store in enumerate((one, two) * 4)]
        assert len({job.id for job in await asyncio.gather(*twins)}) == 1
        assert len(await one.of_owner("local", 50)) == 1
        other = await one.add(a_job(id="other", owner="token:x", nonce="click"))
        assert other.id == "other"
        plain = [await one.add(a_job(id=f"plain-{n}")) for n in range(2)]
        assert [job.id for job in plain] == ["plain-0", "plain-1"]


async def test_a_job_that_cannot_be_written_is_never_answered_with_another(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(a_job(id="job-1"))
        await store.add(a_job(id="job-2"))
        with pytest.raises(IntegrityError):
            await store.add(a_job(id="job-2"))


@pytest.mark.parametrize("state", ["submitting", "uncertain"])
async def test_a_receipt_heals_once(tmp_path: Path, state: State) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        doubt = failure("uncertain", "The reply was lost.", "unknown")
        await one.add(at(state, failure=doubt if state == "uncertain" else None))
        both = await asyncio.gather(
            one.receipt("job-1", "running", operation=Operation(id="first", extra={"uri": "files/1"})),
            two.receipt("job-1", "running", operation=Operation(id="second")),
        )
        (healed,) = [job for job in both if job is not None]
        assert (healed.state, healed.failure) == ("running", None)
        assert await two.receipt("job-1", "downloading", operation=Operation(id="late")) is None
        assert await one.get("job-1") == healed
        assert [event.kind for event in await one.events("job-1")] == ["created", "receipt"]


async def test_a_receipt_may_be_the_files_themselves(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(at("submitting"))
        files = (RemoteFile(url="https://a.example/1.mp4", with_credential=True), RemoteFile(url="2.mp4"))
        healed = await store.receipt("job-1", "downloading", operation=None, remote=files)
        assert healed is not None
        assert (healed.state, healed.remote, healed.operation) == ("downloading", files, None)
        assert await store.receipt("job-1", "running", operation=Operation(id="late")) is None


@pytest.mark.parametrize("state", sorted(set(STATES) - {"submitting", "uncertain"}))
async def test_a_receipt_changes_nothing_elsewhere(tmp_path: Path, state: State) -> None:
    async with opened(tmp_path) as store:
        job = await store.add(at(state))
        assert await store.receipt("job-1", "running", operation=Operation(id="op")) is None
        assert await store.get("job-1") == job


@pytest.mark.parametrize("dead", ["dead", None])
async def test_a_job_is_adopted_from_the_dead_and_by_one(tmp_path: Path, dead: str | None) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        await one.add(at("running", runner=dead))
        assert await one.adopt("job-1", "someone else", "me") is None
        assert await one.adopt("job-1", None if dead is not None else "dead", "me") is None
        both = await asyncio.gather(one.adopt("job-1", dead, "me"), two.adopt("job-1", dead, "you"))
        (taken,) = [job for job in both if job is not None]
        assert (taken.state, taken.runner) == ("running", "me" if both[0] is not None else "you")
        assert await one.adopt("job-1", dead, "third") is None
        # The one that was thought dead has lost its job.
        assert await two.move("job-1", "running", "downloading", runner=dead or "dead") is None


@pytest.mark.parametrize("state", STATES)
async def test_only_what_needs_somebody_is_adopted_and_unfinished(tmp_path: Path, state: State) -> None:
    async with opened(tmp_path) as store:
        await store.add(at(state, runner="dead"))
        wanted = state in ACTIVE or state == "parked"
        assert [job.id for job in await store.unfinished()] == (["job-1"] if wanted else [])
        assert (await store.adopt("job-1", "dead", "me") is not None) is wanted


async def test_lists_are_of_one_owner_newest_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number in range(5):
            owner = "token:x" if number % 2 else "local"
            await store.add(a_job(id=f"job-{number}", owner=owner, created_at=float(number)))
        assert [job.id for job in await store.of_owner("local", 2)] == ["job-4", "job-2"]
        assert [job.id for job in await store.of_owner(None, 9)] == [f"job-{n}" for n in (4, 3, 2, 1, 0)]
        assert await store.of_owner("token:y", 9) == []
        assert [job.id for job in await store.unfinished()] == [f"job-{n}" for n in range(5)]


async def test_what_waits_for_its_owners_word_is_listed_however_old_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number, state in enumerate(("uncertain", "succeeded", "parked", "succeeded", "running", "succeeded")):
            await store.add(at(state, id=f"job-{number}", created_at=float(number)))
        await store.add(at("uncertain", id="another's", owner="token:x"))
        assert [job.id for job in await store.of_owner("local", 2)] == ["job-5", "job-4", "job-2", "job-0"]


async def test_a_cancelled_task_leaves_the_ledger_whole(tmp_path: Path) -> None:
    """Watching tasks are cancelled whenever a process stops or a job ends elsewhere: at any await of ours."""
    dice = random.Random(1)
    async with opened(tmp_path) as store:
        await store.add(at("running"))

        async def write() -> None:
            for number in itertools.count():
                await store.note("job-1", "progress", polls=number)

        for _ in range(25):
            task = asyncio.create_task(write())
            for _ in range(dice.randrange(40)):
                await asyncio.sleep(0)
            await asyncio.sleep(dice.random() / 200)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=5)
            assert done
            assert task.cancelled()
        moved = await asyncio.wait_for(store.move("job-1", "running", "downloading"), 5)
        assert moved is not None
        events = await store.events("job-1")
        assert gapless(events)
        assert len(events) == moved.seq


async def test_a_database_that_others_hold_is_waited_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        await one.add(a_job())
        notes = [store.note("job-1", "progress", polls=n) for n in range(20) for store in (one, two)]
        assert None not in await asyncio.gather(*notes)
        events = await one.events("job-1")
        assert gapless(events)
        assert len(events) == 41


_OPENER = """
import asyncio, sys
from playground.jobs.store import Store

async def main():
    store = Store(f"sqlite:///{sys.argv[1]}", clock=lambda: 0.0, pause=asyncio.sleep)
    print("ready", flush=True)
    sys.stdin.readline()
    await store.open()
    print(len(await store.unfinished()), flush=True)
    await store.close()

asyncio.run(main())
"""


async def test_who_is_about_to_end_waits_for_no_lock_and_writes_once_it_is_gone(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        with closing(sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            store.hurry()
            # Not one after the other: those behind the first are told at once.
            async with asyncio.timeout(3):
                adding = (store.add(a_job(id=f"job-{number}")) for number in range(40))
                refused = await asyncio.gather(*adding, return_exceptions=True)
            assert {type(each) for each in refused} == {LedgerUnavailable}
            assert await store.of_owner("local", 9) == []
            other.execute("rollback")
        assert (await store.add(a_job())).id == "job-1"
    with pytest.raises(LedgerUnavailable):
        await store.add(a_job(id="job-2"))


def test_processes_may_open_a_fresh_database_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _OPENER, str(tmp_path / "jobs.db")]
    pipe = subprocess.PIPE
    openers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT) for _ in range(2)]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()
    assert [(opener.communicate(timeout=30), opener.returncode) for opener in openers] == [(("0\n", ""), 0)] * 2


async def test_a_glance_sees_own_writes_at_once_and_those_of_others_soon(tmp_path: Path) -> None:
    async with opened(tmp_path, look_every=0.0) as here, opened(tmp_path) as elsewhere:
        added = await here.add(a_job())
        assert await here.glance(added.id) == added
        mine = await here.note(added.id, "progress", polls=1)
        assert await here.glance(added.id) == mine
        theirs = await elsewhere.note(added.id, "progress", polls=2)
        assert await here.glance(added.id) == theirs
        assert await here.glance("no-such-job") is None


async def test_who_looks_often_does_not_ask_the_database_each_time(tmp_path: Path) -> None:
    async with opened(tmp_path, look_every=3_600.0) as here, opened(tmp_path) as elsewhere:
        added = await here.add(a_job())
        first = await here.glance(added.id)
        await elsewhere.note(added.id, "progress", polls=2)
        assert await here.glance(added.id) is first
        # Whoever decides by it asks the database, and what was read that way is known from then on.
        assert (await here.get(added.id)) == (await here.glance(added.id)) != first


async def test_reading_does_not_wait_for_a_write_that_hangs(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(a_job())
        with closing(sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.create_task(store.note("job-1", "progress", polls=1))
            await asyncio.sleep(0)
            async with asyncio.timeout(5):
                assert (await store.get("job-1")) == a_job(seq=1)
                assert [job.id for job in await store.of_owner("local", 10)] == ["job-1"]
            assert not writing.done()
            other.execute("ROLLBACK")
        assert (await writing) is not None


async def test_only_what_others_left_is_read_whole_and_ours_by_id(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number, (runner, state) in enumerate([("me", "running"), ("dead", "running"), (None, "queued")]):
            await store.add(a_job(id=f"job-{number}", runner=runner, state=state))
        await store.add(a_job(id="job-3", state="running", overdue=True))
        assert {job.id for job in await store.unfinished(besides="me")} == {"job-1", "job-2"}
        assert await store.under_way("me", ("queued", "running")) == ["job-0"]
