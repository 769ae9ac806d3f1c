"""A provider's refusal, told with what its table knows: the rules that the request touches, and what is left."""

from datetime import datetime
from typing import Final

from playground.domain.capabilities import ModeSpec, Rule, Table
from playground.domain.errors import Failure
from playground.domain.media import Facts
from playground.domain.request import VideoRequest
from playground.domain.validation import check, spec_for

_SAID: Final = 4
"""As many rules are repeated at most."""


def explained(reason: Failure, request: VideoRequest, table: Table, facts: Facts, now: datetime) -> Failure:
    """The same failure with a hint of ours; as it is where the table knows nothing about it.

    A request is sent only if it fits the table. Where the provider refuses it all the same, and perhaps says nothing
    about why (the Gemini API has one sentence for every wrong combination), the rules are the best guess there is.
    """
    if reason.code == "model_retired":
        issues = check(request, table, facts, now)
        said = [issue.message for issue in issues if issue.rule == "lifecycle"]
        return reason.model_copy(update={"message": " ".join([reason.message, *said])})
    spec = spec_for(request, table, now) if reason.code == "invalid" else None
    said = [rule.says for rule in spec.rules if _touches(rule, request)] if isinstance(spec, ModeSpec) else []
    if not said:
        return reason
    hint = f"{reason.next_step} What is known here: {' '.join(said[:_SAID])}"
    return reason.model_copy(update={"next_step": hint})


def _touches(rule: Rule, request: VideoRequest) -> bool:
    """Whether all that a rule asks about is set."""
    return all(request.value(field) is not None for field in rule.when)
