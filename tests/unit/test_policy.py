"""The contract's table "After a create", row by row, and what an answer to a status question means."""

from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from playground.domain.capabilities import ProviderFacts
from playground.domain.errors import failure
from playground.domain.provider import (
    Accepted,
    Answer,
    Checked,
    Created,
    Failed,
    Finished,
    Gone,
    NoAnswer,
    NotYet,
    Operation,
    Refused,
    RemoteFile,
    Reply,
    Running,
    Unchanged,
    Unclear,
)
from playground.domain.waiting import retry_after
from playground.jobs.pace import Pace
from playground.jobs.policy import (
    MAX_CONNECT_TRIES,
    MAX_LIMITED_TRIES,
    NOT_YET_SECONDS,
    AfterCreate,
    AskAgain,
    Asked,
    Fails,
    NeedsKey,
    Took,
    Uncertain,
    after_create,
    after_status,
    backoff,
    give_up_creating,
    is_worth_writing,
    poll_wait,
)

NOW = 1_790_000_000.0
WHO = "TokenBay"
OPERATION = Operation(id="op-1")
FILES = (RemoteFile(url="https://a.example/1.mp4"),)
WORDS = failure("invalid", "The prompt is too long.", "no", words="prompt too long")
RAN = failure("filtered", "The prompt was filtered.", "yes", words="blocked")
FOG = failure("uncertain", "The answer has no id.", "unknown", words="<html>")
UNREADABLE = Unclear(FOG)


def answer(status: int, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, "")


def created(reply: Reply, outcome: Created = UNREADABLE) -> AfterCreate:
    return after_create(reply, lambda _: outcome, WHO, NOW)


def never(_: Answer) -> Any:
    raise AssertionError("an answer that did not come cannot be read")


# ---- After a create ----


def test_never_connected_is_repeated_a_few_times_then_failed_uncharged() -> None:
    step = after_create(NoAnswer(sent=False, reason="refused"), never, WHO, NOW)
    assert isinstance(step, AskAgain)
    assert WHO in step.why
    ends = [give_up_creating(step, tries, 0, WHO) for tries in range(1, MAX_CONNECT_TRIES + 1)]
    assert ends[:-1] == [None] * (MAX_CONNECT_TRIES - 1)
    assert ends[-1] is not None
    assert (ends[-1].code, ends[-1].charged) == ("unreachable", "no")


@pytest.mark.parametrize("reason", ["timeout", "connection lost", "cut off"])
def test_a_lost_reply_is_uncertain(reason: str) -> None:
    step = after_create(NoAnswer(sent=True, reason=reason), never, WHO, NOW)
    assert isinstance(step, Uncertain)
    assert (step.failure.code, step.failure.charged) == ("uncertain", "unknown")
    assert reason in step.failure.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry_after": "7"}, 7),
        ({"retry_after": "60"}, 60),
        ({"retry_after": "soon"}, 0),
        ({"retry_after": "-5"}, 0),
        ({"retry_after": formatdate(NOW + 30, usegmt=True)}, 30),
        ({"retry_after": formatdate(NOW - 30, usegmt=True)}, 0),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
    ],
)
@pytest.mark.parametrize("outcome", [Unclear(FOG), Refused(WORDS), Accepted(OPERATION)])
def test_a_rate_limit_is_waited_for(headers: dict[str, str], seconds: float, outcome: Created) -> None:
    step = created(answer(429, **headers), outcome)
    assert isinstance(step, AskAgain)
    assert step.wait_seconds == seconds
    assert give_up_creating(step, MAX_LIMITED_TRIES - 1, 10_000, WHO) is None
    end = give_up_creating(step, MAX_LIMITED_TRIES, 0, WHO)
    assert end is not None
    assert (end.code, end.charged) == ("rate_limited", "no")


@pytest.mark.parametrize(
    ("hint", "when"),
    [
        ("61", "61 seconds"),
        ("3600", "60 minutes"),
        ("86400", "24 hours"),
        (formatdate(NOW + 7_200, usegmt=True), "2 hours"),
    ],
)
def test_a_longer_wait_is_not_waited_for_and_its_end_is_told(hint: str, when: str) -> None:
    step = created(answer(429, retry_after=hint), Refused(WORDS))
    assert isinstance(step, Fails)
    assert (step.failure.code, step.failure.charged) == ("rate_limited", "no")
    assert when in step.failure.message
    assert step.failure.provider_words == "prompt too long"


def test_a_daily_quota_that_the_adapter_recognised_ends_it_in_its_words() -> None:
    step = created(answer(429), NotYet(86_400, "The daily quota is used up."))
    assert isinstance(step, Fails)
    assert step.failure.message == "The daily quota is used up. Try again in 24 hours."


@pytest.mark.parametrize(("header", "seconds"), [("5", 30), ("45", 45)])
def test_the_longer_of_two_hints_counts_and_the_limit_is_told(header: str, seconds: float) -> None:
    step = created(answer(429, retry_after=header), NotYet(30, "Spending is limited."))
    assert isinstance(step, AskAgain)
    assert (step.wait_seconds, step.why) == (seconds, "Spending is limited.")


@pytest.mark.parametrize("status", [200, 400, 409, 425])
def test_a_known_not_yet_is_waited_for_up_to_two_minutes(status: int) -> None:
    step = created(answer(status), NotYet(10, "The clip has not been processed."))
    assert step == AskAgain(10, "The clip has not been processed.", not_yet=True)
    assert isinstance(step, AskAgain)
    assert give_up_creating(step, 99, NOT_YET_SECONDS - 1, WHO) is None
    end = give_up_creating(step, 1, NOT_YET_SECONDS, WHO)
    assert end is not None
    assert end.charged == "no"
    assert "not been processed" in end.message


@pytest.mark.parametrize("status", [408, 500, 502, 504, 524])
def test_a_not_yet_in_an_answer_that_proves_nothing_is_uncertain(status: int) -> None:
    assert isinstance(created(answer(status), NotYet(10, "Later.")), Uncertain)


@pytest.mark.parametrize(("asked", "waited"), [(3_600, 60), (-1, 0), (0, 0)])
def test_a_not_yet_cannot_hold_a_job_for_long(asked: float, waited: float) -> None:
    step = created(answer(400), NotYet(asked, "Later."))
    assert isinstance(step, AskAgain)
    assert step.wait_seconds == waited


CLIENT_ERRORS = [status for status in range(400, 500) if status not in (408, 429)]


@pytest.mark.parametrize("status", CLIENT_ERRORS)
def test_another_client_error_is_a_refusal_uncharged(status: int) -> None:
    assert created(answer(status), Refused(WORDS)) == Fails(WORDS)
    for odd in (Unclear(FOG), Accepted(OPERATION), Finished(FILES)):
        step = created(answer(status), odd)
        assert isinstance(step, Fails)
        assert (step.failure.code, step.failure.charged) == ("refused", "no")
        assert str(status) in step.failure.message


@pytest.mark.parametrize("reason", [WORDS, RAN])
def test_a_receipt_that_is_an_error_ends_with_the_providers_words(reason: Any) -> None:
    assert created(answer(200), Refused(reason)) == Fails(reason)


@pytest.mark.parametrize("outcome", [Refused(WORDS), Unclear(FOG), Accepted(OPERATION), Finished(FILES)])
def test_an_overload_is_failed_with_an_unknown_charge_and_never_repeated(outcome: Created) -> None:
    step = created(answer(503, retry_after="1"), outcome)
    assert isinstance(step, Fails)
    assert (step.failure.code, step.failure.charged) == ("overloaded", "unknown")


@pytest.mark.parametrize("status", [100, 204, 301, 302, 304, 307, 408, 500, 501, 502, 504, 520, 522, 524, 599, 999])
@pytest.mark.parametrize("outcome", [Refused(WORDS), Unclear(FOG)])
def test_whatever_proves_nothing_is_uncertain(status: int, outcome: Created) -> None:
    step = created(answer(status, retry_after="1"), Unclear(FOG) if status in range(200, 300) else outcome)
    assert isinstance(step, Uncertain)
    assert step.failure.charged == "unknown"


@pytest.mark.parametrize("status", [300, 408, 500, 502, 504, 524])
@pytest.mark.parametrize("outcome", [Accepted(OPERATION), Finished(FILES)])
def test_no_receipt_is_believed_that_did_not_come_as_one(status: int, outcome: Created) -> None:
    assert isinstance(created(answer(status), outcome), Uncertain)


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_a_receipt_is_taken(status: int) -> None:
    assert created(answer(status), Accepted(OPERATION)) == Took(OPERATION, None)
    assert created(answer(status), Finished(FILES, ("A note.",), OPERATION)) == Took(OPERATION, FILES, ("A note.",))
    assert created(answer(status), Unclear(FOG)) == Uncertain(FOG)


# ---- After a status ----


def status(reply: Reply, outcome: Checked = UNREADABLE) -> Any:
    return after_status(reply, lambda _: outcome, WHO, NOW)


@pytest.mark.parametrize("sent", [True, False])
def test_a_question_without_an_answer_is_asked_again(sent: bool) -> None:
    assert isinstance(after_status(NoAnswer(sent, "timeout"), never, WHO, NOW), AskAgain)


@pytest.mark.parametrize("code", [301, 400, 408, 409, 418, 422, 425, 429, 500, 502, 503, 504, 522])
@pytest.mark.parametrize("outcome", [Unclear(FOG), Failed(RAN), Finished(FILES), Running()])
def test_everything_but_a_clear_end_is_asked_again(code: int, outcome: Checked) -> None:
    step = status(answer(code, retry_after="9"), outcome)
    assert isinstance(step, AskAgain)
    assert step.wait_seconds == 9
    assert status(answer(code), outcome).wait_seconds == 0


def test_an_answer_that_cannot_be_read_is_asked_again() -> None:
    assert isinstance(status(answer(200), Unclear(FOG)), AskAgain)


@pytest.mark.parametrize("outcome", [Running(0.5, "Drawing"), Unchanged(), Finished(FILES)])
def test_a_clear_answer_is_passed_on(outcome: Checked) -> None:
    assert status(answer(200), outcome) == outcome


def test_not_modified_needs_no_reading() -> None:
    assert after_status(answer(304), never, WHO, NOW) == Unchanged()


def test_ends_are_ends() -> None:
    gone = failure("gone", "It is gone.", "unknown")
    assert status(answer(200), Failed(RAN)) == Fails(RAN)
    assert status(answer(200), Gone(gone)) == Fails(gone)
    for code in (404, 410):
        assert status(answer(code), Gone(gone)) == Fails(gone)
        step = status(answer(code), Unclear(FOG))
        assert isinstance(step, Fails)
        assert (step.failure.code, step.failure.charged) == ("gone", "unknown")


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_says_that_the_job_goes_on(code: int) -> None:
    step = after_status(answer(code), never, WHO, NOW)
    assert isinstance(step, NeedsKey)
    assert (step.failure.code, step.failure.charged) == ("bad_key", "unknown")


def test_a_key_that_is_refused_with_a_400_is_a_refused_key_too() -> None:
    no_key = failure("bad_key", "The key is not accepted.", "no")
    assert isinstance(status(answer(400), Unclear(no_key)), NeedsKey)
    assert isinstance(status(answer(400), Unclear(FOG)), AskAgain)


# ---- Waiting ----


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("1.5", 1.5),
        (" 12 ", 12.0),
        ("nan", None),
        ("inf", None),
        ("-1", None),
        ("1e999", None),
        ("", None),
        ("Wed, 21 Oct", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0.0),
    ],
)
def test_what_a_provider_asks_to_wait(value: str, seconds: float | None) -> None:
    assert retry_after(answer(429, retry_after=value).headers, NOW) == seconds


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", "UTC"])
def test_a_date_is_in_greenwich_wherever_we_are(zone: str, elsewhere: None) -> None:
    date = formatdate(NOW + 45).rsplit(" ", 1)[0]
    assert retry_after(answer(429, retry_after=f"{date} {zone}").headers, NOW) == 45


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Any:
    """This machine stands in Auckland for a while."""
    import time

    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def facts(**polling: float) -> ProviderFacts:
    pace = {"first": 10.0, "then": 15.0, "never_below": 5.0, **polling}
    return ProviderFacts.model_validate(
        {"label": WHO, "base_url": {"env": "X"}, "answers": "poll", "poll_seconds": pace, "evidence": "e"}
    )


FRESH, ASKED, LEFT = Asked(0, before=False), Asked(30, before=True), Asked(300, before=False)
SLOW = Asked(30, before=True, ago=4)
EVERY_SECOND, EVERY_THIRD = (Pace((0, 100), (0, 100 / gap), least=1, longest=40) for gap in (1, 3))

WAITS: list[tuple[Callable[[], float], float]] = [
    (lambda: poll_wait(facts(), FRESH, None, None, loopback=False, spread=0), 10),
    (lambda: poll_wait(facts(), ASKED, None, None, loopback=False, spread=0), 15),
    (lambda: poll_wait(facts(), ASKED, None, None, loopback=False, spread=1), 18),
    (lambda: poll_wait(facts(), ASKED, None, None, loopback=False, spread=-1), 12),
    (lambda: poll_wait(facts(first=5), FRESH, None, None, loopback=True, spread=-1), 5),
    # From question to question, but so long after the answer at least.
    (lambda: poll_wait(facts(), SLOW, None, None, loopback=False, spread=0), 11),
    (lambda: poll_wait(facts(then=8), SLOW, None, None, loopback=False, spread=0), 5),
    (lambda: poll_wait(facts(), SLOW, EVERY_THIRD, None, loopback=False, spread=0), 1),
    # What was learned comes before the table, and the operator's word before both.
    (lambda: poll_wait(facts(), ASKED, EVERY_SECOND, None, loopback=False, spread=0), 1),
    (lambda: poll_wait(facts(), ASKED, EVERY_SECOND, 30, loopback=False, spread=0), 30),
    (lambda: poll_wait(facts(), FRESH, None, 30, loopback=False, spread=0), 30),
    (lambda: poll_wait(facts(), ASKED, None, 0.1, loopback=False, spread=0), 5),
    (lambda: poll_wait(facts(), ASKED, None, 0.1, loopback=True, spread=0), 0.1),
    # Left behind by a process that ended: soon, and not all at once.
    (lambda: poll_wait(facts(), LEFT, EVERY_SECOND, None, loopback=False, spread=0), 5),
    (lambda: poll_wait(facts(), LEFT, None, None, loopback=False, spread=-1), 5),
    (lambda: poll_wait(facts(), LEFT, None, None, loopback=False, spread=1), 12),
]


@pytest.mark.parametrize(("wait", "seconds"), WAITS)
def test_the_pace_of_questions(wait: Callable[[], float], seconds: float) -> None:
    assert wait() == pytest.approx(seconds)


def test_who_answers_at_once_is_not_asked() -> None:
    once = ProviderFacts.model_validate({"label": WHO, "base_url": {"env": "X"}, "answers": "once", "evidence": "e"})
    with pytest.raises(ValueError, match="not polled"):
        poll_wait(once, FRESH, None, None, loopback=False, spread=0)


def test_progress_is_written_where_it_changed_and_not_too_often() -> None:
    assert not is_worth_writing((0, 0.1, "drawing"), (100, 0.1, "drawing"))
    assert not is_worth_writing((0, 0.1, "drawing"), (4, 0.2, "drawing"))
    assert is_worth_writing((0, 0.1, "drawing"), (5, 0.2, "drawing"))
    assert is_worth_writing((0, None, None), (5, None, "Veo answered 500; asking again."))


def test_backoff_doubles_up_to_its_most() -> None:
    assert [backoff(attempt) for attempt in (1, 2, 3, 6, 7, 1_000_000)] == [0.5, 1, 2, 16, 30, 30]
