"""The three jobs that aigateway.sh's model page, its jobs page and its SDK describe; no two are alike."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Final

from playground.emulator._desk import Operation, Stage

Json = dict[str, Any]

_FAILED: Final = "The upstream provider could not make the video."
_FILTERED: Final = "The upstream provider withheld the video: it violates its content policy."
"""No wording of a moderation is documented; this is ours."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands."""

    operation: Operation
    stage: Stage | None
    """None: cancelled."""
    link: str
    at: int
    """Unix seconds of now."""

    @property
    def head(self) -> Json:
        """Id and model."""
        return {"id": job_id(self.operation), "model": self.operation.wanted.model}

    @property
    def reason(self) -> str | None:
        """Why it failed, None where it did not."""
        return {"failed": _FAILED, "filtered": _FILTERED}.get(self.stage or "")


class Shape(ABC):
    """One of the descriptions."""

    file_path: str = "/media/video/{id}.mp4"
    """Of the video, below the base URL here; really on a host of its own."""
    file_needs: str = "nothing"
    """`nothing`, `signature` or `key`."""
    status: int = 200
    """Of the receipt."""

    @abstractmethod
    def receipt(self, job: Job) -> Json:
        """The answer to a create."""

    @abstractmethod
    def poll(self, job: Job) -> Json:
        """The answer to a question."""


class Page(Shape):
    """The model page: `result.url`, which takes no key."""

    def receipt(self, job: Job) -> Json:
        """As the page has it."""
        return {**job.head, "status": "queued", "created": int(job.operation.accepted_at.timestamp())}

    def poll(self, job: Job) -> Json:
        """As the page has it; what a failed job looks like is not shown there."""
        answer: Json = {"id": job_id(job.operation), "status": _word(job.stage, "processing")}
        if job.stage == "finished":
            answer["result"] = {"url": job.link, "duration": job.operation.wanted.seconds, "resolution": "1280x720"}
        if job.reason is not None:
            answer["error"] = {"message": job.reason, "type": "server_error"}
        return answer


class Jobs(Shape):
    """The jobs page: `result.file_url`, signed for 24 hours, and an error with a code."""

    file_needs = "signature"
    status = 202

    def receipt(self, job: Job) -> Json:
        """As the page has it."""
        return {"id": job_id(job.operation), "status": "queued", "object": "job"}

    def poll(self, job: Job) -> Json:
        """As the page has it."""
        answer: Json = {"id": job_id(job.operation), "object": "job", "status": _word(job.stage, "running")}
        if job.stage == "finished":
            answer["result"] = {"file_url": job.link}
        if job.reason is not None:
            code = "content_policy" if job.stage == "filtered" else "upstream_error"
            answer["error"] = {"code": code, "message": job.reason}
        return answer


class Sdk(Shape):
    """The SDK: `result_url`, which it downloads with the key, and an error that is a string."""

    file_path = "/files/jobs/{id}/video.mp4"
    file_needs = "key"
    status = 202

    def receipt(self, job: Job) -> Json:
        """As the SDK reads it."""
        return self.poll(job)

    def poll(self, job: Job) -> Json:
        """As the SDK reads it."""
        made = job.operation.accepted_at.timestamp()
        answer = {**job.head, "status": _word(job.stage, "processing"), "modality": "video"}
        answer |= {"created_at": int(made), "updated_at": job.at, "result_url": None, "error": job.reason}
        if job.stage == "finished":
            answer["result_url"] = job.link
        return answer


def job_id(operation: Operation) -> str:
    """How the gateway calls a job."""
    return f"job_{operation.id}"


def _word(stage: Stage | None, running: str) -> str:
    match stage:
        case None:
            return "cancelled"
        case "queued":
            return "queued"
        case "running":
            return running
        case "finished" | "empty":
            return "completed"
        case "failed" | "filtered":
            return "failed"
