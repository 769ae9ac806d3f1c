"""What a provider's protocol looks like after the create call, as data: enough to write a program that follows it."""

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from playground.domain.provider import Context, HttpCall
from playground.domain.request import VideoRequest

Steps = tuple[str, ...]
"""A way into JSON: keys, and `EACH` for every item of a list."""
EACH: Final = "*"
OPERATION: Final = "{operation}"
"""Stands for the operation's id in the path or the body of a status call, put in as the provider wrote it."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a running operation is followed. Its words are compared in lower case; a flag reads `true` or `false`.

    A state that is neither done nor failed (or is missing) counts as running.
    """

    operation: Steps
    """Where the create's answer has the operation's id."""
    call: HttpCall
    """The question, with `OPERATION` in its path or body."""
    state: Steps
    done: tuple[str, ...]
    failed: tuple[str, ...] = ()
    """Besides these, an `error` in any answer ends it."""
    or_state: Steps | None = None
    """Where the state is in answers that have none at `state`: some gateways wrap what others do not."""


@dataclass(frozen=True, slots=True)
class Videos:
    """Where the finished videos are."""

    places: tuple[Steps, ...] = ()
    """In the last answer; the first place that leads to anything counts."""
    inline: bool = False
    """Whether the places hold the videos in base64; else links. A relative one is resolved as in a
    browser: `/x` is at the origin of the base URL, `x` below the base URL."""
    path: str | None = None
    """Instead of `places`: the one video's path below the base URL, with `OPERATION` in it."""
    with_credential: bool = False
    """Whether a download needs the key."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything after the create call. Without a `status`, the create answers once the videos are there."""

    videos: Videos
    status: Status | None = None


@runtime_checkable
class Describes(Protocol):
    """An adapter whose protocol can be written out as a program of its own."""

    def recipe(self, request: VideoRequest, context: Context) -> Recipe:
        """What follows on the create call of a completed request (Vertex needs its model for the status path)."""
        ...
