"""What happened, for those who run the playground: each event once, as a line of the log and in the counters.

A line names the job, and never a prompt (unless the operator asks for prompts), an owner or a key.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from playground.domain.job import ENDS
from playground.domain.provider import Answer, Reply
from playground.jobs.metrics import Metrics
from playground.jobs.record import JobRecord

_log = logging.getLogger("playground.events")

_NOT_TOLD: Final = frozenset({"progress", "saved", "waiting", "inputs"})
"""Kinds of events that are told by others, or too often: polls are summed up in the move that ends them."""


class Telling:
    """Writes the log and counts."""

    def __init__(self, metrics: Metrics | None = None, *, prompts: bool = False) -> None:
        """With `prompts`, the line of a new job holds its prompt."""
        self.metrics = metrics if metrics is not None else Metrics()
        self._prompts = prompts

    def changed(self, kind: str, job: JobRecord) -> None:
        """The ledger has an event of a job; `job` is as it is now."""
        if kind in _NOT_TOLD:
            return
        fields: dict[str, object] = {"state": job.state, "provider": job.provider}
        if kind == "created":
            fields |= {"model": job.model, "mode": job.mode, "price_usd": job.price_usd}
            fields |= {"prompt": job.asked().prompt} if self._prompts else {}
        ending = job.failure.code if job.failure is not None else ""
        if job.attempts:
            fields["attempts"] = job.attempts
        if job.operation is not None:
            fields["polls"] = job.polls
        if job.state in ENDS or ending:
            fields |= {"charged": job.charged, "ending": ending or job.state}
        seconds = _seconds(job) if job.state == "succeeded" else None
        if seconds is not None:
            fields["seconds"] = round(seconds, 1)
        if kind in ("created", "moved", "receipt"):
            self.metrics.moves.labels(job.provider, job.state, ending).inc()
            if seconds is not None:
                self.metrics.seconds.labels(job.provider).observe(seconds)
        self._tell(f"job {kind}", fields, job.id)

    def answered(self, provider: str, call: str, reply: Reply, seconds: float) -> None:
        """A provider answered a call of that class, or did not."""
        self.metrics.answer_seconds.labels(provider, call, _answer(reply)).observe(seconds)

    def created(self, job: JobRecord, attempt: int, reply: Reply, seconds: float) -> None:
        """A create was sent, and this came back."""
        self.metrics.creates.labels(job.provider, _answer(reply)).inc()
        fields = {"provider": job.provider, "attempt": attempt, "answer": _status(reply), "seconds": round(seconds, 3)}
        self._tell("create sent", fields, job.id)

    def downloaded(self, job: JobRecord, number: int, size: int, seconds: float) -> None:
        """A video was saved."""
        self.metrics.saved_bytes.labels(job.provider).inc(size)
        fields = {"provider": job.provider, "number": number, "bytes": size, "seconds": round(seconds, 3)}
        self._tell("video saved", fields, job.id)

    def refused(self, code: str, provider: str, fields: Sequence[str] = ()) -> None:
        """A request was refused before anything was sent; `fields` are those that did not fit."""
        self.metrics.refusals.labels(code).inc()
        self._tell("request refused", {"code": code, "provider": provider[:60], "fields": list(fields)})

    def swept(self, why: str, what: str, size: int, job_id: str | None = None) -> None:
        """Something was removed: too old (`age`), or to make room (`quota`)."""
        self.metrics.swept_bytes.labels(why).inc(size)
        self._tell("swept", {"why": why, "what": what, "bytes": size}, job_id)

    def over_quota(self, used: float, quota: float) -> None:
        """There is more than the quota allows, and nothing left that may go."""
        _log.warning("over quota", extra={"used_bytes": round(used), "quota_bytes": round(quota)})

    def _tell(self, event: str, fields: Mapping[str, object], job_id: str | None = None) -> None:
        named = {} if job_id is None else {"job": job_id}
        _log.info(event, extra={**named, **fields})


def _seconds(job: JobRecord) -> float | None:
    if job.submitted_at is None or job.finished_at is None:
        return None
    # A clock that was set back must not count below nothing.
    return max(0.0, job.finished_at - job.submitted_at)


def _status(reply: Reply) -> int | str:
    return reply.status if isinstance(reply, Answer) else _answer(reply)


def _answer(reply: Reply) -> str:
    """`2xx`, `4xx`, `lost` (sent, no answer), `unreached` (nothing was sent)."""
    if isinstance(reply, Answer):
        return f"{reply.status // 100}xx"
    return "lost" if reply.sent else "unreached"
