"""aigateway.sh's adapter: what goes on the wire, to the letter, and what the three kinds of jobs mean."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from pydantic import JsonValue

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec
from playground.domain.provider import (
    Accepted,
    Cancelled,
    Checked,
    Context,
    Created,
    Failed,
    Finished,
    Gone,
    HttpCall,
    NotCancelled,
    Operation,
    Refused,
    RemoteFile,
    Running,
    Unchanged,
    Unclear,
)
from playground.domain.request import Mode
from playground.providers import aigateway
from tests.answers import answer, any_json
from tests.wire import everything, least, wire

CONTEXT = Context("https://api.aigateway.sh/v1")
LINK = "https://media.aigateway.sh/video/abc123.mp4"
JOB = Operation(id="job_abc123")


def spec(mode: Mode, model: str = "google/veo-3.1") -> ModeSpec:
    return load_tables()["aigateway"].specs[model, mode]


def created(body: object, status: int = 200, text: str | None = None) -> Created:
    return aigateway.created(answer(status, body, text))


def checked(body: object, status: int = 200, text: str | None = None) -> Checked:
    return aigateway.checked(answer(status, body, text))


# On the wire


async def test_text_to_video_on_the_wire(tmp_path: Path) -> None:
    text = spec("text-to-video")
    assert await wire(aigateway, text, least(text), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos/generations",
            "headers": {},
            "timeout": "create",
            "body": {"model": "google/veo-3.1", "prompt": "A paper boat drifts down a stream at dawn."},
        }
    )
    assert await wire(aigateway, text, everything(text), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos/generations",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "google/veo-3.1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "duration": 8,
                "resolution": "1080p",
                "aspect_ratio": "9:16",
            },
        }
    )


async def test_image_to_video_on_the_wire(tmp_path: Path) -> None:
    image = spec("image-to-video", "google/veo3.1-lite")
    assert await wire(aigateway, image, least(image), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos/generations",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "google/veo3.1-lite",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "image_url": "https://example.com/frame.png",
            },
        }
    )
    assert await wire(aigateway, image, everything(image), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos/generations",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "google/veo3.1-lite",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "duration": 8,
                "resolution": "1080p",
                "aspect_ratio": "9:16",
                "image_url": "https://example.com/frame.png",
            },
        }
    )


def test_questions_name_the_job() -> None:
    assert aigateway.status(JOB, CONTEXT) == HttpCall("GET", "/jobs/job_abc123")
    assert aigateway.status(Operation(id="a/b?c"), CONTEXT).path == "/jobs/a%2Fb%3Fc"
    assert aigateway.cancel(JOB, CONTEXT) == HttpCall("POST", "/jobs/job_abc123/cancel")


# The receipt


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"id": "job_abc123", "status": "queued", "model": "google/veo-3.1", "created": 1776947082}),
        (202, {"id": "job_abc123", "status": "queued", "object": "job"}),
        (202, {"id": "job_abc123", "status": "queued", "modality": "video", "result_url": None, "error": None}),
        (200, {"id": "job_abc123", "status": "failed", "error": "no"}),
    ],
)
def test_an_id_is_an_acceptance(status: int, body: object) -> None:
    assert created(body, status) == Accepted(JOB)


def error(kind: str, says: str = "no such luck") -> dict[str, object]:
    return {"error": {"message": says, "type": kind, "code": 1, "param": None}}


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, error("server_error"), "refused"),
        (200, {"error": "no such luck"}, "refused"),
        (200, error("insufficient_credits"), "no_credit"),
        (400, error("invalid_request_error"), "invalid"),
        (401, error("authentication_error"), "bad_key"),
        (401, {"error": {"code": "invalid_key", "message": "no such luck"}}, "bad_key"),
        (402, error("insufficient_credits"), "no_credit"),
        (403, {"error": {"code": "scope_exceeded", "message": "no such luck"}}, "not_allowed"),
        (403, {"error": "no such luck"}, "not_allowed"),
        (404, error("not_found"), "model_retired"),
        (404, {"error": "no such luck"}, "model_retired"),
        (429, error("rate_limit_error"), "rate_limited"),
        (429, {"error": {"code": "rate_limited", "message": "no such luck"}}, "rate_limited"),
    ],
)
def test_a_refusal_has_its_cause_its_words_and_is_free(status: int, body: object, code: str) -> None:
    outcome = created(body, status)
    assert isinstance(outcome, Refused)
    assert (outcome.failure.code, outcome.failure.charged) == (code, "no")
    assert outcome.failure.provider_words == "no such luck"
    assert "aigateway.sh" in outcome.failure.message


def test_a_filter_is_known_by_its_words() -> None:
    outcome = created(error("invalid_request_error", "It violates our content policy."), 400)
    assert isinstance(outcome, Refused)
    assert outcome.failure.code == "filtered"


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (200, {}, None),
        (200, {"id": 5}, None),
        (200, {"error": None}, None),
        (202, [], None),
        (200, None, "<html>hello"),
        (302, None, ""),
        (408, error("timeout"), None),
        (500, error("server_error"), None),
        (504, {"id": "job_abc123"}, None),
    ],
)
def test_what_proves_nothing_is_uncertain(status: int, body: object, text: str | None) -> None:
    outcome = created(body, status, text)
    assert isinstance(outcome, Unclear)
    assert (outcome.failure.code, outcome.failure.charged) == ("uncertain", "unknown")


# How it stands


@pytest.mark.parametrize("word", ["queued", "processing", "running", "QUEUED", "a new word"])
def test_whatever_is_no_end_is_running(word: str) -> None:
    assert checked({"id": "job_abc123", "status": word}) == Running(None, word)


def test_304_is_unchanged() -> None:
    assert checked(None, 304, "") == Unchanged()


@pytest.mark.parametrize(
    "rest",
    [
        {"result": {"url": LINK, "duration": 5, "resolution": "1920x1080"}},
        {"object": "job", "result": {"file_url": LINK}},
        {"modality": "video", "result_url": LINK, "error": None},
        {"result": {"url": "", "file_url": LINK}, "result_url": "https://example.com/another"},
    ],
)
def test_the_link_is_found_in_all_three_kinds_of_jobs_and_the_key_waits(rest: dict[str, object]) -> None:
    with_key = RemoteFile(url=LINK, with_credential=True)
    outcome = checked({"id": "job_abc123", "status": "completed", **rest})
    assert outcome == Finished((RemoteFile(url=LINK, otherwise=with_key),))


@pytest.mark.parametrize("rest", [{}, {"result": None}, {"result": {"url": None}}, {"result": [LINK]}])
def test_a_finished_job_without_a_link_has_no_video(rest: dict[str, object]) -> None:
    outcome = checked({"status": "completed", **rest})
    assert isinstance(outcome, Failed)
    assert (outcome.failure.code, outcome.failure.charged) == ("no_video", "unknown")


@pytest.mark.parametrize(
    ("problem", "code", "words"),
    [
        ("no such luck", "failed", "no such luck"),
        ({"code": "upstream_error", "message": "no such luck"}, "failed", "no such luck"),
        ({"code": "upstream_error"}, "failed", None),
        (None, "failed", None),
        ("It violates the content policy.", "filtered", "It violates the content policy."),
        ({"message": "the safety filter"}, "filtered", "the safety filter"),
    ],
)
def test_a_failed_job_has_its_reason_and_is_free(problem: object, code: str, words: str | None) -> None:
    outcome = checked({"status": "failed", "error": problem})
    assert isinstance(outcome, Failed)
    assert (outcome.failure.code, outcome.failure.charged) == (code, "no")
    assert outcome.failure.provider_words == words


def test_a_job_that_was_cancelled_there_has_ended() -> None:
    outcome = checked({"status": "cancelled"})
    assert isinstance(outcome, Failed)
    assert outcome.failure.charged == "unknown"


@pytest.mark.parametrize("status", [404, 410])
def test_an_unknown_job_is_gone(status: int) -> None:
    assert isinstance(checked(error("not_found"), status), Gone)


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [(200, {}, None), (200, {"status": 5}, None), (200, None, "<html>"), (200, None, ""), (500, {}, None)],
)
def test_what_says_nothing_about_the_job_is_asked_again(status: int, body: object, text: str | None) -> None:
    assert isinstance(checked(body, status, text), Unclear)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"id": "job_abc123", "status": "cancelled"}, Cancelled),
        (200, {"id": "job_abc123", "status": "running"}, NotCancelled),
        (200, None, NotCancelled),
        (404, error("not_found"), NotCancelled),
        (409, error("invalid_request_error"), NotCancelled),
    ],
)
def test_cancelled_is_only_what_says_so(status: int, body: object, outcome: type[object]) -> None:
    assert isinstance(aigateway.cancelled(answer(status, body)), outcome)


# Whatever comes

KEYS = ("id", "status", "result", "url", "file_url", "result_url", "error", "message", "code", "type")


@given(status=st.integers(100, 599), body=any_json(*KEYS), text=st.text(max_size=40))
def test_every_answer_has_a_meaning(status: int, body: JsonValue, text: str) -> None:
    for each in (answer(status, body), answer(status, text=text)):
        assert isinstance(aigateway.created(each), Accepted | Refused | Unclear)
        assert isinstance(aigateway.checked(each), Running | Unchanged | Finished | Failed | Gone | Unclear)
        assert isinstance(aigateway.cancelled(each), Cancelled | NotCancelled)
