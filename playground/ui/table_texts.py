"""The words of the Capabilities tab; what the other tabs say is in `texts.py`."""

from typing import Final

SHORT_MODES: Final[dict[str, str]] = {
    "text-to-video": "Text",
    "image-to-video": "Image",
    "interpolation": "Frames",
    "references": "Refs",
    "extension": "Extend",
}
FREE: Final = "Free"
UNKNOWN_PRICE: Final = "Price unknown"
SOME_UNKNOWN: Final = "{span}, some unknown"
PER_SECOND: Final = "{price} a second"
ON_OFF: Final = "on or off"
ALWAYS: Final = "always {value}"
BETWEEN: Final = "{low} to {high}"
CHARACTERS: Final = "up to {count} characters"
TOKENS: Final = "about {count} tokens are read"
MEGABYTES: Final = "up to {value} MB"
MEGAPIXELS: Final = "up to {value} megapixels"
SECONDS_LEAST: Final = "at least {value} s"
SECONDS_MOST: Final = "up to {value} s"
FRAME_RATE: Final = "{value} frames a second"
YOUNGER: Final = "younger than {value} days"
EXTENDED: Final = "extended at most {value} times"
MADE_BY: Final = "made by {provider}"
LINKS_ONLY: Final = "only as a link"
UNKNOWN_DEFAULT: Final = "unknown"
NEEDED: Final = "needed"
NEEDED_UNLESS: Final = "needed unless there is {others}"
SOME_REGIONS: Final = "in some regions"
INSTEAD: Final = "Use {instead} instead."
FOLLOWED_BY: Final = "Followed by {model}."
ANSWERS_ONCE: Final = "The call waits until the video is finished; there is no job to look up."
ANSWERS_POLL: Final = "The call starts a job, and the job is asked until it is finished."
TAKES_TIME: Final = "A video takes {least} seconds to {most} minutes, as the provider says."
ADDS: Final = "An extension makes the clip {seconds} s longer."
KEPT: Final = "The provider keeps results for {hours} hours."
KEPT_UNKNOWN: Final = "How long the provider keeps results is unknown."
TAKES_LINKS: Final = "Takes links to media."
EVIDENCE_KINDS: Final[dict[str, str]] = {
    "documented": "Documented",
    "sdk": "Seen in a library",
    "observed": "Observed",
    "record": "On record",
    "inferred": "Inferred",
}

MATRIX: Final[dict[str, str]] = {
    "lead": "What each provider’s model can do. Choose a cell for parameters, rules, limits, price and evidence.",
    "mode": "Mode",
    "who": "Provider and model",
    "unknown": UNKNOWN_PRICE,
    "unknownShort": "unknown",
    "all": "All modes",
    "hasKey": "Has a key here",
    "live": "Live now",
    "none": "Nothing matches these filters.",
    "cannot": "not offered",
    "loading": "Reading the tables…",
    "failed": "The tables could not be read. Check the connection and reload.",
    "keyYes": "Usable now",
    "sandbox": "No key needed",
    "close": "Close",
    "parameters": "Parameters",
    "rules": "Rules",
    "noRules": "No rules beyond the values above.",
    "price": "Price",
    "handling": "How it works",
    "evidence": "Evidence",
    "default": "default",
    "theirs": "the provider’s word",
    "read": "read {date}",
    "stale": "stale: over 180 days old",
    "warning": "may be sent, with a warning",
    "docs": "Provider’s documentation",
    "source": "Source",
    "available": "available",
}
