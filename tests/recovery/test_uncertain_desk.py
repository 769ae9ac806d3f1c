"""The uncertain desk: looked up, taken for lost or submitted again, and a receipt that comes late loses no money."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import InvalidRequest, NotFound
from playground.domain.provider import Operation
from playground.jobs.journal import Journal, Receipt
from playground.jobs.service import LOCAL, Service
from tests.emulation import TABLES, Emulation
from tests.house import SAMPLES, House, request_for

ANNA = "token:anna"
POLLED = {
    "gemini": "models/veo-3.1-generate-preview/operations/{}",
    "vertex": "projects/our-project/locations/us-central1/publishers/google/models/veo-3.1-generate-001/operations/{}",
    "tokenbay": "task_{}",
    "aigateway": "job_{}",
}
AT_ONCE = ["azerion", "cloudflare"]
SANDBOX = TABLES["sandbox"].specs["sandbox-preview", "text-to-video"]


def plain(stem: str) -> ModeSpec:
    return next(spec for (_, mode), spec in TABLES[stem].specs.items() if mode == "text-to-video")


@asynccontextmanager
async def process(house: House, server: Emulation) -> AsyncGenerator[Service]:
    async with house.process(adopts=False, PLAYGROUND_ALLOW_RETIRED="1", **server.environment()) as service:
        yield service


async def lost(service: Service, spec: ModeSpec, owner: str = LOCAL) -> str:
    """A job that the provider took, and whose receipt nobody got."""
    request = request_for(spec, prompt="A boat [sandbox:lost-reply].")
    job = await service.submit(request, owner=owner, files_under=None)
    assert (await service.settled(job, owner=owner)).state == "uncertain"
    return job


async def test_what_is_known_is_told(house: House, server: Emulation) -> None:
    async with process(house, server) as service:
        view = await service.view(await lost(service, plain("tokenbay")), owner=LOCAL)
        doubt = view.doubt
        assert doubt is not None
        assert (doubt.sent_to, doubt.may_cost_usd, doubt.look_up, doubt.cannot_ask) == ("127.0.0.1", None, "id", None)
        assert doubt.sent_at == view.submitted_at
        assert doubt.needs == getattr(TABLES["tokenbay"].provider.look_up, "needs")  # noqa: B009 - it has one
        assert (doubt.evidence or "").startswith("documented: TokenBay")


@pytest.mark.parametrize("stem", POLLED)
async def test_a_job_is_found_by_its_id_and_brought_home(house: House, server: Emulation, stem: str) -> None:
    async with process(house, server) as service:
        job = await lost(service, plain(stem))
        known = POLLED[stem].format(server.newest(stem))
        wrong = known[:-3] + ("aaa" if not known.endswith("aaa") else "bbb")
        said = await service.uncertain.look_up(job, owner=LOCAL, provider_job_id=wrong)
        assert not said.found
        assert (await service.view(job, owner=LOCAL)).state == "uncertain"
        for no_id in ("../../models", "a b", f"{known}/../x"):
            with pytest.raises(InvalidRequest):
                await service.uncertain.look_up(job, owner=LOCAL, provider_job_id=no_id)
        assert (await service.uncertain.look_up(job, owner=LOCAL, provider_job_id=f" {known}\n")).found
        view = await service.settled(job, owner=LOCAL)
        assert (view.state, view.provider_job_id) == ("succeeded", known), view.error
        another = await lost(service, plain(stem))
        with pytest.raises(InvalidRequest, match="already"):
            await service.uncertain.look_up(another, owner=LOCAL, provider_job_id=known)
    assert server.accepted(stem) == 2


async def test_one_id_is_one_jobs_also_where_two_are_looked_up_at_the_same_instant(
    house: House, server: Emulation
) -> None:
    async with process(house, server) as one, process(house, server) as two:
        jobs = [await lost(service, plain("tokenbay")) for service in (one, two)]
        known = POLLED["tokenbay"].format(server.newest("tokenbay"))
        looked = [
            service.uncertain.look_up(job, owner=LOCAL, provider_job_id=known)
            for service, job in zip((one, two), jobs, strict=True)
        ]
        said = await asyncio.gather(*looked, return_exceptions=True)
        found = [each for each in said if not isinstance(each, BaseException) and each.found]
        assert (len(found), "already" in "".join(map(str, said))) == (1, True)
        states = sorted([(await one.settled(job, owner=LOCAL)).state for job in jobs])
    assert states == ["succeeded", "uncertain"]


async def test_a_provider_with_a_list_finds_it_by_itself(house: House) -> None:
    async with house.process() as service:
        other = await service.submit(request_for(SANDBOX), owner=LOCAL, files_under=None)
        await service.settled(other, owner=LOCAL)
        job = await lost(service, SANDBOX)
        assert (await service.uncertain.look_up(job, owner=LOCAL)).found
        view = await service.settled(job, owner=LOCAL)
        assert (view.state, view.doubt) == ("succeeded", None), view.error
        one, two = await lost(service, SANDBOX), await lost(service, SANDBOX)
        said = await service.uncertain.look_up(one, owner=LOCAL)
        assert (said.found, len(said.candidates)) == (False, 2)
        chosen = said.candidates[0].provider_job_id
        assert (await service.uncertain.look_up(one, owner=LOCAL, provider_job_id=chosen)).found
        assert (await service.uncertain.look_up(two, owner=LOCAL)).found
        assert (await service.uncertain.look_up(two, owner=LOCAL)).says == "It is no longer uncertain."
        assert {(await service.settled(each, owner=LOCAL)).state for each in (one, two)} == {"succeeded"}
    assert house.accepted() == 4


async def test_what_was_never_accepted_is_not_in_the_list(house: House, server: Emulation) -> None:
    server.fault("sandbox", "create", "error-500")
    async with process(house, server) as service:
        job = await service.submit(request_for(SANDBOX), owner=LOCAL, files_under=None)
        assert (await service.settled(job, owner=LOCAL)).state == "uncertain"
        assert not (await service.uncertain.look_up(job, owner=LOCAL)).found
        server.fault("sandbox", "list", "html")
        said = await service.uncertain.look_up(job, owner=LOCAL)
        assert (said.found, "try again" in said.says) == (False, True)


@pytest.mark.parametrize("stem", AT_ONCE)
async def test_where_there_is_nothing_to_ask_that_is_said(house: House, server: Emulation, stem: str) -> None:
    async with process(house, server) as service:
        job = await lost(service, plain(stem))
        asked = len(server.requests())
        said = await service.uncertain.look_up(job, owner=LOCAL, provider_job_id="whatever")
        assert (said.found, "cannot be asked" in said.says) == (False, True)
    assert len(server.requests()) == asked


async def test_a_strangers_lent_key_asks_for_no_id(house: House, server: Emulation) -> None:
    lent = {"PLAYGROUND_PUBLIC": "1", "PLAYGROUND_SHARE_KEYS": "1", "PLAYGROUND_SHARE_UNPRICED": "1"}
    own = {"PLAYGROUND_BUDGET_USD_PER_DAY": "5", **lent, **server.environment()}
    async with house.process(adopts=False, **own) as service:
        job = await lost(service, plain("tokenbay"), owner=ANNA)
        asked = len(server.requests())
        said = await service.uncertain.look_up(job, owner=ANNA, provider_job_id=f"task_{server.newest('tokenbay')}")
        assert (said.found, "only who runs the server" in said.says) == (False, True)
    assert len(server.requests()) == asked


async def test_its_owner_may_take_it_for_lost(house: House) -> None:
    async with house.process() as service:
        job = await lost(service, SANDBOX)
        with pytest.raises(NotFound):
            await service.uncertain.lost(job, owner=ANNA)
        for _ in range(2):
            await service.uncertain.lost(job, owner=LOCAL)
            view = await service.view(job, owner=LOCAL)
            assert view.error is not None
            assert (view.state, view.error.code, view.charged) == ("failed", "lost", "unknown")
            assert "never learned" in view.error.message
            assert view.delete_note == "Whether its provider has anything of it was never learned."
        done = await service.submit(request_for(SANDBOX), owner=LOCAL, files_under=None)
        await service.settled(done, owner=LOCAL)
        await service.uncertain.lost(done, owner=LOCAL)
        assert (await service.view(done, owner=LOCAL)).state == "succeeded"


async def test_submitting_again_is_confirmed_with_its_price_and_done_once(house: House, server: Emulation) -> None:
    spec = plain("vertex")
    async with process(house, server) as one, process(house, server) as two:
        job = await lost(one, spec)
        price = (await one.view(job, owner=LOCAL)).price_usd
        assert price is not None
        for wrong in (None, 0.0, price + 1):
            with pytest.raises(InvalidRequest, match="charged twice"):
                await one.uncertain.again(job, owner=LOCAL, price_usd=wrong)
        assert server.accepted("vertex") == 1
        clicks = (service.uncertain.again(job, owner=LOCAL, price_usd=price) for service in (one, two, one))
        new, *others = await asyncio.gather(*clicks)
        assert others == [new, new]
        assert new != job
        assert await two.uncertain.again(job, owner=LOCAL, price_usd=price) == new
        old, view = await one.view(job, owner=LOCAL), await one.settled(new, owner=LOCAL)
        assert old.error is not None
        assert (old.state, old.error.code, old.charged, old.again_as) == ("failed", "lost", "unknown", new)
        assert view.instead_of == job
        with pytest.raises(NotFound):
            await one.uncertain.again(job, owner=ANNA, price_usd=price)
        assert len(await one.jobs(owner=LOCAL)) == 2
    assert server.accepted("vertex") == 2


async def test_it_is_submitted_again_with_the_picture_that_was_sent(house: House, server: Emulation) -> None:
    spec = TABLES["sandbox"].specs["sandbox-preview", "image-to-video"]
    mine = house.folder / "mine.jpg"
    mine.write_bytes((SAMPLES / "first-frame.jpg").read_bytes())
    server.fault("sandbox", "create", "lost")
    async with process(house, server) as service:
        request = request_for(spec, first_frame=str(mine))
        job = await service.submit(request, owner=LOCAL, files_under=None)
        assert (await service.settled(job, owner=LOCAL)).state == "uncertain"
        mine.unlink()
        new = await service.uncertain.again(job, owner=LOCAL, price_usd=0)
        assert (await service.settled(new, owner=LOCAL)).state == "succeeded"
    assert server.accepted("sandbox") == 2


def receipt(house: House, job: str, name: str, *notes: str) -> None:
    """What a process that is gone wrote down and could not tell the ledger."""
    journal = Journal(house.data / "receipts", "somebody-dead")
    journal._append(Receipt(job, 0.0, Operation(id=name), None, notes))  # pyright: ignore[reportPrivateUsage] - the writer without its thread


async def taken_by_provider(house: House) -> str:
    (order,) = [order for order in house.orders() if order["rehearsal"] == "lost-reply"]
    return str(order["id"])


@pytest.mark.parametrize("door", ["lost", "again", "look-up"])
async def test_a_receipt_that_lies_about_is_found_before_anything_is_settled(house: House, door: str) -> None:
    async with house.process() as service:
        job = await lost(service, SANDBOX)
        receipt(house, job, await taken_by_provider(house))
        if door == "lost":
            await service.uncertain.lost(job, owner=LOCAL)
        elif door == "again":
            assert await service.uncertain.again(job, owner=LOCAL, price_usd=0) == job
        else:
            assert (await service.uncertain.look_up(job, owner=LOCAL)).found
        assert (await service.settled(job, owner=LOCAL)).state == "succeeded"
    assert house.accepted() == 1


async def test_what_an_answer_said_besides_comes_with_its_receipt(house: House) -> None:
    async with house.process() as service:
        job = await lost(service, SANDBOX)
        receipt(house, job, await taken_by_provider(house), "It made something else of the prompt.")
        await service.resume()
        view = await service.settled(job, owner=LOCAL)
    assert view.state == "succeeded"
    assert "It made something else of the prompt." in view.notes


@pytest.mark.parametrize("again", [False, True])
async def test_a_receipt_that_comes_after_that_revives_the_job(house: House, again: bool) -> None:
    async with house.process() as service:
        job = await lost(service, SANDBOX)
        if again:
            new = await service.uncertain.again(job, owner=LOCAL, price_usd=0)
            await service.settled(new, owner=LOCAL)
        else:
            await service.uncertain.lost(job, owner=LOCAL)
        (first, *_) = sorted(house.orders(), key=lambda order: str(order["accepted_at"]))
        receipt(house, job, str(first["id"]))
        await service.resume()
        view = await service.settled(job, owner=LOCAL)
        assert view.state == "succeeded", view.error
        assert any(("submitted again" in note) == again and "receipt came after" in note for note in view.notes)


async def test_another_receipt_than_the_one_it_goes_on_with_leaves_a_note(house: House) -> None:
    async with house.process() as service:
        job = await service.submit(request_for(SANDBOX), owner=LOCAL, files_under=None)
        await service.settled(job, owner=LOCAL)
        for _ in range(2):
            receipt(house, job, "0" * 32)
            await service.resume()
        view = await service.view(job, owner=LOCAL)
        assert (view.state, len([note for note in view.notes if "0" * 32 in note])) == ("succeeded", 1)
