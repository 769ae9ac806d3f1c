"""A job as the ledger keeps it. Holds a credential *reference*, never a key."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from playground.domain.errors import Charged, Failure
from playground.domain.job import State
from playground.domain.provider import Operation, RemoteFile
from playground.domain.request import VideoRequest


class StoredInput(BaseModel):
    """A medium of the request, copied below the data folder so that it is still there when it is needed."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    file: str | None
    """Path relative to the data folder; None for a URL that has not been fetched (or is passed on as it is)."""
    mime_type: str | None
    url: str | None = None
    handle: str | None = None
    """The provider's own link to it, where it is an earlier result of the same provider."""
    is_copy: bool = False
    """Whether the file is a copy that we changed, of a picture that the provider would not take as it was."""


class DeliveredVideo(BaseModel):
    """A finished file of ours, probed."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    number: int = 1
    """Its place among the provider's files, from 1."""
    file: str
    """Path relative to the media folder."""
    bytes: int
    seconds: float
    width: int
    height: int
    frames_per_second: float | None
    has_audio: bool


class JobRecord(BaseModel):
    """One row of the ledger. Times are seconds since the epoch, UTC."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: str
    owner: str
    """`local`, or the hash of a browser's owner token."""
    nonce: str | None
    state: State
    runner: str | None
    """The process that takes care of it; its lock file tells whether that one lives."""
    credential: str
    """`none`, `env:<NAME>`, or `visitor`: its owner's own, in the memory of one process."""
    base_url: str
    account: dict[str, str]
    provider: str
    model: str
    mode: str
    request: dict[str, JsonValue]
    inputs: dict[str, StoredInput]
    operation: Operation | None = None
    remote: tuple[RemoteFile, ...] | None = None
    videos: tuple[DeliveredVideo, ...] = ()
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    charged: Charged = "no"
    price_usd: float | None = None
    extended: int = 0
    """How often the source clip had been extended, plus one; 0 for anything but an extension."""
    progress: float | None = None
    words: str | None = None
    polls: int = 0
    attempts: int = 0
    """Creates that provably were not accepted."""
    created_at: float
    submitted_at: float | None = None
    finished_at: float | None = None
    cancel_requested: bool = False
    """Asked for while the create was under way; acted on when the receipt lands."""
    overdue: bool = False
    watch_until: float | None = None
    """When we stop asking by ourselves."""
    parked_from: Literal["queued", "running", "downloading"] | None = None
    deleted_at: float | None = None
    """When its owner deleted it; the row stays for the day, since it counts for what was spent in it."""
    instead_of: str | None = None
    """The uncertain job that its owner submitted again as this one."""
    again_as: str | None = None
    """The other end of that."""
    seq: int = 0

    def asked(self) -> VideoRequest:
        """The request as it was made, its model named: a default may be another one by the time it is sent."""
        return VideoRequest.model_validate({**self.request, "model": self.model})


class JobEvent(BaseModel):
    """One line of a job's history; `seq` counts from 1 without gaps."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    job_id: str
    seq: int
    at: float
    kind: str
    data: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Took:
    """How long a finished job took, in seconds, and of what kind it was."""

    mode: str
    resolution: str | None
    """As it was asked for."""
    seconds: float
