"""The ledger: the only truth about jobs, and (with its `schema` and `database`) the only module that knows SQL.

Every step is a compare-and-set that also appends to the event table, in one transaction. SQLite by default (WAL,
fully synchronous: a receipt survives a power cut); another database is another URL.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from playground.domain.errors import TooMany, failure
from playground.domain.job import ACTIVE, RESTS, State, may_move
from playground.domain.provider import Operation
from playground.jobs.database import LOOK_EVERY_SECONDS, Database
from playground.jobs.newest import Newest
from playground.jobs.record import JobEvent, JobRecord, Took
from playground.jobs.schema import job_events as _events
from playground.jobs.schema import jobs as _jobs
from playground.jobs.schema import upgrade
from playground.jobs.sharing import Sharing, day_of
from playground.jobs.upkeep import Upkeep, spent_with_lent_keys

_KEPT: Final = _jobs.c.deleted_at.is_(None)
Beside = str | tuple[str, ...]
"""Some jobs: an owner's, or those of these ids."""
UNLIMITED: Final = Sharing()
_MOST_RESTING: Final = 200
_WAIT: Final = "Wait until one is done, then generate again."


class _NoLongerUncertain(Exception):
    """The job that a new one was to stand in for has moved on; rolls the new one back."""


class Store:
    """The ledger on one database. Open it on the loop that uses it; `clock` gives seconds since the epoch."""

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], float],
        pause: Callable[[float], Awaitable[None]],
        look_every: float = LOOK_EVERY_SECONDS,
        told: Callable[[str, JobRecord], None] = lambda _kind, _job: None,
    ) -> None:
        """`told` hears of every event once it is written: its kind, and the job as it is then."""
        self._clock = clock
        self._told = told
        self._db = Database(url, pause=pause, look_every=look_every)
        self._newest = Newest()

    async def open(self) -> None:
        """Connect, make what is missing and bring an older ledger up to date; several processes may do so at once.

        Raises:
            NewerLedger: a later version of the playground has used it.
        """
        self._db.open()

        try:
            await self._db.write(upgrade)
        except IntegrityError:
            # Another process has just written down the same version: what it made is seen now.
            await self._db.write(upgrade)

    async def close(self) -> None:
        """Let go of the database, once what was begun is done."""
        await self._db.close()

    async def add(
        self, job: JobRecord, sharing: Sharing = UNLIMITED, *, beside: Sequence[tuple[Beside, int]] = ()
    ) -> JobRecord:
        """Write a new job. The same owner and nonce give the job that is already there.

        One that stands in for an uncertain job settles that one in the same transaction; where it is no longer
        uncertain, nothing is written, and what it has become is answered: the job that stands in for it, or itself.

        `beside`: of some jobs (an owner's, or those of these ids), how many may be under way, the new one included.

        Raises:
            OverBudget: what is lent for a day would not do; nothing was written.
            TooMany: as many as may be are under way; nothing was written.
        """

        def insert(connection: sa.Connection) -> JobRecord:
            connection.execute(_jobs.insert(), {**job.model_dump(mode="json"), "seq": 1})
            self._append(connection, job.id, 1, "created", {"state": job.state})
            # After the row is written, so that two who write at once cannot both be the last that fits.
            if sharing.is_counted(job.owner, job.credential):
                sharing.check(job.owner, job.price_usd, spent_with_lent_keys(connection, day_of(job.created_at)))
            if job.instead_of is not None and not self._settle_for(connection, job):
                raise _NoLongerUncertain
            for whose, most in beside:
                if self._under_way_of(connection, whose) > most:
                    raise TooMany(f"No more than {most} videos can be under way here at once.", next_step=_WAIT)
            return job.model_copy(update={"seq": 1})

        try:
            added = await self._db.write(insert)
        except _NoLongerUncertain:
            return await self._become(job)
        except IntegrityError:
            if job.nonce is None:
                raise
            twin = await self.twin(job.owner, job.nonce)
            if twin is None:
                raise
            return twin
        if job.instead_of is not None:
            self._newest.forget(job.instead_of)
        self._told("created", added)
        settled = await self.get(added.instead_of) if added.instead_of is not None else None
        if settled is not None:
            self._told("moved", settled)
        return added

    def _settle_for(self, connection: sa.Connection, job: JobRecord) -> bool:
        """End the uncertain job that a new one stands in for; False where it is uncertain no more."""
        doubted = [_jobs.c.id == job.instead_of, _jobs.c.owner == job.owner, _jobs.c.state == "uncertain"]
        says = failure("lost", "You submitted it again; whether this one was accepted was never learned.", "unknown")
        values = {"state": "failed", "failure": says, "again_as": job.id, "finished_at": self._clock()}
        detail = {"state": "failed", "because": "again"}
        return self._write(connection, doubted, values, "moved", detail) is not None

    async def _become(self, job: JobRecord) -> JobRecord:
        before = await self.get(job.instead_of or "")
        stands_in = await self.get(before.again_as) if before is not None and before.again_as is not None else before
        if stands_in is None:
            raise ValueError(f"there is no job {job.instead_of!r} to stand in for")
        return stands_in

    async def twin(self, owner: str, nonce: str) -> JobRecord | None:
        """The job that an owner's burst of clicks has made already."""
        return await self._one(_jobs.c.owner == owner, _jobs.c.nonce == nonce)

    def _under_way_of(self, connection: sa.Connection, whose: Beside) -> int:
        mine = _jobs.c.owner == whose if isinstance(whose, str) else _jobs.c.id.in_(whose)
        query = sa.select(sa.func.count()).select_from(_jobs).where(mine, _jobs.c.state.in_(ACTIVE))
        return connection.execute(query).scalar_one()

    async def lent(self, since: float) -> dict[str, float]:
        """What jobs with the operator's keys cost since a moment (seconds since the epoch), by owner, in US dollars."""
        return await self._db.read(lambda connection: spent_with_lent_keys(connection, since))

    async def get(self, job_id: str) -> JobRecord | None:
        """A job by its id; None for one that was deleted."""
        age = self._newest.age
        found = await self._one(_jobs.c.id == job_id, _KEPT)
        if found is not None:
            self._newest.put(found, age)
        return found

    async def glance(self, job_id: str) -> JobRecord | None:
        """A job as this process knows it: its own writes at once, what another process wrote within seconds.

        For those who look often; a step of a job is decided by `get` and by the compare-and-set itself.
        """
        await self._db.look_elsewhere(self._newest.forget_all)
        known = self._newest.get(job_id)
        return known if known is not None else await self.get(job_id)

    async def of_owner(self, owner: str | None, limit: int) -> list[JobRecord]:
        """The newest jobs of an owner (of everybody for None) and all that wait for a word of his, newest first."""
        mine, order = _KEPT if owner is None else sa.and_(_KEPT, _jobs.c.owner == owner), _jobs.c.created_at.desc()
        ids = sa.select(_jobs.c.id).where(mine).order_by(order, _jobs.c.id)
        resting = ids.where(_jobs.c.state.in_(RESTS)).limit(_MOST_RESTING)
        wanted = sa.or_(*(_jobs.c.id.in_(sa.select(each.subquery().c.id)) for each in (ids.limit(limit), resting)))
        return await self._many(_jobs.select().where(wanted).order_by(order, _jobs.c.id))

    def hurry(self) -> None:
        """From now on what is locked is not tried again: this process is about to end."""
        self._db.hurry()

    async def newest_times(self, provider: str, model: str, limit: int) -> list[Took]:
        """What the newest jobs of anybody that a model finished took, newest first."""
        same = (_KEPT, _jobs.c.state == "succeeded", _jobs.c.provider == provider, _jobs.c.model == model)
        # From the create that was taken: what was waited for before it says nothing of others.
        began = sa.func.coalesce(_jobs.c.submitted_at, _jobs.c.created_at)
        seconds = sa.func.coalesce(_jobs.c.finished_at, began) - began
        columns = (_jobs.c.mode, _jobs.c.request["resolution"].as_string(), seconds)
        query = sa.select(*columns).where(*same).order_by(_jobs.c.finished_at.desc()).limit(limit)

        def read(connection: sa.Connection) -> list[Took]:
            rows = connection.execute(query)
            return [Took(mode, resolution, max(0.0, took)) for mode, resolution, took in rows]

        return await self._db.read(read)

    async def unfinished(self, *, besides: str | None = None) -> list[JobRecord]:
        """Every job that a living process should be taking care of (or could, with its key), oldest first.

        Those of the process `besides` are left out.
        """
        query = _jobs.select().where(_jobs.c.state.in_((*ACTIVE, "parked"))).order_by(_jobs.c.created_at)
        if besides is not None:
            query = query.where(sa.or_(_jobs.c.runner.is_(None), _jobs.c.runner != besides))
        return await self._many(query)

    async def under_way(self, runner: str, states: Iterable[str]) -> list[str]:
        """The ids of a process's jobs in one of the states that are not overdue."""
        mine = (_jobs.c.runner == runner, _jobs.c.state.in_(tuple(states)), sa.not_(_jobs.c.overdue))

        def read(connection: sa.Connection) -> list[str]:
            return list(connection.execute(sa.select(_jobs.c.id).where(*mine)).scalars())

        return await self._db.read(read)

    async def events(self, job_id: str, after: int = 0) -> list[JobEvent]:
        """A job's history after a sequence number."""
        query = _events.select().where(_events.c.job_id == job_id, _events.c.seq > after).order_by(_events.c.seq)

        def read(connection: sa.Connection) -> list[JobEvent]:
            return [JobEvent.model_validate(dict(row)) for row in connection.execute(query).mappings()]

        return await self._db.read(read)

    async def move(
        self,
        job_id: str,
        before: State | Sequence[State],
        after: State,
        *,
        runner: str | None = None,
        because: str | None = None,
        **values: object,
    ) -> JobRecord | None:
        """Compare-and-set: from one of `before` to `after`, or None where the job is elsewhere by now.

        With `runner`, only where the job is that process's. Other keyword arguments are columns to set.
        """
        states = (before,) if isinstance(before, str) else tuple(before)
        _refuse_illegal(states, after)
        conditions = [_jobs.c.id == job_id, _jobs.c.state.in_(states)]
        if runner is not None:
            conditions.append(_jobs.c.runner == runner)
        detail: dict[str, object] = {"state": after}
        if because is not None:
            detail["because"] = because
        return await self._set(conditions, {"state": after, **values}, "moved", detail)

    async def note(self, job_id: str, kind: str, **values: object) -> JobRecord | None:
        """Set columns without a move (progress, overdue), with an event of that kind."""
        if "state" in values:
            raise ValueError("a state changes by a move only")
        return await self._set([_jobs.c.id == job_id], values, kind, _plain(values))

    async def receipt(self, job_id: str, after: State, **values: object) -> JobRecord | None:
        """What a create was answered with. On purpose not fenced by its runner: the first receipt always wins,

        also one that comes late, over `uncertain`. None where there is a receipt already, or the job is elsewhere.
        """
        states: tuple[State, ...] = ("submitting", "uncertain")
        _refuse_illegal(states, after)
        conditions = [*_without_receipt(job_id), _jobs.c.state.in_(states)]
        return await self._set(conditions, {"state": after, "failure": None, **values}, "receipt", {"state": after})

    async def claim(self, job_id: str, operation: Operation, **values: object) -> JobRecord | None:
        """Let an uncertain job run on with what was looked up; None where it moved on or another job has it."""
        conditions = [*_without_receipt(job_id), _jobs.c.state == "uncertain", ~_taken(operation)]
        columns = {"state": "running", "failure": None, "operation": operation, **values}
        return await self._set(conditions, columns, "receipt", {"state": "running"})

    async def revive(self, job_id: str, after: State, **values: object) -> JobRecord | None:
        """A receipt for a job that its owner had taken for lost; None where it is no such job."""
        _refuse_illegal(("failed",), after)
        lost = _jobs.c.failure["code"].as_string() == "lost"
        conditions = [*_without_receipt(job_id), _jobs.c.state == "failed", lost]
        columns = {"state": after, "failure": None, "finished_at": None, **values}
        return await self._set(conditions, columns, "receipt", {"state": after})

    async def known_operations(self, provider: str, base_url: str) -> frozenset[str]:
        """The ids, at one address of a provider, of all operations that jobs here already have."""
        ours = (_jobs.c.provider == provider, _jobs.c.base_url == base_url, _jobs.c.operation.is_not(None))

        def read(connection: sa.Connection) -> frozenset[str]:
            rows = connection.execute(sa.select(_jobs.c.operation).where(*ours))
            return frozenset(str(operation["id"]) for (operation,) in rows)

        return await self._db.read(read)

    async def adopt(self, job_id: str, dead: str | None, runner: str) -> JobRecord | None:
        """Take a job over from a process that is gone; None where somebody else was first."""
        conditions = [_jobs.c.id == job_id, _jobs.c.runner == dead, _jobs.c.state.in_((*ACTIVE, "parked"))]
        if dead is None:
            conditions[1] = _jobs.c.runner.is_(None)
        return await self._set(conditions, {"runner": runner}, "adopted", {})

    @property
    def upkeep(self) -> Upkeep:
        """What is asked of all jobs together."""
        return Upkeep(self._db.write)

    async def delete(self, job: JobRecord, after: State, **values: object) -> JobRecord | None:
        """Forget what a job is about: its history, and the columns in `values`; None where it is elsewhere by now.

        The bare row stays, unseen, until it is purged: it counts for what was spent in its day.
        """
        if job.state != after:
            _refuse_illegal((job.state,), after)
        wanted = [_jobs.c.id == job.id, _jobs.c.state == job.state, _jobs.c.overdue == job.overdue, _KEPT]
        columns = {"state": after, "deleted_at": self._clock(), **values}
        statement = _jobs.update().where(*wanted).values(**_columns(_plain(columns))).returning(_jobs)

        def write(connection: sa.Connection) -> JobRecord | None:
            row = connection.execute(statement).mappings().one_or_none()
            if row is not None:
                connection.execute(_events.delete().where(_events.c.job_id == job.id))
            return JobRecord.model_validate(dict(row)) if row is not None else None

        deleted = await self._db.write(write)
        if deleted is not None:
            self._newest.forget(job.id)
            self._told("deleted", deleted)
        return deleted

    async def _set(
        self,
        conditions: Iterable[sa.ColumnElement[bool]],
        values: Mapping[str, object],
        kind: str,
        detail: Mapping[str, object],
    ) -> JobRecord | None:
        age = self._newest.age
        written = await self._db.write(lambda connection: self._write(connection, conditions, values, kind, detail))
        if written is not None:
            self._newest.wrote(written, age)
            self._told(kind, written)
        return written

    def _write(
        self,
        connection: sa.Connection,
        conditions: Iterable[sa.ColumnElement[bool]],
        values: Mapping[str, object],
        kind: str,
        detail: Mapping[str, object],
    ) -> JobRecord | None:
        # What is set goes beside the statement, so that its SQL is made once for all of its kind.
        statement = _jobs.update().where(*conditions).values(seq=_jobs.c.seq + 1).returning(_jobs)
        row = connection.execute(statement, _columns(_plain(values))).mappings().one_or_none()
        if row is None:
            return None
        self._append(connection, row["id"], row["seq"], kind, detail)
        return JobRecord.model_validate(dict(row))

    def _append(self, connection: sa.Connection, job_id: str, seq: int, kind: str, data: Mapping[str, object]) -> None:
        event = {"job_id": job_id, "seq": seq, "at": self._clock(), "kind": kind, "data": _plain(data)}
        connection.execute(_events.insert(), event)

    async def _one(self, *conditions: sa.ColumnElement[bool]) -> JobRecord | None:
        found = await self._many(_jobs.select().where(*conditions).limit(1))
        return found[0] if found else None

    async def _many(self, query: sa.Select[Any]) -> list[JobRecord]:
        def read(connection: sa.Connection) -> list[JobRecord]:
            return [JobRecord.model_validate(dict(row)) for row in connection.execute(query).mappings()]

        return await self._db.read(read)


def _without_receipt(job_id: str) -> list[sa.ColumnElement[bool]]:
    return [_jobs.c.id == job_id, _jobs.c.operation.is_(None), _jobs.c.remote.is_(None)]


def _taken(operation: Operation) -> sa.Exists:
    """Whether some job at the address that an update is about has an operation already."""
    other = _jobs.alias()
    same_place = (other.c.provider == _jobs.c.provider, other.c.base_url == _jobs.c.base_url)
    return sa.exists().where(*same_place, other.c.operation["id"].as_string() == operation.id)


def _refuse_illegal(states: Sequence[State], after: State) -> None:
    illegal = [state for state in states if not may_move(state, after)]
    if illegal:
        raise ValueError(f"a job never moves from {illegal[0]} to {after}")


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Models as JSON, so that they fit a JSON column."""
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, tuple | list):
        return [_plain_value(each) for each in cast("Sequence[object]", value)]
    return value


def _columns(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name != "seq"}
