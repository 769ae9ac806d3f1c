"""Azerion's adapter: what goes on the wire, to the letter, and what its answers mean, whatever they look like."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from pydantic import JsonValue

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec
from playground.domain.provider import (
    Answer,
    Context,
    Created,
    Finished,
    HttpCall,
    Operation,
    Refused,
    RemoteFile,
    Unclear,
)
from playground.domain.request import Mode
from playground.providers import azerion
from tests.wire import everything, least, wire

CONTEXT = Context("https://api.azerion.ai/v1")
LINK = "https://storage.example.com/generated-video.mp4"


def spec(mode: Mode) -> ModeSpec:
    return load_tables()["azerion"].specs["google-veo-3-1", mode]


async def sent(mode: Mode, folder: Path, *, full: bool = False, **changes: Any) -> Any:
    request = everything(spec(mode)) if full else least(spec(mode))
    return await wire(azerion, spec(mode), request.changed(changes), CONTEXT, folder)


def answer(status: int, body: object = None, text: str | None = None) -> Answer:
    as_text = text if text is not None else json.dumps(body)
    return Answer(status, {}, as_text, None if text is not None else cast(JsonValue, body))


def read(status: int, body: object = None, text: str | None = None) -> Created:
    return azerion.created(answer(status, body, text))


def refusal(status: int, body: object) -> tuple[str, str, str | None]:
    outcome = read(status, body)
    assert isinstance(outcome, Refused), outcome
    assert "Azerion" in outcome.failure.message
    return outcome.failure.code, outcome.failure.charged, outcome.failure.provider_words


def error(says: str, status: int) -> dict[str, object]:
    return {"error": {"message": says, "type": "some_error", "code": "some_code", "status_code": status}}


# On the wire


async def test_text_to_video_on_the_wire(tmp_path: Path) -> None:
    assert await sent("text-to-video", tmp_path) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "output_format": "url",
            },
        }
    )
    assert await sent("text-to-video", tmp_path, full=True) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "negative_prompt": "",
                "duration": 6,
                "resolution": "1080p",
                "aspect_ratio": "9:16",
                "generate_audio": False,
                "seed": 0,
                "n": 4,
                "person_generation": "dont_allow",
                "compression_quality": "lossless",
                "output_format": "url",
            },
        }
    )


async def test_image_to_video_on_the_wire(tmp_path: Path) -> None:
    assert await sent("image-to-video", tmp_path) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "image": {"mime_type": "image/jpeg", "base_64_encoded": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4"},
                "output_format": "url",
            },
        }
    )
    assert await sent("image-to-video", tmp_path, full=True) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "negative_prompt": "",
                "duration": 6,
                "resolution": "1080p",
                "aspect_ratio": "9:16",
                "generate_audio": False,
                "seed": 0,
                "n": 4,
                "person_generation": "dont_allow",
                "resize_mode": "pad",
                "compression_quality": "lossless",
                "image": {"mime_type": "image/jpeg", "base_64_encoded": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4"},
                "output_format": "url",
            },
        }
    )


async def test_interpolation_on_the_wire(tmp_path: Path) -> None:
    assert await sent("interpolation", tmp_path) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "image": {"mime_type": "image/jpeg", "base_64_encoded": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4"},
                "last_frame": {
                    "mime_type": "image/jpeg",
                    "base_64_encoded": "/9j/4AAQSkZJ… 88464 characters, e367ea14b3cb",
                },
                "output_format": "url",
            },
        }
    )
    assert await sent("interpolation", tmp_path, full=True) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "negative_prompt": "",
                "duration": 6,
                "resolution": "1080p",
                "aspect_ratio": "9:16",
                "generate_audio": False,
                "seed": 0,
                "n": 4,
                "person_generation": "dont_allow",
                "compression_quality": "lossless",
                "image": {"mime_type": "image/jpeg", "base_64_encoded": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4"},
                "last_frame": {
                    "mime_type": "image/jpeg",
                    "base_64_encoded": "/9j/4AAQSkZJ… 88464 characters, e367ea14b3cb",
                },
                "output_format": "url",
            },
        }
    )


async def test_references_on_the_wire(tmp_path: Path) -> None:
    assert await sent("references", tmp_path) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "reference_images": [
                    {
                        "image": {
                            "mime_type": "image/png",
                            "base_64_encoded": "iVBORw0KGgoA… 131020 characters, 8ea7e01c23fb",
                        },
                        "reference_type": "subject",
                    }
                ],
                "output_format": "url",
            },
        }
    )
    assert await sent("references", tmp_path, full=True) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "negative_prompt": "",
                "duration": 6,
                "resolution": "1080p",
                "aspect_ratio": "9:16",
                "generate_audio": False,
                "seed": 0,
                "n": 4,
                "person_generation": "dont_allow",
                "compression_quality": "lossless",
                "image": {"mime_type": "image/jpeg", "base_64_encoded": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4"},
                "last_frame": {
                    "mime_type": "image/jpeg",
                    "base_64_encoded": "/9j/4AAQSkZJ… 88464 characters, e367ea14b3cb",
                },
                "reference_images": [
                    {
                        "image": {
                            "mime_type": "image/png",
                            "base_64_encoded": "iVBORw0KGgoA… 131020 characters, 8ea7e01c23fb",
                        },
                        "reference_type": "subject",
                    },
                    {
                        "image": {
                            "mime_type": "image/png",
                            "base_64_encoded": "iVBORw0KGgoA… 250612 characters, 6a000e71b4a2",
                        },
                        "reference_type": "subject",
                    },
                ],
                "output_format": "url",
            },
        }
    )


async def test_extension_on_the_wire(tmp_path: Path) -> None:
    assert await sent("extension", tmp_path) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "video": {"mime_type": "video/mp4", "base_64_encoded": "AAAAGGZ0eXBp… 1384 characters, 0db968564dc1"},
                "output_format": "url",
            },
        }
    )
    assert await sent("extension", tmp_path, full=True) == snapshot(
        {
            "call": "POST /videos/generation",
            "headers": {},
            "timeout": "blocking-create",
            "body": {
                "model": "google-veo-3-1",
                "prompt": "A paper boat drifts down a stream at dawn.",
                "negative_prompt": "",
                "resolution": "1080p",
                "aspect_ratio": "9:16",
                "generate_audio": False,
                "seed": 0,
                "n": 4,
                "person_generation": "dont_allow",
                "compression_quality": "lossless",
                "video": {"mime_type": "video/mp4", "base_64_encoded": "AAAAGGZ0eXBp… 1384 characters, 0db968564dc1"},
                "output_format": "url",
            },
        }
    )


async def test_a_link_is_handed_on_and_nothing_beside_it(tmp_path: Path) -> None:
    links: dict[str, Any] = {"first_frame": "https://example.com/a.png", "last_frame": "HTTPS://example.com/b.png"}
    body = (await sent("interpolation", tmp_path, **links))["body"]
    assert body["image"] == {"mime_type": "image/png", "url": "https://example.com/a.png"}
    assert body["last_frame"] == {"mime_type": "image/png", "url": "HTTPS://example.com/b.png"}
    body = (await sent("references", tmp_path, reference_images=["https://example.com/a.png"]))["body"]
    assert body["reference_images"] == [
        {"image": {"mime_type": "image/png", "url": "https://example.com/a.png"}, "reference_type": "subject"}
    ]
    body = (await sent("extension", tmp_path, source_video="https://example.com/v.mp4"))["body"]
    assert body["video"] == {"mime_type": "video/mp4", "url": "https://example.com/v.mp4"}


def test_there_is_nothing_to_ask_about_later_but_a_key_can_be_tried() -> None:
    with pytest.raises(ValueError, match="no jobs"):
        azerion.status(Operation(id="x"), CONTEXT)
    assert isinstance(azerion.checked(answer(200, {})), Unclear)
    assert azerion.key_test(CONTEXT) == HttpCall("GET", "/models")
    assert azerion.key_tested(answer(200, {"data": []})) is None
    refused = azerion.key_tested(answer(401, error("Invalid API key provided.", 401)))
    assert refused is not None
    assert (refused.code, refused.provider_words) == ("bad_key", "Invalid API key provided.")
    down = azerion.key_tested(answer(503, error("Down.", 503)))
    assert down is not None
    assert (down.code, down.charged) == ("unreachable", "no")


# What answers mean


def test_videos_come_as_links_or_from_inside_and_are_fetched_without_the_key() -> None:
    assert read(200, {"videos": [{"url": LINK}]}) == Finished((RemoteFile(url=LINK, with_credential=False),))
    inside = [{"base64_encoded": "inline:1"}, {"base64_encoded": "inline:2"}]
    assert read(200, {"videos": inside}) == Finished((RemoteFile(url="inline:1"), RemoteFile(url="inline:2")))
    mixed = [{"url": LINK}, {"url": ""}, None, {"base64_encoded": "inline:1", "url": None}]
    found = read(200, {"videos": mixed})
    assert found == Finished(
        (RemoteFile(url=LINK), RemoteFile(url="inline:1")), ("2 of 4 videos came without a link.",)
    )


@pytest.mark.parametrize(
    ("status", "says", "cause"),
    [
        (400, "Invalid value for duration.", "invalid"),
        (400, "The prompt was refused by the safety filter.", "filtered"),
        (401, "Invalid API key provided.", "bad_key"),
        (403, "Your API key has no access.", "not_allowed"),
        (404, "The model google-veo-3-1 does not exist.", "model_retired"),
        (404, "Not found.", "invalid"),
        (422, "The request could not be processed.", "invalid"),
        (422, "It violates our usage policies.", "filtered"),
        (429, "Rate limit exceeded.", "rate_limited"),
    ],
)
def test_a_refusal_has_its_cause_and_costs_nothing(status: int, says: str, cause: str) -> None:
    assert refusal(status, error(says, status)) == (cause, "no", says)


def test_an_error_in_a_200_is_a_refusal_and_no_video_is_none() -> None:
    assert refusal(200, error("Upstream refused.", 400)) == ("refused", "no", "Upstream refused.")
    assert refusal(200, {"error": "Upstream refused.", "videos": [{"url": LINK}]})[0] == "refused"
    assert refusal(200, {"videos": []}) == ("no_video", "unknown", None)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_long_wait_without_an_end_may_have_been_paid(status: int) -> None:
    outcome = read(status, error("Broken.", status))
    assert isinstance(outcome, Unclear)
    assert (outcome.failure.charged, outcome.failure.provider_words) == ("unknown", "Broken.")


@pytest.mark.parametrize("body", [None, "", [], {}, {"videos": None}, {"videos": {}}, {"videos": [{}, {"url": 7}]}])
def test_what_says_neither_is_unclear(body: object) -> None:
    assert isinstance(read(200, body), Unclear)


def test_a_page_and_garbage_are_unclear_and_name_the_provider() -> None:
    for text in ("<!doctype html><h1>Bad gateway</h1>", '{"videos": [', ""):
        outcome = read(200, text=text)
        assert isinstance(outcome, Unclear)
        assert "Azerion" in outcome.failure.message
        assert outcome.failure.provider_words is None


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
keys = st.sampled_from(["videos", "url", "base64_encoded", "error", "message", "type", "code", "status_code"])
words = st.sampled_from([LINK, "inline:1", "\ud800"])
trees = st.recursive(
    leaves | words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(status=st.integers(100, 599), body=trees)
def test_any_answer_gives_an_outcome(status: int, body: Any) -> None:
    outcome = read(status, body)
    tested = azerion.key_tested(answer(status, body))
    for failure in (outcome.failure if isinstance(outcome, Refused | Unclear) else None, tested):
        if failure is not None:
            assert "Azerion" in failure.message
            failure.model_dump_json().encode()
    if isinstance(outcome, Finished):
        assert 200 <= status < 300
        assert outcome.files
