"""Why Google's safety filter withheld a video, in words: its support codes stand for kinds of content."""

import re
from typing import Final

from playground.providers._reading import is_filter

_KINDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("a child", ("58061214", "17301594")),
    ("a well-known person", ("29310472", "15236754")),
    ("a general safety rule for video", ("64151117", "42237218")),
    ("dangerous content", ("62263041",)),
    ("hate", ("57734940", "22137204")),
    ("prohibited content", ("89371032", "49114662", "63429089", "72817394", "60599140")),
    ("third-party content", ("35561574", "35561575")),
    ("sexual content", ("90789179", "43188360")),
    ("toxic content", ("78610348",)),
    ("vulgar content", ("32635315",)),
    ("violence", ("61493863", "56562880")),
    ("another rule", ("74803281", "29578790", "42876398")),
)
"""Google's classes and codes: docs.cloud.google.com, responsible AI and usage guidelines for video, read 2026-11-20."""
_MEANING: Final = {code: kind for kind, codes in _KINDS for code in codes}
_CODE: Final = re.compile(r"\b\d{8}\b")


def is_filtered(words: str) -> bool:
    """Whether an error is the safety filter's, by its wording."""
    return is_filter(words) or bool(kinds(words))


def kinds(words: str) -> tuple[str, ...]:
    """What the support codes in a text stand for, each once; codes that nobody has explained say nothing."""
    return tuple(dict.fromkeys(_MEANING[code] for code in _CODE.findall(words) if code in _MEANING))
