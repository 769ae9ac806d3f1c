"""Pure: what an answer means for a job, and when to ask again. The table is in the contract; this is its one copy.

A paid create is never repeated unless the answer proves that it was not accepted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playground.domain.capabilities import ProviderFacts
from playground.domain.errors import Failure, failure
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

MAX_HINT_SECONDS: Final = 60.0
"""A longer wait is not waited for: the job fails, not charged, and says when."""
_LONGEST_TOLD: Final = 30 * 86_400.0
"""Seconds. A provider may write any number, even one that is as good as endless."""
MAX_CONNECT_TRIES: Final = 4
MAX_LIMITED_TRIES: Final = 10
NOT_YET_SECONDS: Final = 120.0
"""How long a known "not yet" is waited for in all."""
MAX_EMPTY_DOWNLOADS: Final = 20
"""How often in a row a gateway may say 502 in place of a video, about eight minutes; then there is none."""
JITTER: Final = 0.2
WRITE_SECONDS: Final = 5.0
"""How often progress is written for those who watch from another process, where it changed."""

_OK: Final = range(200, 300)
_CLIENT: Final = range(400, 500)
_TIMEOUT, _LIMITED, _UNAVAILABLE = 408, 429, 503
_UNAUTHORIZED: Final = frozenset({401, 403})
_GONE: Final = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Took:
    """The create was accepted: an operation to follow, or the finished files at once."""

    operation: Operation | None
    files: tuple[RemoteFile, ...] | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fails:
    """It ended; the failure says whether it was charged."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Uncertain:
    """It may have been accepted; never repeated by us."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Nothing was accepted (create), or nothing was learned (status): wait, then repeat."""

    wait_seconds: float
    why: str
    connection: bool = False
    not_yet: bool = False


@dataclass(frozen=True, slots=True)
class NeedsKey:
    """The key was refused while the job was under way."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Asked:
    """How far the questions about a job have come."""

    age: float
    """Seconds from when its create was accepted to when the question before was due, or to now where there was none."""
    before: bool
    """Whether this run of the loop has asked it before."""
    ago: float = 0.0
    """Seconds since that question was due: it left late, or its answer took so long."""


AfterCreate = Took | Fails | Uncertain | AskAgain
AfterStatus = Running | Unchanged | Finished | Fails | AskAgain | NeedsKey


def after_create(reply: Reply, read: Callable[[Answer], Created], who: str, now: float) -> AfterCreate:
    """What to do after the one call that may cost money. `now` is seconds since the epoch."""
    if isinstance(reply, NoAnswer):
        if not reply.sent:
            return AskAgain(0, f"{who} cannot be reached ({_bare(reply)}).", connection=True)
        return _uncertain(f"The reply of {who} was lost ({_bare(reply)}).")
    if reply.status == _LIMITED:
        return _limited(reply, read(reply), who, now)
    if reply.status == _UNAVAILABLE:
        says = f"{who} is overloaded; whether it took the job is not known."
        return Fails(failure("overloaded", says, "unknown", words=_words(read(reply))))
    outcome = read(reply)
    settled = reply.status in _OK or (reply.status in _CLIENT and reply.status != _TIMEOUT)
    if isinstance(outcome, NotYet) and settled:
        # No longer than a hint is: the two minutes in all are counted between the questions.
        return AskAgain(min(max(outcome.wait_seconds, 0.0), MAX_HINT_SECONDS), outcome.why, not_yet=True)
    if settled and reply.status not in _OK:
        return Fails(_refusal(outcome, reply, who))
    if reply.status not in _OK or isinstance(outcome, NotYet):
        return _uncertain(f"{who} answered {reply.status}; whether it took the job is not known.")
    match outcome:
        case Accepted(operation):
            return Took(operation, None)
        case Finished(files, notes, operation):
            return Took(operation, files, notes)
        case Refused(reason):
            return Fails(reason)
        case Unclear(reason):
            return Uncertain(reason)


def _bare(reply: NoAnswer) -> str:
    return reply.reason.rstrip(". ")


def _words(outcome: Created) -> str | None:
    return outcome.failure.provider_words if isinstance(outcome, Refused | Unclear) else None


def _refusal(outcome: Created, reply: Answer, who: str) -> Failure:
    if isinstance(outcome, Refused):
        return outcome.failure
    return failure("refused", f"{who} refused the request ({reply.status}).", "no", words=_words(outcome))


def _uncertain(says: str) -> Uncertain:
    return Uncertain(failure("uncertain", f"{says} It may have been accepted and charged.", "unknown"))


def _limited(reply: Answer, outcome: Created, who: str, now: float) -> AfterCreate:
    hint, why = retry_after(reply.headers, now), f"{who} limits the rate."
    if isinstance(outcome, NotYet):
        # The body tells which limit it is, and may ask for longer than the header.
        hint, why = min(max(outcome.wait_seconds, hint or 0.0), _LONGEST_TOLD), outcome.why
    if hint is not None and hint > MAX_HINT_SECONDS:
        return Fails(failure("rate_limited", f"{why} Try again in {_span(hint)}.", "no", words=_words(outcome)))
    return AskAgain(hint if hint is not None else 0, why)


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:  # noqa: PLR2004 - one minute, told in seconds
        return f"{seconds:.0f} seconds"
    return f"{minutes} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"  # noqa: PLR2004 - two hours read better


def give_up_creating(step: AskAgain, tries: int, waited: float, who: str) -> Failure | None:
    """The failure to end with once a create was put off too often; None: go on."""
    if step.connection:
        if tries >= MAX_CONNECT_TRIES:
            return failure("unreachable", f"{step.why} Nothing was sent.", "no")
    elif step.not_yet:
        if waited >= NOT_YET_SECONDS:
            return failure("refused", f"{who} was still not ready after two minutes: {step.why}", "no")
    elif tries >= MAX_LIMITED_TRIES:
        return failure("rate_limited", f"{who} kept refusing for its rate limit.", "no")
    return None


def after_status(reply: Reply, read: Callable[[Answer], Checked], who: str, now: float) -> AfterStatus:
    """What to do after one question about a running job: everything but a clear end is asked again."""
    if isinstance(reply, NoAnswer):
        return AskAgain(0, f"{who} cannot be reached ({_bare(reply)}); asking again.")
    if reply.status == 304:  # noqa: PLR2004 - "not modified"
        return Unchanged()
    if reply.status in _UNAUTHORIZED:
        return _no_key(who)
    outcome = read(reply)
    if isinstance(outcome, Unclear) and outcome.failure.code == "bad_key":
        return _no_key(who)  # there are services that say so with a 400
    if isinstance(outcome, Gone):
        return Fails(outcome.failure)
    if reply.status in _GONE:
        return Fails(failure("gone", f"{who} no longer knows this job.", "unknown"))
    if reply.status not in _OK:
        return AskAgain(retry_after(reply.headers, now) or 0, f"{who} answered {reply.status}; asking again.")
    match outcome:
        case Running() | Unchanged() | Finished():
            return outcome
        case Failed(reason):
            return Fails(reason)
        case Unclear():
            return AskAgain(0, f"{who} gave an answer that cannot be read; asking again.")


def _no_key(who: str) -> NeedsKey:
    says = f"{who} no longer accepts the key; the job itself goes on there."
    return NeedsKey(failure("bad_key", says, "unknown", next_step="Enter a key that works and continue the job."))


def backoff(attempt: int, *, first: float = 0.5, most: float = 30.0) -> float:
    """Seconds before try number `attempt` + 1 (from 1), doubling up to a most."""
    return min(first * 2 ** min(attempt - 1, 16), most)


def poll_wait(
    facts: ProviderFacts, since: Asked, pace: Pace | None, override: float | None, *, loopback: bool, spread: float
) -> float:
    """Seconds until the next status question.

    Without a `pace` that was learned, the table's steady one. `override` (the operator's) replaces both, and goes below
    the table's minimum on loopback only. `spread` is a random number from -1 to 1; it moves the wait by up to a fifth,
    never below that minimum.
    """
    polling = facts.poll_seconds
    if polling is None:
        raise ValueError("a provider that answers at once is not polled")
    if override is not None:
        least = 0.0 if loopback else polling.never_below
        return max(least, override * (1 + JITTER * spread))
    first = polling.first * (1 + JITTER * spread)
    if not since.before and since.age > polling.first:
        # It may have finished while nobody asked; those that were left behind are not all asked at once.
        return max(polling.never_below, first * (1 + spread) / 2)
    if pace is not None:
        least, wait = pace.least, pace.wait(since.age, spread)
    else:
        least, wait = polling.never_below, polling.then * (1 + JITTER * spread) if since.before else first
    # From question to question: else whoever answers slowly would be asked less often than is good.
    return max(least, wait - since.ago)


def is_worth_writing(written: tuple[float, object, object], now: tuple[float, object, object]) -> bool:
    """Whether progress (a time, a share, words) is news since it was last written. Most providers tell none."""
    return now[1:] != written[1:] and now[0] - written[0] >= WRITE_SECONDS
