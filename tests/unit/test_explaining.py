"""Hints of ours beside a provider's refusal, from its table."""

from datetime import UTC, datetime

import pytest

from playground.catalog import load_tables
from playground.domain.errors import FailureCode, failure
from playground.domain.explaining import explained
from playground.domain.media import Facts
from playground.domain.request import VideoRequest

NOW = datetime(2026, 11, 20, tzinfo=UTC)
FACTS = Facts({}, None, allow_retired=True)
TABLE = load_tables()["gemini"]
REFERENCES = VideoRequest(
    provider="gemini", model="veo-3.1-generate-preview", mode="references", reference_images=("a.png",)
)


def hint(code: FailureCode, request: VideoRequest) -> str:
    told = explained(failure(code, "No.", "no"), request, TABLE, FACTS, NOW)
    return f"{told.message} {told.next_step}"


def test_only_rules_that_the_request_touches_are_repeated() -> None:
    assert "8 seconds long" in hint("invalid", REFERENCES)
    assert "Upright" not in hint("invalid", REFERENCES)
    assert "Upright" in hint("invalid", REFERENCES.changed({"aspect_ratio": "9:16"}))
    text = VideoRequest(provider="gemini", mode="text-to-video", prompt="A boat.")
    assert "known here" not in hint("invalid", text)


def test_a_retired_model_names_what_follows_it() -> None:
    assert "vertex:veo-3.1-generate-001" in hint("model_retired", REFERENCES)


@pytest.mark.parametrize("code", ["bad_key", "filtered", "no_credit", "rate_limited", "refused"])
def test_other_refusals_stay_as_they_are(code: FailureCode) -> None:
    reason = failure(code, "No.", "no")
    assert explained(reason, REFERENCES, TABLE, FACTS, NOW) is reason


def test_a_model_that_the_table_no_longer_has_changes_nothing() -> None:
    reason = failure("invalid", "No.", "no")
    assert explained(reason, REFERENCES.changed({"model": "gone"}), TABLE, FACTS, NOW) is reason
