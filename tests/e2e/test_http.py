"""The HTTP side, as a program meets it: plain answers, nothing of anybody else's, doors of Gradio that stay shut."""

import itertools
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.served import first_answer

REQUEST = {"provider": "sandbox", "mode": "text-to-video", "prompt": "A boat", "duration_seconds": 4}

# In a process of its own: gradio_client keeps threads and sockets of its own.
CLIENT = """
import json, sys
from gradio_client import Client, handle_file
client = Client(sys.argv[1], verbose=False)
told = [sorted(client.view_api(return_format="dict", print_info=False)["named_endpoints"])]
for request, file in json.loads(sys.argv[2]):
    if file:
        request["first_frame"] = handle_file(file)
    told.append(list(client.submit(request, api_name="/" + request["mode"].replace("-", "_"))))
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def http(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def told(server: str, samples: Path) -> list[Any]:
    """What `gradio_client` is told: the endpoints, then for each request a line for every change."""
    picture = {**REQUEST, "mode": "image-to-video", "prompt": "It moves [sandbox:filtered]"}
    requests = [
        (REQUEST, None),
        ({**REQUEST, "duration_seconds": 5}, None),
        (picture, str(samples / "first-frame.jpg")),
        ({**REQUEST, "first_frame": "/etc/hostname"}, None),
    ]
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CLIENT, server, json.dumps(requests)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def followed(told: list[Any]) -> list[Any]:
    return told[1]


def test_gradio_client_sees_five_endpoints_and_follows_a_job(told: list[Any], http: httpx.Client) -> None:
    endpoints, (submitted, *lines), *_ = told
    assert endpoints == ["/extension", "/image_to_video", "/interpolation", "/references", "/text_to_video"]
    assert submitted["job_id"]
    last = lines[-1]
    assert (last["event"], last["state"], last["charged"]) == ("finished", "succeeded", "no")
    mine = {"authorization": f"Bearer {submitted['owner_token']}"}
    view = http.get(f"/api/jobs/{submitted['job_id']}", headers=mine)
    assert view.json()["state"] == "succeeded"
    assert [job["id"] for job in http.get("/api/jobs", headers=mine).json()["jobs"]] == [submitted["job_id"]]


def test_gradio_client_is_told_what_does_not_fit(told: list[Any]) -> None:
    (refused,) = told[2]
    assert refused["error"]["code"] == "invalid"
    assert refused["issues"][0]["field"] == "duration_seconds"
    assert refused["issues"][0]["allowed"] == [4, 6, 8]


def test_gradio_client_uploads_a_picture(told: list[Any], http: httpx.Client) -> None:
    submitted, *_, last = told[3]
    assert (last["state"], last["error"]["code"], last["charged"]) == ("failed", "filtered", "no")
    mine = {"authorization": f"Bearer {submitted['owner_token']}"}
    view = http.get(f"/api/jobs/{submitted['job_id']}", headers=mine).json()
    assert view["request"]["first_frame"].endswith("first-frame.jpg")


def test_gradio_client_cannot_name_a_server_path(told: list[Any]) -> None:
    (refused,) = told[4]
    assert {issue["field"] for issue in refused["issues"]} == {"first_frame"}


def test_a_video_comes_in_parts_and_only_with_its_signature(followed: list[Any], http: httpx.Client) -> None:
    url = followed[-1]["videos"][0]["url"]
    whole = http.get(url)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["cache-control"].startswith("private")
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"].startswith("inline")
    part = http.get(url, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    head = http.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))
    assert http.get(f"{url}&download=1").headers["content-disposition"] == "attachment"
    address, _, query = url.partition("?")
    expires = query.split("&")[0]
    for forged in (
        address,
        f"{address}?{expires}",
        f"{address}?{expires}&signature=x",
        url.replace("expires=", "expires=9"),
        url.replace("/1?", "/2?"),
        url.replace("expires=", "expires=abc"),
    ):
        assert http.get(forged).status_code == 404


def test_a_small_picture_comes_with_the_same_signature(followed: list[Any], http: httpx.Client) -> None:
    url = followed[-1]["videos"][0]["thumbnail"]
    picture = http.get(url)
    assert (picture.headers["content-type"], picture.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert picture.headers["cache-control"].startswith("private")
    for forged in (url.partition("?")[0], url.replace("expires=", "expires=9"), url.replace("/1/", "/2/")):
        assert http.get(forged).status_code == 404


def test_what_can_be_extended_is_told_to_its_owner_only(followed: list[Any], http: httpx.Client) -> None:
    mine = {"authorization": f"Bearer {followed[1]['owner_token']}"}
    (found,) = http.get("/api/extendable?provider=sandbox", headers=mine).json()["results"]
    assert (found["reference"], found["can"]) == (f"job:{followed[1]['job_id']}", True)
    assert http.get(found["video"]["thumbnail"]).status_code == 200
    (other,) = http.get("/api/extendable?provider=cloudflare&model=google/veo-3.1", headers=mine).json()["results"]
    assert (other["can"], other["why"].startswith("Cloudflare AI does not offer")) == (False, True)
    assert http.get("/api/extendable?provider=nobody", headers=mine).status_code == 404
    assert http.get("/api/extendable?provider=sandbox").status_code == 404
    stranger = {"authorization": f"Bearer {secrets.token_urlsafe(16)}"}
    assert http.get("/api/extendable?provider=sandbox", headers=stranger).json() == {"results": []}


def test_the_owner_reads_what_was_said_and_takes_the_code(followed: list[Any], http: httpx.Client) -> None:
    job, token = followed[1]["job_id"], followed[1]["owner_token"]
    mine = {"authorization": f"Bearer {token}"}
    said = http.get(f"/api/jobs/{job}/conversation", headers=mine).json()
    assert said["request"]["prompt"] == REQUEST["prompt"]
    assert said["create"]["sent"]["body"]["prompt"] == REQUEST["prompt"]
    assert said["later"][0]["received"]["body"]["status"] == "succeeded"
    for language, begins in (("curl", "#!/bin/sh"), ("python", "# Sandbox"), ("javascript", "//")):
        code = http.get(f"/api/jobs/{job}/code/{language}", headers=mine).json()["code"]
        assert code.startswith(begins)
        assert token not in code
    assert http.get(f"/api/jobs/{job}/code/cobol", headers=mine).status_code == 404
    assert len(http.get("/api/jobs?newest=1", headers=mine).json()["jobs"]) == 1
    assert http.get("/api/jobs?newest=0", headers=mine).status_code == 422


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer short", "Bearer local", "Basic " + "x" * 30])
def test_without_a_token_there_is_nothing(http: httpx.Client, followed: list[Any], token: str) -> None:
    job = followed[1]["job_id"]
    headers = {"authorization": token} if token else {}
    stranger = {"authorization": f"Bearer {secrets.token_urlsafe(16)}"}
    nothing = http.get("/api/jobs/no-such-job", headers=stranger)
    assert nothing.status_code == 404
    reads = [("GET", path) for path in ("", "/conversation", "/code/curl")]
    for method, path in (*reads, ("POST", "/cancel"), ("POST", "/look-again")):
        for who in (headers, stranger):
            answer = http.request(method, f"/api/jobs/{job}{path}", headers=who)
            assert (answer.status_code, answer.content) == (404, nothing.content)
    assert http.get("/api/jobs", headers=headers).status_code == 404
    assert http.get("/api/jobs", headers=stranger).json() == {"jobs": []}


def called(http: httpx.Client, number: int, data: list[Any]) -> Any:
    """What an event of the page answers to somebody who calls it by its number, past the page."""
    session = secrets.token_hex(5)
    event = {"fn_index": number, "data": data, "session_hash": session, "trigger_id": None, "event_data": None}
    joined = http.post("/gradio_api/queue/join", json=event)
    if joined.status_code != 200:
        return joined.json()
    with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines:
        for line in lines.iter_lines():
            said: dict[str, Any] = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if said.get("msg") == "process_completed":
                return said["output"]
    return None


def test_an_event_called_past_the_page_gives_nothing_of_anybody_elses(http: httpx.Client, followed: list[Any]) -> None:
    job, token = followed[1]["job_id"], followed[1]["owner_token"]
    config = http.get("/config").json()
    events = [each for each in config["dependencies"] if each["backend_fn"]]
    assert len(events) == 21, "five submits, five redraws, five moves, one restore, five endpoints"
    stranger = secrets.token_urlsafe(16)
    mine = {"authorization": f"Bearer {stranger}"}
    media = [{"ref": f"job:{job}", "name": "x"}]
    for event in events:
        rest = [media] * (len(event["inputs"]) - 1)
        for ticket in (None, job, {"owner": "short", "nonce": "x"}, {"owner": stranger, "nonce": "x"}):
            told = json.dumps(called(http, event["id"], [ticket, *rest]))
            assert token not in told
            assert "/media/" not in told
            assert "Traceback" not in told
        name = event["api_name"]
        assert http.post(f"/gradio_api/api/{name}", json={"data": [None, *rest]}).status_code == 404
        for ticket in (None, {"owner": stranger, "nonce": "x"}):
            for told in by_name(http, name, [ticket, *rest]):
                assert not [each for each in (token, "/media/", "Traceback") if each in told]
    assert http.get("/api/jobs", headers=mine).json() == {"jobs": []}
    assert http.get("/api/jobs", headers={"authorization": f"Bearer {token}"}).json()["jobs"][0]["id"] == job


@pytest.mark.parametrize(
    ("mode", "field", "part"), [("extension", "source_video", ""), ("image-to-video", "first_frame", "#last-frame")]
)
def test_an_event_called_past_the_page_takes_nobody_elses_result(
    http: httpx.Client, followed: list[Any], mode: str, field: str, part: str
) -> None:
    """The request is whole and right, but for whose result it names: it says the same as for one that is not there."""
    job, owner = followed[1]["job_id"], followed[1]["owner_token"]
    name, stranger = mode.replace("-", "_"), secrets.token_urlsafe(16)
    request = {key: value for key, value in REQUEST.items() if mode != "extension" or key != "duration_seconds"}

    def said(job_id: str, token: str) -> dict[str, Any]:
        asked = {**request, "mode": mode, field: f"job:{job_id}{part}", "prompt": "It moves [sandbox:filtered]"}
        return first_answer(http, name, [asked, token])

    foreign, nothing = said(job, stranger), said("A" * 22, stranger)
    assert foreign == nothing
    assert [issue["field"] for issue in foreign["issues"]] == [field]
    assert http.get("/api/jobs", headers={"authorization": f"Bearer {stranger}"}).json() == {"jobs": []}
    assert said(job, owner)["job_id"]


def by_name(http: httpx.Client, name: str, data: list[Any]) -> Iterator[str]:
    """What an event of the page answers to somebody who calls it by its name, past the page."""
    yield http.post(f"/gradio_api/run/{name}", json={"data": data}).text
    begun = http.post(f"/gradio_api/call/{name}", json={"data": data})
    yield begun.text
    if begun.status_code == 200:
        with http.stream("GET", f"/gradio_api/call/{name}/{begun.json()['event_id']}") as lines:
            yield "".join(itertools.islice(lines.iter_text(), 5))


def test_a_check_prices_and_says_what_does_not_fit(http: httpx.Client) -> None:
    good = http.post("/api/check", json=REQUEST).json()
    assert (good["valid"], good["price_usd"], good["issues"]) == (True, 0.0, [])
    bad = http.post("/api/check", json={**REQUEST, "duration_seconds": 5}).json()
    assert (bad["valid"], bad["issues"][0]["field"]) == (False, "duration_seconds")


def test_what_a_form_shows_by_itself_is_judged_and_asked_of_nobody_else(http: httpx.Client) -> None:
    asked = {"provider": "tokenbay", "mode": "text-to-video", "prompt": "A boat", "person_generation": "allow_adult"}

    def sandbox_can(path: str) -> bool:
        return next(o["can"] for o in http.post(path, json=asked).json()["providers"] if o["provider"] == "sandbox")

    assert not sandbox_can("/api/check")
    assert sandbox_can("/api/check?untouched=person_generation,nothing")
    wrong = http.post("/api/check?untouched=person_generation", json={**asked, "person_generation": "cats"}).json()
    assert [issue["field"] for issue in wrong["issues"] if issue["severity"] == "error"] == ["person_generation"]
    assert "person_generation" in wrong["proposals"][0]["changes"]


def test_a_check_says_what_may_help_the_prompt(http: httpx.Client) -> None:
    asked = {**REQUEST, "generate_audio": False, "prompt": "She says “now”", "negative_prompt": "no walls"}
    answer = http.post("/api/check", json=asked).json()
    assert answer["valid"]
    assert [(each["field"], each["changes"]) for each in answer["hints"]] == [
        ("prompt", {"generate_audio": True}),
        ("negative_prompt", {"negative_prompt": "walls"}),
    ]
    assert answer["lengths"]["prompt"] == {"count": 14, "limit": 20_000, "unit": "characters", "about": False}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "request"),
        (b"not json", "request"),
        (b"[]", "request"),
        (b"[" * 100_000, "request"),
        (b"\xff\xfe", "request"),
        (b'{"provider": "sandbox", "mode": "text-to-video", "colour": "red"}', "colour"),
        (b'{"provider": "sandbox", "mode": "text-to-video", "seed": "7"}', "seed"),
        (b'{"provider": "sandbox", "mode": "opera"}', "mode"),
        (b'{"mode": "text-to-video"}', "provider"),
        (b'{"provider": "nobody", "mode": "text-to-video"}', "provider"),
        (b'{"provider": "sandbox", "mode": "text-to-video", "prompt": "' + b"x" * 200_000 + b'"}', "request"),
    ],
)
def test_whatever_is_sent_is_answered_in_one_shape(http: httpx.Client, body: bytes, field: str) -> None:
    answer = http.post("/api/check", content=body)
    assert answer.status_code == 200
    said = answer.json()
    assert said["valid"] is False
    assert said["issues"][0]["field"] == field
    assert said["issues"][0]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/openapi.json",
        "/redoc",
        "/monitoring/summary",
        "/gradio_api/openapi.json",
        "/gradio_api/file=http://example.org/",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/runs",
        "/pg-static/../pyproject.toml",
        "/pg-static/%2e%2e/pyproject.toml",
        "/pg-static/no-such-file",
    ],
)
def test_shut(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code in (403, 404)


def test_headers_and_static_files(http: httpx.Client) -> None:
    page = http.get("/")
    assert "frame-ancestors 'self' https://huggingface.co" in page.headers["content-security-policy"]
    font = http.get("/pg-static/fonts/inter-latin.woff2")
    assert font.status_code == 200
    again = http.get("/pg-static/fonts/inter-latin.woff2", headers={"if-none-match": font.headers["etag"]})
    assert again.status_code == 304
    assert http.get("/favicon.ico").headers["content-type"] == "image/svg+xml"
    assert http.get("/healthz").json() == {"status": "ok"}
