# /// script
# dependencies = ["google-genai==2.34.0"]
# ///
"""Google's own library on the Gemini API; 2.34.0 is the last one with Veo there."""

import os
import time

from google import genai
from google.genai import errors, types

root, _, version = os.environ["GEMINI_BASE_URL"].rpartition("/")
client = genai.Client(api_key="our-key", http_options=types.HttpOptions(base_url=root, api_version=version))
MODEL = "veo-3.1-generate-preview"
SOURCE = types.GenerateVideosSource(prompt="A paper boat drifts down a stream.")
SHORT = {"duration_seconds": 4, "resolution": "720p", "number_of_videos": 1}


def made(source: types.GenerateVideosSource, config: dict[str, object], path: str) -> types.Video:
    operation = client.models.generate_videos(model=MODEL, source=source, config=config)
    while not operation.done:
        time.sleep(0.5)
        operation = client.operations.get(operation)
    assert operation.error is None, operation.error
    (generated,) = operation.response.generated_videos
    client.files.download(file=generated.video)
    generated.video.save(path)
    return types.Video(uri=generated.video.uri)


def state(video: types.Video) -> str:
    return client.files.get(name=video.uri.partition(":download")[0].rpartition("/")[2]).state.name


clip = made(
    SOURCE,
    {**SHORT, "aspect_ratio": "16:9", "negative_prompt": "rain", "person_generation": "allow_all"},
    "text.mp4",
)

# By its bare name, too.
name = "files/" + clip.uri.rpartition("/files/")[2].partition(":")[0]
with open("by-name.mp4", "wb") as file:
    file.write(client.files.download(file=name))

while state(clip) != "ACTIVE":
    time.sleep(0.5)
made(
    types.GenerateVideosSource(prompt="It goes on.", video=clip),
    {"resolution": "720p", "number_of_videos": 1},
    "extended.mp4",
)

try:
    client.models.generate_videos(model=MODEL, source=SOURCE, config={"enhance_prompt": True})
except errors.ClientError as refused:
    assert "isn't supported by this model" in refused.message, refused
else:
    raise AssertionError("enhance_prompt was taken")
