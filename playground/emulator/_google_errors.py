"""Google's error envelope, and the refusals that its two routes to Veo share."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

INVALID: Final = "INVALID_ARGUMENT"
_NAMES: Final = {
    400: INVALID,
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_SAYS: Final = {
    404: "Requested entity was not found.",
    405: "Method Not Allowed.",
    413: "Request payload size exceeds the limit.",
    429: "Resource has been exhausted (e.g. check quota).",
    500: "An internal error has occurred. Please retry.",
    502: "Bad Gateway.",
    503: "The model is overloaded. Please try again later.",
    504: "Deadline expired before operation could complete.",
}
_BY_THE_FRONT_END: Final = frozenset({502, 504})
_TYPES: Final = "type.googleapis.com/google.rpc"


class Refusal(Exception):
    """A request that is refused in Google's own way."""

    def __init__(
        self,
        message: str,
        status: int = 400,
        *,
        name: str | None = None,
        details: Sequence[dict[str, object]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.details = details

    def answer(self) -> Response:
        """As the service would say it."""
        error: dict[str, object] = {"code": self.status, "message": str(self)}
        name = self.name if self.name is not None else _NAMES.get(self.status)
        error |= {"status": name} if name is not None else {}
        error |= {"details": list(self.details)} if self.details else {}
        return JSONResponse({"error": error}, self.status)


def refusing(handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """A route's function whose refusals are its answers."""

    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except Refusal as refusal:
            return refusal.answer()

    return answer


def problem(status: int) -> Response:
    """A status alone, in Google's words. What the front end itself answers comes wrapped in a list."""
    message = _SAYS.get(status, "The service is in trouble.")
    if status in _BY_THE_FRONT_END:
        return JSONResponse([{"error": {"code": status, "message": message}}], status)
    details = [retry_info(2)] if status == 429 else []  # noqa: PLR2004 - "too many requests"
    return Refusal(message, status, details=details).answer()


def retry_info(seconds: float) -> dict[str, object]:
    """The detail that says when to come back."""
    return {"@type": f"{_TYPES}.RetryInfo", "retryDelay": f"{seconds:g}s"}


def quota_failure(quota: str) -> dict[str, object]:
    """The detail that names the quota that is used up."""
    return {"@type": f"{_TYPES}.QuotaFailure", "violations": [{"quotaMetric": "generate_requests", "quotaId": quota}]}


def error_info(reason: str, service: str) -> dict[str, object]:
    """The detail that gives a reason in one word."""
    return {
        "@type": f"{_TYPES}.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": service},
    }


def quota(script: str, *, first: bool) -> Refusal | None:
    """The 429s: of a minute with a hint (once), of spending without one (once), of a day (always)."""
    match script:
        case "rate-limited" if first:
            says = "You exceeded your current quota, please check your plan and billing details."
            details = [quota_failure("GenerateRequestsPerMinutePerProjectPerModel"), retry_info(2)]
            return Refusal(says, 429, details=details)
        case "rate-limited-without-hint" if first:
            says = "The spend-based rate limit for your account's billing history and tier was exceeded."
            return Refusal(says, 429)
        case "daily-quota":
            says = "You exceeded your current quota, please check your plan and billing details."
            return Refusal(says, 429, details=[quota_failure("GenerateRequestsPerDayPerProjectPerModel")])
        case _:
            return None
