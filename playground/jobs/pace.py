"""When to ask about a running job, from how long such jobs took: seldom while nothing can be ready, often around then.

Who asks a job of age t every g(t) seconds waits half of g on average once it is finished, and asks as often as the job
outlives a gap. Least delay for a given number of questions, by Lagrange: g(t) ∝ 1 / √h(t), where the hazard h is the
chance to finish now of a job that has not finished yet. The number is what the table's steady pace would ask, were each
answer there at once: then nobody is asked more than his documentation does. The gaps stay between the table's least and
a longest of ours.

That alone has those wait longest who finish early, and asks most often for the few who are late. So from the age by
which one of fifteen has finished gaps are even, until hardly one is left, and before they are twice as long: the mean
delay grows a little, and what nineteen of twenty do not exceed shrinks by more.

What that gains depends on how alike such jobs are. Where two of three lie within a fifth of their usual time, the delay
halves. Where they differ as all kinds of jobs together do (11 s to 6 min), no schedule gains more than a quarter: so
times are learned for each kind by itself.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, erf, exp, log, sqrt
from statistics import fmean, median, quantiles
from typing import Final

from playground.domain.capabilities import Polling, UsualWait

ENOUGH: Final = 5
"""Jobs of one kind before their times say anything of others."""
JITTER: Final = 0.1
"""A random part of each gap, so that jobs which began together are not asked together for ever."""
LONGEST: Final = 4.0
"""The longest gap, in times of the steady pace; or a third of the usual time, where that is more."""
_SURPRISES, _SURPRISING_SIGMA = 0.02, 0.8
"""The share of jobs that keep no usual time, and how far those lie apart."""
_LEAST_SIGMA, _DOUBT = 0.08, 2.6
_TENTHS_APART: Final = 2 * 1.2816
_RANGE: Final = 2 * 2.3263
"""Standard deviations between the first and the last tenth; and in a provider's "from … to …", taken for 98 of 100."""
_EARLY, _SELDOM = 1 / 15, 2.0
"""The share of jobs that finish early, and how much longer gaps are until then than their hazard deserves."""
_STEP, _ALL, _NEVER = 1.03, 0.9995, 1e-12


@dataclass(frozen=True, slots=True)
class Spread:
    """How long jobs of one kind take: log-normal."""

    usual: float
    """The median, in seconds."""
    sigma: float
    """Standard deviation of the logarithm."""

    def share_by(self, age: float) -> float:
        """The share of jobs that have finished by an age in seconds, as far as is known."""
        return _normal(log(age / self.usual) / self.sigma) if age > 0 else 0.0

    def share_at_worst(self, age: float) -> float:
        """The same with a few jobs that surprise."""
        surprising = Spread(self.usual, max(_SURPRISING_SIGMA, self.sigma))
        return (1 - _SURPRISES) * self.share_by(age) + _SURPRISES * surprising.share_by(age)


def learned(took: Sequence[float]) -> Spread | None:
    """From the seconds that jobs of one kind took, the wider the fewer there are; None for too few."""
    logs = [log(each) for each in took if each > 0]
    if len(logs) < ENOUGH:
        return None
    first, *_, last = quantiles(logs, n=10, method="inclusive")
    apart = max((last - first) / _TENTHS_APART, _LEAST_SIGMA)
    return Spread(exp(median(logs)), apart * (1 + _DOUBT / len(logs)))


def documented(wait: UsualWait | None) -> Spread | None:
    """From what a provider says; None where it says nothing, or one number only."""
    if wait is None or wait.at_least == wait.at_most:
        return None
    low, high = log(wait.at_least), log(wait.at_most)
    return Spread(exp(fmean((low, high))), (high - low) / _RANGE)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a job of each age has been asked; it is asked whenever that has grown by one. Ages in seconds."""

    ages: tuple[float, ...]
    asked: tuple[float, ...]
    least: float
    longest: float

    def wait(self, age: float, spread: float) -> float:
        """Seconds until a job is asked that was just asked at an age; `spread` is a random number from -1 to 1."""
        now = _along(age, self.ages, self.asked, 1 / self.longest)
        then = _along(now + 1 + JITTER * spread, self.asked, self.ages, self.longest)
        return max(self.least, min(then - age, self.longest * (1 + JITTER * (spread - 1) / 2)))

    def gap_before(self, age: float) -> float:
        """Seconds since the question before, for a job that is asked at an age."""
        now = _along(age, self.ages, self.asked, 1 / self.longest)
        return age - _along(max(0.0, now - 1), self.asked, self.ages, self.longest)


def learned_by(took: Sequence[float], polling: Polling) -> Spread | None:
    """As `learned`, from times at which jobs were seen finished: most of them were half a usual gap before."""
    seen = learned(took)
    if seen is None:
        return None
    asked = pace(seen, polling)
    gap = asked.gap_before(seen.usual) if asked is not None else polling.then
    return learned([each - min(gap, each) / 2 for each in took])


def pace(spread: Spread, polling: Polling) -> Pace | None:
    """A pace that asks no more than the table's steady one, and waits less; None where that one is as good."""
    cells = list(_cells(spread, polling))
    least, longest = polling.never_below, max(LONGEST * polling.then, spread.usual / 3)

    def gaps(scale: float) -> Iterator[float]:
        return (min(max(scale * cell.gap, least), longest) for cell in cells)

    def questions(scale: float) -> float:
        # A job finishes halfway between two questions on average, and the second is asked as well.
        return 0.5 + sum(cell.there / gap for cell, gap in zip(cells, gaps(scale), strict=True))

    chosen = tuple(gaps(_where(questions, _steady_questions(spread, polling, cells[-1].until))))
    delay = sum(cell.share * gap / 2 for cell, gap in zip(cells, chosen, strict=True))
    if delay >= sum(cell.share * _steady_delay((cell.since + cell.until) / 2, polling) for cell in cells):
        return None
    asked = accumulate(((cell.until - cell.since) / gap for cell, gap in zip(cells, chosen, strict=True)), initial=0.0)
    return Pace((0.0, *(cell.until for cell in cells)), tuple(asked), least, longest)


@dataclass(frozen=True, slots=True)
class _Cell:
    """A short span of ages."""

    since: float
    until: float
    share: float
    """Of all jobs, those that finish in it at worst."""
    gap: float
    """Between two questions in it, but for a factor that is the same for all."""
    there: float
    """Seconds that a job spends in it on average, as far as is known."""


def _cells(spread: Spread, polling: Polling) -> Iterator[_Cell]:
    """From nothing to where hardly a job is left."""
    since, before, evenly = 0.0, 0.0, 0.0
    until = min(polling.never_below, spread.usual / 20)
    while before < _ALL:
        after, seconds = spread.share_at_worst(until), until - since
        gap = sqrt((1 - (before + after) / 2) * seconds / max(after - before, _NEVER))
        if spread.share_by((since + until) / 2) <= _EARLY:
            gap, evenly = gap * _SELDOM, gap
        else:
            gap = max(gap, evenly)
        there = (1 - (spread.share_by(since) + spread.share_by(until)) / 2) * seconds
        yield _Cell(since, until, after - before, gap, there)
        since, before, until = until, after, until * _STEP


def _steady_questions(spread: Spread, polling: Polling, last: float) -> float:
    """Until an age at which hardly a job is left; of very many some thousand are counted, each for those around it."""
    step = max(polling.then, (last - polling.first) / 1000)
    middle = polling.first + (step - polling.then) / 2
    ages = (middle + number * step for number in range(ceil((last - polling.first) / step)))
    return 1 + sum(1 - spread.share_by(age) for age in ages) * step / polling.then


def _steady_delay(finished: float, polling: Polling) -> float:
    """Seconds from a finish at an age to the next question of the steady pace."""
    if finished <= polling.first:
        return polling.first - finished
    return polling.then - (finished - polling.first) % polling.then


def _where(falls: Callable[[float], float], target: float) -> float:
    """The scale at which a falling function comes down to a target; the nearest there is."""
    low, high = 1e-4, 1e6
    for _ in range(32):
        middle = sqrt(low * high)
        low, high = (middle, high) if falls(middle) > target else (low, middle)
    return high


def _normal(sigmas: float) -> float:
    return 0.5 * (1 + erf(sigmas / sqrt(2)))


def _along(x: float, xs: Sequence[float], ys: Sequence[float], slope: float) -> float:
    """The y at an x on a rising line through points, going on with a slope behind the last."""
    place = bisect_right(xs, x)
    if place == len(xs):
        return ys[-1] + (x - xs[-1]) * slope
    share = (x - xs[place - 1]) / (xs[place] - xs[place - 1])
    return ys[place - 1] + share * (ys[place] - ys[place - 1])
