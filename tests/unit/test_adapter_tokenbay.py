"""TokenBay's adapter: what goes on the wire, to the letter, and what its answers mean, in whichever dialect."""

from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from pydantic import JsonValue

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec
from playground.domain.planning import to_send
from playground.domain.provider import (
    Accepted,
    Checked,
    Context,
    Created,
    Failed,
    Finished,
    Gone,
    HttpCall,
    MediaLeaf,
    Operation,
    Refused,
    RemoteFile,
    Running,
    Unclear,
)
from playground.domain.request import Mode, VideoRequest
from playground.providers import tokenbay
from tests.answers import answer, any_json
from tests.wire import everything, least, wire

CONTEXT = Context("https://api.tokenbay.com/v1")
TABLE = load_tables()["tokenbay"]
CONTENT = RemoteFile(url="/videos/{operation}/content", with_credential=True, may_be_none=True)


def spec(mode: Mode, model: str = "veo-3.1-generate-preview") -> ModeSpec:
    return TABLE.specs[model, mode]


def created(body: object, status: int = 200, text: str | None = None) -> Created:
    return tokenbay.created(answer(status, body, text))


def checked(body: object, status: int = 200, text: str | None = None) -> Checked:
    return tokenbay.checked(answer(status, body, text))


# On the wire


async def test_text_to_video_on_the_wire(tmp_path: Path) -> None:
    text = spec("text-to-video")
    assert await wire(tokenbay, text, least(text), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos",
            "headers": {},
            "timeout": "create",
            "body": {"model": "veo-3.1-generate-preview", "prompt": "A paper boat drifts down a stream at dawn."},
        }
    )
    assert await wire(tokenbay, text, everything(text), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "veo-3.1-generate-preview",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "negative_prompt": "",
                "duration": 8,
                "resolution": "4k",
                "aspect_ratio": "9:16",
                "generate_audio": False,
                "enhance_prompt": False,
                "seed": 0,
                "person_generation": "disallow",
            },
        }
    )


async def test_image_to_video_on_the_wire(tmp_path: Path) -> None:
    image = spec("image-to-video", "veo-3.1-lite-generate-preview")
    assert await wire(tokenbay, image, least(image), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "veo-3.1-lite-generate-preview",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "image": "data:image/j… 85155 characters, 3836d461cae0",
            },
        }
    )
    assert await wire(tokenbay, image, everything(image), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "veo-3.1-lite-generate-preview",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "negative_prompt": "",
                "duration": 8,
                "resolution": "1080p",
                "aspect_ratio": "9:16",
                "generate_audio": False,
                "enhance_prompt": False,
                "seed": 0,
                "person_generation": "disallow",
                "image": "data:image/j… 85155 characters, 3836d461cae0",
            },
        }
    )


async def test_interpolation_on_the_wire(tmp_path: Path) -> None:
    frames = spec("interpolation", "veo-3.1-fast-generate-preview")
    assert await wire(tokenbay, frames, least(frames), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "veo-3.1-fast-generate-preview",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "image": "data:image/j… 85155 characters, 3836d461cae0",
                "lastFrameImage": "data:image/j… 88487 characters, 78b06769bf96",
            },
        }
    )
    assert await wire(tokenbay, frames, everything(frames), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "veo-3.1-fast-generate-preview",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "negative_prompt": "",
                "duration": 8,
                "resolution": "4k",
                "aspect_ratio": "9:16",
                "generate_audio": False,
                "enhance_prompt": False,
                "seed": 0,
                "person_generation": "disallow",
                "image": "data:image/j… 85155 characters, 3836d461cae0",
                "lastFrameImage": "data:image/j… 88487 characters, 78b06769bf96",
            },
        }
    )


async def test_references_on_the_wire(tmp_path: Path) -> None:
    references = spec("references")
    assert await wire(tokenbay, references, least(references), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "veo-3.1-generate-preview",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "input_reference": "data:image/p… 131042 characters, 35fff71219f4",
            },
        }
    )
    assert await wire(tokenbay, references, everything(references), CONTEXT, tmp_path) == snapshot(
        {
            "call": "POST /videos",
            "headers": {},
            "timeout": "create",
            "body": {
                "model": "veo-3.1-generate-preview",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "negative_prompt": "",
                "duration": 8,
                "resolution": "4k",
                "aspect_ratio": "9:16",
                "generate_audio": False,
                "enhance_prompt": False,
                "seed": 0,
                "person_generation": "disallow",
                "input_reference": "data:image/p… 131042 characters, 35fff71219f4",
            },
        }
    )


def test_a_picture_by_url_stays_a_url() -> None:
    link = "https://example.com/a.png"
    frames = spec("interpolation")
    request = VideoRequest(provider="tokenbay", mode="interpolation", first_frame=link, last_frame="/b.png")
    body = cast(dict[str, Any], tokenbay.create(to_send(request, frames), frames, CONTEXT).body)
    assert body == {
        "model": "veo-3.1-generate-preview",
        "image": MediaLeaf(link, "url"),
        "lastFrameImage": MediaLeaf("/b.png", "data-uri"),
    }


def test_questions_name_the_task() -> None:
    assert tokenbay.status(Operation(id="task_1"), CONTEXT) == HttpCall("GET", "/videos/task_1")
    assert tokenbay.status(Operation(id="a/b?c"), CONTEXT).path == "/videos/a%2Fb%3Fc"
    assert tokenbay.key_test(CONTEXT) == HttpCall("GET", "/models")


# The receipt

RECEIPT = {
    "id": "task_1",
    "task_id": "task_1",
    "object": "video",
    "model": "veo-3.1-generate-preview",
    "status": "QUEUED",
    "progress": 0,
    "created_at": 1776947082,
}


@pytest.mark.parametrize(
    "body",
    [
        RECEIPT,
        {**RECEIPT, "error": None},
        {"task_id": "task_1"},
        {"code": "success", "message": "", "data": {"task_id": "task_1", "status": "SUBMITTED"}},
    ],
)
def test_an_id_is_an_acceptance(body: object) -> None:
    assert created(body) == Accepted(Operation(id="task_1"))


def error(says: str, code: str = "", kind: str = "new_api_error") -> dict[str, object]:
    return {"error": {"message": says, "type": kind, "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, error("no such luck"), "refused"),
        (200, {"error": "no such luck"}, "refused"),
        (200, error("user quota is not enough", "insufficient_user_quota"), "no_credit"),
        (200, error("sensitive words detected", "sensitive_words_detected"), "filtered"),
        (200, error("It violates our content policy."), "filtered"),
        (200, error("no such model", "model_not_found"), "model_retired"),
        (200, error("slow down", "rate_limit_exceeded"), "rate_limited"),
        (200, error("seed is out of range", "invalid_request"), "invalid"),
        (400, error("bad size"), "invalid"),
        (400, {"code": "invalid_request", "message": "bad size", "data": None}, "invalid"),
        (401, error("Invalid token"), "bad_key"),
        (403, error("quota used up", "insufficient_user_quota"), "no_credit"),
        (403, error("this IP may not"), "not_allowed"),
        (403, error("no access", "access_denied"), "not_allowed"),
        (404, error("no such model", "model_not_found"), "model_retired"),
        (413, error("request body too large"), "invalid"),
        (429, error("saturated"), "rate_limited"),
    ],
)
def test_a_refusal_has_its_cause_its_words_and_is_free(status: int, body: dict[str, Any], code: str) -> None:
    outcome = created(body, status)
    assert isinstance(outcome, Refused)
    assert (outcome.failure.code, outcome.failure.charged) == (code, "no")
    said = body.get("message") or (body["error"] if isinstance(body["error"], str) else body["error"]["message"])
    assert outcome.failure.provider_words == said
    assert "TokenBay" in outcome.failure.message


def test_an_error_beside_an_id_leaves_the_charge_open() -> None:
    outcome = created({**RECEIPT, **error("the channel broke")})
    assert isinstance(outcome, Refused)
    assert (outcome.failure.code, outcome.failure.charged) == ("refused", "unknown")


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (200, {}, None),
        (200, {"id": 5}, None),
        (200, [], None),
        (200, None, "<html>hello"),
        (200, None, ""),
        (302, None, ""),
        (408, error("late"), None),
        (500, RECEIPT, None),
        (502, None, "<html>bad gateway"),
        (504, error("timeout"), None),
    ],
)
def test_what_proves_nothing_is_uncertain(status: int, body: object, text: str | None) -> None:
    outcome = created(body, status, text)
    assert isinstance(outcome, Unclear)
    assert (outcome.failure.code, outcome.failure.charged) == ("uncertain", "unknown")


# How it stands


def page(status: str, **rest: object) -> dict[str, object]:
    return {"id": "task_1", "task_id": "task_1", "status": status, **rest}


def wrapped(status: str, **rest: object) -> dict[str, object]:
    return {"code": "success", "message": "", "data": {"task_id": "task_1", "status": status, **rest}}


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        *((word, Running) for word in ("NOT_START", "SUBMITTED", "QUEUED", "pending", "IN_PROGRESS", "processing")),
        *((word, Running) for word in ("queued", "in_progress", "running", "UNKNOWN", "a new word")),
        *((word, Finished) for word in ("SUCCESS", "success", "succeeded", "completed")),
        *((word, Failed) for word in ("FAILURE", "failure", "failed", "cancelled", "expired")),
    ],
)
@pytest.mark.parametrize("shape", [page, wrapped])
def test_both_vocabularies_are_read_wrapped_or_not(shape: Any, word: str, outcome: type[Checked]) -> None:
    found = checked(shape(word))
    assert isinstance(found, outcome)
    if isinstance(found, Running):
        assert found.words == word


@pytest.mark.parametrize(
    ("progress", "share"),
    [
        ("50%", 0.5),
        ("0%", 0.0),
        ("100%", 1.0),
        ("12.5 %", 0.125),
        ("30", 0.3),
        (50, 0.5),
        (0, 0.0),
        (100, 1.0),
        (33.3, pytest.approx(0.333)),
        (None, None),
        (True, None),
        ("soon", None),
        ("", None),
        (-1, None),
        ("101%", None),
        ([50], None),
    ],
)
def test_progress_is_a_number_or_text_and_never_invented(progress: JsonValue, share: float | None) -> None:
    assert checked(page("IN_PROGRESS", progress=progress)) == Running(share, "IN_PROGRESS")


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"result_url": None},
        {"result_url": "/v1/videos/task_1/content"},
        {"result_url": "/tokenbay/v1/videos/task_1/content"},
        {"metadata": {}},
    ],
)
def test_the_video_is_at_its_own_address_whatever_a_relative_link_says(rest: dict[str, object]) -> None:
    assert checked(page("SUCCESS", **rest)) == Finished((CONTENT,))
    assert checked(wrapped("SUCCESS", **rest)) == Finished((CONTENT,))


@pytest.mark.parametrize(
    "rest",
    [
        {"result_url": "https://cdn.example.com/1.mp4?sig=1"},
        {"result_url": "", "metadata": {"url": "https://cdn.example.com/1.mp4?sig=1"}},
        {"url": "https://cdn.example.com/1.mp4?sig=1"},
    ],
)
def test_another_link_is_tried_first(rest: dict[str, object]) -> None:
    link = "https://cdn.example.com/1.mp4?sig=1"
    file = RemoteFile(url=link, with_credential=True, otherwise=CONTENT, may_be_none=True)
    assert checked(page("completed", **rest)) == Finished((file,))


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (page("FAILURE", fail_reason="no such luck"), "failed", "no such luck"),
        (wrapped("FAILURE", fail_reason="no such luck"), "failed", "no such luck"),
        (page("failed", error={"message": "no such luck", "code": "x"}), "failed", "no such luck"),
        (page("failed", message="no such luck"), "failed", "no such luck"),
        (page("FAILURE"), "failed", None),
        (page("FAILURE", fail_reason="It violates the content policy."), "filtered", "It violates the content policy."),
        (page("failed", error={"message": "no", "code": "prompt_blocked"}), "filtered", "no"),
        (error("no such luck"), "failed", "no such luck"),
    ],
)
def test_a_failed_run_has_its_reason_and_may_be_charged(body: object, code: str, words: str | None) -> None:
    outcome = checked(body)
    assert isinstance(outcome, Failed)
    assert (outcome.failure.code, outcome.failure.charged) == (code, "unknown")
    assert outcome.failure.provider_words == words


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}),
        (200, error("no such task", "task_not_exist")),
        (404, error("Task not found")),
        (410, None),
    ],
)
def test_an_unknown_task_is_gone(status: int, body: object) -> None:
    outcome = checked(body, status)
    assert isinstance(outcome, Gone)
    assert outcome.failure.code == "gone"


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (200, {}, None),
        (200, {"data": {}}, None),
        (200, {"status": 5}, None),
        (200, error("slow down", "rate_limit_exceeded"), None),
        (200, error("try later", "do_request_failed", "upstream_error"), None),
        (200, None, "<html>"),
        (200, None, ""),
        (500, page("SUCCESS"), None),
        (502, None, "<html>"),
    ],
)
def test_what_says_nothing_about_the_task_is_asked_again(status: int, body: object, text: str | None) -> None:
    assert isinstance(checked(body, status, text), Unclear)


# The key


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, {"object": "list", "data": []}, None),
        (401, error("Invalid token"), "bad_key"),
        (403, error("quota", "insufficient_user_quota"), "no_credit"),
        (429, error("slow down"), "rate_limited"),
        (200, error("Invalid token"), "bad_key"),
        (404, error("Invalid URL"), "unreachable"),
        (500, None, "unreachable"),
    ],
)
def test_the_key_is_tested_by_the_list_of_models(status: int, body: object, code: str | None) -> None:
    problem = tokenbay.key_tested(answer(status, body))
    assert (problem.code if problem is not None else None) == code


# Whatever comes

KEYS = (
    "id",
    "task_id",
    "status",
    "progress",
    "data",
    "result_url",
    "metadata",
    "url",
    "fail_reason",
    "error",
    "message",
    "code",
    "type",
)


@given(status=st.integers(100, 599), body=any_json(*KEYS), text=st.text(max_size=40))
def test_every_answer_has_a_meaning(status: int, body: JsonValue, text: str) -> None:
    for each in (answer(status, body), answer(status, text=text)):
        assert isinstance(tokenbay.created(each), Accepted | Refused | Unclear)
        assert isinstance(tokenbay.checked(each), Running | Finished | Failed | Gone | Unclear)
        tokenbay.key_tested(each)
