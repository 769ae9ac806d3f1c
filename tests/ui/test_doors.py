"""Every door of ours and of Gradio's: what is somebody else's is as if it were not there."""

import json
import secrets
import tomllib
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from playground.api import router, too_many
from playground.domain.errors import TooMany
from playground.domain.request import VideoRequest
from playground.jobs.service import Service, owner_of_token
from playground.monitoring import monitoring_routes
from playground.ui.asgi import Message, Receive, Scope, Send
from playground.ui.capability_routes import capability_routes
from playground.ui.doors import Doors, is_open
from playground.ui.static_routes import static_routes
from playground.ui.upload_routes import upload_routes
from tests.house import SAMPLES, House

ANNA, BEN = "a" * 22, "b" * 22
OPEN_TO_ALL = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/pg-static/{path:path}"),
    ("HEAD", "/pg-static/{path:path}"),
    ("GET", "/favicon.ico"),
    ("POST", "/api/check"),
    ("GET", "/api/capabilities"),
    ("GET", "/api/capabilities/cell"),
    ("POST", "/gradio_api/upload"),
}
"""Routes that say the same to everybody. Any other route of ours is a person's own."""
BODIES = {"again": {"price_usd": None}}
"""What some routes want to be told before they look."""
FILL = {"number": "1", "language": "curl", "provider": "cloudflare"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def app_of(service: Service, uploads: Path) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(TooMany, too_many)
    app.include_router(router(service, upload_dir=uploads))
    app.include_router(capability_routes(service))
    app.include_router(upload_routes(service))
    app.include_router(static_routes())
    app.include_router(monitoring_routes(service, metrics_token="m" * 22, only_with_token=True))
    return app


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path of an application, those of included routers among them."""
    left: list[Any] = list(app.routes)
    while left:
        route = left.pop()
        if isinstance(route, APIRoute):
            yield from ((method, route.path) for method in sorted(route.methods or ()))
        else:
            left += route.original_router.routes


@pytest.fixture
async def service(house: House) -> AsyncGenerator[Service]:
    async with house.process(PLAYGROUND_UPLOADS_PER_HOUR="3", PLAYGROUND_QUESTIONS_PER_MINUTE="200") as service:
        yield service


@pytest.fixture
async def client(service: Service, tmp_path: Path) -> AsyncGenerator[httpx.AsyncClient]:
    app = app_of(service, tmp_path / "house" / "data" / "uploads")
    transport = httpx.ASGITransport(app, client=("8.8.8.8", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        yield client


REQUEST = {"provider": "sandbox", "mode": "text-to-video", "prompt": "A boat"}
ANSWERS_TO_NOBODY = (401, 403, 404)


async def annas_job(service: Service) -> str:
    owner = owner_of_token(ANNA)
    job = await service.submit(VideoRequest.model_validate(REQUEST), owner=owner, files_under=None)
    assert (await service.settled(job, owner=owner)).state == "succeeded"
    return job


async def test_a_job_that_is_anothers_and_one_that_is_not_there_look_the_same_at_every_route(
    client: httpx.AsyncClient, service: Service, tmp_path: Path
) -> None:
    job = await annas_job(service)
    found = [each for each in routes(app_of(service, tmp_path)) if "{job_id}" in each[1]]
    assert len(found) >= 9
    for method, path in found:

        async def told(job_id: str, headers: dict[str, str], method: str = method, path: str = path) -> httpx.Response:
            body = BODIES.get(path.rsplit("/", 1)[-1])
            return await client.request(method, path.format(job_id=job_id, **FILL), headers=headers, json=body)

        nothing = await told(secrets.token_urlsafe(16), bearer(BEN))
        assert nothing.status_code == 404, (method, path)
        for headers in ({}, bearer(BEN), bearer("short"), {"authorization": f"Basic {ANNA}"}):
            foreign = await told(job, headers)
            assert (foreign.status_code, foreign.content) == (404, nothing.content), (method, path)
            assert dict(foreign.headers) == dict(nothing.headers), (method, path)


async def test_whoever_shows_no_token_is_told_nothing_at_any_route_that_is_not_for_all(
    client: httpx.AsyncClient, service: Service, tmp_path: Path
) -> None:
    """A new route fails here until it asks for a token, or is named among those for all."""
    await annas_job(service)
    for method, path in routes(app_of(service, tmp_path)):
        if (method, path) in OPEN_TO_ALL:
            continue
        for headers in ({}, bearer("short")):
            answer = await client.request(method, path.format(job_id="x", **FILL), headers=headers)
            assert answer.status_code in ANSWERS_TO_NOBODY, (method, path)


async def test_an_earlier_result_is_its_owners_in_every_request(client: httpx.AsyncClient, service: Service) -> None:
    job = await annas_job(service)
    for mode, field, part in (
        ("extension", "source_video", ""),
        ("extension", "source_video", "#2"),
        ("image-to-video", "first_frame", "#last-frame"),
    ):

        def asking(job_id: str, mode: str = mode, field: str = field, part: str = part) -> dict[str, Any]:
            return {**REQUEST, "mode": mode, field: f"job:{job_id}{part}"}

        nothing = await client.post("/api/check", json=asking("A" * 22), headers=bearer(BEN))
        for headers in (bearer(BEN), {}):
            foreign = await client.post("/api/check", json=asking(job), headers=headers)
            assert foreign.json()["issues"] == nothing.json()["issues"]
            assert foreign.json()["valid"] is False
        mine = (await client.post("/api/check", json=asking(job), headers=bearer(ANNA))).json()
        assert mine["issues"] != nothing.json()["issues"]


async def test_a_hostile_link_is_refused_in_every_request(client: httpx.AsyncClient) -> None:
    hostile = tomllib.loads((Path(__file__).parents[1] / "data" / "hostile_urls.toml").read_text())["by_looks"]
    for number, url in enumerate(hostile):
        # One that takes links, to which they would be handed on, and one for which we would fetch them.
        provider = ("tokenbay", "gemini")[number % 2]
        request = {**REQUEST, "provider": provider, "mode": "image-to-video", "first_frame": url}
        told = (await client.post("/api/check", json=request)).json()
        assert not told["valid"]
        about = {each["code"] for each in told["issues"] if each["field"] == "first_frame"}
        assert about & {"private_address", "missing", "malformed", "required"}, (url, told["issues"])


def picture(name: str = "first-frame.jpg") -> dict[str, Any]:
    return {"files": (name, (SAMPLES / "first-frame.jpg").read_bytes(), "image/jpeg")}


async def problems_of(client: httpx.AsyncClient, reference: str, who: dict[str, str]) -> list[str]:
    request = {**REQUEST, "mode": "image-to-video", "first_frame": reference}
    return [issue["code"] for issue in (await client.post("/api/check", json=request, headers=who)).json()["issues"]]


async def test_an_upload_is_its_owners(client: httpx.AsyncClient, tmp_path: Path) -> None:
    (path,) = (await client.post("/api/uploads", files=picture(), headers=bearer(ANNA))).json()
    assert await problems_of(client, path, bearer(ANNA)) == []
    shown = await client.get("/api/uploads", params={"reference": path}, headers=bearer(ANNA))
    assert (shown.headers["content-type"], shown.content) == ("image/jpeg", (SAMPLES / "first-frame.jpg").read_bytes())
    nothing = await client.get("/api/uploads", params={"reference": "/no/such.jpg"}, headers=bearer(BEN))
    around = f"{Path(path).parent}/../{Path(path).parent.name}/{Path(path).name}"
    database = str(tmp_path / "house" / "data" / "playground.db")
    for reference, who in ((path, bearer(BEN)), (path, {}), (around, bearer(BEN)), (database, bearer(ANNA))):
        assert await problems_of(client, reference, who) == ["missing"]
        foreign = await client.get("/api/uploads", params={"reference": reference}, headers=who)
        assert (foreign.status_code, foreign.content) == (404, nothing.content)


async def test_what_comes_without_a_token_is_for_whoever_knows_its_path(client: httpx.AsyncClient) -> None:
    twice = [(await client.post("/gradio_api/upload", files=picture())).json()[0] for _ in range(2)]
    assert twice[0] != twice[1], "the same bytes would give the path away"
    assert len(Path(twice[0]).parent.name) >= 22
    assert await problems_of(client, twice[0], bearer(BEN)) == []
    assert (await client.post("/api/uploads", files=picture())).status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("a.jpg", b"<svg onload=alert(1)>", "a.jpg is no picture and no video"),
        ("a.mp4", b"#EXTM3U\nfile:///etc/passwd", "a.mp4 is no picture and no video"),
        ("a.png", b"", "a.png is no picture and no video"),
        ("../../evil\u202egnp.exe", b"MZ", "evil gnp.exe is no picture and no video"),
        ("a.jpg", b"\xff\xd8\xff" + bytes(20_000_001), "a picture may have 20 MB at most"),
    ],
)
async def test_what_is_no_picture_and_no_clip_is_not_kept(
    client: httpx.AsyncClient, tmp_path: Path, name: str, body: bytes, says: str
) -> None:
    answer = await client.post("/api/uploads", files={"files": (name, body)}, headers=bearer(ANNA))
    assert answer.status_code == 422
    assert says in answer.json()["issues"][0]["message"]
    assert not list((tmp_path / "house" / "data").glob("uploads/*/*"))


async def test_a_body_without_an_end_is_left(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal sent
        yield b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
        while sent < 400_000_000:
            sent += 10_000_000
            yield bytes(10_000_000)

    headers = {**bearer(ANNA), "content-type": "multipart/form-data; boundary=x"}
    answer = await client.post("/api/uploads", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["issues"][0]["code"]) == (422, "too_large")
    assert sent < 130_000_000


async def test_a_disk_that_takes_no_more_is_told_in_words(client: httpx.AsyncClient, tmp_path: Path) -> None:
    uploads = tmp_path / "house" / "data" / "uploads"
    uploads.rmdir() if uploads.is_dir() else None
    uploads.write_bytes(b"no folder")
    answer = await client.post("/api/uploads", files=picture(), headers=bearer(ANNA))
    assert (answer.status_code, answer.json()["error"]["message"]) == (507, "The file cannot be kept here now.")


async def test_enough_is_enough_and_says_when_it_goes_on(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        assert (await client.post("/api/uploads", files=picture(), headers=bearer(ANNA))).status_code == 200
    full = await client.post("/api/uploads", files=picture(), headers=bearer(ANNA))
    assert (full.status_code, full.headers["retry-after"]) == (429, "3600")
    assert full.json()["error"]["message"] == "No more than 3 files can be uploaded here in an hour."
    assert full.json()["error"]["next_step"] == "Try again in 60 minutes."
    assert (await client.post("/api/uploads", files=picture(), headers=bearer(BEN))).status_code == 200


async def test_what_is_too_much_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    read = list[bytes]()

    async def body() -> AsyncGenerator[bytes]:
        read.append(b"some")
        yield read[0]

    for _ in range(3):
        assert (await client.post("/api/uploads", files=picture(), headers=bearer(ANNA))).status_code == 200
    headers = {**bearer(ANNA), "content-type": "multipart/form-data; boundary=x"}
    assert (await client.post("/api/uploads", content=body(), headers=headers)).status_code == 429
    assert read == []


async def test_every_question_that_costs_work_is_counted_and_so_is_each_call_of_a_provider(
    client: httpx.AsyncClient, service: Service, house: House
) -> None:
    house.time.still = True  # all within one minute, however busy this machine is

    async def asked(path: str, method: str = "GET") -> httpx.Response:
        body = REQUEST if path == "/api/check" else None
        return await client.request(method, path, json=body, headers=bearer(ANNA))

    doors = (("/api/check", "POST"), ("/api/jobs", "GET"), ("/api/extendable?provider=sandbox", "GET"))
    doors += (("/api/capabilities", "GET"), ("/api/capabilities/cell?provider=sandbox", "GET"))
    job = await annas_job(service)
    for number in range(199):  # and the job was one
        door = doors[number % len(doors)]
        assert (await asked(*door)).status_code != 429, door
    for door in doors:
        full = await asked(*door)
        assert (full.status_code, int(full.headers["retry-after"]) <= 60) == (429, True), door
        assert full.json()["error"]["message"] == "No more than 200 questions are answered in a minute."
        assert full.json()["error"]["next_step"].startswith("Try again in ")
    assert (await client.post("/api/check", json=REQUEST, headers=bearer(BEN))).status_code == 200
    # What follows a job is no such question.
    assert (await asked(f"/api/jobs/{job}")).status_code == 200
    for number in range(60):
        assert (await asked(f"/api/jobs/{job}/{('cancel', 'look-again')[number % 2]}", "POST")).status_code == 200
    for action in ("cancel", "look-again"):
        full = await asked(f"/api/jobs/{job}/{action}", "POST")
        assert (full.status_code, full.json()["error"]["code"]) == (429, "too_many")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=https://example.org/a.png"),
        ("HEAD", "/gradio_api/file/a"),
        ("GET", "/gradio_api/proxy=https://a.hf.space/"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/component_server"),
        ("GET", "/gradio_api/custom_component/1/client/component/index.js"),
        ("GET", "/gradio_api/stream/a/0/1/playlist.m3u8"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/gradio_api/run-history/records"),
        ("GET", "/gradio_api/deep_link"),
        ("GET", "/gradio_api/upload_progress"),
        ("GET", "/gradio_api/queue/status"),
        ("GET", "/gradio_api/openapi.json"),
        ("GET", "/gradio_api/token"),
        ("GET", "/gradio_api/dev/reload"),
        ("POST", "/gradio_api/vibe-edit"),
        ("POST", "/gradio_api/call/v2/text_to_video"),
        ("POST", "/gradio_api/api/submit"),
        ("GET", "/openapi.json"),
        ("GET", "/monitoring/summary"),
        ("GET", "/manifest.json"),
        ("GET", "/pwa_icon"),
        ("POST", "/login"),
        ("GET", "/login/callback/x"),
        ("PUT", "/gradio_api/queue/join"),
        ("DELETE", "/"),
        ("OPTIONS", "/config"),
        ("GET", "/whatever/comes/with/the/next/version"),
    ],
)
def test_shut_to_gradio(method: str, path: str) -> None:
    assert not is_open(method, path)


@pytest.mark.parametrize("path", ["/", "/config", "/theme.css", "/assets/index.js", "/gradio_api/info"])
def test_open_to_gradio(path: str) -> None:
    assert is_open("GET", path)


async def passed_on(body: bytes, path: str = "/gradio_api/queue/join") -> tuple[list[Message], list[bytes]]:
    """What a caller is answered, and what Gradio gets to see."""
    seen: list[bytes] = []

    async def gradio(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        assert dict(scope["headers"])[b"content-length"] == str(len(message["body"])).encode()
        seen.append(message["body"])

    pieces = [body[:10], body[10:]]

    async def receive() -> Message:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"content-length", b"1")]}
    await Doors(gradio, lambda _address: None)(scope, receive, send)
    return told, seen


async def test_who_changes_the_form_without_end_is_told_to_wait(service: Service) -> None:
    told: list[Message] = []

    async def gradio(scope: Scope, receive: Receive, send: Send) -> None:
        told.append({"type": "drawn"})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    doors = Doors(gradio, service.rates.page_event)

    async def event(address: str) -> Message:
        told.clear()
        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": "/gradio_api/queue/join",
            "headers": [],
            "client": (address, 1),
        }
        await doors(scope, receive, send)
        return told[0]

    # As many as the four who may be behind one address have questions: 200 each.
    assert [(await event("8.8.8.8"))["type"] for _ in range(800)] == ["drawn"] * 800
    assert (await event("8.8.8.8"))["status"] == 429
    assert b"no more than 200 changes a minute from each visitor. Try again in" in told[1]["body"]
    assert (await event("9.9.9.9"))["type"] == "drawn"


@pytest.mark.parametrize("path", ["queue/join", "run/redraw", "call/image_to_video"])
@pytest.mark.parametrize("at", ["http://169.254.169.254/latest/", "/etc/passwd"])
async def test_gradio_never_sees_a_file_that_it_would_fetch_or_copy(path: str, at: str) -> None:
    file = {"path": at, "url": at, "meta": {"_type": "gradio.FileData"}}
    event = {"fn_index": 39, "data": [{"first_frame": file, "more": [[file]]}, 0, False, None], "session_hash": "x"}
    _, seen = await passed_on(json.dumps(event).encode(), f"/gradio_api/{path}")
    plain = {**event, "data": [{"first_frame": at, "more": [[at]]}, 0, False, None]}
    assert json.loads(seen[0]) == plain


@pytest.mark.parametrize(("body", "status"), [(b"x" * 1_100_000, 413), (b"{", 422), (b"[" * 100_000, 422)])
async def test_an_event_that_is_none_gets_no_further(body: bytes, status: int) -> None:
    told, seen = await passed_on(body)
    assert (told[0]["status"], seen) == (status, [])
