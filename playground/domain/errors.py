"""Everything that can go wrong, as a person is told it.

Raised, before anything is sent or paid::

    PlaygroundError
    ├── InvalidRequest      the request does not fit; carries the issues
    ├── NotConfigured       no key, or an account setting is missing
    ├── OverBudget          the operator's key is lent up to an amount, and that is reached
    ├── Unavailable         no room on the disk, or the ledger cannot be used now
    ├── NotNow              the job is not in a state for that
    ├── TooMany             this visitor did as much as one may here for now
    └── NotFound            no such job here, or not yours

Carried by a job that ended or rests, as a `Failure` (data: it is stored, shown and exported)::

    refused at the door     bad_key · no_credit · not_allowed · invalid · model_retired · rate_limited · refused
    never got there         unreachable
    may have been accepted  uncertain · lost (its owner says so)
    down                    overloaded
    ran and failed          filtered · failed · no_video · gone · bad_video · expired
    ours                    media · storage · internal

Each failure says what happened, whether it was charged, whether another try may help, and what to do next.
"""

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from playground.domain.issues import Issue

Charged = Literal["yes", "no", "unknown"]

FailureCode = Literal[
    "bad_key",
    "no_credit",
    "not_allowed",
    "invalid",
    "model_retired",
    "rate_limited",
    "refused",
    "unreachable",
    "uncertain",
    "lost",
    "overloaded",
    "filtered",
    "failed",
    "no_video",
    "gone",
    "bad_video",
    "expired",
    "media",
    "storage",
    "internal",
]

NEXT_STEPS: Final[dict[FailureCode, str]] = {
    "bad_key": "Check the key and enter it again.",
    "no_credit": "Top up the account at the provider, then generate again.",
    "not_allowed": "Ask the provider which access this key lacks, or choose another provider.",
    "invalid": "Change the request as the message says and generate again.",
    "model_retired": "Choose a model that is still served.",
    "rate_limited": "Wait as long as the message says, then generate again.",
    "refused": "Read the provider's words, change the request and generate again.",
    "unreachable": "Check the connection and the base URL, then generate again.",
    "uncertain": "Find out whether the provider has it before you generate again: it may be charged twice.",
    "lost": "Compare it with the provider's bill; should its receipt still come, the job goes on by itself.",
    "overloaded": "Wait a few minutes, then generate again.",
    "filtered": "Rephrase the prompt or change the image, then generate again.",
    "failed": "Generate again; another seed or a simpler prompt may help.",
    "no_video": "Generate again; if it stays empty, rephrase the prompt.",
    "gone": "The provider keeps results for a limited time; generate again.",
    "bad_video": "Ask the provider about the file, or generate again.",
    "expired": "Ask the provider for the file, or generate again.",
    "media": "Choose another file.",
    "storage": "Ask for a smaller video and generate again.",
    "internal": "Try again; if it stays, look at the server's log.",
}


_MAY_PASS: Final[frozenset[FailureCode]] = frozenset(
    {
        "rate_limited",
        "unreachable",
        "overloaded",
        "failed",
        "no_video",
        "gone",
        "bad_video",
        "expired",
        "internal",
    }
)
"""What another try may not meet; after anything else, something has to change or to be looked at first."""


class Failure(BaseModel):
    """Why a job did not (or may not) succeed. Holds no key and no raw provider answer."""

    model_config = ConfigDict(frozen=True)

    code: FailureCode
    message: str
    """One or two sentences for a person."""
    charged: Charged
    next_step: str
    provider_words: str | None = None
    """What the provider itself said, shortened."""

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later, in a job of its own. `charged` tells whether it is paid twice."""
        return self.code in _MAY_PASS

    def as_json(self) -> dict[str, object]:
        """Code, message, whether another try may help, and next step, as the command line and the API show them."""
        words = f" It said: “{self.provider_words}”" if self.provider_words is not None else ""
        told: dict[str, object] = {"code": self.code, "message": self.message + words, "retryable": self.retryable}
        return {**told, "next_step": self.next_step}


_MAX_WORDS: Final = 500
_MOST_SECONDS_SAID: Final = 100
"""Longer waits are told in minutes."""


def failure(
    code: FailureCode,
    message: str,
    charged: Charged,
    *,
    words: str | None = None,
    next_step: str | None = None,
) -> Failure:
    """A failure with the usual next step of its code, unless another is given."""
    return Failure(
        code=code,
        message=message,
        charged=charged,
        next_step=next_step if next_step is not None else NEXT_STEPS[code],
        provider_words=words[:_MAX_WORDS] if words is not None else None,
    )


class PlaygroundError(Exception):
    """Base of what the service refuses before anything is sent."""

    code: str = "error"
    next_step: str = "Try again."
    retryable: bool = False
    """Whether the same request may be taken later."""

    @property
    def message(self) -> str:
        """The sentence for a person."""
        return str(self)

    def as_json(self) -> dict[str, object]:
        """The shape of a failure's."""
        told: dict[str, object] = {"code": self.code, "message": self.message, "retryable": self.retryable}
        return {**told, "next_step": self.next_step}


class InvalidRequest(PlaygroundError):
    """The request does not fit its provider's table; nothing was sent."""

    code = "invalid"
    next_step = NEXT_STEPS["invalid"]

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__(" ".join(issue.message for issue in issues if issue.severity == "error"))
        self.issues = tuple(issues)


class NotConfigured(PlaygroundError):
    """A key or an account setting is missing; nothing was sent."""

    code = "not_configured"

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


class OverBudget(PlaygroundError):
    """The operator lends his key up to an amount each day, and not for this; nothing was sent."""

    code = "over_budget"
    retryable = True
    next_step = "Enter a key of your own, or come back tomorrow (UTC)."

    def __init__(self, message: str, *, next_step: str = next_step) -> None:
        super().__init__(message)
        self.next_step = next_step


class Unavailable(PlaygroundError):
    """This machine cannot take anything in now: its disk is full or its ledger cannot be used; nothing was sent."""

    code = "unavailable"
    next_step = "Try again in some minutes; if it stays, whoever runs this playground has to look at it."


class NotNow(PlaygroundError):
    """The job is not in a state for what was asked; nothing was changed."""

    code = "not_now"
    next_step = "Wait for the job to end."


class TooMany(PlaygroundError):
    """This visitor did as much as one may here for now; nothing was sent."""

    code = "too_many"

    def __init__(self, message: str, *, wait_seconds: int | None = None, next_step: str | None = None) -> None:
        """`wait_seconds`: until it may be tried again, where that is known."""
        super().__init__(message)
        self.wait_seconds = wait_seconds
        if next_step is not None:
            self.next_step = next_step
        elif wait_seconds is not None:
            self.next_step = f"Try again in {_span(wait_seconds)}."


class NotFound(PlaygroundError):
    """No such job here, or it belongs to somebody else: the two look the same on purpose."""

    code = "not_found"
    next_step = "Look at your list of jobs."

    def __init__(self, what: str = "There is no such job here.") -> None:
        super().__init__(what)


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds <= _MOST_SECONDS_SAID else f"{-(-seconds // 60)} minutes"
