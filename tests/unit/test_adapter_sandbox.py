"""The sandbox's adapter: what goes on the wire, and what its answers mean, whatever they look like."""

import base64
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import JsonValue

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec
from playground.domain.planning import to_send
from playground.domain.provider import (
    Accepted,
    Answer,
    Body,
    Cancelled,
    Context,
    Failed,
    Finished,
    Gone,
    HttpCall,
    MediaLeaf,
    MediaType,
    NotCancelled,
    Operation,
    Refused,
    RemoteFile,
    Running,
    Unclear,
)
from playground.domain.request import Mode, VideoRequest
from playground.emulator.sandbox import SandboxProvider
from playground.providers import sandbox
from playground.registry import Registry
from playground.transport.inprocess import InProcessTransport

CONTEXT = Context("http://sandbox.localhost/v1")
OPERATION = Operation(id="abc")
MODEL = "sandbox-preview"


def _spec(mode: Mode) -> ModeSpec:
    return load_tables()["sandbox"].specs[MODEL, mode]


def _call(mode: Mode, **fields: Any) -> HttpCall:
    spec = _spec(mode)
    request = VideoRequest.model_validate({"provider": "sandbox", "mode": mode, **fields})
    return sandbox.create(to_send(request, spec), spec, CONTEXT)


def _answer(status: int, body: object = None, text: str | None = None) -> Answer:
    as_text = text if text is not None else json.dumps(body)
    return Answer(status, {}, as_text, None if text is not None else cast(JsonValue, body))


def _medium(reference: str) -> Body:
    return {"mime_type": MediaType(reference), "data": MediaLeaf(reference, "base64")}


# On the wire


def test_only_what_is_set_is_sent() -> None:
    call = _call("text-to-video", prompt="a red kite")
    body = {"model": MODEL, "mode": "text-to-video", "prompt": "a red kite"}
    assert call == HttpCall("POST", "/videos", body, timeout="create")


def test_all_that_is_set_is_sent_and_falsy_values_are_values() -> None:
    settings = {
        "prompt": "",
        "negative_prompt": "",
        "duration_seconds": 4,
        "resolution": "1080p",
        "aspect_ratio": "9:16",
        "generate_audio": False,
        "seed": 0,
        "number_of_videos": 2,
        "resize_mode": "pad",
    }
    call = _call("interpolation", **settings, first_frame="/a.png", last_frame="https://example.com/b.png")
    assert call.body == {
        "model": MODEL,
        "mode": "interpolation",
        **settings,
        "first_frame": _medium("/a.png"),
        "last_frame": _medium("https://example.com/b.png"),
    }


def test_media_of_the_other_modes() -> None:
    references = _call("references", reference_images=["/a.png", "job:x#last-frame", "/a.png"])
    assert references.body == {
        "model": MODEL,
        "mode": "references",
        "reference_images": [_medium("/a.png"), _medium("job:x#last-frame"), _medium("/a.png")],
    }
    extension = _call("extension", source_video="job:x", prompt="on")
    assert extension.body == {"model": MODEL, "mode": "extension", "prompt": "on", "source_video": _medium("job:x")}


def test_questions_name_the_operation() -> None:
    assert sandbox.status(OPERATION, CONTEXT) == HttpCall("GET", "/videos/abc")
    assert sandbox.cancel(OPERATION, CONTEXT) == HttpCall("POST", "/videos/abc/cancel")
    assert sandbox.status(Operation(id="a/b?c"), CONTEXT).path == "/videos/a%2Fb%3Fc"


def test_the_registry_finds_the_adapter_and_that_it_cancels() -> None:
    provider = Registry(load_tables(), lambda _: None)["sandbox"]
    assert provider.can_cancel()
    assert provider.context.base_url == "http://sandbox.localhost/v1"


# What answers mean


def test_an_id_is_an_acceptance() -> None:
    outcome = sandbox.created(_answer(200, {"id": "abc", "status": "queued"}))
    assert outcome == Accepted(Operation(id="abc"))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid"),
        (401, "bad_key"),
        (402, "no_credit"),
        (403, "not_allowed"),
        (404, "invalid"),
        (413, "invalid"),
        (422, "invalid"),
        (429, "rate_limited"),
    ],
)
def test_a_refusal_has_its_code_its_words_and_is_free(status: int, code: str) -> None:
    outcome = sandbox.created(_answer(status, {"error": {"code": "x", "message": "duration_seconds must be 4."}}))
    assert isinstance(outcome, Refused)
    assert (outcome.failure.code, outcome.failure.charged) == (code, "no")
    assert outcome.failure.provider_words == "duration_seconds must be 4."
    assert outcome.failure.next_step


def test_a_receipt_that_is_an_error_is_a_free_refusal() -> None:
    outcome = sandbox.created(_answer(200, {"error": {"message": "no"}}))
    assert isinstance(outcome, Refused)
    assert (outcome.failure.code, outcome.failure.charged, outcome.failure.provider_words) == ("refused", "no", "no")


@pytest.mark.parametrize(
    "answer",
    [
        _answer(200, {}),
        _answer(200, {"id": ""}),
        _answer(200, {"id": 5}),
        _answer(200, {"error": None}),
        _answer(200, []),
        _answer(200, text="<html>hello"),
        _answer(302, text=""),
        _answer(408, {"error": "late"}),
        _answer(500, {"id": "abc"}),
        _answer(502, text="<html>bad gateway"),
    ],
)
def test_what_proves_nothing_is_uncertain(answer: Answer) -> None:
    outcome = sandbox.created(answer)
    assert isinstance(outcome, Unclear)
    assert (outcome.failure.code, outcome.failure.charged) == ("uncertain", "unknown")
    assert "<" not in (outcome.failure.provider_words or "")


def test_overloaded_is_unclear_too() -> None:
    outcome = sandbox.created(_answer(503, text="come back later"))
    assert isinstance(outcome, Unclear)
    assert (outcome.failure.code, outcome.failure.charged) == ("overloaded", "unknown")
    assert outcome.failure.provider_words == "come back later"


@pytest.mark.parametrize(
    ("progress", "read"),
    [(0, 0.0), (0.4, 0.4), (1, 1.0), (None, None), (True, None), ("0.4", None), (-1, None), (40, None)],
)
def test_progress_is_never_invented(progress: JsonValue, read: float | None) -> None:
    assert sandbox.checked(_answer(200, {"status": "rendering", "progress": progress})) == Running(read, "rendering")
    assert sandbox.checked(_answer(200, {"status": "queued"})) == Running(None, "queued")
    troubled = {"status": "queued", "trouble": "The sandbox cannot work on it: No space left on device."}
    assert sandbox.checked(_answer(200, troubled)) == Running(None, troubled["trouble"])


def test_links_are_read_below_the_base_url() -> None:
    videos = [{"url": "/v1/files/abc/1.mp4?expires=1&token=t"}, {"url": "https://example.com/2.mp4"}, {"url": 5}, None]
    outcome = sandbox.checked(_answer(200, {"status": "succeeded", "videos": videos}))
    files = (RemoteFile(url="/files/abc/1.mp4?expires=1&token=t"), RemoteFile(url="https://example.com/2.mp4"))
    assert outcome == Finished(files)


def test_what_was_withheld_beside_a_video_is_a_note() -> None:
    body = {"status": "succeeded", "videos": [{"url": "/v1/x"}], "filtered": {"count": 1, "reasons": ["A rule."]}}
    outcome = sandbox.checked(_answer(200, body))
    assert outcome == Finished((RemoteFile(url="/x"),), notes=("Some videos were withheld: A rule.",))


@pytest.mark.parametrize(
    ("body", "code", "charged", "words"),
    [
        ({"status": "succeeded", "videos": [], "filtered": {"reasons": ["A.", 5, "B."]}}, "filtered", "no", "A. B."),
        ({"status": "succeeded", "videos": [], "filtered": {}}, "filtered", "no", None),
        ({"status": "succeeded", "videos": []}, "no_video", "unknown", None),
        ({"status": "succeeded"}, "no_video", "unknown", None),
        ({"status": "failed", "error": {"code": "internal", "message": "Boom."}}, "failed", "no", "Boom."),
        ({"status": "cancelled"}, "failed", "no", None),
    ],
)
def test_an_end_without_video_says_what_it_cost(body: JsonValue, code: str, charged: str, words: str | None) -> None:
    outcome = sandbox.checked(_answer(200, body))
    assert isinstance(outcome, Failed)
    assert (outcome.failure.code, outcome.failure.charged) == (code, charged)
    assert outcome.failure.provider_words == words


@pytest.mark.parametrize("status", [404, 410])
def test_a_forgotten_job_is_gone(status: int) -> None:
    outcome = sandbox.checked(_answer(status, {"error": {"message": "There is nothing here."}}))
    assert isinstance(outcome, Gone)
    assert (outcome.failure.code, outcome.failure.charged) == ("gone", "unknown")


@pytest.mark.parametrize(
    "answer", [_answer(200, {"status": "dreaming"}), _answer(200, text="<html>"), _answer(500), _answer(429)]
)
def test_an_answer_that_says_nothing_is_no_end(answer: Answer) -> None:
    assert isinstance(sandbox.checked(answer), Unclear)


def test_cancelled_only_when_it_says_so() -> None:
    assert sandbox.cancelled(_answer(200, {"status": "cancelled"})) == Cancelled()
    assert sandbox.cancelled(_answer(409, {})) == NotCancelled("The sandbox had already finished.")
    for answer in (_answer(200, {}), _answer(404, {}), _answer(500, {"status": "cancelled"}), _answer(200, text="ok")):
        assert isinstance(sandbox.cancelled(answer), NotCancelled)


# Whatever comes

_TEXT = st.text(st.characters(), max_size=20) | st.sampled_from(["succeeded", "failed", "queued", "\ud800", "/v1/a"])
_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT
_KEYS = st.sampled_from(
    ["id", "status", "progress", "videos", "url", "error", "code", "message", "filtered", "reasons", "detail", "errors"]
)
_JSON = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS | _TEXT, inner, max_size=6), max_leaves=20
)


@settings(deadline=None)  # the machine may be busy
@given(status=st.integers(100, 599), body=_JSON, text=_TEXT)
def test_no_answer_raises(status: int, body: JsonValue, text: str) -> None:
    answer = Answer(status, {}, text, body)
    created = sandbox.created(answer)
    checked = sandbox.checked(answer)
    sandbox.cancelled(answer)
    for outcome in (created, checked):
        if isinstance(outcome, Accepted):
            assert sandbox.status(outcome.operation, CONTEXT).path.startswith("/videos/")
            outcome.operation.model_dump_json()
        if isinstance(outcome, Finished):
            assert outcome.files
        if isinstance(outcome, Refused | Unclear | Failed | Gone):
            outcome.failure.model_dump_json()
    if isinstance(created, Accepted | Refused):
        assert 200 <= status < 500
    if isinstance(checked, Running) and checked.progress is not None:
        assert 0 <= checked.progress <= 1


# Both sides

_MEDIA: dict[Mode, dict[str, Any]] = {
    "text-to-video": {},
    "image-to-video": {"first_frame": "a.png"},
    "interpolation": {"first_frame": "a.png", "last_frame": "b.png"},
    "references": {"reference_images": ["a.png", "b.png", "c.png"]},
    "extension": {"source_video": "a.mp4"},
}


def _spliced(body: Body) -> object:
    """What the transport makes of a body, with a small picture for every medium."""
    match body:
        case MediaType(reference):
            return "video/mp4" if reference.endswith(".mp4") else "image/png"
        case MediaLeaf():
            raw = io.BytesIO()
            Image.new("RGB", (16, 9)).save(raw, "png")
            return base64.b64encode(raw.getvalue()).decode()
        case dict():
            return {key: _spliced(cast(Body, value)) for key, value in body.items()}
        case list():
            return [_spliced(cast(Body, value)) for value in body]
        case _:
            return body


@pytest.mark.parametrize("mode", list(_MEDIA))
async def test_the_sandbox_takes_and_answers_what_its_adapter_says(tmp_path: Path, mode: Mode) -> None:
    provider = SandboxProvider(tmp_path, clock=lambda: datetime.now(UTC))
    call = _call(mode, prompt="a kite [sandbox:never-ends]", seed=0, generate_audio=False, **_MEDIA[mode])
    async with httpx.AsyncClient(transport=InProcessTransport(provider.app)) as client:

        async def send(call: HttpCall) -> Answer:
            reply = await client.request(call.method, CONTEXT.base_url + call.path, json=_spliced(call.body))
            return Answer(reply.status_code, {}, reply.text, reply.json())

        accepted = sandbox.created(await send(call))
        assert isinstance(accepted, Accepted)
        running = sandbox.checked(await send(sandbox.status(accepted.operation, CONTEXT)))
        assert running == Running(0.3, "rendering")
        assert sandbox.cancelled(await send(sandbox.cancel(accepted.operation, CONTEXT))) == Cancelled()
        assert isinstance(sandbox.checked(await send(sandbox.status(accepted.operation, CONTEXT))), Failed)
    await provider.aclose()
