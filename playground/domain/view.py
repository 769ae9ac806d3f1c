"""A job as its owner sees it: what `/api/jobs/{id}` answers and what the command line prints."""

from datetime import datetime
from hashlib import blake2b
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from playground.domain.errors import Charged, Failure
from playground.domain.job import ENDS, RESTS, STEPS, State


class VideoView(BaseModel):
    """One delivered video."""

    model_config = ConfigDict(frozen=True)

    number: int
    """From 1."""
    url: str
    """`/media/{job}/{n}?…` with a short-lived signature; good for a `<video>`."""
    thumbnail: str
    """A small JPEG of it, signed alike; good for an `<img>`."""
    file_name: str
    """What a download is called."""
    bytes: int
    seconds: float
    width: int
    height: int
    frames_per_second: float | None
    has_audio: bool
    gone: bool = False
    """Its file is no longer here: removed to make room, or by somebody else."""


class Usual(BaseModel):
    """How long such a job takes, in seconds."""

    model_config = ConfigDict(frozen=True)

    low: float
    """The median of those that finished here, or the quickest that the provider documents."""
    high: float
    """What nine of ten here did not exceed, or the provider's word for busy times."""
    jobs: int
    """How many finished here; 0 where this is the provider's word."""


class Doubt(BaseModel):
    """What is known of a job whose create got no clear answer, for its owner to decide what becomes of it."""

    model_config = ConfigDict(frozen=True)

    sent_at: datetime
    sent_to: str
    """The host that the create went to."""
    may_cost_usd: float | None
    """What may have been charged; None where no price is known."""
    look_up: Literal["list", "id", "nothing"]
    """Whether the provider can be asked for it: by its list of jobs, by an id, or not at all."""
    needs: str
    """What the provider would need to find it, in a sentence or two."""
    evidence: str | None
    """How that is known."""
    id_example: str | None
    cannot_ask: str | None
    """Why it cannot be looked up here and now; None: it can."""


class JobView(BaseModel):
    """Everything that may be shown of a job; no key, no path, no raw provider answer."""

    model_config = ConfigDict(frozen=True)

    id: str
    state: State
    step: int
    """Place in `steps` where it is, or where it stopped."""
    steps: tuple[str, ...] = STEPS
    provider: str
    provider_label: str
    model: str
    model_label: str
    """What people call it; its id where this version does not know it."""
    mode: str
    prompt: str
    request: dict[str, JsonValue]
    progress: float | None
    """0 to 1, None where the provider gives none."""
    words: str | None
    """The provider's own word for what it is doing, or what we are waiting for."""
    polls: int
    created_at: datetime
    submitted_at: datetime | None
    finished_at: datetime | None
    elapsed_seconds: float
    usual: Usual | None
    """While it runs, and only where something is known."""
    overdue: bool
    """Watching ended at the deadline; `look again` asks once more."""
    can_cancel: bool
    cancel_note: str | None
    """Why it cannot be cancelled, or what cancelling means for the bill."""
    cancel_requested: bool
    can_delete: bool
    delete_note: str
    """Why it cannot be deleted, or what deleting leaves behind."""
    videos: tuple[VideoView, ...]
    notes: tuple[str, ...]
    """What was delivered differently from what was asked for, and other remarks."""
    error: Failure | None
    needs_own_key: bool
    """It goes on when its owner enters a key."""
    charged: Charged
    price_usd: float | None
    provider_job_id: str | None
    doubt: Doubt | None = None
    """While it is uncertain."""
    instead_of: str | None = None
    """The uncertain job that its owner submitted again as this one."""
    again_as: str | None = None
    """The job that it was submitted again as."""
    seq: int
    """Number of the job's newest event; it grows with every change."""

    @property
    def at_rest(self) -> bool:
        """Nothing will change by itself any more, or only when somebody does something."""
        return self.state in ENDS or self.state in RESTS or self.overdue

    def mark(self) -> str:
        """A short text that changes when somebody who watches would see a difference; the clock alone is none."""
        told = self.model_dump_json(exclude={"elapsed_seconds", "videos"})
        return blake2b(told.encode(), digest_size=9).hexdigest()
