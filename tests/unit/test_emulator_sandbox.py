"""The sandbox provider at its door: HTTP in, HTTP out, operations on disk that several processes share."""

import asyncio
import base64
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
import uvicorn
from blockbuster import blockbuster_ctx
from PIL import Image

from playground.catalog import load_tables
from playground.domain.provider import REHEARSALS
from playground.emulator.sandbox import MAX_BODY_BYTES, RENDERER, RETENTION, SandboxProvider
from playground.transport.inprocess import InProcessTransport

ROOT = Path(__file__).parents[2]
VIDEO = bytes(range(256)) * 40

WORKER = '''
"""Stands in for the renderer: copies a prepared video, keeps a book of its runs, ends with its parent."""
import json, os, sys, threading, time
from pathlib import Path

here = Path(__file__).parent
spec = json.loads(Path(sys.argv[1]).read_text())
with (here / "runs.jsonl").open("a") as book:
    book.write(json.dumps({"pid": os.getpid(), **spec}) + "\\n")

def end_with_parent():
    while os.read(0, 1024):
        pass
    os._exit(2)

threading.Thread(target=end_with_parent, daemon=True).start()
say = lambda line: print(json.dumps(line), flush=True)
print("a word for developers", file=sys.stderr, flush=True)
say({"progress": 0.5})
while (here / "hold").exists():
    time.sleep(0.01)
if "BREAK" in spec["prompt"]:
    say({"error": {"code": "bad_media", "message": "The image cannot be read."}})
    os._exit(1)
if "CRASH" in spec["prompt"]:
    os._exit(9)
if "EMPTY" not in spec["prompt"]:
    part = Path(spec["output"] + ".part")
    part.write_bytes((here / "video.mp4").read_bytes())
    part.replace(spec["output"])
say({"done": True, "bytes": 1})
'''


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


class Stage:
    """A data folder, a clock, a worker that can be held, and as many providers on them as a test wants."""

    def __init__(self, folder: Path, stack: contextlib.AsyncExitStack) -> None:
        self.clock = Clock(datetime(2026, 11, 20, 12, tzinfo=UTC))
        self.data = folder / "data"
        self._tools = folder / "tools"
        self._tools.mkdir()
        (self._tools / "worker.py").write_text(WORKER)
        (self._tools / "video.mp4").write_bytes(VIDEO)
        self.worker = (sys.executable, "-S", "-E", str(self._tools / "worker.py"))
        self._stack = stack

    async def provider(self, **options: Any) -> "Door":
        chosen: dict[str, Any] = {"clock": self.clock, "worker": self.worker, **options}
        provider = SandboxProvider(self.data, **chosen)
        self._stack.push_async_callback(provider.aclose)
        transport = InProcessTransport(provider.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://sandbox.localhost/v1")
        return Door(provider, await self._stack.enter_async_context(client))

    def hold(self) -> None:
        (self._tools / "hold").touch()

    def go_on(self) -> None:
        (self._tools / "hold").unlink()

    def runs(self) -> list[dict[str, Any]]:
        return _lines(self._tools / "runs.jsonl")

    def book(self) -> list[str]:
        return [line["id"] for line in _lines(self.data / "sandbox" / "accepted.jsonl")]


@dataclass
class Door:
    provider: SandboxProvider
    client: httpx.AsyncClient

    async def create(self, prompt: str = "a red kite", /, **fields: Any) -> httpx.Response:
        body = {"model": "sandbox-preview", "mode": "text-to-video", "prompt": prompt, **fields}
        return await self.client.post("/videos", json=body)

    async def accepted(self, prompt: str = "a red kite", /, **fields: Any) -> str:
        answer = await self.create(prompt, **fields)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "queued"
        return answer.json()["id"]

    async def status(self, operation_id: str) -> dict[str, Any]:
        answer = await self.client.get(f"/videos/{operation_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(
        self, operation_id: str, holds: Callable[[dict[str, Any]], bool], most: float = 30
    ) -> dict[str, Any]:
        async with asyncio.timeout(most):
            while not holds(status := await self.status(operation_id)):  # noqa: ASYNC110 - polling is the protocol
                await asyncio.sleep(0.02)
            return status

    async def ended(self, operation_id: str, most: float = 30) -> dict[str, Any]:
        return await self.until(operation_id, lambda status: status["status"] not in ("queued", "rendering"), most)

    async def download(self, link: str, **headers: str) -> httpx.Response:
        return await self.client.get(f"http://sandbox.localhost{link}", headers=headers)


@pytest.fixture(autouse=True)
def nothing_blocks() -> Iterator[None]:
    with blockbuster_ctx("playground.emulator"):
        yield


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with contextlib.AsyncExitStack() as stack:
        yield Stage(tmp_path, stack)


@pytest.fixture
async def door(stage: Stage) -> Door:
    return await stage.provider()


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _picture(colour: str = "red", kind: str = "png") -> dict[str, str]:
    raw = io.BytesIO()
    Image.new("RGB", (64, 36), colour).save(raw, kind)
    return {"mime_type": f"image/{kind}", "data": base64.b64encode(raw.getvalue()).decode()}


def _clip() -> dict[str, str]:
    return {"mime_type": "video/mp4", "data": base64.b64encode(VIDEO).decode()}


def _is_alive(pid: int) -> bool:
    try:
        # A zombie is dead, although its number is still taken.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def _dead(pid: int) -> bool:
    async with asyncio.timeout(10):
        while _is_alive(pid):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    return True


# The plain way


async def test_a_job_is_accepted_rendered_and_given_out(stage: Stage, door: Door) -> None:
    stage.hold()
    operation_id = await door.accepted(seed=0, generate_audio=False, negative_prompt="")
    at_work = await door.until(operation_id, lambda status: status["progress"] == 0.5)
    assert (at_work["status"], at_work["videos"], at_work["error"]) == ("rendering", [], None)
    stage.go_on()
    status = await door.ended(operation_id)
    assert (status["status"], status["progress"], status["seed"]) == ("succeeded", 1.0, 0)
    answer = await door.download(status["videos"][0]["url"])
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.content == VIDEO
    assert stage.book() == [operation_id]
    [run] = stage.runs()
    assert (run["seed"], run["audio"], run["seconds"], run["resolution"]) == (0, False, 8, "720p")


async def test_a_download_goes_on_where_it_broke_off(door: Door) -> None:
    status = await door.ended(await door.accepted())
    answer = await door.download(status["videos"][0]["url"], Range="bytes=100-199")
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 100-199/{len(VIDEO)}"
    assert answer.content == VIDEO[100:200]


async def test_each_of_several_videos_has_the_next_seed(stage: Stage, door: Door) -> None:
    status = await door.ended(await door.accepted(seed=2**32 - 1, number_of_videos=3))
    assert [run["seed"] for run in stage.runs()] == [2**32 - 1, 0, 1]
    answers = [await door.download(video["url"]) for video in status["videos"]]
    assert [answer.content for answer in answers] == [VIDEO] * 3


async def test_one_at_a_time_is_rendered(stage: Stage, door: Door) -> None:
    stage.hold()
    first = await door.accepted("one")
    await door.until(first, lambda status: status["progress"] == 0.5)
    second = await door.accepted("two")
    assert (await door.status(second))["status"] == "queued"
    assert [run["prompt"] for run in stage.runs()] == ["one"]
    stage.go_on()
    assert (await door.ended(second))["status"] == "succeeded"


async def test_media_arrive_as_they_were_sent_and_are_forgotten_afterwards(stage: Stage, door: Door) -> None:
    pictures = [_picture("red"), _picture("green", "jpeg"), _picture("blue", "webp")]
    stage.hold()
    operation_id = await door.accepted(mode="references", reference_images=pictures)
    await door.until(operation_id, lambda status: status["progress"] == 0.5)
    paths = [Path(path) for path in stage.runs()[0]["reference_images"]]
    kept = [base64.b64encode(path.read_bytes()).decode() for path in paths]
    assert kept == [picture["data"] for picture in pictures]
    stage.go_on()
    await door.ended(operation_id)
    rest, folder = {"request.json", "state.json", "end.json", "lock", "1.mp4"}, stage.data / "sandbox" / operation_id
    async with asyncio.timeout(30):
        # The end is told first.
        while {path.name for path in folder.iterdir()} != rest:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)


async def test_an_extension_adds_seven_seconds(stage: Stage, door: Door) -> None:
    await door.ended(await door.accepted(mode="extension", source_video=_clip()))
    [run] = stage.runs()
    assert (run["mode"], run["seconds"]) == ("extension", 7)
    assert run["source_video"].endswith(".mp4")


@pytest.mark.timeout(180)
async def test_three_images_become_a_real_video(stage: Stage) -> None:
    door = await stage.provider(worker=RENDERER)
    pictures = [_picture(colour) for colour in ("red", "green", "blue")]
    operation_id = await door.accepted(mode="references", reference_images=pictures, duration_seconds=4, seed=7)
    status = await door.ended(operation_id, most=150)
    content = (await door.download(status["videos"][0]["url"])).content
    with av.open(io.BytesIO(content), "r") as clip:
        assert clip.duration is not None
        assert round(clip.duration / 1_000_000, 1) == 4.0
        assert (clip.streams.video[0].width, clip.streams.video[0].height) == (1280, 720)
        assert len(clip.streams.audio) == 1


# Strictness

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"enhance_prompt": True}, "enhance_prompt is not a field of this service."),
    ({"model": "veo-9"}, "model must be 'sandbox-preview'."),
    ({"mode": "dream"}, "mode must be"),
    ({"prompt": "   "}, "needs a prompt"),
    ({"prompt": "x" * 20_001}, "prompt: "),
    ({"prompt": 5}, "prompt: "),
    ({"duration_seconds": 5}, "duration_seconds must be 4, 6 or 8."),
    ({"duration_seconds": "8"}, "duration_seconds must be 4, 6 or 8."),
    ({"resolution": "480p"}, "resolution must be '720p', '1080p' or '4k'."),
    ({"aspect_ratio": "21:9"}, "aspect_ratio must be"),
    ({"generate_audio": 1}, "generate_audio: "),
    ({"seed": -1}, "seed: "),
    ({"seed": 2**32}, "seed: "),
    ({"seed": True}, "seed: "),
    ({"number_of_videos": 5}, "number_of_videos: "),
    ({"resize_mode": "pad"}, "The mode text-to-video does not take resize_mode."),
    ({"first_frame": _picture()}, "The mode text-to-video does not take first_frame."),
    ({"mode": "image-to-video"}, "The mode image-to-video needs first_frame."),
    ({"mode": "interpolation", "first_frame": _picture()}, "The mode interpolation needs last_frame."),
    ({"mode": "references", "reference_images": []}, "reference_images: "),
    ({"mode": "references", "reference_images": [_picture()] * 4}, "reference_images: "),
    ({"mode": "references", "reference_images": [_picture()], "first_frame": _picture()}, "does not take first_frame"),
    ({"mode": "extension", "source_video": _clip(), "duration_seconds": 8}, "does not take duration_seconds"),
    ({"mode": "extension", "source_video": _clip(), "resolution": "4k"}, "720p only"),
    ({"mode": "extension", "source_video": _picture()}, "source_video.mime_type must be"),
    ({"mode": "image-to-video", "first_frame": {"mime_type": "image/png", "data": "#"}}, "first_frame.data: "),
    ({"mode": "image-to-video", "first_frame": {"mime_type": "image/png", "data": ""}}, "first_frame.data: "),
    ({"mode": "image-to-video", "first_frame": {**_picture(), "name": "x"}}, "first_frame.name is not a field"),
    ({"prompt": "x [sandbox:nonsense]"}, ", ".join(REHEARSALS)),
    ({"prompt": "x [sandbox:slow] [sandbox:fails]"}, "One rehearsal at a time"),
]


@pytest.mark.parametrize(("fields", "says"), REFUSED)
async def test_what_does_not_fit_is_refused_in_a_sentence(
    stage: Stage, door: Door, fields: dict[str, Any], says: str
) -> None:
    answer = await door.create(**fields)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "invalid"
    assert says in error["message"]
    assert error["message"].endswith(".")
    assert stage.book() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"model": "sandbox-preview"}'])
async def test_no_body_breaks_it(stage: Stage, door: Door, body: bytes) -> None:
    answer = await door.client.post("/videos", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"
    assert stage.book() == []


async def test_the_service_takes_all_that_its_table_offers(door: Door) -> None:
    table = load_tables()["sandbox"]
    media = {"first_frame": _picture(), "last_frame": _picture(), "source_video": _clip()}
    for (_, mode), spec in table.specs.items():
        needed = {name: media.get(name, [_picture()]) for name, p in spec.parameters.items() if p.required}
        assert (await door.create(mode=mode, **needed)).status_code == 200
        for name, parameter in spec.parameters.items():
            flags = (True, False) if isinstance(parameter.default, bool) else ()
            bounds = tuple(b for b in (parameter.at_least, parameter.at_most) if b is not None and name not in needed)
            for value in (*(parameter.choices or ()), *flags, *bounds):
                answer = await door.create(mode=mode, **{**needed, name: value})
                assert answer.status_code == 200, (mode, name, value, answer.text)


async def test_a_large_body_is_taken_and_a_larger_one_is_not(stage: Stage, door: Door) -> None:
    async def pieces(count: int) -> AsyncGenerator[bytes]:
        piece = b"A" * 1_000_000
        yield b'{"model":"sandbox-preview","mode":"extension","source_video":{"mime_type":"video/mp4","data":"'
        for _ in range(count):
            yield piece
        yield b'"}}'

    answer = await door.client.post("/videos", content=pieces(40))
    assert answer.status_code == 200
    [kept] = (stage.data / "sandbox" / answer.json()["id"]).glob("source_video.mp4")
    assert kept.stat().st_size == 30_000_000
    assert (await door.client.post("/videos", content=pieces(MAX_BODY_BYTES // 1_000_000 + 1))).status_code == 413
    announced = {"content-length": str(MAX_BODY_BYTES + 1)}
    assert (await door.client.post("/videos", content=pieces(1), headers=announced)).status_code == 413
    assert list((stage.data / "sandbox" / "incoming").iterdir()) == []


async def test_what_is_not_there_is_a_404_in_json(door: Door) -> None:
    for path in ("/videos/unknown", f"/videos/{'0' * 32}", "/videos/..%2f..", "/elsewhere"):
        answer = await door.client.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"
    assert (await door.client.delete("/videos")).status_code == 405


# Ends that are no success


@pytest.mark.parametrize(
    ("prompt", "code", "says"),
    [
        ("BREAK", "bad_media", "The image cannot be read."),
        ("CRASH", "render_failed", "The renderer stopped unexpectedly."),
        ("EMPTY", "render_failed", "The renderer stopped unexpectedly."),
    ],
)
async def test_a_worker_that_fails_fails_the_run(door: Door, prompt: str, code: str, says: str) -> None:
    status = await door.ended(await door.accepted(prompt))
    assert status["status"] == "failed"
    assert status["error"] == {"code": code, "message": says}
    assert status["videos"] == []


async def test_a_worker_that_cannot_start_fails_the_run(stage: Stage) -> None:
    door = await stage.provider(worker=("/nowhere/python",))
    status = await door.ended(await door.accepted())
    assert status["error"] == {"code": "render_failed", "message": "The renderer cannot be started."}


async def test_a_folder_that_cannot_be_written_fails_the_run(stage: Stage, door: Door) -> None:
    stage.hold()
    await door.accepted()
    operation_id = await door.accepted()
    # It waits for the first one; then its state has no place to be written to.
    (stage.data / "sandbox" / operation_id / "state.json.part").mkdir()
    stage.go_on()
    status = await door.ended(operation_id)
    assert (status["status"], status["error"]["code"]) == ("failed", "render_failed")
    assert status["error"]["message"] == "The sandbox could not work on it: Is a directory."


async def test_cancelling_kills_the_worker_and_lets_the_next_one_begin(stage: Stage, door: Door) -> None:
    stage.hold()
    first = await door.accepted("one")
    await door.until(first, lambda status: status["progress"] == 0.5)
    second = await door.accepted("two")
    answer = await door.client.post(f"/videos/{first}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert (await door.status(first))["status"] == "cancelled"
    assert await _dead(stage.runs()[0]["pid"])
    stage.go_on()
    assert (await door.ended(second))["status"] == "succeeded"
    assert (await door.status(first))["status"] == "cancelled"
    assert (await door.client.post(f"/videos/{first}/cancel")).status_code == 200
    assert (await door.client.post(f"/videos/{second}/cancel")).status_code == 409
    assert (await door.client.post(f"/videos/{'0' * 32}/cancel")).status_code == 404


async def test_closing_at_any_moment_leaves_no_worker(stage: Stage) -> None:
    for moment in range(12):
        door = await stage.provider()
        operation_id = await door.accepted()
        for _ in range(moment):
            await door.status(operation_id)
        if moment % 2:
            await door.client.post(f"/videos/{operation_id}/cancel")
        await door.provider.aclose()
        for run in stage.runs():
            assert not _is_alive(run["pid"])


async def test_cancelling_reaches_a_renderer_in_another_process(stage: Stage, door: Door) -> None:
    stage.hold()
    operation_id = await door.accepted()
    await door.until(operation_id, lambda status: status["progress"] == 0.5)
    other = await stage.provider()
    assert (await other.client.post(f"/videos/{operation_id}/cancel")).status_code == 200
    assert await _dead(stage.runs()[0]["pid"])


# Links


async def test_a_link_ends_after_an_hour_and_the_status_gives_another(stage: Stage, door: Door) -> None:
    operation_id = await door.accepted()
    link = (await door.ended(operation_id))["videos"][0]["url"]
    stage.clock.forward(minutes=59)
    assert (await door.download(link)).status_code == 200
    stage.clock.forward(minutes=2)
    expired = await door.download(link)
    assert (expired.status_code, expired.json()["error"]["code"]) == (403, "link_expired")
    fresh = (await door.status(operation_id))["videos"][0]["url"]
    assert (await door.download(fresh)).status_code == 200


async def test_a_link_cannot_be_made_up(stage: Stage, door: Door) -> None:
    link = (await door.ended(await door.accepted()))["videos"][0]["url"]
    other = (await door.ended(await door.accepted()))["videos"][0]["url"]
    bare, _, query = link.partition("?")
    for forged in (bare, link.replace("/1.mp4", "/2.mp4"), link.replace("expires=", "expires=9"), f"{bare}?token=é"):
        assert (await door.download(forged)).status_code == 403
    assert (await door.download(f"{other.partition('?')[0]}?{query}")).status_code == 403


async def test_after_two_days_all_is_forgotten(stage: Stage, door: Door) -> None:
    operation_id = await door.accepted()
    link = (await door.ended(operation_id))["videos"][0]["url"]
    stage.clock.forward(seconds=RETENTION.total_seconds())
    assert (await door.client.get(f"/videos/{operation_id}")).status_code == 404
    assert (await door.download(link)).status_code == 404
    await door.provider.aclose()
    await (await stage.provider()).accepted()
    assert not (stage.data / "sandbox" / operation_id).exists()


# Rehearsals


async def test_slow_grows_slowly_and_then_succeeds(stage: Stage, door: Door) -> None:
    operation_id = await door.accepted("[Sandbox: slow ] a red kite")
    seen: list[float] = []
    for _ in range(4):
        stage.clock.forward(seconds=4)
        status = await door.status(operation_id)
        assert status["status"] == "rendering"
        seen.append(status["progress"])
    assert seen == [0.2, 0.4, 0.6, 0.8]
    stage.clock.forward(seconds=5)
    status = await door.ended(operation_id)
    assert status["status"] == "succeeded"
    assert (await door.download(status["videos"][0]["url"])).content == VIDEO
    assert [run["prompt"] for run in stage.runs()] == ["a red kite"]


async def test_slow_can_be_cancelled_although_it_is_drawn_already(stage: Stage, door: Door) -> None:
    operation_id = await door.accepted("[sandbox:slow]")
    assert (await door.client.post(f"/videos/{operation_id}/cancel")).status_code == 200
    stage.clock.forward(seconds=30)
    assert (await door.status(operation_id))["status"] == "cancelled"


async def test_rate_limited_refuses_the_same_body_twice(stage: Stage, door: Door) -> None:
    other = await stage.provider()
    for asked in (door, other):
        answer = await asked.create("[sandbox:rate-limited] a")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        assert stage.book() == []
    assert (await door.create("[sandbox:rate-limited] b")).status_code == 429
    operation_id = await door.accepted("[sandbox:rate-limited] a")
    assert (await door.ended(operation_id))["status"] == "succeeded"
    assert stage.book() == [operation_id]
    assert (await door.create("[sandbox:rate-limited] a")).status_code == 429


async def test_filtered_finishes_without_videos_and_says_why(stage: Stage, door: Door) -> None:
    status = await door.ended(await door.accepted("[sandbox:filtered]", number_of_videos=2))
    assert (status["status"], status["videos"], status["error"]) == ("succeeded", [], None)
    assert status["filtered"]["count"] == 2
    assert status["filtered"]["reasons"][0].startswith("The sandbox plays a safety filter: ")
    assert stage.runs() == []


async def test_fails_fails(stage: Stage, door: Door) -> None:
    status = await door.ended(await door.accepted("[sandbox:fails]"))
    assert (status["status"], status["error"]["code"]) == ("failed", "internal")
    assert stage.runs() == []


async def test_done_without_video_has_none(stage: Stage, door: Door) -> None:
    status = await door.ended(await door.accepted("[sandbox:done-without-video]"))
    assert (status["status"], status["videos"], status["error"]) == ("succeeded", [], None)
    assert "filtered" not in status
    assert stage.runs() == []


async def test_link_expired_gives_a_good_link_the_second_time(door: Door) -> None:
    operation_id = await door.accepted("[sandbox:link-expired]")
    expired = await door.download((await door.ended(operation_id))["videos"][0]["url"])
    assert (expired.status_code, expired.json()["error"]["code"]) == (403, "link_expired")
    good = await door.download((await door.status(operation_id))["videos"][0]["url"])
    assert good.content == VIDEO


async def test_lost_reply_is_accepted_rendered_and_cut(stage: Stage, door: Door) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await door.create("[sandbox:lost-reply]")
    [operation_id] = stage.book()
    assert (await door.ended(operation_id))["status"] == "succeeded"


async def test_lost_reply_is_cut_over_a_socket_too(stage: Stage) -> None:
    provider = (await stage.provider()).provider
    server = uvicorn.Server(uvicorn.Config(provider.app, host="127.0.0.1", port=0, log_level="critical"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v1", trust_env=False) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await Door(provider, client).create("[sandbox:lost-reply]")
        assert len(stage.book()) == 1
    server.should_exit = True
    await serving


async def test_never_ends_never_ends_but_can_be_cancelled(stage: Stage, door: Door) -> None:
    operation_id = await door.accepted("[sandbox:never-ends]")
    for _ in range(3):
        stage.clock.forward(hours=10)
        status = await door.status(operation_id)
        assert (status["status"], status["progress"]) == ("rendering", 0.3)
    assert stage.runs() == []
    assert (await door.client.post(f"/videos/{operation_id}/cancel")).status_code == 200
    assert (await door.status(operation_id))["status"] == "cancelled"


async def test_a_scenario_is_played_unless_the_prompt_names_another(stage: Stage) -> None:
    door = await stage.provider(scenario="fails")
    assert (await door.ended(await door.accepted()))["status"] == "failed"
    assert (await door.ended(await door.accepted("[sandbox:done-without-video]")))["status"] == "succeeded"
    with pytest.raises(ValueError, match="never-ends"):
        await stage.provider(scenario="nonsense")


# Several processes, and their deaths


async def test_what_a_stopped_process_left_is_taken_over_unchanged(stage: Stage, door: Door) -> None:
    stage.hold()
    operation_id = await door.accepted()
    await door.until(operation_id, lambda status: status["progress"] == 0.5)
    await door.provider.aclose()
    assert await _dead(stage.runs()[0]["pid"])
    stage.go_on()
    heir = await stage.provider()
    assert (await heir.ended(operation_id))["status"] == "succeeded"
    first, second = stage.runs()
    assert first["seed"] == second["seed"]
    assert stage.book() == [operation_id]


async def test_nobody_renders_what_another_has_in_hand(stage: Stage, door: Door) -> None:
    stage.hold()
    operation_id = await door.accepted()
    await door.until(operation_id, lambda status: status["progress"] == 0.5)
    other = await stage.provider()
    for _ in range(5):
        assert (await other.status(operation_id))["progress"] == 0.5
    stage.go_on()
    link = (await other.ended(operation_id))["videos"][0]["url"]
    assert (await other.download(link)).content == VIDEO
    assert len(stage.runs()) == 1


PROCESS = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
import httpx
from playground.emulator.sandbox import SandboxProvider
from playground.transport.inprocess import InProcessTransport

async def main():
    provider = SandboxProvider(
        Path(sys.argv[1]), clock=lambda: datetime(2026, 11, 20, 12, tzinfo=UTC), worker=sys.argv[2:]
    )
    transport = InProcessTransport(provider.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.localhost") as client:
        body = {"model": "sandbox-preview", "mode": "text-to-video", "prompt": "a red kite", "number_of_videos": 2}
        answer = await client.post("/v1/videos", json=body)
        print(answer.json()["id"], flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def _until_a_run(stage: Stage) -> None:
    deadline = time.monotonic() + 30
    while len(stage.runs()) < 1 and time.monotonic() < deadline:
        time.sleep(0.02)


async def test_a_killed_process_loses_nothing_and_leaves_no_worker(stage: Stage) -> None:
    stage.hold()
    command = [sys.executable, "-c", PROCESS, str(stage.data), *stage.worker]
    process = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    with process:
        assert process.stdout is not None
        operation_id = (await asyncio.to_thread(process.stdout.readline)).strip()
        await asyncio.to_thread(_until_a_run, stage)
        os.kill(process.pid, signal.SIGKILL)
    assert await _dead(stage.runs()[0]["pid"])
    stage.go_on()
    heir = await stage.provider()
    status = await heir.ended(operation_id)
    assert status["status"] == "succeeded"
    assert len(status["videos"]) == 2
    assert stage.book() == [operation_id]


async def test_a_disk_that_takes_nothing_is_said_and_waited_for(stage: Stage, door: Door) -> None:
    stage.hold()
    operation_id = await door.accepted()
    await door.provider.aclose()
    stage.go_on()
    # Whoever works on it needs this file.
    lock = stage.data / "sandbox" / operation_id / "lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    door = await stage.provider()
    troubled = await door.until(operation_id, lambda status: status["trouble"] is not None)
    assert (troubled["status"], troubled["trouble"]) == ("queued", "The sandbox cannot work on it: Is a directory.")
    lock.rmdir()
    assert (await door.ended(operation_id))["status"] == "succeeded"
