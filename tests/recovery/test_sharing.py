"""The operator's keys on a public page: lent to nobody, or up to an amount each day that cannot be overdrawn."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import NotConfigured, OverBudget
from playground.jobs.checking import CheckResult
from playground.jobs.service import LOCAL, Service
from tests.emulation import TABLES, Emulation, emulation
from tests.house import House, request_for

ANNA, BEN = "token:anna", "token:ben"
LENT = {"PLAYGROUND_PUBLIC": "1", "PLAYGROUND_SHARE_KEYS": "1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulation]:
    with emulation(tmp_path_factory.mktemp("emulation")) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(server: Emulation) -> None:
    server.forget()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


@asynccontextmanager
async def with_keys(house: House, server: Emulation, **settings: str) -> AsyncGenerator[Service]:
    async with house.process(adopts=False, **server.environment(), **settings) as service:
        yield service


def plain(stem: str) -> ModeSpec:
    return next(spec for spec in TABLES[stem].specs.values() if spec.mode == "text-to-video")


async def made(service: Service, owner: str, stem: str = "cloudflare", prompt: str = "A boat") -> str:
    return await service.submit(request_for(plain(stem), prompt=prompt), owner=owner, files_under=None)


async def checked(service: Service, owner: str, stem: str = "cloudflare") -> CheckResult:
    return await service.check(request_for(plain(stem)), owner=owner, files_under=None)


async def price(service: Service) -> float:
    result = await checked(service, ANNA)
    assert result.quote.usd is not None
    return result.quote.usd


@pytest.mark.parametrize("because", ["PLAYGROUND_PUBLIC", "SPACE_ID"])
async def test_on_a_public_page_the_operators_keys_are_his_alone(house: House, server: Emulation, because: str) -> None:
    async with with_keys(house, server, **{because: "1"}) as service:
        with pytest.raises(NotConfigured, match="a key of your own"):
            await made(service, ANNA)
        assert {view.source for view in service.keys.views(ANNA)} == {"none"}
        assert (await service.settled(await made(service, LOCAL), owner=LOCAL)).state == "succeeded"
        await service.keys.enter(ANNA, "cloudflare", "annas-key", {"account_id": "annas-account"})
        assert (await service.settled(await made(service, ANNA), owner=ANNA)).state == "succeeded"


async def test_lent_keys_stop_at_the_days_budget_and_start_anew_tomorrow(house: House, server: Emulation) -> None:
    async with with_keys(house, server) as service:
        one = await price(service)
    async with with_keys(house, server, **LENT, PLAYGROUND_BUDGET_USD_PER_DAY=str(2 * one)) as service:
        for owner in (ANNA, BEN):
            await service.settled(await made(service, owner), owner=owner)
        for owner in (ANNA, BEN):
            with pytest.raises(OverBudget, match="a day"):
                await made(service, owner)
        assert len(await service.jobs(owner=ANNA)) == 1
        # The operator, a free job and a key of one's own are not counted.
        await service.settled(await made(service, LOCAL), owner=LOCAL)
        await service.settled(await made(service, ANNA, "sandbox"), owner=ANNA)
        await service.keys.enter(BEN, "cloudflare", "bens-key", {"account_id": "bens-account"})
        await service.settled(await made(service, BEN), owner=BEN)
        house.time.now += 24 * 3600
        await service.settled(await made(service, ANNA), owner=ANNA)
    assert server.accepted("cloudflare") == 5


async def test_what_is_not_lent_is_said_before_it_is_asked_for(house: House, server: Emulation) -> None:
    async with with_keys(house, server) as service:
        one = await price(service)
    async with with_keys(house, server, **LENT, PLAYGROUND_BUDGET_USD_PER_DAY=str(1.5 * one)) as service:
        assert (await checked(service, ANNA)).not_lent is None
        await made(service, BEN)
        result = await checked(service, ANNA)
        assert result.valid
        assert f"${0.5 * one:.2f} of it is left, and this costs ${one:.2f}. Enter a key" in (result.not_lent or "")
        assert "Nobody knows" in ((await checked(service, ANNA, "azerion")).not_lent or "")
        # Not for what is free, or made with the operator's leave or a key of one's own.
        assert (await checked(service, ANNA, "sandbox")).not_lent is None
        assert (await checked(service, LOCAL)).not_lent is None
        await service.keys.enter(ANNA, "cloudflare", "annas-key", {"account_id": "annas-account"})
        assert (await checked(service, ANNA)).not_lent is None


async def test_no_visitor_gets_more_than_his_share(house: House, server: Emulation) -> None:
    async with with_keys(house, server) as service:
        one = await price(service)
    budget = {"PLAYGROUND_BUDGET_USD_PER_DAY": str(9 * one), "PLAYGROUND_BUDGET_USD_PER_OWNER": str(one)}
    async with with_keys(house, server, **LENT, **budget) as service:
        await made(service, ANNA)
        with pytest.raises(OverBudget, match="each visitor"):
            await made(service, ANNA)
        await made(service, BEN)


async def test_many_at_once_do_not_overdraw_it(house: House, server: Emulation) -> None:
    async with with_keys(house, server) as service:
        one = await price(service)
    async with with_keys(house, server, **LENT, PLAYGROUND_BUDGET_USD_PER_DAY=str(3 * one)) as service:
        owners = [f"token:{number}" for number in range(12)]
        asked = await asyncio.gather(*(made(service, owner) for owner in owners), return_exceptions=True)
        refused = [each for each in asked if isinstance(each, OverBudget)]
        assert (len(asked) - len(refused), len(refused)) == (3, 9)


async def test_what_cost_nothing_is_given_back(house: House, server: Emulation) -> None:
    async with with_keys(house, server) as service:
        one = await price(service)
    async with with_keys(house, server, **LENT, PLAYGROUND_BUDGET_USD_PER_DAY=str(one)) as service:
        lost = await service.settled(await made(service, ANNA, prompt="A boat [sandbox:no-credit]"), owner=ANNA)
        assert (lost.state, lost.charged) == ("failed", "no")
        unclear = await service.settled(await made(service, ANNA, prompt="A boat [sandbox:lost-reply]"), owner=ANNA)
        assert unclear.charged == "unknown"
        with pytest.raises(OverBudget):
            await made(service, BEN)


async def test_an_unknown_price_needs_the_operators_leave(house: House, server: Emulation) -> None:
    budget = {"PLAYGROUND_BUDGET_USD_PER_DAY": "100"}
    async with with_keys(house, server, **LENT, **budget) as service:
        with pytest.raises(OverBudget, match="Nobody knows what this costs") as refused:
            await made(service, ANNA, "azerion")
        assert "tomorrow" not in refused.value.next_step
    async with with_keys(house, server, **LENT, **budget, PLAYGROUND_BUDGET_USD_PER_OWNER="0.01") as service:
        dear = (await checked(service, ANNA)).not_lent
        assert "each visitor" in (dear or "")
        assert "tomorrow" not in (dear or "")
    async with with_keys(house, server, **LENT, **budget, PLAYGROUND_SHARE_UNPRICED="1") as service:
        job = await made(service, ANNA, "azerion")
        assert (await service.settled(job, owner=ANNA)).state == "succeeded"


async def test_what_a_deleted_job_cost_stays_counted(house: House, server: Emulation) -> None:
    async with with_keys(house, server) as service:
        usd = await price(service)
    async with with_keys(house, server, **LENT, PLAYGROUND_BUDGET_USD_PER_DAY=f"{1.5 * usd}") as service:
        job = await made(service, ANNA)
        assert (await service.settled(job, owner=ANNA)).state == "succeeded"
        await service.delete(job, owner=ANNA)
        assert await service.jobs(owner=ANNA) == []
        with pytest.raises(OverBudget, match=rf"\${0.5 * usd:.2f} of it is left, and this costs \${usd:.2f}\."):
            await made(service, ANNA)
