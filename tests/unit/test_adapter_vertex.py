"""Vertex AI's adapter: what goes on the wire, to the letter, and what its answers mean where the Gemini API differs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from inline_snapshot import snapshot

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec
from playground.domain.provider import (
    Accepted,
    Answer,
    Context,
    Failed,
    Finished,
    Gone,
    NotYet,
    Operation,
    Refused,
    RemoteFile,
    Running,
    Unclear,
)
from playground.domain.request import Mode, VideoRequest
from playground.providers import vertex
from tests.google_answers import REASON, answer, done, error, trees
from tests.wire import everything, least, wire

ACCOUNT = {"project": "our project", "location": "us-central1"}
CONTEXT = Context("https://us-central1-aiplatform.googleapis.com/v1", ACCOUNT)
STORED = Context(CONTEXT.base_url, {**ACCOUNT, "storage_uri": "gs://our-bucket/out/"})
MODEL = "projects/our-project/locations/us-central1/publishers/google/models/veo-3.1-generate-001"
NAME = f"{MODEL}/operations/0a1b-2c3d"


def spec(mode: Mode, model: str = "veo-3.1-generate-001") -> ModeSpec:
    return load_tables()["vertex"].specs[model, mode]


def refusal(reply: Answer) -> tuple[str, str, str | None]:
    outcome = vertex.created(reply)
    assert isinstance(outcome, Refused), outcome
    assert "Vertex AI" in outcome.failure.message
    return outcome.failure.code, outcome.failure.charged, outcome.failure.provider_words


# On the wire


async def body(mode: ModeSpec, request: VideoRequest, context: Context, folder: Path) -> Any:
    """The body of a create, whose place and kind are seen to be right."""
    seen = await wire(vertex, mode, request, context, folder)
    where = "/projects/our%20project/locations/us-central1/publishers/google/models"
    assert seen["call"] == f"POST {where}/{mode.model.id}:predictLongRunning"
    assert (seen["headers"], seen["timeout"]) == ({}, "create")
    return seen["body"]


async def test_text_to_video_on_the_wire(tmp_path: Path) -> None:
    text = spec("text-to-video")
    assert await body(text, least(text), CONTEXT, tmp_path) == snapshot(
        {
            "instances": [{"prompt": "A paper boat drifts down a stream at dawn."}],
            "parameters": {"generateAudio": True},
        }
    )
    assert await body(text, everything(text), STORED, tmp_path) == snapshot(
        {
            "instances": [{"prompt": "A paper boat drifts down a stream at dawn."}],
            "parameters": {
                "negativePrompt": "",
                "durationSeconds": 6,
                "resolution": "4k",
                "aspectRatio": "9:16",
                "generateAudio": False,
                "seed": 0,
                "sampleCount": 4,
                "personGeneration": "allow_all",
                "compressionQuality": "lossless",
                "storageUri": "gs://our-bucket/out/",
            },
        }
    )


async def test_image_to_video_on_the_wire(tmp_path: Path) -> None:
    image = spec("image-to-video", "veo-3.1-lite-generate-001")
    assert await body(image, least(image), CONTEXT, tmp_path) == snapshot(
        {
            "instances": [
                {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "image": {
                        "bytesBase64Encoded": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4",
                        "mimeType": "image/jpeg",
                    },
                }
            ],
            "parameters": {"generateAudio": True},
        }
    )
    assert await body(image, everything(image), CONTEXT, tmp_path) == snapshot(
        {
            "instances": [
                {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "image": {
                        "bytesBase64Encoded": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4",
                        "mimeType": "image/jpeg",
                    },
                }
            ],
            "parameters": {
                "negativePrompt": "",
                "durationSeconds": 6,
                "resolution": "1080p",
                "aspectRatio": "9:16",
                "generateAudio": False,
                "seed": 0,
                "sampleCount": 4,
                "personGeneration": "allow_all",
                "resizeMode": "crop",
                "compressionQuality": "lossless",
            },
        }
    )


async def test_interpolation_on_the_wire(tmp_path: Path) -> None:
    frames = spec("interpolation", "veo-3.1-fast-generate-001")
    assert await body(frames, least(frames), CONTEXT, tmp_path) == snapshot(
        {
            "instances": [
                {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "image": {
                        "bytesBase64Encoded": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4",
                        "mimeType": "image/jpeg",
                    },
                    "lastFrame": {
                        "bytesBase64Encoded": "/9j/4AAQSkZJ… 88464 characters, e367ea14b3cb",
                        "mimeType": "image/jpeg",
                    },
                }
            ],
            "parameters": {"generateAudio": True},
        }
    )
    assert await body(frames, everything(frames), CONTEXT, tmp_path) == snapshot(
        {
            "instances": [
                {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "image": {
                        "bytesBase64Encoded": "/9j/4AAQSkZJ… 85132 characters, 84492e4d92b4",
                        "mimeType": "image/jpeg",
                    },
                    "lastFrame": {
                        "bytesBase64Encoded": "/9j/4AAQSkZJ… 88464 characters, e367ea14b3cb",
                        "mimeType": "image/jpeg",
                    },
                }
            ],
            "parameters": {
                "negativePrompt": "",
                "durationSeconds": 6,
                "resolution": "1080p",
                "aspectRatio": "9:16",
                "generateAudio": False,
                "seed": 0,
                "sampleCount": 4,
                "personGeneration": "allow_all",
                "compressionQuality": "lossless",
            },
        }
    )


async def test_references_on_the_wire(tmp_path: Path) -> None:
    references = spec("references")
    assert await body(references, least(references), CONTEXT, tmp_path) == snapshot(
        {
            "instances": [
                {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "referenceImages": [
                        {
                            "image": {
                                "bytesBase64Encoded": "iVBORw0KGgoA… 131020 characters, 8ea7e01c23fb",
                                "mimeType": "image/png",
                            },
                            "referenceType": "asset",
                        }
                    ],
                }
            ],
            "parameters": {"generateAudio": True},
        }
    )
    assert await body(references, everything(references), CONTEXT, tmp_path) == snapshot(
        {
            "instances": [
                {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "referenceImages": [
                        {
                            "image": {
                                "bytesBase64Encoded": "iVBORw0KGgoA… 131020 characters, 8ea7e01c23fb",
                                "mimeType": "image/png",
                            },
                            "referenceType": "asset",
                        },
                        {
                            "image": {
                                "bytesBase64Encoded": "iVBORw0KGgoA… 250612 characters, 6a000e71b4a2",
                                "mimeType": "image/png",
                            },
                            "referenceType": "asset",
                        },
                    ],
                }
            ],
            "parameters": {
                "negativePrompt": "",
                "durationSeconds": 6,
                "resolution": "4k",
                "aspectRatio": "9:16",
                "generateAudio": False,
                "seed": 0,
                "sampleCount": 4,
                "personGeneration": "allow_all",
                "compressionQuality": "lossless",
            },
        }
    )


async def test_extension_on_the_wire(tmp_path: Path) -> None:
    extension = spec("extension")
    assert await body(extension, least(extension), STORED, tmp_path) == snapshot(
        {
            "instances": [
                {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "video": {
                        "bytesBase64Encoded": "AAAAGGZ0eXBp… 1384 characters, 0db968564dc1",
                        "mimeType": "video/mp4",
                    },
                }
            ],
            "parameters": {"generateAudio": True, "storageUri": "gs://our-bucket/out/"},
        }
    )
    assert await body(extension, everything(extension), CONTEXT, tmp_path) == snapshot(
        {
            "instances": [
                {
                    "prompt": "A paper boat drifts down a stream at dawn.",
                    "video": {
                        "bytesBase64Encoded": "AAAAGGZ0eXBp… 1384 characters, 0db968564dc1",
                        "mimeType": "video/mp4",
                    },
                }
            ],
            "parameters": {
                "negativePrompt": "",
                "resolution": "4k",
                "aspectRatio": "9:16",
                "generateAudio": False,
                "seed": 0,
                "sampleCount": 4,
                "personGeneration": "allow_all",
                "compressionQuality": "lossless",
            },
        }
    )


def test_a_question_is_a_post_at_the_model_that_the_operation_names() -> None:
    call = vertex.status(Operation(id=NAME), Context(CONTEXT.base_url, {}))
    assert (call.method, call.path) == ("POST", f"/{MODEL}:fetchPredictOperation")
    assert call.body == {"operationName": NAME}
    assert "bytesBase64Encoded" in call.inline_videos


def test_a_program_asks_at_its_own_project() -> None:
    request = least(spec("text-to-video"))
    status = vertex.recipe(request, CONTEXT).status
    assert status is not None
    assert status.call.path == f"/{MODEL.replace('our-project', 'our%20project')}:fetchPredictOperation"


# What answers mean


def test_a_name_is_a_receipt() -> None:
    assert vertex.created(answer(200, {"name": NAME})) == Accepted(Operation(id=NAME))


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (answer(401, error(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED")), "bad_key"),
        (
            answer(403, error(403, "Permission denied on resource", "PERMISSION_DENIED")),
            "not_allowed",
        ),
        (
            answer(404, error(404, f"Publisher Model `{MODEL}` was not found or your project does not have access")),
            "model_retired",
        ),
        (answer(400, error(400, "4k is available to allowlisted projects only")), "not_allowed"),
        (answer(400, error(400, "Unsupported output video duration 5 seconds")), "invalid"),
        (answer(400, [error(400, "Unsupported output video duration 5 seconds")]), "invalid"),
        (
            answer(429, error(429, "Quota exceeded for this base model", "RESOURCE_EXHAUSTED")),
            "rate_limited",
        ),
    ],
)
def test_a_refusal_has_its_cause_its_words_and_costs_nothing(reply: Answer, cause: str) -> None:
    says = reply.text_at("error", "message") or reply.text_at(0, "error", "message")
    assert refusal(reply) == (cause, "no", says)


def test_an_operation_that_is_not_done_runs() -> None:
    assert vertex.checked(answer(200, {"name": NAME})) == Running()


@pytest.mark.parametrize(
    ("videos", "files"),
    [
        (
            [{"bytesBase64Encoded": "inline:1", "mimeType": "video/mp4"}, {"bytesBase64Encoded": "inline:2"}],
            (RemoteFile(url="inline:1"), RemoteFile(url="inline:2")),
        ),
        (
            [{"gcsUri": "gs://our-bucket/out/sample_0.mp4", "mimeType": "video/mp4"}],
            (RemoteFile(url="gs://our-bucket/out/sample_0.mp4", with_credential=True),),
        ),
        ([{"uri": "https://cdn.example.com/1.mp4"}], (RemoteFile(url="https://cdn.example.com/1.mp4"),)),
    ],
)
def test_videos_come_in_the_answer_or_lie_in_a_bucket(videos: object, files: tuple[RemoteFile, ...]) -> None:
    assert vertex.checked(answer(200, done(videos=videos, raiMediaFilteredCount=0))) == Finished(files)


def test_some_may_be_withheld() -> None:
    body = done(videos=[{"gcsUri": "gs://b/1.mp4"}], raiMediaFilteredCount=3, raiMediaFilteredReasons=[REASON])
    outcome = vertex.checked(answer(200, body))
    assert isinstance(outcome, Finished)
    assert outcome.notes == (f"Some videos were withheld by the safety filter: {REASON}",)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (done(raiMediaFilteredCount=1, raiMediaFilteredReasons=[REASON]), ("filtered", "no")),
        ({"done": True, "error": {"code": 3, "message": "… Support codes: 29310472"}}, ("filtered", "no")),
        ({"done": True, "error": {"code": 13, "message": "Internal error."}}, ("failed", "unknown")),
        ({"done": True, "error": {"code": 14}}, ("overloaded", "unknown")),
        ({"done": True}, ("no_video", "unknown")),
        (done(raiMediaFilteredCount=0, raiMediaFilteredReasons=[]), ("no_video", "unknown")),
    ],
)
def test_an_end_without_video_says_what_is_known_of_its_cost(body: object, expected: tuple[str, str]) -> None:
    outcome = vertex.checked(answer(200, body))
    assert isinstance(outcome, Failed)
    assert (outcome.failure.code, outcome.failure.charged) == expected


def test_a_forgotten_job_is_gone() -> None:
    assert isinstance(vertex.checked(answer(404, error(404, "The operation was not found."))), Gone)


@given(trees)
def test_any_answer_gives_an_outcome(body: Any) -> None:
    for status in (100, 200, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503):
        reply = Answer(status, {}, "", body)
        for outcome in (vertex.created(reply), vertex.checked(reply)):
            if isinstance(outcome, Refused | Unclear | Failed | Gone):
                assert "Vertex AI" in outcome.failure.message
                outcome.failure.model_dump_json().encode()
            if isinstance(outcome, Accepted):
                vertex.status(outcome.operation, CONTEXT).path.encode()
            if isinstance(outcome, Finished):
                assert outcome.files
            if isinstance(outcome, NotYet):
                assert outcome.wait_seconds >= 0
