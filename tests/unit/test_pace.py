"""When to ask, played through with a thousand jobs that cost no time: less waiting for no more questions."""

from collections.abc import Callable, Sequence
from math import exp, log
from random import Random
from statistics import mean, median, quantiles

import pytest

from playground.catalog import load_tables
from playground.domain.capabilities import Polling, UsualWait
from playground.jobs.pace import ENOUGH, LONGEST, Pace, Spread, documented, learned, learned_by, pace
from playground.jobs.policy import Asked, poll_wait
from tests.durations import draw, draw_any, plain_loop, usual_times

JOBS = 1_000
VERTEX = load_tables()["vertex"].provider
POLLING = Polling(first=10, then=10, never_below=3)


def play(durations: Sequence[float], best: Pace | None, dice: Random) -> tuple[list[float], list[int]]:
    """Delays and numbers of questions of jobs that are asked as the policy says."""
    delays, polls = list[float](), list[int]()
    for seconds in durations:
        age, asked = 0.0, 0
        while age < seconds:
            since = Asked(age, before=asked > 0)
            wait = poll_wait(VERTEX, since, best, None, loopback=False, spread=dice.uniform(-1, 1))
            assert wait >= POLLING.never_below
            age, asked = age + wait, asked + 1
        delays.append(age - seconds)
        polls.append(asked)
    return delays, polls


def played(kinds: Sequence[Callable[[Random], float]], seed: int, history: int = 60) -> dict[str, float]:
    """What a thousand jobs gain over the plain loop; each kind has a ledger with some jobs that finished before."""
    dice = Random(seed)
    delays, polls, plain = list[float](), list[int](), list[tuple[int, float]]()
    for kind in kinds:
        # As a ledger has them: until they were seen and saved.
        spread = learned_by([kind(dice) + dice.uniform(0, 5) for _ in range(history)], POLLING)
        assert spread is not None
        durations = [kind(dice) for _ in range(JOBS // len(kinds))]
        waited, asked = play(durations, pace(spread, POLLING), dice)
        delays += waited
        polls += asked
        plain += [plain_loop(seconds) for seconds in durations]
    theirs = [delay for _, delay in plain]
    return {
        "polls": mean(polls) / mean(asked for asked, _ in plain),
        "median": median(delays) / median(theirs),
        "mean": mean(delays) / mean(theirs),
        "p95": quantiles(delays, n=20)[-1] / quantiles(theirs, n=20)[-1],
        "longest": max(delays),
    }


def of_kind(usual: float) -> Callable[[Random], float]:
    return lambda dice: draw(usual, dice)


def test_half_the_delay_for_no_more_questions_where_each_kind_has_its_usual_time() -> None:
    """Over ten ledgers: what one of them teaches by chance makes a few questions more or less."""
    gained = [played([of_kind(usual) for usual in usual_times(6)], seed) for seed in range(10)]
    assert mean(each["polls"] for each in gained) <= 1
    assert mean(each["median"] for each in gained) <= 0.42
    assert mean(each["mean"] for each in gained) <= 0.42
    assert mean(each["p95"] for each in gained) <= 0.44
    for each in gained:
        assert each["polls"] <= 1.05
        assert each["median"] <= 0.45
        assert each["mean"] <= 0.45
        assert each["p95"] <= 0.5
        assert each["longest"] <= LONGEST * POLLING.then


@pytest.mark.parametrize("seed", range(3))
def test_a_ledger_with_a_few_jobs_teaches_already(seed: int) -> None:
    gained = played([of_kind(usual) for usual in usual_times(6)], seed, history=ENOUGH)
    assert gained["polls"] <= 1.1
    assert gained["mean"] <= 0.6


def test_ledgers_with_a_few_jobs_ask_hardly_too_much_together() -> None:
    gained = [played([of_kind(usual) for usual in usual_times(6)], seed, history=ENOUGH) for seed in range(30)]
    assert mean(each["polls"] for each in gained) <= 1.02
    assert mean(each["mean"] for each in gained) <= 0.5
    assert max(each["mean"] for each in gained) <= 0.6


def test_gaps_are_even_while_most_jobs_finish_and_long_before_and_after() -> None:
    best = pace(Spread(usual=70, sigma=0.2), POLLING)
    assert best is not None
    gaps = {age: best.gap_before(age) for age in (50, 60, 70, 85, 100, 900)}
    assert gaps[60] == pytest.approx(gaps[100], rel=0.02)
    assert gaps[70] == pytest.approx(gaps[100], rel=0.02)
    assert gaps[50] > 3 * gaps[60]
    assert gaps[900] > 3 * gaps[60]


@pytest.mark.parametrize("seed", range(3))
def test_where_kinds_cannot_be_told_apart_it_gains_what_can_be_gained(seed: int) -> None:
    """No schedule gets below four fifths here: see `bound`."""
    gained = played([draw_any], seed)
    assert gained["polls"] <= 1.02
    assert bound(draw_any) - 0.05 <= gained["mean"] <= 0.95


def bound(kind: Callable[[Random], float]) -> float:
    """The least share of the plain loop's mean delay that any schedule reaches with its questions, by Cauchy-Schwarz.

    With S the share of jobs that are left and f the density of finishing, questions × delay ≥ ½ (∫ √(S f))².
    """
    dice, step, drawn = Random(0), 4.0, 20_000
    counts = [0] * 100
    total = 0.0
    for _ in range(drawn):
        seconds = kind(dice)
        total += seconds
        counts[int(seconds / step)] += 1
    left, area = drawn, 0.0
    for count in counts:
        area += (((left - count / 2) / drawn) * (count / drawn / step)) ** 0.5 * step
        left -= count
    return area**2 / (total / drawn)


def test_the_bound_says_halving_is_possible_for_one_kind_only() -> None:
    assert bound(of_kind(70)) < 0.5 < 0.7 < bound(draw_any)


def test_without_history_the_providers_word_stands_in() -> None:
    spread = documented(UsualWait(at_least=11, at_most=360, evidence="e"))
    assert spread is not None
    dice = Random(1)
    durations = [draw_any(dice) for _ in range(JOBS)]
    delays, polls = play(durations, pace(spread, POLLING), dice)
    plain = [plain_loop(seconds) for seconds in durations]
    assert mean(polls) <= 1.05 * mean(asked for asked, _ in plain)
    assert mean(delays) < mean(delay for _, delay in plain)
    assert documented(None) is None
    assert documented(UsualWait(at_least=60, at_most=60, evidence="e")) is None


def test_it_is_sparse_while_nothing_can_be_ready_and_dense_around_then() -> None:
    best = pace(Spread(usual=100, sigma=0.15), POLLING)
    assert best is not None
    early, then, late = (best.wait(age, 0) for age in (0, 100, 600))
    assert early > 30
    assert then < 4.5
    assert early <= best.longest == LONGEST * POLLING.then
    assert 10 < late <= best.longest


def test_jobs_that_begin_together_are_not_asked_together() -> None:
    best = pace(Spread(usual=100, sigma=0.15), POLLING)
    assert best is not None
    assert best.wait(0, -1) < best.wait(0, 0) < best.wait(0, 1)


def test_a_pace_that_gains_nothing_is_none() -> None:
    assert pace(Spread(usual=100, sigma=0.15), Polling(first=10, then=10, never_below=10)) is None


def test_what_was_seen_late_by_asking_is_taken_for_earlier() -> None:
    dice = Random(5)
    true = [draw(70, dice) for _ in range(200)]
    late = learned_by([each + dice.uniform(0, 5) for each in true], POLLING)
    exact, as_seen = learned(true), learned([each + 2.5 for each in true])
    assert late is not None
    assert exact is not None
    assert as_seen is not None
    assert abs(late.usual - exact.usual) < 1 < as_seen.usual - exact.usual
    assert learned_by([70.0] * (ENOUGH - 1), POLLING) is None


def test_what_is_learned_is_the_median_and_how_far_they_lie_apart() -> None:
    dice = Random(3)
    spread = learned([50 * exp(0.3 * dice.gauss(0, 1)) for _ in range(200)])
    assert spread is not None
    assert spread.usual == pytest.approx(50, rel=0.1)
    assert spread.sigma == pytest.approx(0.3, rel=0.2)
    assert learned([70.0] * (ENOUGH - 1)) is None
    assert learned([0.0] * 50) is None
    few, many = learned([70.0] * ENOUGH), learned([70.0] * 100)
    assert few is not None
    assert many is not None
    assert few.sigma > many.sigma > 0
    assert log(few.usual) == pytest.approx(log(70))
