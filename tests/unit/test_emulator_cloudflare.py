"""Cloudflare's stand-in, met by plain httpx: strict as the schema says, real shapes, a video behind its own link."""

import base64
from typing import Any

import httpx
import pytest

from tests.emulation import Emulation
from tests.house import SAMPLES

FRAME = base64.b64encode((SAMPLES / "first-frame.jpg").read_bytes()).decode()
INPUT: dict[str, object] = {
    "prompt": "A boat.",
    "duration": "4s",
    "aspect_ratio": "16:9",
    "resolution": "720p",
    "generate_audio": True,
}
KEY = {"authorization": "Bearer our-token"}


def run(server: Emulation, headers: dict[str, str] = KEY, model: str = "google/veo-3.1", **changes: Any) -> Any:
    inputs = {name: value for name, value in {**INPUT, **changes}.items() if value is not None}
    return post(server, {"model": model, "input": inputs}, headers)


def post(server: Emulation, body: object, headers: dict[str, str] = KEY) -> httpx.Response:
    url = f"{server.base_url('cloudflare')}/accounts/ours/ai/run"
    return httpx.post(url, json=body, headers=headers, timeout=20)


def refused(answer: httpx.Response) -> tuple[int, int, str]:
    body = answer.json()
    assert (body["success"], body["messages"], body["result"]) == (False, [], None)
    return answer.status_code, body["errors"][0]["code"], body["errors"][0]["message"]


def found(body: Any) -> str:
    """The link, wherever it is wrapped."""
    while "video" not in body:
        body = body["result"]
    return body["video"]


def test_the_video_comes_in_every_wrapping_and_its_link_takes_no_token(server: Emulation) -> None:
    answers = [run(server, prompt=f"A boat {number}.") for number in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4
    shapes = {tuple(sorted(answer.json())) for answer in answers}
    assert shapes == {
        ("gatewayMetadata", "result", "state"),
        ("errors", "messages", "result", "success"),
        ("video",),
    }
    links = [found(answer.json()) for answer in answers]
    for link in links:
        video = httpx.get(link)
        assert (video.status_code, video.headers["content-type"], video.content[4:8]) == (200, "video/mp4", b"ftyp")
        part = httpx.get(link, headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        assert httpx.get(link, headers=KEY).status_code == 400
    assert server.accepted("cloudflare") == 4
    assert httpx.get(links[0].replace(".mp4", "x.mp4")).status_code == 404


def test_a_picture_is_taken_as_bare_base64(server: Emulation) -> None:
    assert run(server, image_input=FRAME).status_code == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"duration": None}, "required property '/input/duration'"),
        ({"aspect_ratio": None}, "required property '/input/aspect_ratio'"),
        ({"resolution": None}, "required property '/input/resolution'"),
        ({"generate_audio": None}, "required property '/input/generate_audio'"),
        ({"prompt": None}, "required property '/input/prompt'"),
        ({"duration": 8}, "/input/duration"),
        ({"duration": "8"}, "/input/duration"),
        ({"duration": "5s"}, "/input/duration"),
        ({"resolution": "4k"}, "/input/resolution"),
        ({"aspect_ratio": "4:3"}, "/input/aspect_ratio"),
        ({"generate_audio": "true"}, "/input/generate_audio"),
        ({"seed": 0}, "additional properties: '/input/seed'"),
        ({"negative_prompt": "rain"}, "additional properties: '/input/negative_prompt'"),
        ({"image_input": f"data:image/jpeg;base64,{FRAME}"}, "not valid base64"),
        ({"image_input": base64.b64encode(b"no picture").decode()}, "not a PNG, JPEG"),
        ({"image_input": base64.b64encode(b"\0\0\0\x18ftypisom").decode()}, "not a PNG or JPEG"),
        ({"prompt": "[sandbox:earthquake]"}, "no rehearsal"),
    ],
)
def test_what_the_schema_does_not_allow_is_refused(server: Emulation, changes: dict[str, Any], says: str) -> None:
    status, code, message = refused(run(server, **changes))
    assert (status, code) == (400, 5004)
    assert says in message
    assert server.accepted("cloudflare") == 0


def test_the_model_goes_into_the_body_and_must_be_known(server: Emulation) -> None:
    assert refused(run(server, model="google/veo-9"))[:2] == (400, 5007)
    assert refused(post(server, INPUT))[:2] == (400, 5004)
    assert refused(post(server, {"model": "google/veo-3.1", "input": INPUT, "n": 2}))[:2] == (400, 5004)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong-one"}, {"authorization": "Basic x"}])
def test_without_a_good_token_nothing_is_said(server: Emulation, headers: dict[str, str]) -> None:
    assert refused(run(server, headers)) == (401, 10000, "Authentication error")


def test_only_five_attempts_can_be_asked_of_the_gateway(server: Emulation) -> None:
    assert run(server, {**KEY, "cf-aig-max-attempts": "1"}).status_code == 200
    assert refused(run(server, {**KEY, "cf-aig-max-attempts": "9"}))[0] == 400


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        ("bad-key", 401, 10000),
        ("no-credit", 402, 1000),
        ("not-allowed", 403, 3041),
        ("retired", 404, 3042),
        ("daily-quota", 429, 3036),
        ("overloaded", 503, 3040),
        ("filtered-at-once", 400, 5004),
        ("error-in-200", 200, 3043),
    ],
)
def test_a_refusal_on_request(server: Emulation, script: str, status: int, code: int) -> None:
    assert refused(run(server, prompt=f"A boat [sandbox:{script}]"))[:2] == (status, code)
    assert server.accepted("cloudflare") == 0


def test_a_rate_limit_passes(server: Emulation) -> None:
    for name, hint in (("rate-limited", "2"), ("rate-limited-without-hint", None)):
        first = run(server, prompt=f"A boat [sandbox:{name}]")
        assert (refused(first)[:2], first.headers.get("retry-after")) == ((429, 3040), hint)
        assert run(server, prompt=f"A boat [sandbox:{name}]").status_code == 200


def test_runs_that_end_without_a_video(server: Emulation) -> None:
    for script in ("fails", "filtered"):
        answer = run(server, prompt=f"A boat [sandbox:{script}]")
        assert (answer.status_code, answer.json()["state"]) == (200, "Failed")
    empty = run(server, prompt="A boat [sandbox:done-without-video]").json()
    assert "video" not in str(empty)
    expired = httpx.get(found(run(server, prompt="A boat [sandbox:link-expired]").json()))
    assert (expired.status_code, "ExpiredRequest" in expired.text) == (403, True)
    with pytest.raises(httpx.RemoteProtocolError):
        run(server, prompt="A boat [sandbox:lost-reply]")
    assert server.accepted("cloudflare") == 5


def test_a_fault_of_the_wire_is_in_cloudflares_envelope(server: Emulation) -> None:
    server.fault("cloudflare", "create", "error-504")
    assert refused(run(server))[0] == 504
