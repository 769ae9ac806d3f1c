"""Gateways of TokenBay's protocol, each with habits of its own: the video comes home, and only they see the key."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from playground.domain.request import VideoRequest
from playground.domain.view import JobView
from playground.jobs.service import LOCAL
from tests.house import House
from tests.unit.test_transport_loopback import Loopback, Script, Seen, answering, reply, serving

KEY = "canary-gateway-3f9a"
REQUEST = VideoRequest(provider="tokenbay", mode="text-to-video", prompt="A paper boat.")


def gateway(house: House, poll: dict[str, object], *content: int) -> Script:
    """A gateway that tells of every task the same; `content` are its first answers in place of the video."""
    answers = list(content)
    video = (house.folder / "prepared.mp4").read_bytes()

    async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.method == "POST":
            await reply(writer, 200, json.dumps({"task_id": "task_1"}).encode())
        elif seen.target == "/v1/videos/task_1":
            await reply(writer, 200, json.dumps(poll).encode())
        elif seen.target == "/v1/videos/task_1/content":
            status = answers.pop(0) if answers else 200
            await reply(writer, status, video if status == 200 else b"")
        else:
            await reply(writer, 404)

    return script


@asynccontextmanager
async def storage(status: int) -> AsyncGenerator[tuple[Loopback, str]]:
    """Another host that is asked for the video and says no, with its name in a setting's writing."""
    async with serving(answering(status)) as there:
        yield there, f"127.0.0.1:{there.port}"


async def made(house: House, there: Loopback, allowed: str = "127.0.0.1:1") -> JobView:
    own = {"TOKENBAY_BASE_URL": f"{there.url}/v1", "TOKENBAY_API_KEY": KEY, "PLAYGROUND_ALLOW_PRIVATE_HOSTS": allowed}
    async with house.process(adopts=False, **own) as service:
        job = await service.submit(REQUEST, owner=LOCAL, files_under=None)
        return await service.settled(job, owner=LOCAL)


POLLS: dict[str, dict[str, object]] = {
    "nothing but the state": {"status": "SUCCESS"},
    "nothing but the state, wrapped": {"code": "success", "data": {"status": "SUCCESS", "progress": "100%"}},
    "a relative link of another base": {"status": "SUCCESS", "result_url": "/api/v1/videos/task_1/content"},
    "the address that new-api has by default": {
        "status": "completed",
        "metadata": {"url": "http://localhost:3000/v1/videos/task_1/content"},
    },
    "no URL at all": {"status": "SUCCESS", "result_url": "ftp://files/1.mp4"},
}


@pytest.mark.parametrize("poll", POLLS.values(), ids=POLLS)
async def test_the_video_is_found_at_the_documented_address(house: House, poll: dict[str, object]) -> None:
    async with serving(gateway(house, poll)) as there:
        view = await made(house, there)
    assert view.state == "succeeded", view.error
    assert [seen.target for seen in there.seen][-1] == "/v1/videos/task_1/content"
    assert all(seen.headers["authorization"] == f"Bearer {KEY}" for seen in there.seen)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_link_elsewhere_that_is_refused_never_saw_the_key(house: House, status: int) -> None:
    async with storage(status) as (other, name):
        poll: dict[str, object] = {"status": "SUCCESS", "result_url": f"{other.url}/1.mp4?sig=1"}
        async with serving(gateway(house, poll)) as there:
            view = await made(house, there, name)
    assert view.state == "succeeded", view.error
    assert [seen.target for seen in other.seen] == ["/1.mp4?sig=1"]
    assert "authorization" not in other.seen[0].headers


async def test_a_bad_gateway_that_passes_is_waited_for(house: House) -> None:
    async with serving(gateway(house, POLLS["nothing but the state"], *[502] * 5)) as there:
        assert (await made(house, there)).state == "succeeded"


async def test_a_bad_gateway_that_stays_means_that_there_is_no_video(house: House) -> None:
    async with serving(gateway(house, POLLS["nothing but the state"], *[502] * 500)) as there:
        view = await made(house, there)
    assert view.error is not None
    assert (view.state, view.error.code, view.charged) == ("failed", "no_video", "unknown")
    assert "filter" in view.error.message
    assert sum(house.time.pauses) < 20 * 60


@pytest.mark.parametrize(("refusals", "state"), [(1, "succeeded"), (2, "failed")])
async def test_a_key_is_blamed_only_when_the_task_can_be_read_and_the_video_cannot(
    house: House, refusals: int, state: str
) -> None:
    async with serving(gateway(house, POLLS["nothing but the state"], *[403] * refusals)) as there:
        view = await made(house, there)
    assert view.state == state
    assert (view.error.code if view.error is not None else None) == (None if state == "succeeded" else "bad_key")
