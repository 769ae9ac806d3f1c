"""The newest rows of the ledger that this process knows of: those who look often shall not each ask the database."""

from collections import OrderedDict
from typing import Final

from playground.jobs.record import JobRecord

_KEPT: Final = 4_000


class Newest:
    """Rows by id. What was read before the last `forget_all` is refused, since it may be older than what others wrote.

    The least recently looked at are dropped first.
    """

    def __init__(self) -> None:
        self._rows: OrderedDict[str, JobRecord] = OrderedDict()
        self.age = 0
        """Grows whenever everything is forgotten; to be taken before a row is read."""

    def get(self, job_id: str) -> JobRecord | None:
        """A row, where one is known."""
        row = self._rows.get(job_id)
        if row is not None:
            self._rows.move_to_end(job_id)
        return row

    def put(self, row: JobRecord, age: int) -> None:
        """Remember a row that was read at an `age`, unless a newer one is known."""
        known = self._rows.get(row.id)
        if age != self.age or (known is not None and known.seq > row.seq):
            return
        self._rows[row.id] = row
        self._rows.move_to_end(row.id)
        while len(self._rows) > _KEPT:
            self._rows.popitem(last=False)

    def wrote(self, row: JobRecord, age: int) -> None:
        """Remember a row that this process has just written, having begun at an `age`.

        Where everything was forgotten meanwhile, somebody may have begun since to read what this row replaces, at an
        age that is still good: then neither is kept.
        """
        if age == self.age:
            self.put(row, age)
        else:
            self.forget(row.id)

    def forget(self, job_id: str) -> None:
        """Drop one row, which is gone."""
        self.age += 1
        self._rows.pop(job_id, None)

    def forget_all(self) -> None:
        """Somebody else wrote into the ledger."""
        self.age += 1
        self._rows.clear()
