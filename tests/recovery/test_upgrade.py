"""A data folder of an earlier release opens, and goes on from where it was."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from playground.catalog import load_tables
from playground.jobs import schema
from playground.jobs.service import LOCAL
from playground.jobs.store import Store
from playground.settings import SettingsError
from tests.house import House, request_for

TEXT = load_tables()["sandbox"].specs["sandbox-preview", "text-to-video"]
FIRST = Path(__file__).parent / "ledgers" / "version-1.sql"
"""Two jobs, as the first version of the ledger kept them: one succeeded, one was running when its process died."""


def older(house: House) -> Path:
    """A data folder whose ledger the first version made."""
    house.data.mkdir(parents=True)
    ledger = house.data / "playground.db"
    with sqlite3.connect(ledger) as database:
        database.executescript(FIRST.read_text())
    return ledger


async def test_an_older_ledger_opens_with_its_jobs_and_takes_new_ones(house: House) -> None:
    older(house)
    async with house.process(adopts=True) as service:
        running, succeeded = await service.jobs(owner=LOCAL)
        assert (succeeded.state, succeeded.videos[0].seconds) == ("succeeded", 4.0)
        # Adopted and asked for: the sandbox of this folder never heard of it.
        assert (await service.settled(running.id, owner=LOCAL)).state == "failed"
        new = await service.submit(request_for(TEXT), owner=LOCAL, files_under=None)
        assert (await service.settled(new, owner=LOCAL)).state == "succeeded"
    async with house.process() as service:
        assert len(await service.jobs(owner=LOCAL)) == 3


async def test_several_processes_may_bring_it_up_to_date_at_once(house: House) -> None:
    url = f"sqlite:///{older(house)}"
    stores = [Store(url, clock=house.time.clock, pause=house.time.pause) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    for store in stores:
        assert [job.state for job in await store.of_owner(LOCAL, 9)] == ["running", "succeeded"]
        await store.close()


async def test_a_ledger_of_a_later_release_is_left_alone(house: House) -> None:
    ledger = older(house)
    async with house.process():
        pass
    later = schema.known_version() + 1
    with sqlite3.connect(ledger) as database:
        database.execute("insert into ledger_versions values (?)", (later,))
    with pytest.raises(SettingsError, match=f"later version of the playground .ledger {later}, not {later - 1}."):
        async with house.process():
            pass


def test_every_column_since_the_first_version_can_be_added(house: House) -> None:
    """And says with which version it came, or an older playground would open a ledger that it misreads."""
    with sqlite3.connect(older(house)) as database:
        rows = database.execute("select m.name, p.name from sqlite_master m, pragma_table_info(m.name) p")
        first = set(rows.fetchall())
    for table in schema.tables():
        for column in table.columns:
            if (table.name, column.name) not in first:
                assert schema.since(column) > schema.FIRST_VERSION, f"{column} says no version"
                assert column.nullable or column.server_default is not None, f"{column} cannot be added"
