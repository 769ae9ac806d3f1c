"""How long the jobs of tests and of the bench take: from 11 s to 6 min, half of them within 70 s, as Veo's do.

Over all jobs it is log-normal. A kind of job (a model at a resolution) has its own usual time, and two of three of its
jobs lie within a fifth of that. How much of the spread lies between kinds is our assumption, since nobody publishes it;
that much does, a measured 332 s for a 4k clip of the fast model says.
"""

from math import exp, log, sqrt
from random import Random
from statistics import NormalDist, pstdev
from typing import Final

USUAL: Final = 70.0
QUICKEST, SLOWEST = 11.0, 360.0
_SIGMA: Final = 0.6
"""Of the logarithm, over all jobs: 11 s and 6 min are about three of them away from 70 s."""
_SIGMA_WITHIN: Final = 0.2
_STEADY: Final = 10.0
"""Seconds that the loop sleeps which Google documents."""


def usual_times(kinds: int) -> list[float]:
    """The usual time of each kind, the quickest first."""
    places = [NormalDist().inv_cdf((kind + 0.5) / kinds) for kind in range(kinds)]
    between = sqrt(_SIGMA**2 - _SIGMA_WITHIN**2) / pstdev(places)
    return [exp(log(USUAL) + between * place) for place in places]


def draw(usual: float, dice: Random) -> float:
    """How long a job takes of a kind with this usual time."""
    return min(max(usual * exp(_SIGMA_WITHIN * dice.gauss(0, 1)), QUICKEST), SLOWEST)


def draw_any(dice: Random) -> float:
    """The same where kinds cannot be told apart: the whole spread."""
    return min(max(USUAL * exp(_SIGMA * dice.gauss(0, 1)), QUICKEST), SLOWEST)


def plain_loop(seconds: float) -> tuple[int, float]:
    """Questions of "sleep 10 s, ask" to a job that takes so long, and seconds until it knows that it is finished."""
    polls = int(-(-seconds // _STEADY))
    return polls, polls * _STEADY - seconds
