"""What every adapter reads alike: text out of any JSON, a provider's words for an error, what a status means."""

import re
from typing import Final

from playground.domain.errors import Failure, FailureCode, failure
from playground.domain.provider import Answer

_OK: Final = range(200, 300)
_CLIENT: Final = range(400, 500)
_TIMEOUT, _UNAVAILABLE = 408, 503
_PLACES: Final[tuple[tuple[str | int, ...], ...]] = (
    ("error", "message"),
    (0, "error", "message"),
    ("error", "detail"),
    ("error",),
    ("errors", 0, "message"),
    ("message",),
    ("detail",),
)
"""Where services put the sentence about what is wrong."""
_REFUSALS: Final[dict[int, tuple[FailureCode, str]]] = {
    401: ("bad_key", "{who} does not accept the key."),
    402: ("no_credit", "The account at {who} has no credit for this."),
    403: ("not_allowed", "{who} does not allow this key to do that."),
    429: ("rate_limited", "{who} limits the rate."),
}

NO_JOBS: Final = "this provider answers at once and has no jobs to ask about"
_FILTER: Final = re.compile(
    r"\bsafety\b|moderat(ion|ed)|content (polic|filter)|usage (guideline|polic)|responsible ai"
    r"|prohibited (use|content)|sensitive (word|content)|violat.*(polic|guideline)",
    re.IGNORECASE,
)


def is_ok(answer: Answer) -> bool:
    """Whether the status says that all is well."""
    return answer.status in _OK


def text_at(answer: Answer, *path: str | int) -> str | None:
    """The non-empty string at a path, fit to be stored: half characters, which JSON can hold, are replaced."""
    text = answer.text_at(*path)
    return None if text is None else clean(text)


def clean(text: str) -> str:
    """The text without half characters, which nothing further on could encode."""
    return text.encode("utf-8", "replace").decode()


def words(answer: Answer) -> str | None:
    """What the provider says is wrong, None where it says nothing that a person could read."""
    for place in _PLACES:
        said = text_at(answer, *place)
        if said is not None and said.strip():
            return said.strip()
    plain = clean(answer.text).strip() if answer.json is None else ""
    # A page or a truncated document says nothing to a person.
    return plain if plain and plain[0] not in "<{[" else None


def is_filter(said: str | None) -> bool:
    """Whether a provider's words are those of a safety filter, for services that document no code for it."""
    return said is not None and _FILTER.search(said) is not None


def refusal(answer: Answer, who: str) -> Failure | None:
    """Why a create was refused, by its status; None for one that proves no refusal (2xx, 3xx, 408, 5xx)."""
    if answer.status not in _CLIENT or answer.status == _TIMEOUT:
        return None
    code, says = _REFUSALS.get(answer.status, ("invalid", f"{{who}} refused the request ({answer.status})."))
    return failure(code, says.format(who=who), "no", words=words(answer))


def filtered(refused: Failure, who: str) -> Failure:
    """The refusal as a safety filter's where its words are those of one and its status says no more."""
    if refused.code not in ("invalid", "refused") or not is_filter(refused.provider_words):
        return refused
    says = f"A safety filter behind {who} refused the request."
    return failure("filtered", says, refused.charged, words=refused.provider_words)


def key_problem(answer: Answer, who: str) -> Failure | None:
    """Why a key does not work, by the answer to a free call; None where the status says that all is well."""
    if is_ok(answer):
        return None
    if answer.status not in _REFUSALS:
        says = f"{who} did not say whether the key works ({answer.status})."
        return failure("unreachable", says, "no", words=words(answer))
    return refusal(answer, who)


def unclear(answer: Answer, who: str) -> Failure:
    """For an answer that cannot be understood: nobody knows whether something was accepted."""
    if answer.status == _UNAVAILABLE:
        says = f"{who} is overloaded; whether it took the job is not known."
        return failure("overloaded", says, "unknown", words=words(answer))
    says = f"{who} gave an answer that cannot be read ({answer.status}). It may have been accepted and charged."
    return failure("uncertain", says, "unknown", words=words(answer))
