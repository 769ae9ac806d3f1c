"""A provider's refusal, told with what its table knows: the rules that the request touches, and what is left."""

from datetime import datetime
from typing import Final

from playground.domain.capabilities import ModelFacts, ModeSpec, Rule, Table
from playground.domain.errors import Failure
from playground.domain.media import Facts
from playground.domain.request import VideoRequest
from playground.domain.validation import check, spec_for
from playground.domain.words import listed, spoken

_SAID: Final = 4
"""As many rules are repeated at most."""


def explained(reason: Failure, request: VideoRequest, table: Table, facts: Facts, now: datetime) -> Failure:
    """The same failure with a hint of ours; as it is where the table knows nothing about it.

    A request is sent only if it fits the table. Where the provider refuses it all the same, and perhaps says nothing
    about why (the Gemini API has one sentence for every wrong combination), the rules are the best guess there is.
    """
    spec = spec_for(request, table, now)
    if reason.code == "model_retired" and isinstance(spec, ModeSpec):
        issues = check(request, table, facts, now)
        said = [issue.message for issue in issues if issue.rule == "lifecycle"]
        message = " ".join([reason.message, *said])
        return reason.model_copy(update={"message": message, "next_step": _instead(spec, table, now)})
    if reason.code != "invalid":
        return reason
    said = [rule.says for rule in spec.rules if _touches(rule, request)] if isinstance(spec, ModeSpec) else []
    if not said:
        return reason
    hint = f"{reason.next_step} What is known here: {' '.join(said[:_SAID])}"
    return reason.model_copy(update={"next_step": hint})


def _instead(spec: ModeSpec, table: Table, now: datetime) -> str:
    """What is left of the provider for a mode."""
    others = [model for model in table.models_for(spec.mode) if model.id != spec.model.id]
    left = [model.id for model in others if _is_served(model, now)]
    what = spoken("mode", spec.mode)
    if not left:
        return f"Choose another provider: {table.provider.label} has no other model for {what}."
    return f"Choose another model for {what}, {listed(left)}, or another provider."


def _is_served(model: ModelFacts, now: datetime) -> bool:
    return model.lifecycle is None or model.lifecycle.stage(now.date()) != "retired"


def _touches(rule: Rule, request: VideoRequest) -> bool:
    """Whether all that a rule asks about is set."""
    return all(request.value(field) is not None for field in rule.when)
