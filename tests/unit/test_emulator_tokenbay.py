"""TokenBay's stand-in, met by plain httpx: its own refusals, its three ways of telling, and the video for the key."""

import base64
from typing import Any

import httpx
import pytest

from tests.emulation import Emulation
from tests.house import SAMPLES

FRAME = base64.b64encode((SAMPLES / "first-frame.jpg").read_bytes()).decode()
URI = f"data:image/jpeg;base64,{FRAME}"
KEY = {"authorization": "Bearer sk-ours"}
MODEL = "veo-3.1-generate-preview"


def create(server: Emulation, path: str = "/videos", headers: dict[str, str] = KEY, **changes: Any) -> httpx.Response:
    body = {"model": MODEL, "prompt": "A boat.", "duration": 4, **changes}
    kept = {name: value for name, value in body.items() if value is not None}
    return httpx.post(server.base_url("tokenbay") + path, json=kept, headers=headers, timeout=20)


def ask(server: Emulation, path: str, headers: dict[str, str] = KEY) -> httpx.Response:
    return httpx.get(server.base_url("tokenbay") + path, headers=headers, timeout=20)


def ended(server: Emulation, task: str, path: str = "/videos") -> Any:
    """Every answer of a task until it ends."""
    answers: list[Any] = []
    while True:
        answers.append(ask(server, f"{path}/{task}").json())
        state = answers[-1].get("data", answers[-1])["status"].lower()
        if state in ("success", "completed", "failure", "failed"):
            return answers


def test_a_task_is_taken_followed_in_all_three_ways_and_downloaded(server: Emulation) -> None:
    seen: set[str] = set()
    for number in range(3):
        receipt = create(server, prompt=f"A boat {number}.").json()
        assert {name: receipt[name] for name in ("object", "model", "status", "progress")} == {
            "object": "video",
            "model": MODEL,
            "status": "QUEUED",
            "progress": 0,
        }
        assert receipt["id"] == receipt["task_id"]
        assert receipt["id"].startswith("task_")
        early = ask(server, f"/videos/{receipt['id']}/content")
        assert (early.status_code, early.json()["error"]["code"]) == (400, "task_not_completed")
        *before, last = ended(server, receipt["id"])
        path = f"/tokenbay/v1/videos/{receipt['id']}/content"
        if "data" in last:
            seen.add("wrapped")
            assert [each["data"]["status"] for each in before] == ["SUBMITTED", "IN_PROGRESS"]
            assert (last["code"], last["data"]["progress"]) == ("success", "100%")
            assert last["data"]["result_url"] == server.origin + path
        elif last["status"] == "completed":
            seen.add("openai")
            assert [each["status"] for each in before] == ["queued", "in_progress"]
            assert (last["progress"], last["seconds"], last["metadata"]["url"]) == (100, "4", server.origin + path)
        else:
            seen.add("page")
            assert [each["status"] for each in before] == ["QUEUED", "IN_PROGRESS"]
            assert (last["status"], last["progress"], last["result_url"]) == ("SUCCESS", "100%", path)
        video = ask(server, f"/videos/{receipt['id']}/content")
        assert (video.status_code, video.headers["content-type"], video.content[4:8]) == (200, "video/mp4", b"ftyp")
        part = ask(server, f"/videos/{receipt['id']}/content", {**KEY, "range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        assert ask(server, f"/videos/{receipt['id']}/content", {}).status_code == 401
    assert seen == {"page", "wrapped", "openai"}
    assert server.accepted("tokenbay") == 3


def test_the_alias_wraps_always(server: Emulation) -> None:
    task = create(server, "/video/generations").json()["id"]
    assert all(set(each) == {"code", "message", "data"} for each in ended(server, task, "/video/generations"))


@pytest.mark.parametrize(
    "fields",
    [
        {"image": URI},
        {"image": FRAME},
        {"image": FRAME, "image_mime_type": "image/jpeg"},
        {"image": "https://example.com/a.png"},
        {"images": [URI, URI]},
        {"image": URI, "lastFrameImage": URI},
        {"input_reference": URI},
        {"input_reference": URI, "prompt": None},
        {"size": "1080p", "duration": None, "seconds": "8"},
        {"resolution": "4k", "duration": 8, "seed": 0, "negative_prompt": "", "generate_audio": True},
        {"person_generation": "disallow", "enhance_prompt": False, "aspect_ratio": "9:16", "duration": "6"},
    ],
)
def test_every_documented_field_is_taken(server: Emulation, fields: dict[str, Any]) -> None:
    answer = create(server, **fields)
    assert "error" not in answer.json(), answer.text
    assert server.accepted("tokenbay") == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"prompt": None}, "prompt is required"),
        ({"prompt": " "}, "prompt is required"),
        ({"duration": 5}, "duration"),
        ({"duration": "8s"}, "duration"),
        ({"duration": 8.5}, "duration"),
        ({"seconds": 4}, "same field"),
        ({"size": "720p", "resolution": "720p"}, "same field"),
        ({"size": "1280x720"}, "size"),
        ({"resolution": "1080p"}, "8-second"),
        ({"resolution": "4k", "duration": 6}, "8-second"),
        ({"resolution": "4k", "duration": 8, "model": "veo-3.1-lite-generate-preview"}, "non-lite"),
        ({"aspect_ratio": "1:1"}, "aspect_ratio"),
        ({"generate_audio": "true"}, "generate_audio"),
        ({"seed": 2**32}, "seed"),
        ({"seed": -1}, "seed"),
        ({"person_generation": "dont_allow"}, "person_generation"),
        ({"lastFrameImage": URI}, "image is missing"),
        ({"last_frame_image": URI}, "Unknown parameter: last_frame_image"),
        ({"reference_images": [URI]}, "Unknown parameter: reference_images"),
        ({"n": 1}, "Unknown parameter: n"),
        ({"image": "no picture"}, "image is not valid base64"),
        ({"image": URI.replace("jpeg", "png", 1)}, "image is image/jpeg, not image/png"),
        ({"image": {"url": "https://example.com/a.png"}}, "image"),
        ({"images": []}, "images"),
        ({"model": "veo-3.0"}, "does not exist"),
        ({"prompt": "A boat [sandbox:nonsense]."}, "no rehearsal"),
    ],
)
def test_a_business_failure_is_a_200_with_an_error(server: Emulation, fields: dict[str, Any], says: str) -> None:
    answer = create(server, **fields)
    assert answer.status_code == 200
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"message", "type", "code"}
    assert says in answer.json()["error"]["message"]
    assert server.accepted("tokenbay") == 0


def test_no_json_is_refused_too(server: Emulation) -> None:
    url = f"{server.base_url('tokenbay')}/videos"
    answer = httpx.post(url, files={"prompt": (None, "A boat.")}, headers=KEY)
    assert "not valid JSON" in answer.json()["error"]["message"]


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong-key"}, {"x-api-key": "sk-ours"}])
def test_a_key_is_needed_everywhere(server: Emulation, headers: dict[str, str]) -> None:
    task = create(server).json()["id"]
    answers = [create(server, headers=headers)]
    answers += [ask(server, path, headers) for path in (f"/videos/{task}", f"/videos/{task}/content", "/models")]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["type"]) == (401, "new_api_error")
    assert server.accepted("tokenbay") == 1


def test_the_models_are_listed(server: Emulation) -> None:
    listed = [each["id"] for each in ask(server, "/models").json()["data"]]
    assert MODEL in listed
    assert len(listed) == 3


def test_what_nobody_knows(server: Emulation) -> None:
    assert ask(server, "/videos/task_x").json() == {"code": "task_not_exist", "message": "task_not_exist", "data": None}
    assert ask(server, "/videos/task_x/content").status_code == 404
    assert ask(server, "/nothing").json()["error"]["type"] == "new_api_error"


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        ("bad-key", 401, "invalid_api_key"),
        ("no-credit", 403, "insufficient_user_quota"),
        ("not-allowed", 403, "access_denied"),
        ("retired", 200, "model_not_found"),
        ("overloaded", 503, "get_channel_failed"),
        ("filtered-at-once", 200, "sensitive_words_detected"),
        ("error-in-200", 200, "bad_response_status_code"),
    ],
)
def test_a_refusal_is_played(server: Emulation, script: str, status: int, code: str) -> None:
    answer = create(server, prompt=f"A boat [sandbox:{script}].")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert server.accepted("tokenbay") == 0


@pytest.mark.parametrize(("script", "hint"), [("rate-limited", "2"), ("rate-limited-without-hint", None)])
def test_a_rate_limit_is_played_once(server: Emulation, script: str, hint: str | None) -> None:
    first, second = (create(server, prompt=f"A boat [sandbox:{script}].") for _ in range(2))
    assert (first.status_code, first.headers.get("retry-after")) == (429, hint)
    assert second.status_code == 200


def test_a_filter_has_a_reason_and_a_silent_one_ends_without_content(server: Emulation) -> None:
    for _ in range(3):
        task = create(server, prompt="A boat [sandbox:filtered].").json()["id"]
        last = ended(server, task)[-1]
        told = last.get("data", last)
        reason = told["fail_reason"] if "fail_reason" in told else told["error"]["message"]
        assert "violates the content policy" in reason
    task = create(server, prompt="A boat [sandbox:done-without-video].").json()["id"]
    last = ended(server, task)[-1]
    assert "result_url" not in last.get("data", last)
    assert ask(server, f"/videos/{task}/content").status_code == 502
