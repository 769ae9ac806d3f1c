"""A server that is told to stop while people wait for news of their jobs."""

import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.served import serving


def test_who_waits_for_news_of_a_job_is_answered_before_the_server_goes(tmp_path: Path) -> None:
    with serving(tmp_path, {}) as served, ThreadPoolExecutor() as people:
        job = served.submit("sandbox", "A slow sunrise [sandbox:slow]")
        assert isinstance(job, str)
        served.until(job, state="running")

        def waits() -> int:
            view = served.http.get(f"/api/jobs/{job}")
            while True:
                mark = view.headers["etag"]
                view = served.http.get(f"/api/jobs/{job}", headers={"if-none-match": mark, "prefer": "wait=20"})
                # It is asked about meanwhile, which is news as well.
                if view.status_code == 304:
                    return view.status_code

        waiting = [people.submit(waits) for _ in range(3)]
        served.until(job, polls=1)
        # Everybody has heard that and asks anew; the next question is a second away.
        time.sleep(0.3)
        served.process.send_signal(signal.SIGTERM)
        assert [each.result(10) for each in waiting] == [304] * 3
        served.process.wait(5)
    # Nobody was cut off.
    assert not [line for line in served.lines if "Exception" in line or "Cancel " in line], "".join(served.lines)


def test_a_locked_ledger_is_said_within_seconds_and_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    with serving(tmp_path, {}) as served, ThreadPoolExecutor() as people:
        job = served.submit("sandbox", "A slow sunrise [sandbox:never-ends]")
        assert isinstance(job, str)
        served.until(job, state="running")
        ledger = next(tmp_path.rglob("playground.db"))
        with sqlite3.connect(ledger, isolation_level=None) as other:
            other.execute("begin immediate")
            refused = served.submit("sandbox", "A boat")
            assert isinstance(refused, dict)
            assert refused["message"] == "The job cannot be written down here: its ledger is full, locked or gone."
            # Those who wait just then are no reason to stay, however many they are.
            waiting = [people.submit(served.submit, "sandbox", f"Boat {number}") for number in range(5)]
            time.sleep(0.5)
            served.process.send_signal(signal.SIGTERM)
            served.process.wait(5)
            other.execute("rollback")
        assert all(each.exception(5) is not None for each in waiting)
