"""What one visitor may set off at a time: by owner and by address; the command line is not counted."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from playground.domain.errors import InvalidRequest, TooMany
from playground.domain.request import VideoRequest
from playground.jobs.rates import PEOPLE_BEHIND_ONE_ADDRESS, Allowance, Rates
from playground.jobs.service import LOCAL, Service, owner_of_token
from tests.house import FakeTime, House

ANNA, BEN = owner_of_token("a" * 22), owner_of_token("b" * 22)
SLOW = VideoRequest(provider="sandbox", mode="text-to-video", prompt="A boat [sandbox:never-ends]")
HERE, THERE = "8.8.8.8", "8.8.4.4"


def test_a_window_moves_with_the_clock() -> None:
    time = FakeTime()
    rates = Rates(Allowance(creates_per_minute=2), time.clock)
    rates.create(ANNA, HERE)
    time.now += 20
    rates.create(ANNA, HERE)
    with pytest.raises(TooMany, match="No more than 2 videos can be begun here in a minute") as told:
        rates.create(ANNA, THERE)
    assert (told.value.wait_seconds, told.value.next_step) == (40, "Try again in 40 s.")
    rates.create(BEN, HERE)
    rates.create(LOCAL, HERE)
    time.now += 40
    rates.create(ANNA, HERE)
    with pytest.raises(TooMany):
        rates.create(ANNA, HERE)


def test_new_owners_from_one_address_are_counted_together() -> None:
    rates = Rates(Allowance(creates_per_minute=1, uploads_per_hour=1), FakeTime().clock)
    for number in range(PEOPLE_BEHIND_ONE_ADDRESS):
        rates.create(f"owner {number}", HERE)
        rates.upload(None, HERE)
    for count in (rates.create, rates.upload):
        with pytest.raises(TooMany):
            count("one more", HERE)
        count("one more", THERE)
    with pytest.raises(TooMany, match="files can be uploaded here in an hour"):
        rates.upload(None, HERE)


def test_where_nothing_is_limited_nothing_is_counted() -> None:
    rates = Rates(Allowance(), FakeTime().clock)
    for _ in range(1_000):
        rates.create(ANNA, HERE)
        rates.upload(ANNA, HERE)


def test_keys_cannot_be_tried_out_by_the_thousand() -> None:
    rates = Rates(Allowance(), FakeTime().clock)
    for _ in range(20):
        rates.enter_key(ANNA, HERE)
    with pytest.raises(TooMany, match="Keys can be entered or tried"):
        rates.enter_key(ANNA, HERE)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    async with House(tmp_path / "house").process(PLAYGROUND_JOBS_AT_ONCE="1") as service:
        yield service


async def test_what_does_not_fit_is_counted_as_a_question(tmp_path: Path) -> None:
    wrong = SLOW.model_copy(update={"duration_seconds": 5})
    async with House(tmp_path / "house").process(PLAYGROUND_QUESTIONS_PER_MINUTE="3") as service:
        for _ in range(3):
            with pytest.raises(InvalidRequest):
                await service.submit(wrong, owner=ANNA, files_under=None, address=HERE)
        with pytest.raises(TooMany, match="No more than 3 questions are answered in a minute"):
            await service.submit(SLOW, owner=ANNA, files_under=None, address=HERE)
        await service.submit(SLOW, owner=BEN, files_under=None, address=HERE)


async def test_as_many_jobs_as_may_be_under_way(service: Service) -> None:
    async def submit(owner: str, address: str = HERE, nonce: str | None = None) -> str:
        return await service.submit(SLOW, owner=owner, files_under=None, nonce=nonce, address=address)

    first = await submit(ANNA, nonce="one burst")
    assert await submit(ANNA, nonce="one burst") == first
    with pytest.raises(TooMany, match="No more than 1 videos can be under way here at once") as told:
        await submit(ANNA)
    assert told.value.next_step == "Wait until one is done, then generate again."
    assert [job.id for job in await service.jobs(owner=ANNA)] == [first]
    others = [await submit(owner_of_token(f"{number}" * 22)) for number in range(PEOPLE_BEHIND_ONE_ADDRESS - 1)]
    with pytest.raises(TooMany, match="No more than 4 videos"):
        await submit(BEN)
    await submit(BEN, THERE)
    for _ in range(2):
        await service.submit(SLOW, owner=LOCAL, files_under=None)
    await service.cancel(first, owner=ANNA)
    assert (await service.view(first, owner=ANNA)).state == "cancelled"
    await submit(ANNA)
    assert len(others) == PEOPLE_BEHIND_ONE_ADDRESS - 1
