"""What is asked of all jobs together: what to tidy up, what they cost; beside the store, this knows SQL."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import sqlalchemy as sa

from playground.domain.job import ENDS
from playground.jobs.schema import job_events as _events
from playground.jobs.schema import jobs as _jobs
from playground.jobs.sharing import LOCAL

_T = TypeVar("_T")


class Transaction(Protocol):
    """Runs work in one transaction of the ledger."""

    async def __call__(self, work: Callable[[sa.Connection], _T], /) -> _T:
        """What the work answers."""
        ...


class Upkeep:
    """Questions about the whole ledger, and its cleaning. Every one raises LedgerUnavailable as the store does."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def purge(self, before: float) -> list[str]:
        """Remove the rows of deleted jobs that were created before a moment; answers their ids."""
        gone = (_jobs.c.deleted_at.is_not(None), _jobs.c.created_at < before)

        def remove(connection: sa.Connection) -> list[str]:
            connection.execute(_events.delete().where(_events.c.job_id.in_(sa.select(_jobs.c.id).where(*gone))))
            return [row.id for row in connection.execute(_jobs.delete().where(*gone).returning(_jobs.c.id))]

        return await self._transaction(remove)

    async def ended(self) -> list[tuple[str, float]]:
        """Ids of the jobs that ended and when (seconds since the epoch), the oldest end first; deleted ones too."""
        ended = sa.select(_jobs.c.id, _jobs.c.finished_at, _jobs.c.created_at).where(_jobs.c.state.in_(tuple(ENDS)))

        def read(connection: sa.Connection) -> list[tuple[str, float]]:
            rows = connection.execute(ended)
            return sorted(((row.id, row.finished_at or row.created_at) for row in rows), key=lambda each: each[1])

        return await self._transaction(read)

    async def ids(self) -> set[str]:
        """Every job that there is a row of."""

        def read(connection: sa.Connection) -> set[str]:
            return {row.id for row in connection.execute(sa.select(_jobs.c.id))}

        return await self._transaction(read)

    async def in_flight(self) -> dict[tuple[str, str], int]:
        """How many jobs have not ended, by provider and state."""
        columns = (_jobs.c.provider, _jobs.c.state)
        alive = sa.select(*columns, sa.func.count()).where(_jobs.c.state.not_in(tuple(ENDS))).group_by(*columns)

        def read(connection: sa.Connection) -> dict[tuple[str, str], int]:
            return {(provider, state): count for provider, state, count in connection.execute(alive)}

        return await self._transaction(read)

    async def try_out(self) -> None:
        """Write a little, to see whether that can be done.

        Raises:
            LedgerUnavailable: it cannot.
        """
        nothing = _jobs.update().where(_jobs.c.id.is_(None)).values(seq=0)

        def write(connection: sa.Connection) -> None:
            connection.execute(nothing)

        await self._transaction(write)


def spent_with_lent_keys(connection: sa.Connection, since: float) -> dict[str, float]:
    """What jobs with the operator's keys cost since a moment, by owner; those that surely cost nothing left out."""
    free = sa.and_(_jobs.c.state.in_(("failed", "cancelled")), _jobs.c.charged == "no")
    counted = (_jobs.c.created_at >= since, _jobs.c.owner != LOCAL, _jobs.c.credential.startswith("env:"), ~free)
    query = sa.select(_jobs.c.owner, sa.func.sum(_jobs.c.price_usd)).where(*counted).group_by(_jobs.c.owner)
    return {owner: usd or 0.0 for owner, usd in connection.execute(query)}
