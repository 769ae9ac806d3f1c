"""What a process remembers of the ledger is never older than what it has written itself."""

from playground.jobs.newest import Newest
from playground.jobs.record import JobRecord


def row(seq: int) -> JobRecord:
    return JobRecord.model_construct(id="a-job", seq=seq)


def test_what_was_written_is_known_and_an_older_read_does_not_replace_it() -> None:
    newest = Newest()
    read_at, written_at = newest.age, newest.age
    newest.wrote(row(2), written_at)
    newest.put(row(1), read_at)
    assert newest.get("a-job") == row(2)


def test_a_read_that_began_after_all_was_forgotten_and_before_a_write_ended_is_not_kept() -> None:
    newest = Newest()
    written_at = newest.age
    newest.forget_all()
    read_at = newest.age
    newest.wrote(row(2), written_at)
    newest.put(row(1), read_at)
    assert newest.get("a-job") is None
    newest.put(row(2), newest.age)
    assert newest.get("a-job") == row(2)


def test_the_same_read_is_not_kept_where_it_ends_first() -> None:
    newest = Newest()
    written_at = newest.age
    newest.forget_all()
    newest.put(row(1), newest.age)
    newest.wrote(row(2), written_at)
    assert newest.get("a-job") is None
