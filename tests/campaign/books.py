"""What the providers' books say against what the ledger and the disk say."""

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from playground.jobs.boxes import mp4_problem
from tests.campaign.process import RESTING

LOST = ("gone", "failed", "cancelled", "parked")
"""Where no job of a campaign may end: it is not there at all, or nobody wanted that end."""


@dataclass(frozen=True, slots=True)
class Count:
    """One provider's jobs after a campaign."""

    jobs: int = 0
    accepted: int = 0
    """Creates, by the provider's own book."""
    succeeded: int = 0
    taken: int = 0
    """Uncertain, and in the provider's book."""
    not_taken: int = 0
    """Uncertain, and not in it."""
    lost: int = 0
    """Accepted or acknowledged, and gone or at an end that nobody wanted."""
    twice: int = 0
    """Submitted more than once."""
    stuck: int = 0
    half: int = 0
    """Files that are no whole videos, jobs that succeeded without theirs, and leftovers of a download."""

    @property
    def wrong(self) -> int:
        return self.lost + self.twice + self.stuck + self.half

    def plus(self, other: "Count") -> "Count":
        return Count(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class _Job:
    id: str
    provider: str
    state: str
    prompt: str
    files: tuple[str, ...]


def audit(data: Path, stand_ins: Path, diary: Path, providers: tuple[str, ...]) -> dict[str, Count]:
    """The counts by provider, as they are now that nobody runs any more."""
    accepted = accepted_prompts(stand_ins)
    with sqlite3.connect(data / "playground.db") as ledger:
        rows = ledger.execute("select id, provider, state, request, videos from jobs").fetchall()
    jobs = [
        _Job(id, provider, state, json.loads(request)["prompt"], tuple(v["file"] for v in json.loads(videos)))
        for id, provider, state, request, videos in rows
    ]
    told = diary.read_text().split() if diary.exists() else []
    # An id tells no provider: whatever is gone counts for the first.
    gone = len(set(told) - {job.id for job in jobs})
    counts = {
        stem: _count([job for job in jobs if job.provider == stem], accepted.get(stem, Counter()), data)
        for stem in providers
    }
    return {**counts, providers[0]: counts[providers[0]].plus(Count(lost=gone))}


def accepted_prompts(stand_ins: Path) -> dict[str, Counter[str]]:
    """How often each prompt was accepted, by provider. No two jobs have the same."""
    found: dict[str, Counter[str]] = {"sandbox": Counter()}
    book = stand_ins / "accepted.jsonl"
    for line in map(json.loads, book.read_text().splitlines() if book.exists() else ()):
        found.setdefault(line["provider"], Counter())[line["prompt"]] += 1
    for order in (stand_ins / "sandbox").glob("*/request.json"):
        found["sandbox"][json.loads(order.read_text())["prompt"]] += 1
    return found


def _count(jobs: list[_Job], accepted: Counter[str], data: Path) -> Count:
    states = {job.prompt: job.state for job in jobs}
    uncertain = [job for job in jobs if job.state == "uncertain"]
    return Count(
        jobs=len(jobs),
        accepted=accepted.total(),
        succeeded=sum(job.state == "succeeded" for job in jobs),
        taken=sum(job.prompt in accepted for job in uncertain),
        not_taken=sum(job.prompt not in accepted for job in uncertain),
        lost=sum(states.get(prompt, "gone") in LOST for prompt in {*accepted, *states}),
        twice=accepted.total() - len(accepted),
        stuck=sum(job.state not in RESTING for job in jobs),
        half=sum(_half(job, data / "media") for job in jobs),
    )


def _half(job: _Job, media: Path) -> int:
    folder = media / job.id
    if job.state != "succeeded":
        return 0
    whole = [file for file in job.files if (media / file).is_file() and mp4_problem(media / file) is None]
    return len([*folder.glob("*.part")]) + max(1, len(job.files)) - len(whole)
