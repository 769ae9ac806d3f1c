"""Vertex AI's stand-in, met by plain httpx: strict, polled by POST, its videos in the answer or in a bucket."""

import base64
from typing import Any

import httpx
import pytest

from tests.emulation import Emulation
from tests.house import SAMPLES

TOKEN = {"authorization": "Bearer ya29.ours"}
MODEL, FAST, LITE = (f"veo-3.1{variant}-generate-001" for variant in ("", "-fast", "-lite"))
HERE = "projects/ours/locations/us-central1/publishers/google/models"
JPEG = {
    "bytesBase64Encoded": base64.b64encode((SAMPLES / "first-frame.jpg").read_bytes()).decode(),
    "mimeType": "image/jpeg",
}
ASSET = {"image": JPEG, "referenceType": "asset"}


def post(
    server: Emulation,
    instance: dict[str, Any] | None = None,
    model: str = MODEL,
    headers: dict[str, str] = TOKEN,
    **parameters: Any,
) -> httpx.Response:
    settings = {name: value for name, value in {"generateAudio": True, **parameters}.items() if value is not None}
    body = {"instances": [{"prompt": "A boat.", **(instance or {})}], "parameters": settings}
    url = f"{server.base_url('vertex')}/{HERE}/{model}:predictLongRunning"
    return httpx.post(url, json=body, headers=headers, timeout=20)


def ask(server: Emulation, name: str, model: str = MODEL, headers: dict[str, str] = TOKEN) -> httpx.Response:
    url = f"{server.base_url('vertex')}/{HERE}/{model}:fetchPredictOperation"
    return httpx.post(url, json={"operationName": name}, headers=headers, timeout=20)


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, error.get("status", ""), error["message"]


def finished(server: Emulation, accepted: httpx.Response) -> Any:
    assert accepted.status_code == 200, accepted.text
    name = accepted.json()["name"]
    for _ in range(10):
        view = ask(server, name).json()
        assert view["name"] == name
        if view.get("done"):
            return view
    raise AssertionError("it never finished")


def test_videos_come_in_the_answer(server: Emulation) -> None:
    accepted = post(server, sampleCount=2)
    assert accepted.json()["name"].startswith(f"{HERE}/{MODEL}/operations/")
    response = finished(server, accepted)["response"]
    assert response["@type"] == "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
    assert [video["mimeType"] for video in response["videos"]] == ["video/mp4"] * 2
    clips = [base64.b64decode(video["bytesBase64Encoded"], validate=True) for video in response["videos"]]
    assert [clip[4:8] for clip in clips] == [b"ftyp"] * 2
    assert server.accepted("vertex") == 1


def test_videos_lie_in_a_bucket_where_one_is_named(server: Emulation) -> None:
    response = finished(server, post(server, storageUri="gs://our-bucket/a folder/", sampleCount=2))["response"]
    links = [video["gcsUri"] for video in response["videos"]]
    assert all(link.startswith("gs://our-bucket/a folder/") for link in links)
    name = links[1].removeprefix("gs://our-bucket/").replace("/", "%2F").replace(" ", "%20")
    stored = f"{server.base_url('vertex')}/storage/v1/b/our-bucket/o/{name}"
    video = httpx.get(f"{stored}?alt=media", headers=TOKEN)
    assert (video.status_code, video.headers["content-type"], video.content[4:8]) == (200, "video/mp4", b"ftyp")
    assert httpx.get(f"{stored}?alt=media", headers={**TOKEN, "range": "bytes=4-7"}).content == b"ftyp"
    assert httpx.get(stored, headers=TOKEN).json()["kind"] == "storage#object"
    assert httpx.get(f"{stored}?alt=media").status_code == 401
    assert httpx.get(f"{stored}x?alt=media", headers=TOKEN).status_code == 404


def test_googles_own_library_says_v1beta1(server: Emulation) -> None:
    base = server.base_url("vertex").replace("/v1", "/v1beta1")
    body = {"instances": [{"prompt": "A boat."}], "parameters": {"generateAudio": True}}
    name = httpx.post(f"{base}/{HERE}/{MODEL}:predictLongRunning", json=body, headers=TOKEN).json()["name"]
    answer = httpx.post(f"{base}/{HERE}/{MODEL}:fetchPredictOperation", json={"operationName": name}, headers=TOKEN)
    assert answer.json() == {"name": name}


@pytest.mark.parametrize(
    ("instance", "parameters", "says"),
    [
        (None, {"generateAudio": None}, "`generateAudio` is required"),
        (None, {"generateAudio": "true"}, "needs to be a boolean"),
        (None, {"enhancePrompt": False}, "cannot be disabled"),
        (
            None,
            {"durationSeconds": 5},
            "output video duration 5 seconds, supported durations are [4, 6, 8]",
        ),
        (None, {"durationSeconds": "8"}, "Unsupported output video duration"),
        (None, {"resolution": "2k"}, "The string value 2k for resolution is invalid"),
        (None, {"aspectRatio": "1:1"}, "aspectRatio is invalid"),
        (None, {"sampleCount": 5}, "between 1 and 4"),
        (None, {"seed": 2**32}, "`seed` is out of bound"),
        (None, {"personGeneration": "nobody"}, "personGeneration is invalid"),
        (None, {"resizeMode": "pad"}, "image to video only"),
        (None, {"compressionQuality": "best"}, "compressionQuality is invalid"),
        (None, {"storageUri": "https://example.com"}, "gs://"),
        (None, {"numberOfVideos": 1}, "Unknown name `numberOfVideos`"),
        ({"image": {"inlineData": {}}}, {}, "Unknown name `inlineData`"),
        ({"image": {**JPEG, "mimeType": "image/png"}}, {}, "is image/jpeg, not image/png"),
        ({"referenceImages": [ASSET]}, {"durationSeconds": 6}, "[8] for feature reference_to_video"),
        ({"referenceImages": [ASSET], "image": JPEG}, {}, "cannot be combined"),
        ({"referenceImages": [ASSET] * 4}, {}, "at most 3"),
        ({"referenceImages": [{**ASSET, "referenceType": "style"}]}, {}, "referenceType is invalid"),
        ({"lastFrame": JPEG}, {}, "`lastFrame` needs `image`"),
        ({"video": {"uri": "files/a"}}, {}, "Unknown name `uri`"),
        ({"video": {"bytesBase64Encoded": "AAAA", "mimeType": "video/mp4"}}, {}, "not a MP4 file"),
        ({"prompt": ""}, {}, "prompt is required"),
    ],
)
def test_what_cannot_be_had_is_refused(
    server: Emulation, instance: dict[str, Any] | None, parameters: dict[str, Any], says: str
) -> None:
    status, kind, message = refused(post(server, instance, **parameters))
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert says in message
    assert server.accepted("vertex") == 0


@pytest.mark.parametrize(
    ("instance", "parameters"),
    [
        (None, {"durationSeconds": 4, "resolution": "4k", "seed": 0, "negativePrompt": "", "generateAudio": False}),
        ({"image": JPEG}, {"resizeMode": "crop", "compressionQuality": "lossless", "personGeneration": "allow_all"}),
        ({"image": JPEG, "lastFrame": JPEG}, {"durationSeconds": 6}),
        ({"referenceImages": [ASSET]}, {"durationSeconds": 8, "aspectRatio": "9:16"}),
    ],
)
def test_what_can_be_had_is_taken(
    server: Emulation, instance: dict[str, Any] | None, parameters: dict[str, Any]
) -> None:
    assert post(server, instance, **parameters).status_code == 200


def test_any_clip_can_be_extended(server: Emulation) -> None:
    (video,) = finished(server, post(server))["response"]["videos"]
    (longer,) = finished(server, post(server, {"video": video}))["response"]["videos"]
    assert longer["bytesBase64Encoded"]
    assert "[7] for feature video_extension" in refused(post(server, {"video": video}, durationSeconds=8))[2]
    assert "not allowed if `video`" in refused(post(server, {"video": video, "image": JPEG}))[2]


def test_lite_makes_nothing_from_references(server: Emulation) -> None:
    assert refused(post(server, {"referenceImages": [ASSET]}, LITE))[0] == 400
    assert refused(post(server, None, LITE, resolution="4k"))[0] == 400


def test_only_a_bearer_token_opens_it(server: Emulation) -> None:
    assert refused(post(server, headers={}))[:2] == (401, "UNAUTHENTICATED")
    assert refused(post(server, headers={"authorization": "Bearer wrong"}))[:2] == (401, "UNAUTHENTICATED")
    assert "API keys are not supported" in refused(post(server, headers={"x-goog-api-key": "ours"}))[2]
    assert refused(ask(server, "x", headers={}))[0] == 401


def test_an_unknown_model_or_operation_is_not_found(server: Emulation) -> None:
    status, kind, says = refused(post(server, model="veo-3.0-generate-001"))
    assert (status, kind) == (404, "NOT_FOUND")
    assert says == (
        f"Publisher Model `{HERE}/veo-3.0-generate-001` was not found or your project does not have access to it."
    )
    assert refused(ask(server, f"{HERE}/{MODEL}/operations/none"))[0] == 404
    name = post(server).json()["name"]
    assert refused(ask(server, name, FAST))[0] == 404
    assert refused(ask(server, name.replace("ours", "theirs")))[0] == 404


@pytest.mark.parametrize(
    ("script", "status", "says"),
    [
        ("bad-key", 401, "invalid authentication"),
        ("not-allowed", 403, "denied"),
        ("retired", 404, "was not found or your project does not have access"),
        ("daily-quota", 429, "quota"),
        ("overloaded", 503, "unavailable"),
        ("filtered-at-once", 400, "usage guidelines"),
    ],
)
def test_a_refusal_on_request(server: Emulation, script: str, status: int, says: str) -> None:
    answer = post(server, {"prompt": f"A boat [sandbox:{script}]"})
    assert answer.status_code == status
    assert says in refused(answer)[2]
    assert server.accepted("vertex") == 0


def test_a_rate_limit_passes(server: Emulation) -> None:
    for name in ("rate-limited", "rate-limited-without-hint"):
        assert post(server, {"prompt": f"A boat [sandbox:{name}]"}).status_code == 429
        assert post(server, {"prompt": f"A boat [sandbox:{name}]"}).status_code == 200


def test_runs_that_end_without_a_video(server: Emulation) -> None:
    def end(script: str, **instance: Any) -> Any:
        return finished(server, post(server, {"prompt": f"A boat [sandbox:{script}]", **instance}))

    assert end("fails")["error"]["code"] == 13
    by_result = end("filtered")["response"]
    assert (by_result["raiMediaFilteredCount"], "videos" in by_result) == (1, False)
    assert end("filtered", image=JPEG)["error"]["code"] == 3
    assert all("videos" not in str(end("done-without-video")) for _ in range(2))
    with pytest.raises(httpx.RemoteProtocolError):
        post(server, {"prompt": "A boat [sandbox:lost-reply]"})
