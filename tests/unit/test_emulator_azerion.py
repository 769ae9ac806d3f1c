"""Azerion's stand-in, met by plain httpx: strict as its page says, real shapes, videos as links or in the answer."""

import base64
from typing import Any

import httpx
import pytest

from tests.emulation import Emulation
from tests.house import SAMPLES

FRAME = base64.b64encode((SAMPLES / "first-frame.jpg").read_bytes()).decode()
PICTURE = base64.b64encode((SAMPLES / "reference-1.png").read_bytes()).decode()
JPEG = {"mime_type": "image/jpeg", "base_64_encoded": FRAME}
PNG = {"mime_type": "image/png", "base_64_encoded": PICTURE}
KEY = {"authorization": "Bearer our-key"}
ASKED: dict[str, object] = {"model": "google-veo-3-1", "prompt": "A boat.", "duration": 4, "output_format": "url"}


def generate(server: Emulation, headers: dict[str, str] = KEY, **changes: Any) -> httpx.Response:
    body = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
    return httpx.post(f"{server.base_url('azerion')}/videos/generation", json=body, headers=headers, timeout=20)


def refused(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) - {"param"} == {"message", "type", "code", "status_code"}
    assert error["status_code"] == answer.status_code
    return answer.status_code, error["message"]


def test_each_video_has_a_link_of_its_own_that_takes_no_key(server: Emulation) -> None:
    videos = generate(server, n=2).json()["videos"]
    assert [set(video) for video in videos] == [{"url"}, {"url"}]
    for video in videos:
        whole = httpx.get(video["url"])
        assert (whole.status_code, whole.headers["content-type"], whole.content[4:8]) == (200, "video/mp4", b"ftyp")
        part = httpx.get(video["url"], headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        assert httpx.get(video["url"], headers=KEY).status_code == 400
    assert videos[0] != videos[1]
    assert server.accepted("azerion") == 1
    assert httpx.get(videos[0]["url"].replace("0.mp4", "2.mp4")).status_code == 404


def test_without_an_output_format_the_videos_come_inside_the_answer(server: Emulation) -> None:
    for form in (None, "base64"):
        (video,) = generate(server, output_format=form).json()["videos"]
        assert set(video) == {"base64_encoded"}
        assert base64.b64decode(video["base64_encoded"])[4:8] == b"ftyp"


def test_every_mode_is_taken(server: Emulation) -> None:
    clip = httpx.get(generate(server).json()["videos"][0]["url"]).content
    video = {"mime_type": "video/mp4", "base_64_encoded": base64.b64encode(clip).decode()}
    link = {"mime_type": "image/png", "url": "https://example.com/a.png"}
    modes: list[dict[str, Any]] = [
        {"image": JPEG},
        {"image": JPEG, "prompt": None},
        {"image": JPEG, "last_frame": PNG},
        {"image": link},
        {"reference_images": [{"image": PNG, "reference_type": "subject"}]},
        {"video": video},
    ]
    for media in modes:
        answer = generate(server, **media)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": None}, "Missing required parameter: model."),
        ({"prompt": None}, "prompt is required"),
        ({"prompt": "x" * 4_001}, "Invalid value for prompt"),
        ({"n": 5}, "Invalid value for n"),
        ({"n": 0}, "Invalid value for n"),
        ({"duration": 5}, "Invalid value for duration"),
        ({"duration": "8"}, "Invalid value for duration"),
        ({"duration": "8s"}, "Invalid value for duration"),
        ({"resolution": "4k"}, "Invalid value for resolution"),
        ({"aspect_ratio": "1:1"}, "Invalid value for aspect_ratio"),
        ({"seed": -1}, "Invalid value for seed"),
        ({"seed": 4_294_967_296}, "Invalid value for seed"),
        ({"person_generation": "disallow"}, "Invalid value for person_generation"),
        ({"enhance_prompt": False}, "enhance_prompt is not supported on Veo 3.1"),
        ({"enhance_prompt": True}, "It is only available for Veo 2 models."),
        ({"fps": 24}, "Unknown parameter: fps."),
        ({"image": {"base_64_encoded": FRAME}}, "Missing required parameter: image.mime_type."),
        ({"image": {"mime_type": "image/jpeg"}}, "Provide either url or base_64_encoded."),
        ({"image": {**JPEG, "url": "https://example.com/a.jpg"}}, "Provide either url or base_64_encoded."),
        ({"image": {"mime_type": "image/webp", "base_64_encoded": FRAME}}, "Invalid value for image.mime_type"),
        ({"image": {"mime_type": "image/png", "base_64_encoded": FRAME}}, "is image/jpeg, not image/png"),
        ({"image": {"mime_type": "image/jpeg", "base64_encoded": FRAME}}, "Unknown parameter: image.base64_encoded."),
        (
            {"image": {"mime_type": "image/jpeg", "base_64_encoded": f"data:image/jpeg;base64,{FRAME}"}},
            "is not valid base64",
        ),
        ({"last_frame": JPEG}, "last_frame must be used with image."),
        ({"reference_images": [{"image": PNG, "reference_type": "style"}]}, 'Only "subject" reference type'),
        ({"reference_images": [{"image": PNG, "reference_type": "subject"}] * 4}, "Invalid value for reference_images"),
        ({"prompt": "[sandbox:earthquake]"}, "no rehearsal"),
    ],
)
def test_what_its_page_does_not_have_is_refused(server: Emulation, changes: dict[str, Any], says: str) -> None:
    status, message = refused(generate(server, **changes))
    assert status == 400
    assert says in message
    assert server.accepted("azerion") == 0


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong-one"}])
def test_without_a_good_key_nothing_is_said(server: Emulation, headers: dict[str, str]) -> None:
    assert refused(generate(server, headers))[0] == 401
    models = f"{server.base_url('azerion')}/models"
    assert refused(httpx.get(models, headers=headers))[0] == 401
    assert httpx.get(models, headers=KEY).json()["data"][0]["id"] == "google-veo-3-1"


@pytest.mark.parametrize(
    ("script", "status"),
    [("bad-key", 401), ("not-allowed", 403), ("retired", 404), ("overloaded", 503), ("filtered-at-once", 400)],
)
def test_a_refusal_on_request(server: Emulation, script: str, status: int) -> None:
    assert refused(generate(server, prompt=f"A boat [sandbox:{script}]"))[0] == status
    assert refused(generate(server, model="google-veo-9"))[0] == 404
    assert server.accepted("azerion") == 0


def test_a_rate_limit_passes(server: Emulation) -> None:
    for name, hint in (("rate-limited", "2"), ("rate-limited-without-hint", None)):
        first = generate(server, prompt=f"A boat [sandbox:{name}]")
        assert (refused(first)[0], first.headers.get("retry-after")) == (429, hint)
        assert generate(server, prompt=f"A boat [sandbox:{name}]").status_code == 200


def test_a_filter_withholds_one_of_several_or_the_only_one(server: Emulation) -> None:
    assert len(generate(server, n=3, prompt="A boat [sandbox:filtered]").json()["videos"]) == 2
    assert refused(generate(server, prompt="A boat [sandbox:filtered]"))[0] == 422
    assert generate(server, prompt="A boat [sandbox:done-without-video]").json() == {"videos": []}
    (late,) = generate(server, prompt="A boat [sandbox:link-expired]").json()["videos"]
    assert httpx.get(late["url"]).status_code == 403
    with pytest.raises(httpx.RemoteProtocolError):
        generate(server, prompt="A boat [sandbox:lost-reply]")


def test_a_fault_of_the_wire_is_in_azerions_words(server: Emulation) -> None:
    server.fault("azerion", "create", "error-503")
    assert refused(generate(server)) == (503, "The service is temporarily unavailable.")
