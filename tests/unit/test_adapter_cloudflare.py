"""Cloudflare's adapter: what goes on the wire, to the letter, and what its answers mean, whatever they look like."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from pydantic import JsonValue

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec
from playground.domain.provider import (
    Answer,
    Context,
    Created,
    Finished,
    NotYet,
    Operation,
    Refused,
    RemoteFile,
    Unclear,
)
from playground.domain.request import Mode
from playground.providers import cloudflare
from tests.wire import everything, least, wire

CONTEXT = Context("https://api.cloudflare.com/client/v4", {"account_id": "our account"})
LINK = "https://pub-04a6.r2.dev/catalog/nature-documentary.mp4"


def spec(mode: Mode, model: str = "google/veo-3.1") -> ModeSpec:
    return load_tables()["cloudflare"].specs[model, mode]


def answer(status: int, body: object = None, text: str | None = None) -> Answer:
    as_text = text if text is not None else json.dumps(body)
    return Answer(status, {}, as_text, None if text is not None else cast(JsonValue, body))


def read(status: int, body: object = None, text: str | None = None) -> Created:
    return cloudflare.created(answer(status, body, text))


def refusal(status: int, body: object) -> tuple[str, str, str | None]:
    outcome = read(status, body)
    assert isinstance(outcome, Refused), outcome
    assert "Cloudflare AI" in outcome.failure.message
    return outcome.failure.code, outcome.failure.charged, outcome.failure.provider_words


def envelope(code: int, says: str) -> dict[str, object]:
    return {"success": False, "errors": [{"code": code, "message": says}], "messages": [], "result": None}


# On the wire


async def test_text_to_video_on_the_wire(tmp_path: Path) -> None:
    text = spec("text-to-video")
    assert await wire(cloudflare, text, least(text), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /accounts/our%20account/ai/run",
            "headers": {"cf-aig-max-attempts": "1"},
            "timeout": "blocking-create",
            "body": {
                "model": "google/veo-3.1",
                "input": {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "duration": "6s",
                    "resolution": "720p",
                    "aspect_ratio": "16:9",
                    "generate_audio": True,
                },
            },
        }
    )
    assert await wire(cloudflare, text, everything(text), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /accounts/our%20account/ai/run",
            "headers": {"cf-aig-max-attempts": "1"},
            "timeout": "blocking-create",
            "body": {
                "model": "google/veo-3.1",
                "input": {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "duration": "8s",
                    "resolution": "1080p",
                    "aspect_ratio": "1:1",
                    "generate_audio": False,
                },
            },
        }
    )


async def test_image_to_video_on_the_wire(tmp_path: Path) -> None:
    image = spec("image-to-video", "google/veo-3.1-fast")
    assert await wire(cloudflare, image, least(image), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /accounts/our%20account/ai/run",
            "headers": {"cf-aig-max-attempts": "1"},
            "timeout": "blocking-create",
            "body": {
                "model": "google/veo-3.1-fast",
                "input": {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "duration": "6s",
                    "resolution": "720p",
                    "aspect_ratio": "16:9",
                    "generate_audio": True,
                    "image_input": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4",
                },
            },
        }
    )
    assert await wire(cloudflare, image, everything(image), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /accounts/our%20account/ai/run",
            "headers": {"cf-aig-max-attempts": "1"},
            "timeout": "blocking-create",
            "body": {
                "model": "google/veo-3.1-fast",
                "input": {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "duration": "8s",
                    "resolution": "1080p",
                    "aspect_ratio": "1:1",
                    "generate_audio": False,
                    "image_input": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4",
                },
            },
        }
    )


def test_there_is_nothing_to_ask_about_later() -> None:
    with pytest.raises(ValueError, match="no jobs"):
        cloudflare.status(Operation(id="x"), CONTEXT)
    assert isinstance(cloudflare.checked(answer(200, {})), Unclear)


# What answers mean

SHOWN = {"gatewayMetadata": {"keySource": "Unified"}, "result": {"video": LINK}, "state": "Completed"}


@pytest.mark.parametrize(
    "body",
    [
        SHOWN,
        {"result": {"video": LINK}, "success": True, "errors": [], "messages": []},
        {"result": SHOWN, "success": True, "errors": [], "messages": []},
        {"video": LINK},
        {**SHOWN, "state": "completed", "error": {}},
    ],
)
def test_a_video_is_found_in_every_wrapping_and_fetched_without_the_token(body: object) -> None:
    assert read(200, body) == Finished((RemoteFile(url=LINK, with_credential=False),))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"state": "Failed", "error": {"code": 7, "message": "Upstream broke"}, "model": "google/veo-3.1"},
            ("failed", "unknown", "Upstream broke"),
        ),
        (
            {"success": True, "result": {"state": "failed", "error": {"code": 7, "message": "Upstream broke"}}},
            ("failed", "unknown", "Upstream broke"),
        ),
        ({"state": "Failed", "error": "Upstream broke"}, ("failed", "unknown", "Upstream broke")),
        ({"state": "Failed"}, ("failed", "unknown", None)),
        # An error counts even beside a video and a state that says all is well.
        ({**SHOWN, "error": {"message": "Upstream broke"}}, ("failed", "unknown", "Upstream broke")),
        ({**SHOWN, "state": "Failed"}, ("failed", "unknown", None)),
        (
            {"state": "Failed", "error": {"message": "The prompt violates our usage guidelines."}},
            ("filtered", "unknown", "The prompt violates our usage guidelines."),
        ),
        ({"state": "Completed", "result": {}}, ("no_video", "unknown", None)),
        ({"state": "Completed", "result": {"video": ""}}, ("no_video", "unknown", None)),
        (envelope(7, "The upstream provider refused"), ("refused", "no", "The upstream provider refused")),
        (envelope(5007, "No such model"), ("model_retired", "no", "No such model")),
    ],
)
def test_a_failure_hidden_in_a_200_is_one(body: object, expected: tuple[str, str, str | None]) -> None:
    assert refusal(200, body) == expected


@pytest.mark.parametrize(
    ("status", "code", "says", "cause"),
    [
        (400, 5004, "Invalid data", "invalid"),
        (400, 3003, "Bad input", "invalid"),
        (400, 5007, "No such model", "model_retired"),
        (400, 5004, "The prompt violates the content policy", "filtered"),
        (401, 10000, "Authentication error", "bad_key"),
        (403, 10000, "Authentication error", "bad_key"),
        (401, 2009, "The provider refused the stored key", "not_allowed"),
        (402, 1, "Payment error", "no_credit"),
        (403, 3023, "Not allowed", "not_allowed"),
        (403, 5018, "Account limited", "not_allowed"),
        (404, 3042, "No such model", "model_retired"),
        (404, 7003, "Could not route to your object", "invalid"),
        (413, 3006, "Request too large", "invalid"),
        (429, 3040, "No capacity", "rate_limited"),
    ],
)
def test_a_refusal_has_its_cause_and_costs_nothing(status: int, code: int, says: str, cause: str) -> None:
    assert refusal(status, envelope(code, says)) == (cause, "no", says)


def test_a_refused_stored_key_is_not_told_as_ours() -> None:
    outcome = read(401, envelope(2009, "x"))
    assert isinstance(outcome, Refused)
    assert "stored in the gateway" in outcome.failure.next_step


def test_a_used_up_day_is_longer_than_anybody_waits() -> None:
    outcome = read(429, envelope(3036, "You have used up your daily allocation"))
    assert isinstance(outcome, NotYet)
    assert outcome.wait_seconds == 86_400


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 522, 524])
def test_a_long_wait_without_an_end_may_have_been_paid(status: int) -> None:
    outcome = read(status, envelope(3007, "Request timeout"))
    assert isinstance(outcome, Unclear)
    assert (outcome.failure.charged, outcome.failure.provider_words) == ("unknown", "Request timeout")


@pytest.mark.parametrize(
    "body",
    [None, "", [], {}, {"result": None}, {"state": "Running"}, {"status": "queued", "request_id": "x"}, {"video": 7}],
)
def test_what_says_neither_is_unclear(body: object) -> None:
    assert isinstance(read(200, body), Unclear)


def test_a_page_and_garbage_are_unclear_and_name_the_provider() -> None:
    for text in ("<!doctype html><h1>524</h1>", '{"result": {"vid', ""):
        outcome = read(200, text=text)
        assert isinstance(outcome, Unclear)
        assert "Cloudflare AI" in outcome.failure.message
        assert outcome.failure.provider_words is None


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
keys = st.sampled_from(["result", "video", "state", "error", "errors", "message", "code", "success", "model"])
words = st.sampled_from(["Completed", "Failed", "failed", LINK, "\ud800"])
trees = st.recursive(
    leaves | words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(status=st.integers(100, 599), body=trees)
def test_any_answer_gives_an_outcome(status: int, body: Any) -> None:
    outcome = read(status, body)
    if isinstance(outcome, Refused | Unclear):
        assert "Cloudflare" in outcome.failure.message
        outcome.failure.model_dump_json().encode()
    if isinstance(outcome, Finished):
        assert 200 <= status < 300
        assert outcome.files
