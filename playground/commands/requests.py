"""Reading a request from a file or standard input, with a sentence for everything that can be wrong with it."""

import json
import sys
from pathlib import Path

from playground.domain.errors import InvalidRequest
from playground.domain.issues import Issue
from playground.domain.reading import parse_request
from playground.domain.request import VideoRequest


def read_request(source: str) -> VideoRequest:
    """The request in a file, or on standard input for `-`.

    Raises:
        InvalidRequest: no such file, no JSON, an unknown field, a value of the wrong type.
    """
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")
        return parse_request(json.loads(text.removeprefix("\ufeff")))
    except OSError as error:
        raise _invalid("request", "unreadable", f"{source} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise _invalid("request", "not_json", f"{source} is not text.") from None
    except json.JSONDecodeError as error:
        says = f"The request is not valid JSON (line {error.lineno})."
        raise _invalid("request", "not_json", says) from None
    except RecursionError:
        raise _invalid("request", "not_json", "The request is nested too deeply.") from None
    except ValueError:
        # Python reads no number of more than a few thousand digits.
        raise _invalid("request", "not_json", "A number in the request has too many digits.") from None


def _invalid(field: str, code: str, says: str) -> InvalidRequest:
    return InvalidRequest([Issue(field, code, says)])
