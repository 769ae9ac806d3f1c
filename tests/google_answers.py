"""What the tests of Google's two routes share: answers, and whatever else may come instead of one."""

import json
from typing import cast

from hypothesis import strategies as st
from pydantic import JsonValue

from playground.domain.provider import Answer

REASON = "We encountered an issue with the audio for your prompt. You have not been charged. Support codes: 58061214"


def answer(status: int, body: object = None, text: str | None = None, **headers: str) -> Answer:
    """A whole answer; with `text`, one that is no JSON."""
    as_text = text if text is not None else json.dumps(body)
    return Answer(status, headers, as_text, None if text is not None else cast(JsonValue, body))


def error(code: int, says: str, name: str = "INVALID_ARGUMENT", **more: object) -> dict[str, object]:
    """Google's envelope of an error."""
    return {"error": {"code": code, "message": says, "status": name, **more}}


def done(**response: object) -> dict[str, object]:
    """A finished operation."""
    return {"name": "operations/1", "done": True, "response": response}


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_WORDS = st.sampled_from(
    ["inline:1", "https://example.com/files/a", "gs://b/o.mp4", "files/a", "37s", "API_KEY_INVALID", "\ud800", "ACTIVE"]
)
_KEYS = st.sampled_from(
    [
        "name",
        "done",
        "error",
        "code",
        "message",
        "status",
        "details",
        "reason",
        "retryDelay",
        "violations",
        "response",
        "generateVideoResponse",
        "generatedSamples",
        "videos",
        "video",
        "uri",
        "gcsUri",
        "bytesBase64Encoded",
        "raiMediaFilteredCount",
        "raiMediaFilteredReasons",
        "state",
    ]
)
trees = st.recursive(
    _LEAVES | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=20,
)
"""Any JSON, with Google's names in it."""
