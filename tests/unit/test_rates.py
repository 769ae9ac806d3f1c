"""What one visitor may set off at a time: by owner and by address; the command line is not counted."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from playground.domain.errors import InvalidRequest, TooMany
from playground.domain.request import VideoRequest
from playground.jobs.rates import PEOPLE_BEHIND_ONE_ADDRESS, Allowance, Rates, neighbourhood
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


def test_a_network_of_ipv6_is_one_address() -> None:
    rates = Rates(Allowance(creates_per_minute=1), FakeTime().clock)
    for number in range(PEOPLE_BEHIND_ONE_ADDRESS):
        rates.create(f"owner {number}", f"2001:db8:1:2:{number}::7")
    with pytest.raises(TooMany):
        rates.create("one more", "2001:db8:1:2:ffff::1")
    rates.create("one more", "2001:db8:1:3::1")
    assert neighbourhood("::ffff:8.8.8.8") == HERE
    assert neighbourhood("testclient") == "testclient"


def test_so_many_bytes_come_from_one_address_in_a_day() -> None:
    time = FakeTime()
    rates = Rates(Allowance(upload_megabytes=10), time.clock)
    for number in range(PEOPLE_BEHIND_ONE_ADDRESS):
        rates.upload(f"owner {number}", HERE, 9_000_000)
        time.now += 3_600
    rates.upload("one more", HERE, 4_000_000)
    with pytest.raises(TooMany, match="No more than 40 MB can be uploaded from one address in a day") as told:
        rates.upload("another", HERE, 1)
    assert told.value.wait_seconds == 20 * 3_600
    rates.upload("another", THERE, 1)
    rates.upload(LOCAL, HERE, 99_000_000)
    time.now += 20 * 3_600
    rates.upload("another", HERE, 9_000_000)


def test_what_did_not_come_after_all_is_given_back() -> None:
    time = FakeTime()
    rates = Rates(Allowance(upload_megabytes=10), time.clock)
    for _ in range(20):
        rates.upload(ANNA, HERE, 39_000_000)(100)
    late = rates.upload(ANNA, HERE, 39_000_000)
    with pytest.raises(TooMany):
        rates.upload(ANNA, HERE, 39_000_000)
    # What is settled when it counts no more gives nothing back.
    time.now += 86_400
    late(0)
    rates.upload(ANNA, HERE, 39_000_000)
    with pytest.raises(TooMany):
        rates.upload(ANNA, HERE, 2_000_000)


def test_a_job_counts_for_its_address_until_it_has_ended() -> None:
    rates = Rates(Allowance(jobs_at_once=3), FakeTime().clock)
    for number in range(11):
        rates.began(HERE, f"slow {number}")
    for number in range(1_000):
        rates.began(HERE, f"quick {number}")
        rates.ended(f"quick {number}")
    (_, (near, most)) = rates.beside(ANNA, HERE)
    assert set(near) == {f"slow {number}" for number in range(11)}
    assert most == 3 * PEOPLE_BEHIND_ONE_ADDRESS
    for number in range(11):
        rates.ended(f"slow {number}")
    assert rates.beside(ANNA, HERE) == [(ANNA, 3)]
    rates.ended("never heard of")


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


async def test_slow_jobs_are_not_forgotten_over_quick_ones(tmp_path: Path) -> None:
    """Else whoever makes quick ones in between has as many slow ones as he likes."""
    quick = SLOW.model_copy(update={"prompt": "A boat [sandbox:filtered]"})
    async with House(tmp_path / "house").process(PLAYGROUND_JOBS_AT_ONCE="1") as service:

        async def submit(request: VideoRequest, number: int) -> str:
            owner = owner_of_token(f"{number:022}")
            return await service.submit(request, owner=owner, files_under=None, address=HERE)

        for number in range(PEOPLE_BEHIND_ONE_ADDRESS - 1):
            await submit(SLOW, number)
        for number in range(10, 10 + 2 * PEOPLE_BEHIND_ONE_ADDRESS):
            job = await submit(quick, number)
            await service.settled(job, owner=owner_of_token(f"{number:022}"))
        await submit(SLOW, 20)
        with pytest.raises(TooMany, match="No more than 4 videos"):
            await submit(SLOW, 21)


async def test_those_that_come_at_the_same_time_know_of_each_other(service: Service) -> None:
    async def submit(number: int) -> str | TooMany:
        try:
            return await service.submit(SLOW, owner=owner_of_token(f"{number:022}"), files_under=None, address=HERE)
        except TooMany as many:
            return many

    came = await asyncio.gather(*(submit(number) for number in range(3 * PEOPLE_BEHIND_ONE_ADDRESS)))
    assert sum(isinstance(each, str) for each in came) == PEOPLE_BEHIND_ONE_ADDRESS
