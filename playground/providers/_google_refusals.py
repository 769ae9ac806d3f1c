"""Google's refusals of a create: which of ours each one is, by status, RPC name, details and wording."""

import re
from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from playground.domain.errors import Failure, FailureCode, failure
from playground.domain.provider import Answer, NotYet, Refused
from playground.providers._google_filters import is_filtered, kinds
from playground.providers._reading import refusal, words

DAY_SECONDS: Final = 86_400.0
_PROCESSING_SECONDS: Final = 10.0
_SPENDING_SECONDS: Final = 60.0
"""A limit on spending is counted over ten minutes; those bodies carry no hint of their own."""
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)s\Z")
_BAD_REQUEST, _NOT_FOUND, _LIMITED = 400, 404, 429

_RETIRED: Final = ("is no longer available", "is not found for API version", "was not found or your project")
"""Both wordings of the Gemini API for a model that it once had, and Vertex AI's, which also means: no access."""
_NOT_PROCESSED: Final = "has been processed"
_USE_CASE: Final = "use case is currently not supported"
_SPENDING: Final = "spend"


def not_accepted(answer: Answer, who: str) -> Refused | NotYet | None:
    """Why a create was not accepted, or when to repeat it; None where the answer proves no refusal."""
    usual = refusal(answer, who)
    if usual is None:
        return None
    if answer.status == _LIMITED:
        return _limited(answer, usual, who)
    said = words(answer) or ""
    if answer.status == _BAD_REQUEST and _NOT_PROCESSED in said:
        return NotYet(_PROCESSING_SECONDS, f"{who} has not finished processing the clip to extend.")
    bad_key = refused_key(answer, who)
    return Refused(bad_key if bad_key is not None else _why(answer, said, who) or usual)


def refused_key(answer: Answer, who: str) -> Failure | None:
    """That the key is no good: the Gemini API says so with a 400."""
    reasons = (each.get("reason") for each in _details(answer))
    if answer.status != _BAD_REQUEST or "API_KEY_INVALID" not in reasons:
        return None
    return failure("bad_key", f"{who} does not accept the key.", "no", words=words(answer))


def _why(answer: Answer, said: str, who: str) -> Failure | None:
    """A refusal that its wording or its RPC name tells more about than its status."""
    why: tuple[FailureCode, str] | None = None
    then = None
    if answer.status == _NOT_FOUND and any(wording in said for wording in _RETIRED):
        why = "model_retired", f"{who} does not have this model, or no longer."
    elif answer.status != _BAD_REQUEST:
        return None
    elif _USE_CASE in said:
        why = "invalid", f"{who} does not make this combination of settings and does not say what is wrong with it."
        then = "Take settings away one by one, or choose another model."
    elif is_filtered(said):
        about = " and ".join(kinds(said))
        why = "filtered", f"{who}'s safety filter refused the request{f', because of {about}' if about else ''}."
    elif "allowlist" in said.lower():
        why = "not_allowed", f"{who} does this only for projects that Google has approved for it."
    elif _at_error(answer, "status") == "FAILED_PRECONDITION":
        why = "not_allowed", f"{who} asks for billing, or is not offered where you are."
    return failure(*why, "no", words=said, next_step=then) if why is not None else None


def _limited(answer: Answer, usual: Failure, who: str) -> Refused | NotYet:
    """When to come back. A quota of the day is told as a day: when it ends, nobody says."""
    quotas = [str(violation) for each in _details(answer) for violation in _list(each.get("violations"))]
    if any("PerDay" in quota for quota in quotas):
        return NotYet(DAY_SECONDS, f"{who}'s quota of the day is used up.")
    hints = [seconds for each in _details(answer) if (seconds := _seconds(each.get("retryDelay"))) is not None]
    if hints:
        return NotYet(max(hints), f"{who} limits the rate.")
    if _SPENDING in (words(answer) or "").lower():
        return NotYet(_SPENDING_SECONDS, f"{who} limits how much may be spent in ten minutes.")
    return Refused(usual)


def _seconds(delay: JsonValue) -> float | None:
    """`"37s"` or `{"seconds": 37}`."""
    if isinstance(delay, dict):
        whole = delay.get("seconds")
        delay = f"{whole}s"
    match = _DURATION.match(delay) if isinstance(delay, str) else None
    return float(match[1]) if match is not None else None


def _details(answer: Answer) -> Iterator[dict[str, JsonValue]]:
    for each in _list(_at_error(answer, "details")):
        if isinstance(each, dict):
            yield each


def _at_error(answer: Answer, key: str) -> JsonValue:
    """What stands in the error, which some front ends wrap in a list."""
    found = answer.at("error", key)
    return found if found is not None else answer.at(0, "error", key)


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
