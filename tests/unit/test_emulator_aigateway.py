"""aigateway.sh's stand-in, met by plain httpx: its three kinds of jobs and of files, and its refusals."""

from typing import Any

import httpx
import pytest

from tests.emulation import Emulation

KEY = {"authorization": "Bearer sk-aig-ours"}


def create(server: Emulation, headers: dict[str, str] = KEY, **changes: Any) -> httpx.Response:
    body = {"model": "google/veo-3.1", "prompt": "A boat.", **changes}
    kept = {name: value for name, value in body.items() if value is not None}
    return httpx.post(f"{server.base_url('aigateway')}/videos/generations", json=kept, headers=headers, timeout=20)


def ask(server: Emulation, job: str, headers: dict[str, str] = KEY) -> httpx.Response:
    return httpx.get(f"{server.base_url('aigateway')}/jobs/{job}", headers=headers, timeout=20)


def ended(server: Emulation, job: str) -> list[httpx.Response]:
    """Every answer of a job until it ends."""
    answers: list[httpx.Response] = []
    while True:
        answers.append(ask(server, job))
        if answers[-1].status_code == 200 and answers[-1].json()["status"] in ("completed", "failed", "cancelled"):
            return answers


def test_a_job_is_taken_followed_in_all_three_ways_and_downloaded(server: Emulation) -> None:
    seen: set[str] = set()
    for number in range(3):
        answer = create(server, prompt=f"A boat {number}.")
        receipt = answer.json()
        *before, last = ended(server, receipt["id"])
        told, words = last.json(), [each.json()["status"] if each.content else "304" for each in before]
        if "result_url" in told:
            seen.add("sdk")
            link, opens = told["result_url"], KEY
            assert answer.status_code == 202
            assert set(receipt) >= {"modality", "model", "created_at", "updated_at"}
            assert words == ["queued", "processing"]
            assert httpx.get(link).status_code == 401
        elif told.get("object") == "job":
            seen.add("jobs")
            link, opens = told["result"]["file_url"], {}
            assert (answer.status_code, receipt) == (202, {"id": told["id"], "status": "queued", "object": "job"})
            assert words == ["queued", "304", "running"]
            assert httpx.get(link.partition("?")[0]).status_code == 403
            assert httpx.get(link.replace("sig=", "sig=0")).status_code == 403
        else:
            seen.add("page")
            link, opens = told["result"]["url"], {}
            assert (answer.status_code, set(receipt)) == (200, {"id", "status", "model", "created"})
            assert words == ["queued", "processing"]
        video = httpx.get(link, headers=opens)
        assert (video.status_code, video.headers["content-type"], video.content[4:8]) == (200, "video/mp4", b"ftyp")
        part = httpx.get(link, headers={**opens, "range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
    assert seen == {"page", "jobs", "sdk"}
    assert server.accepted("aigateway") == 3


def test_a_link_that_ended_is_replaced_when_the_job_is_read_again(server: Emulation) -> None:
    job = create(server, prompt="A boat [sandbox:link-expired].").json()["id"]
    late = ended(server, job)[-1].json()["result"]["file_url"]
    assert httpx.get(late).status_code == 403
    assert httpx.get(ask(server, job).json()["result"]["file_url"]).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"duration": 5, "aspect_ratio": "16:9"},
        {"duration": 8, "resolution": "1080p", "aspect_ratio": "9:16"},
        {"image_url": "https://example.com/a.png", "webhook_url": "https://example.com/hook"},
        {"model": None},
        {"model": "google/veo3.1-lite"},
    ],
)
def test_every_documented_field_is_taken(server: Emulation, fields: dict[str, Any]) -> None:
    answer = create(server, **fields)
    assert answer.is_success, answer.text
    assert server.accepted("aigateway") == 1


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"prompt": None}, 400, "prompt is required"),
        ({"prompt": ""}, 400, "prompt"),
        ({"duration": "8"}, 400, "duration"),
        ({"duration": 61}, 400, "duration"),
        ({"resolution": "4k"}, 400, "resolution"),
        ({"aspect_ratio": "1:1"}, 400, "aspect_ratio"),
        ({"image_url": "data:image/png;base64,AAAA"}, 400, "image_url"),
        ({"image": "https://example.com/a.png"}, 400, "Unknown field: image"),
        ({"seed": 0}, 400, "Unknown field: seed"),
        ({"generate_audio": True}, 400, "Unknown field: generate_audio"),
        ({"model": "google/veo-2"}, 404, "Unknown model or endpoint"),
        ({"prompt": "A boat [sandbox:nonsense]."}, 400, "no rehearsal"),
    ],
)
def test_what_it_does_not_take_is_refused(server: Emulation, fields: dict[str, Any], status: int, says: str) -> None:
    answer = create(server, **fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, status)
    assert set(error) == {"message", "type", "code", "param"}
    assert says in error["message"]
    assert server.accepted("aigateway") == 0


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong-key"}])
def test_a_key_is_needed(server: Emulation, headers: dict[str, str]) -> None:
    job = create(server).json()["id"]
    for answer in (create(server, headers), ask(server, job, headers)):
        assert (answer.status_code, answer.json()["error"]["type"]) == (401, "authentication_error")
    assert ask(server, "job_x").status_code == 404
    assert server.accepted("aigateway") == 1


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_both_ways_of_cancelling_stop_a_running_job_only(server: Emulation, method: str) -> None:
    job = create(server, prompt="A boat [sandbox:never-ends].").json()["id"]
    path = f"{server.base_url('aigateway')}/jobs/{job}{'/cancel' if method == 'POST' else ''}"
    assert httpx.request(method, path, headers={}).status_code == 401
    assert httpx.request(method, path, headers=KEY).json()["status"] == "cancelled"
    assert ended(server, job)[-1].json()["status"] == "cancelled"
    done = create(server).json()["id"]
    ended(server, done)
    assert httpx.request(method, path.replace(job, done), headers=KEY).status_code == 409


@pytest.mark.parametrize(
    ("script", "status", "kind"),
    [
        ("bad-key", 401, "authentication_error"),
        ("no-credit", 402, "insufficient_credits"),
        ("not-allowed", 403, "scope_exceeded"),
        ("retired", 404, "not_found"),
        ("overloaded", 503, "service_unavailable"),
        ("filtered-at-once", 400, "invalid_request_error"),
        ("error-in-200", 200, "server_error"),
    ],
)
def test_a_refusal_is_played(server: Emulation, script: str, status: int, kind: str) -> None:
    answer = create(server, prompt=f"A boat [sandbox:{script}].")
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)
    assert server.accepted("aigateway") == 0


@pytest.mark.parametrize(("script", "hint"), [("rate-limited", "2"), ("rate-limited-without-hint", None)])
def test_a_rate_limit_is_played_once(server: Emulation, script: str, hint: str | None) -> None:
    first, second = (create(server, prompt=f"A boat [sandbox:{script}].") for _ in range(2))
    assert (first.status_code, first.headers.get("retry-after")) == (429, hint)
    assert second.is_success


def test_a_failed_job_says_why_in_words_or_as_an_object(server: Emulation) -> None:
    told = [ended(server, create(server, prompt="A boat [sandbox:filtered].").json()["id"])[-1] for _ in range(3)]
    errors = [each.json()["error"] for each in told]
    assert {type(error) for error in errors} == {str, dict}
    assert all("content policy" in str(error) for error in errors)
    empty = ended(server, create(server, prompt="A boat [sandbox:done-without-video].").json()["id"])[-1].json()
    assert (empty["status"], empty.get("result"), empty.get("result_url")) == ("completed", None, None)
