"""How long such jobs take: from what finished here, of the same kind only; else as documented; else nothing."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from playground.catalog import load_tables
from playground.domain.view import Usual
from playground.jobs.record import JobRecord
from playground.jobs.store import Store
from playground.jobs.usual import UsualWaits, from_here
from tests.unit.test_store import a_job, opened

TABLES = load_tables()
GEMINI = TABLES["gemini"]
DOCUMENTED = Usual(low=11, high=360, jobs=0)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def finished(store: Store, seconds: float, **fields: Any) -> JobRecord:
    times = {"created_at": 0.0, "submitted_at": 100.0, "finished_at": 100.0 + seconds}
    return await store.add(a_job(**{"state": "succeeded", "owner": "somebody", **times, **fields}))


def running(**fields: Any) -> JobRecord:
    return a_job(**{"id": "now", "state": "running", **fields})


async def test_a_few_jobs_say_nothing_and_enough_say_median_and_nine_of_ten(store: Store) -> None:
    now = [1_000.0]
    waits = UsualWaits(store, lambda: now[0])
    for number, seconds in enumerate((10, 20, 30, 40)):
        await finished(store, seconds, id=f"job-{number}")
    assert await waits.of(running(), TABLES["sandbox"]) is None
    await finished(store, 200, id="job-5")
    assert await waits.of(running(), TABLES["sandbox"]) is None, "what was just looked up is not looked up again"
    now[0] += 21
    assert await waits.of(running(), TABLES["sandbox"]) == Usual(low=30, high=136, jobs=5)


async def test_only_jobs_of_the_same_kind_count(store: Store) -> None:
    waits = UsualWaits(store, lambda: 1_000.0)
    for number in range(5):
        await finished(store, 10, id=f"small-{number}")
        await finished(store, 90, id=f"large-{number}", request={**a_job().request, "resolution": "4k"})
        await finished(store, 500, id=f"other-{number}", model="another")
        await finished(store, 700, id=f"failed-{number}", state="failed")
    small, large = running(), running(request={**a_job().request, "resolution": "4k"})
    assert await waits.of(small, TABLES["sandbox"]) == Usual(low=10, high=10, jobs=5)
    assert await waits.of(large, TABLES["sandbox"]) == Usual(low=90, high=90, jobs=5)
    # Not set means the table's default, which is 720p.
    asked = running(request={**a_job().request, "resolution": "720p"})
    assert await waits.of(asked, TABLES["sandbox"]) == Usual(low=10, high=10, jobs=5)


async def test_what_the_provider_documents_stands_in_until_there_is_enough(store: Store) -> None:
    job = running(provider="gemini", model="veo-3.1-generate-preview")
    assert await UsualWaits(store, lambda: 1_000.0).of(job, GEMINI) == DOCUMENTED
    assert await UsualWaits(store, lambda: 1_000.0).of(job, None) is None
    for number in range(5):
        await finished(store, 70, id=f"job-{number}", provider=job.provider, model=job.model)
    assert await UsualWaits(store, lambda: 1_000.0).of(job, GEMINI) == Usual(low=70, high=70, jobs=5)


@pytest.mark.parametrize("fields", [{"state": "succeeded"}, {"state": "parked"}, {"overdue": True}])
async def test_a_job_that_does_not_run_is_told_nothing(store: Store, fields: dict[str, Any]) -> None:
    job = running(provider="gemini", **fields)
    assert await UsualWaits(store, lambda: 1_000.0).of(job, GEMINI) is None


def test_the_figures_lie_within_what_was_measured() -> None:
    assert from_here([]) is None
    assert from_here([5.0] * 4) is None
    assert from_here([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) == Usual(low=6, high=10, jobs=11)
