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
    told = hint("model_retired", REFERENCES)
    assert "vertex:veo-3.1-generate-001" in told
    # The others here were shut down, too.
    assert told.endswith("Choose another provider: Gemini API has no other model for references.")


def test_a_model_that_is_refused_though_the_table_has_it_names_the_others_that_do_the_same() -> None:
    request = VideoRequest(provider="vertex", model="veo-3.1-generate-001", mode="references")
    refused = failure("model_retired", "No.", "no")
    told = explained(refused, request, load_tables()["vertex"], FACTS, NOW)
    assert told.next_step == "Choose another model for references, veo-3.1-fast-generate-001, or another provider."
    told = explained(refused, request.changed({"mode": "extension"}), load_tables()["vertex"], FACTS, NOW)
    assert "veo-3.1-fast-generate-001 or veo-3.1-lite-generate-001" in told.next_step
    alone = VideoRequest(provider="azerion", mode="text-to-video", prompt="A boat.")
    told = explained(refused, alone, load_tables()["azerion"], FACTS, NOW)
    assert told.next_step == "Choose another provider: Azerion has no other model for text to video."


@pytest.mark.parametrize("code", ["bad_key", "filtered", "no_credit", "rate_limited", "refused"])
def test_other_refusals_stay_as_they_are(code: FailureCode) -> None:
    reason = failure(code, "No.", "no")
    assert explained(reason, REFERENCES, TABLE, FACTS, NOW) is reason


def test_a_model_that_the_table_no_longer_has_changes_nothing() -> None:
    reason = failure("invalid", "No.", "no")
    assert explained(reason, REFERENCES.changed({"model": "gone"}), TABLE, FACTS, NOW) is reason
