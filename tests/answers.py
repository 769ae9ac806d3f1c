"""A provider's answers as an adapter gets them, and JSON of any shape for those that must not be surprised."""

import json
from typing import cast

from hypothesis import strategies as st
from pydantic import JsonValue

from playground.domain.provider import Answer


def answer(status: int, body: object = None, text: str | None = None) -> Answer:
    """An answer with a JSON body, or with a text that is none."""
    as_text = text if text is not None else json.dumps(body)
    return Answer(status, {}, as_text, None if text is not None else cast(JsonValue, body))


def any_json(*keys: str) -> st.SearchStrategy[JsonValue]:
    """Any JSON that has these keys in places."""
    known = st.sampled_from(keys)
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(known, inner, max_size=5),
        max_leaves=12,
    )
