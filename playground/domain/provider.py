"""What an adapter is: pure functions between the neutral request and one HTTP call, and back.

An adapter does no I/O: no loop, no sleep, no socket, no file. The loops around it live in `jobs/`, the sending in
`transport/`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, JsonValue

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Failure
from playground.domain.request import VideoRequest

Encoding = Literal["base64", "data-uri", "url", "handle"]
"""`handle`: the provider's own link to an earlier result of ours, as its `RemoteFile` had it."""
TimeoutClass = Literal["status", "create", "blocking-create", "download"]


@dataclass(frozen=True, slots=True)
class MediaLeaf:
    """A place in a body where a medium goes; the transport splices it in, so a call stays light and shows no bytes."""

    reference: str
    """As in the request: a path, a URL or `job:<id>`."""
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class MediaType:
    """A place in a body for the MIME type of a medium as it will be sent (`image/png`)."""

    reference: str


Body = Mapping[str, object] | Sequence[object] | str | int | float | bool | MediaLeaf | MediaType | None
"""JSON whose leaves may be a `MediaLeaf` or a `MediaType`."""


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One HTTP call as data: it can be stored, shown, snapshotted and exported; it never holds a credential."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    """Appended to the base URL; or an absolute URL."""
    body: Body = None
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    timeout: TimeoutClass = "status"
    inline_videos: tuple[str, ...] = ()
    """JSON keys whose values in the answer are videos in base64. The transport writes each one to the disk as it
    comes in and leaves `inline:1`, `inline:2`, … in its place, which `RemoteFile.url` takes as it is."""


@dataclass(frozen=True, slots=True)
class Context:
    """Non-secret settings of the account a call is for."""

    base_url: str
    """Without a trailing slash."""
    account: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer that arrived whole, read loosely: take what is needed, trust nothing."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    text: str
    """The body as text, shortened to the table's cap."""
    json: JsonValue = None
    """The body as JSON; None where it is none."""

    def at(self, *path: str | int) -> JsonValue:
        """The JSON value at a path of keys and places, None where it does not lead anywhere."""
        value: JsonValue = self.json
        for step in path:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
                value = value[step]
            else:
                return None
        return value

    def text_at(self, *path: str | int) -> str | None:
        """The non-empty string at a path, None where there is none."""
        value = self.at(*path)
        return value if isinstance(value, str) and value else None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No whole answer came. `sent` is False only where it is proven that the request never left."""

    sent: bool
    reason: str
    """Short and safe to show: never a URL with a query, never a header."""


Reply = Answer | NoAnswer


class Operation(BaseModel):
    """What a provider calls a job, as we keep it: it survives a restart, another process and the next release."""

    model_config = ConfigDict(frozen=True)

    version: int = 1
    id: str
    """The provider's own id or operation name."""
    extra: Mapping[str, JsonValue] = {}
    """What the adapter wants to find again (a status URL, a file URI for extension)."""


class RemoteFile(BaseModel):
    """One finished video at the provider."""

    model_config = ConfigDict(frozen=True)

    url: str
    """Absolute, a path below the base URL (with the operation's id in place of `recipe.OPERATION`), or `inline:N`: it
    came inside the answer and is on our disk already."""
    with_credential: bool = False
    """Whether the download needs the key; it is sent to the table's credential origins only."""
    otherwise: "RemoteFile | None" = None
    """Another way to the same video, for where this one is refused (401, 403, 404, 410)."""
    may_be_none: bool = False
    """Whether a download that keeps answering 502 means that there is no video, as gateways of new-api do it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the job; it may be charged from here on."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Finished:
    """The videos are there. An empty `files` never happens: that is `Failed` with `no_video`."""

    files: tuple[RemoteFile, ...]
    notes: tuple[str, ...] = ()
    operation: Operation | None = None
    """For a provider that answers at once: what to remember of it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no before it did anything."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class NotYet:
    """A known kind of "ask again soon" that proves nothing was accepted."""

    wait_seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """An answer that cannot be understood."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Running:
    """Still at work."""

    progress: float | None = None
    """0 to 1, None where the provider gives none; never invented."""
    words: str | None = None
    """The provider's own word for it."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing new since the last question."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The run ended without a video."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Gone:
    """The provider no longer knows the job."""

    failure: Failure


Created = Accepted | Finished | Refused | NotYet | Unclear
Checked = Running | Unchanged | Finished | Failed | Gone | Unclear


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The provider stopped the job."""


@dataclass(frozen=True, slots=True)
class NotCancelled:
    """It could not be stopped; the sentence says why."""

    why: str


@runtime_checkable
class Adapter(Protocol):
    """The functions that every `providers/<stem>.py` has. A module satisfies it; nobody subclasses anything.

    `spec` is the resolved mode, so that an adapter finds what must be sent without a second copy of the facts.
    """

    def create(self, request: VideoRequest, spec: ModeSpec, context: Context) -> HttpCall:
        """The one call that may cost money. `request` is already completed (see `planning.to_send`)."""
        ...

    def created(self, answer: Answer) -> Created:
        """What the provider's answer to `create` means."""
        ...

    def status(self, operation: Operation, context: Context) -> HttpCall:
        """One question about a running job."""
        ...

    def checked(self, answer: Answer) -> Checked:
        """What the answer to `status` means."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """Nothing stands in the way of the create."""


@runtime_checkable
class Prepares(Protocol):
    """An adapter whose provider has to be asked something free before the create may leave."""

    def prepare(self, request: VideoRequest, handles: Mapping[str, str], context: Context) -> HttpCall | None:
        """The question; None where this request needs none. `handles` are known links by media reference."""
        ...

    def prepared(self, answer: Answer) -> Ready | NotYet | Refused:
        """Whether the create may leave now, later or never."""
        ...


@runtime_checkable
class TestsKey(Protocol):
    """An adapter whose provider has a free call that tells whether a key works."""

    def key_test(self, context: Context) -> HttpCall:
        """The free call."""
        ...

    def key_tested(self, answer: Answer) -> Failure | None:
        """Why the key does not work; None: it does."""
        ...


@runtime_checkable
class Cancels(Protocol):
    """An adapter whose provider can stop a running job."""

    def cancel(self, operation: Operation, context: Context) -> HttpCall:
        """Ask the provider to stop."""
        ...

    def cancelled(self, answer: Answer) -> Cancelled | NotCancelled:
        """Whether it did."""
        ...


@dataclass(frozen=True, slots=True)
class Listed:
    """One job as its provider lists it."""

    operation: Operation
    created_at: datetime
    prompt: str | None = None
    """As it was sent; None where the provider does not tell."""


@runtime_checkable
class LooksUp(Protocol):
    """An adapter whose provider lists a key's jobs, so that one whose receipt was lost can be found."""

    def look_up(self, context: Context) -> HttpCall:
        """Ask for the newest jobs; free."""
        ...

    def looked_up(self, answer: Answer) -> tuple[Listed, ...] | None:
        """The jobs of the list; None for an answer that cannot be read."""
        ...


REHEARSALS: Final = (
    "slow",
    "rate-limited",
    "filtered",
    "fails",
    "done-without-video",
    "link-expired",
    "lost-reply",
    "never-ends",
)
"""Endings that the sandbox (and every stand-in) can play, so that people see them without paying."""
