"""A visitor's key: in memory only, for its owner's jobs only; a job without it waits, and goes on when it is back."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import InvalidRequest, NotConfigured, NotFound
from playground.jobs.keys import IDLE_SECONDS, Keys
from playground.jobs.service import LOCAL, Service
from tests.emulation import TABLES, Emulation
from tests.house import House, request_for

STEM = "cloudflare"
ANNA, BEN = "token:anna", "token:ben"
KEY = "canary-visitor-77aa"
ACCOUNT = {"account_id": "annas-account"}


@asynccontextmanager
async def without_operators_keys(
    house: House, server: Emulation, *, adopts: bool = False, stem: str = STEM
) -> AsyncGenerator[Service]:
    facts = TABLES[stem].provider
    async with house.process(adopts=adopts, **{facts.base_url.env: server.base_url(stem)}) as service:
        yield service


def boat() -> ModeSpec:
    spec = TABLES[STEM].specs["google/veo-3.1", "text-to-video"]
    assert isinstance(spec, ModeSpec)
    return spec


async def test_a_key_that_was_entered_makes_a_video_and_is_nowhere_on_disk(house: House, server: Emulation) -> None:
    async with without_operators_keys(house, server) as service:
        with pytest.raises(NotConfigured):
            await service.submit(request_for(boat()), owner=ANNA, files_under=None)
        view = await service.keys.enter(ANNA, STEM, f"  {KEY}\n", ACCOUNT)
        assert (view.source, KEY in view.model_dump_json()) == ("yours", False)
        job = await service.submit(request_for(boat()), owner=ANNA, files_under=None)
        assert (await service.settled(job, owner=ANNA)).state == "succeeded"
    assert any("annas-account" in line["path"] for line in server.requests())
    written = [path for path in house.folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert written == []


async def test_nobody_else_may_use_it(house: House, server: Emulation) -> None:
    async with without_operators_keys(house, server) as service:
        await service.keys.enter(ANNA, STEM, KEY, ACCOUNT)
        for owner in (BEN, LOCAL):
            assert {view.source for view in service.keys.views(owner) if view.provider == STEM} == {"none"}
            with pytest.raises(NotConfigured):
                await service.submit(request_for(boat()), owner=owner, files_under=None)
        service.keys.forget(BEN, STEM)
        assert service.not_ready(STEM, owner=ANNA) is None
    assert server.accepted(STEM) == 0


async def test_a_key_that_is_not_used_is_forgotten(house: House, server: Emulation) -> None:
    async with without_operators_keys(house, server) as service:
        await service.keys.enter(ANNA, STEM, KEY, ACCOUNT)
        house.time.now += IDLE_SECONDS - 1
        assert service.not_ready(STEM, owner=ANNA) is None
        house.time.now += IDLE_SECONDS + 1
        assert service.not_ready(STEM, owner=ANNA) is not None


def test_a_key_of_somebody_who_left_does_not_stay_in_memory() -> None:
    now = 0.0
    keys = Keys(lambda: now)
    keys.enter(ANNA, STEM, KEY, ACCOUNT)
    now = IDLE_SECONDS / 2
    keys.enter(BEN, STEM, KEY, ACCOUNT)
    assert keys.sweep() == 2
    now = IDLE_SECONDS + 1
    assert keys.sweep() == 1
    assert keys.has_own(BEN, STEM)
    now = 3 * IDLE_SECONDS
    assert keys.sweep() == 0


async def test_a_job_that_lost_its_key_waits_for_its_owner_and_goes_on(house: House, server: Emulation) -> None:
    # A rate limit keeps it from being accepted at once; meanwhile the key goes.
    async with without_operators_keys(house, server) as service:
        await service.keys.enter(ANNA, STEM, KEY, ACCOUNT)
        server.fault(STEM, "create", "rate-limited", times=9)
        job = await service.submit(request_for(boat()), owner=ANNA, files_under=None)
    async with without_operators_keys(house, server, adopts=True) as service:
        view = await service.settled(job, owner=ANNA)
        assert (view.state, view.charged) == ("parked", "no")
        assert view.error is not None
        assert "key" in view.error.message
        server.forget()
        await service.keys.enter(BEN, STEM, KEY, ACCOUNT)
        assert (await service.view(job, owner=ANNA)).state == "parked"
        await service.keys.enter(ANNA, STEM, KEY, ACCOUNT)
        assert (await service.settled(job, owner=ANNA)).state == "succeeded"
    assert server.accepted(STEM) == 1


async def test_a_running_job_whose_key_is_forgotten_asks_nothing_without_it(house: House, server: Emulation) -> None:
    async with without_operators_keys(house, server, stem="tokenbay") as service:
        await service.keys.enter(ANNA, "tokenbay", KEY, {})
        spec = next(spec for spec in TABLES["tokenbay"].specs.values() if spec.mode == "text-to-video")
        assert isinstance(spec, ModeSpec)
        asked = request_for(spec, prompt="A boat [sandbox:never-ends]")
        job = await service.submit(asked, owner=ANNA, files_under=None)
        async for view in service.watch(job, owner=ANNA):
            if view.state == "running":
                service.keys.forget(ANNA, "tokenbay")
        view = await service.view(job, owner=ANNA)
        assert (view.state, view.needs_own_key) == ("parked", True)
        assert view.error is not None
        assert view.error.message == "This job needs your key for TokenBay to go on."
        await service.keys.enter(ANNA, "tokenbay", KEY, {})
        assert (await service.view(job, owner=ANNA)).state == "running"
    assert all("authorization" in line["headers"] for line in server.requests())
    assert server.accepted("tokenbay") == 1


async def parked(house: House, server: Emulation, stem: str) -> str:
    """A job that was accepted, and whose key is gone with the process that had it."""
    async with without_operators_keys(house, server, stem=stem) as service:
        await service.keys.enter(ANNA, stem, KEY, {})
        spec = next(spec for spec in TABLES[stem].specs.values() if spec.mode == "text-to-video")
        assert isinstance(spec, ModeSpec)
        job = await service.submit(request_for(spec, prompt="A boat [sandbox:slow]"), owner=ANNA, files_under=None)
        async for view in service.watch(job, owner=ANNA):
            if view.state == "running":
                service.keys.forget(ANNA, stem)
        assert (await service.view(job, owner=ANNA)).state == "parked"
    return job


async def test_a_job_that_waited_for_days_is_watched_anew(house: House, server: Emulation) -> None:
    job = await parked(house, server, "aigateway")
    house.time.now += 100 * 3600
    async with without_operators_keys(house, server, adopts=True, stem="aigateway") as service:
        assert (await service.view(job, owner=ANNA)).state == "parked"
        await service.keys.enter(ANNA, "aigateway", KEY, {})
        view = await service.settled(job, owner=ANNA)
        assert (view.state, view.overdue) == ("succeeded", False), view.error


async def test_a_job_whose_key_does_not_come_back_in_time_ends_in_words(house: House, server: Emulation) -> None:
    job = await parked(house, server, "aigateway")
    house.time.now += 170 * 3600
    async with without_operators_keys(house, server, adopts=True, stem="aigateway") as service:
        view = await service.view(job, owner=ANNA)
        assert view.error is not None
        assert (view.state, view.error.code, view.charged) == ("failed", "expired", "unknown")
        assert "168 hours" in view.error.message
        await service.keys.enter(ANNA, "aigateway", KEY, {})
        assert (await service.view(job, owner=ANNA)).state == "failed"
    assert server.accepted("aigateway") == 1


@pytest.mark.parametrize(
    ("key", "account", "field"),
    [
        ("", ACCOUNT, "key"),
        ("two words", ACCOUNT, "key"),
        ("schlüssel", ACCOUNT, "key"),
        (KEY, {}, "account_id"),
        (KEY, {"account_id": "../../evil.example/x"}, "account_id"),
        (KEY, {"account_id": "a@b"}, "account_id"),
    ],
)
async def test_what_cannot_be_a_key_is_refused_and_not_quoted(
    house: House, server: Emulation, key: str, account: dict[str, str], field: str
) -> None:
    async with without_operators_keys(house, server) as service:
        with pytest.raises(InvalidRequest) as refused:
            await service.keys.enter(ANNA, STEM, key, account)
        assert [issue.field for issue in refused.value.issues] == [field]
        assert not key or key not in str(refused.value) + "".join(i.message for i in refused.value.issues)
        for stem in ("nobody", "sandbox"):
            with pytest.raises(NotFound):
                await service.keys.enter(ANNA, stem, KEY, ACCOUNT)
