# /// script
# dependencies = ["google-genai>=3"]
# ///
"""Google's own library on Vertex AI, in its newest edition; it says `/v1beta1`."""

import base64
import os
import time

from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials

root = os.environ["VERTEX_BASE_URL"].rpartition("/")[0]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAkCAIAAAC2bqvFAAAAOklEQVR42u3PQQkAAAgEsItjJjMZ2gw+hcEKLNXzWgQEBAQEBAQE"
    "BAQEBAQEBAQEBAQEBAQEBAQEbhb/gX6IZZkMewAAAABJRU5ErkJggg=="
)
SOURCE = types.GenerateVideosSource(prompt="A paper boat drifts.")
SHORT = {"duration_seconds": 4, "resolution": "720p", "generate_audio": True, "seed": 0}


def client(token: str) -> genai.Client:
    return genai.Client(
        vertexai=True,
        project="our-project",
        location="us-central1",
        credentials=Credentials(token=token),
        http_options=types.HttpOptions(base_url=root),
    )


def made(source: types.GenerateVideosSource, config: dict[str, object]) -> list[types.Video]:
    ours = client("our-token")
    operation = ours.models.generate_videos(model="veo-3.1-generate-001", source=source, config=config)
    while not operation.done:
        time.sleep(0.5)
        operation = ours.operations.get(operation)
    assert operation.error is None, operation.error
    return [generated.video for generated in operation.response.generated_videos]


videos = made(SOURCE, {**SHORT, "number_of_videos": 2})
for number, video in enumerate(videos, 1):
    video.save(f"text-{number}.mp4")

image = types.Image(image_bytes=PNG, mime_type="image/png")
(video,) = made(types.GenerateVideosSource(prompt="It drifts.", image=image), {**SHORT, "resize_mode": "PAD"})
video.save("image.mp4")

(stored,) = made(SOURCE, {**SHORT, "output_gcs_uri": "gs://our-bucket/out/"})
assert stored.uri.startswith("gs://our-bucket/out/"), stored

nobodys = client("wrong-token")
try:
    nobodys.models.generate_videos(model="veo-3.1-generate-001", source=SOURCE, config=SHORT)
except errors.ClientError as refused:
    assert refused.code == 401, refused
else:
    raise AssertionError("a wrong token was taken")
