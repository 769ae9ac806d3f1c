"""What holds for every answer: no paid call is made twice, and no wait is absurd."""

from math import inf
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.domain.capabilities import Polling, ProviderFacts
from playground.domain.errors import FailureCode, failure
from playground.domain.provider import (
    Accepted,
    Answer,
    Created,
    Finished,
    NoAnswer,
    NotYet,
    Operation,
    Refused,
    RemoteFile,
    Reply,
    Running,
    Unclear,
)
from playground.domain.waiting import retry_after
from playground.jobs.pace import LONGEST, Spread, learned, pace
from playground.jobs.policy import (
    MAX_HINT_SECONDS,
    AskAgain,
    Asked,
    Fails,
    Took,
    Uncertain,
    after_create,
    after_status,
    backoff,
    poll_wait,
)

relaxed = settings(deadline=None, max_examples=150)

_codes = st.sampled_from(list[FailureCode](["refused", "uncertain", "rate_limited", "filtered"]))
_failures = st.builds(failure, _codes, st.just("So it is."), st.just("no"))
_outcomes: st.SearchStrategy[Created] = st.one_of(
    st.just(Accepted(Operation(id="op"))),
    st.just(Finished((RemoteFile(url="a.mp4"),))),
    st.builds(Refused, _failures),
    st.builds(Unclear, _failures),
    st.builds(NotYet, st.floats(allow_nan=False), st.text()),
)
_hints = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(lambda date: date.strftime("%a, %d %b %Y %H:%M:%S GMT")),
    st.from_regex(r"(Mon|Tue), [0-9]{1,3} (Jan|Foo) [0-9]{1,6} [0-9]{1,3}:[0-9]{2}:[0-9]{2} ([+-][0-9]{4}|GMT|)"),
)
_headers = st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), _hints)
_answers = st.builds(
    Answer, st.one_of(st.integers(100, 599), st.sampled_from([200, 408, 429, 503])), _headers, st.text()
)
_times = st.floats(0, 1e11)


@relaxed
@given(st.text(), _outcomes, _times)
def test_a_create_that_left_is_never_repeated_without_an_answer(reason: str, outcome: Created, now: float) -> None:
    assert isinstance(after_create(NoAnswer(True, reason), lambda _: outcome, "Veo", now), Uncertain)


@settings(deadline=None, max_examples=400)
@given(_answers, _outcomes, _times)
@example(Answer(429, {}, ""), NotYet(inf, "The Gemini API limits the rate."), 0.0)
def test_what_follows_a_create(answer: Answer, outcome: Created, now: float) -> None:
    step = after_create(answer, lambda _: outcome, "Veo", now)
    if isinstance(step, Took):
        assert 200 <= answer.status < 300
        assert isinstance(outcome, Accepted | Finished)
    if isinstance(step, AskAgain):
        assert answer.status == 429 or isinstance(outcome, NotYet)
        assert 0 <= step.wait_seconds <= MAX_HINT_SECONDS
    if answer.status >= 500 or answer.status == 408:
        assert isinstance(step, Fails | Uncertain)
    if answer.status == 503:
        assert isinstance(step, Fails)
    if isinstance(step, Fails | Uncertain):
        assert len(step.failure.message) < 500


@relaxed
@given(_headers, _times)
def test_a_hint_is_a_number_of_seconds_or_none(headers: dict[str, str], now: float) -> None:
    seconds = retry_after(headers, now)
    assert seconds is None or 0 <= seconds < float("inf")


@relaxed
@given(st.one_of(_answers, st.builds(NoAnswer, st.booleans(), st.text())), _times)
def test_a_question_is_never_followed_by_an_absurd_wait(reply: Reply, now: float) -> None:
    step = after_status(reply, lambda _: Running(), "Veo", now)
    assert not isinstance(step, AskAgain) or 0 <= step.wait_seconds < float("inf")


@relaxed
@given(st.integers(1, 10_000), st.floats(0.01, 10), st.floats(10, 1_000))
def test_backoff_grows_and_stays_below_its_most(attempt: int, first: float, most: float) -> None:
    one, two = (backoff(n, first=first, most=most) for n in (attempt, attempt + 1))
    assert first <= one <= two <= most


_seconds = st.floats(0.01, 600)


_paces = st.fixed_dictionaries({"first": _seconds, "then": _seconds, "never_below": _seconds})
_spreads = st.builds(Spread, usual=st.floats(1, 2_000), sigma=st.floats(0.08, 2))


@relaxed
@given(
    _paces,
    st.builds(Asked, age=st.floats(0, 10_000), before=st.booleans(), ago=st.floats(0, 10_000)),
    st.one_of(st.none(), _seconds),
    st.booleans(),
    st.floats(-1, 1),
)
def test_questions_keep_the_tables_pace(
    pace: dict[str, Any], since: Asked, override: float | None, loopback: bool, spread: float
) -> None:
    facts = ProviderFacts.model_validate(
        {"label": "Veo", "base_url": {"env": "X"}, "answers": "poll", "poll_seconds": pace, "evidence": "e"}
    )
    wait = poll_wait(facts, since, None, override, loopback=loopback, spread=spread)
    least = 0.0 if loopback and override is not None else pace["never_below"]
    base = override if override is not None else max(pace["first"], pace["then"])
    assert least <= wait <= max(least, base * 1.2 + 1e-9)


@settings(deadline=None, max_examples=25)
@given(_paces, _spreads, st.lists(st.tuples(st.floats(0, 20_000), st.floats(-1, 1)), min_size=1, max_size=20))
def test_a_learned_pace_keeps_the_tables_least_and_never_waits_absurdly(
    seconds: dict[str, float], spread: Spread, asked: list[tuple[float, float]]
) -> None:
    polling = Polling.model_validate(seconds)
    best = pace(spread, polling)
    if best is None:
        return
    for age, dice in asked:
        least, longest = polling.never_below, max(LONGEST * polling.then, spread.usual / 3)
        assert least <= best.wait(age, dice) <= max(least, longest)


@relaxed
@given(st.lists(st.floats(0, 1e6), max_size=60))
def test_whatever_the_ledger_holds_something_or_nothing_is_learned(took: list[float]) -> None:
    spread = learned(took)
    assert spread is None or (spread.usual > 0 and spread.sigma > 0 and 0 <= spread.share_at_worst(70) <= 1)
