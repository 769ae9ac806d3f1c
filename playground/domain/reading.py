"""Reading a request out of parsed JSON, with a sentence for everything that can be wrong with its shape."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from playground.domain.errors import InvalidRequest
from playground.domain.issues import Issue
from playground.domain.request import VideoRequest
from playground.domain.words import label


def parse_request(raw: object) -> VideoRequest:
    """A request out of parsed JSON.

    Raises:
        InvalidRequest: an unknown field, or a value of the wrong type; each issue names its field.
    """
    try:
        return VideoRequest.model_validate(raw)
    except ValidationError as error:
        raise InvalidRequest([_issue(each) for each in error.errors(include_url=False, include_input=False)]) from None


def _issue(error: ErrorDetails) -> Issue:
    field = str(error["loc"][0]) if error["loc"] else "request"
    if error["type"] == "extra_forbidden":
        return Issue(field, "unknown_field", f"A request has no field {field[:60]!r}.")
    if error["type"] == "missing":
        return Issue(field, "required", f"The request must name its {label(field)}.")
    says = error["msg"].removeprefix("Value error, ").lower()
    return Issue(field, "wrong_type", f"{label(field).capitalize()}: {says}.")
