"""The tables of the ledger, and how an older one is brought up to date: only ever by adding.

A new column is nullable or has a `server_default`, and says since which version of the ledger it is there.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from playground.domain.job import STATES

_metadata = sa.MetaData()

jobs = sa.Table(
    "jobs",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("nonce", sa.String),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("runner", sa.String),
    sa.Column("credential", sa.String, nullable=False),
    sa.Column("base_url", sa.String, nullable=False),
    sa.Column("account", sa.JSON, nullable=False),
    sa.Column("provider", sa.String, nullable=False),
    sa.Column("model", sa.String, nullable=False),
    sa.Column("mode", sa.String, nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("inputs", sa.JSON, nullable=False),
    sa.Column("operation", sa.JSON(none_as_null=True)),
    sa.Column("remote", sa.JSON(none_as_null=True)),
    sa.Column("videos", sa.JSON, nullable=False),
    sa.Column("notes", sa.JSON, nullable=False),
    sa.Column("failure", sa.JSON(none_as_null=True)),
    sa.Column("charged", sa.String, nullable=False),
    sa.Column("price_usd", sa.Float),
    sa.Column("extended", sa.Integer, nullable=False),
    sa.Column("progress", sa.Float),
    sa.Column("words", sa.String),
    sa.Column("polls", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("submitted_at", sa.Float),
    sa.Column("finished_at", sa.Float),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("overdue", sa.Boolean, nullable=False),
    sa.Column("watch_until", sa.Float),
    sa.Column("parked_from", sa.String),
    sa.Column("seq", sa.Integer, nullable=False),
    # What came later says so; within one release, everything new has the same number.
    sa.Column("deleted_at", sa.Float, info={"since": 2}),
    sa.Column("instead_of", sa.String, info={"since": 2}),
    sa.Column("again_as", sa.String, info={"since": 2}),
    sa.UniqueConstraint("owner", "nonce"),
    sa.CheckConstraint(sa.column("state").in_(STATES), name="known_state"),
    sa.Index("ix_jobs_owner_created", "owner", "created_at"),
    sa.Index("ix_jobs_state_runner", "state", "runner"),
)

job_events = sa.Table(
    "job_events",
    _metadata,
    sa.Column("job_id", sa.String, sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)

_versions = sa.Table("ledger_versions", _metadata, sa.Column("version", sa.Integer, primary_key=True))
"""Every version that this ledger was brought to; the first one kept no such table."""

FIRST_VERSION: Final = 1


class NewerLedger(Exception):
    """A later version of the playground has used this ledger, and this one might misread it."""

    def __init__(self, version: int) -> None:
        super().__init__(f"it was made by a later version of the playground (ledger {version}, not {known_version()})")


def known_version() -> int:
    """The newest version of the ledger that this playground knows."""
    return max(since(column) for table in _metadata.tables.values() for column in table.columns)


def since(column: sa.Column[object]) -> int:
    """The version that brought a column."""
    return int(column.info.get("since", FIRST_VERSION))


def tables() -> tuple[sa.Table, ...]:
    """The tables of jobs and their events."""
    return jobs, job_events


def upgrade(connection: sa.Connection) -> None:
    """Make what is missing: whole tables, columns of tables that are there, indexes. Harmless to repeat.

    Raises:
        NewerLedger: a later version of the playground has used it; nothing was changed.
    """
    there = sa.inspect(connection)
    if there.has_table(_versions.name):
        version = connection.scalar(sa.select(sa.func.max(_versions.c.version)))
        if version is not None and version > known_version():
            raise NewerLedger(version)
    _metadata.create_all(connection)
    for table in tables():
        _add_columns(connection, table)
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    if connection.scalar(sa.select(_versions.c.version).where(_versions.c.version == known_version())) is None:
        connection.execute(_versions.insert().values(version=known_version()))


def _add_columns(connection: sa.Connection, table: sa.Table) -> None:
    there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
    quoted = connection.dialect.identifier_preparer.quote
    for column in table.columns:
        if column.name not in there:
            added = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(sa.DDL(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {str(added).replace('%', '%%')}"))
