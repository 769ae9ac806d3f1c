"""A job's states and legal moves, as data.

`queued → submitting → running → downloading → succeeded`; ends: `succeeded`, `failed`, `cancelled`;
rests: `uncertain` (may have been accepted and charged) and `parked` (needs its key).
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

State = Literal[
    "queued",
    "submitting",
    "running",
    "downloading",
    "succeeded",
    "failed",
    "cancelled",
    "uncertain",
    "parked",
]
STATES: Final[tuple[State, ...]] = get_args(State)

ENDS: Final[frozenset[State]] = frozenset({"succeeded", "failed", "cancelled"})
RESTS: Final[frozenset[State]] = frozenset({"uncertain", "parked"})
ACTIVE: Final[frozenset[State]] = frozenset({"queued", "submitting", "running", "downloading"})
"""What a living process has to take care of."""

MOVES: Final[Mapping[State, frozenset[State]]] = {
    "queued": frozenset({"submitting", "failed", "cancelled", "parked"}),
    # Back to queued only where the answer proves that nothing was accepted (never connected, 429, "not yet").
    "submitting": frozenset({"queued", "running", "downloading", "failed", "uncertain"}),
    "running": frozenset({"downloading", "failed", "cancelled", "parked"}),
    # Back to running where a link expired and the status has to be asked again.
    "downloading": frozenset({"succeeded", "running", "failed", "cancelled", "parked"}),
    # A late receipt heals it; its owner may settle it or attach an id.
    "uncertain": frozenset({"running", "downloading", "failed"}),
    "parked": frozenset({"queued", "running", "downloading", "failed", "cancelled"}),
    "succeeded": frozenset(),
    # Only by a receipt that comes after its owner had taken the job for lost: what was paid for is brought home.
    "failed": frozenset({"running", "downloading"}),
    "cancelled": frozenset(),
}

STEPS: Final = ("checked", "submitted", "generating", "saving", "ready")
"""What the status card shows, in order."""

_STEP_OF: Final[Mapping[State, int]] = {
    "queued": 1,
    "submitting": 1,
    "uncertain": 1,
    "running": 2,
    "downloading": 3,
    "succeeded": 4,
}


def step_of(state: State, *, accepted: bool, answers_once: bool = False) -> int:
    """The place in `STEPS` that a job is at; ends and rests without a place of their own keep the last one.

    Every job has been checked, so what is stopped before it is accepted is stopped where it is submitted.
    A provider that answers once is at work for as long as its create call has no answer.
    """
    if state == "submitting" and answers_once:
        return 2
    return _STEP_OF.get(state, 2 if accepted else 1)


def may_move(before: State, after: State) -> bool:
    """Whether the graph allows this step."""
    return after in MOVES[before]
