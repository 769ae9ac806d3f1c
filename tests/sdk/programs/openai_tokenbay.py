# /// script
# dependencies = ["openai==3.51.0"]
# ///
"""OpenAI's library on TokenBay, with JSON of TokenBay's own: its typed create sends a form, which TokenBay refuses."""

import os
import time
import warnings

from openai import AuthenticationError, OpenAI

warnings.simplefilter("ignore", DeprecationWarning)  # OpenAI's own video service has ended
client = OpenAI(api_key="our-key", base_url=os.environ["TOKENBAY_BASE_URL"], max_retries=0)
WANTED = {"model": "veo-3.1-fast-generate-preview", "prompt": "A paper boat drifts down a stream.", "duration": 4}


def made(wanted: dict[str, object], path: str) -> str:
    task = client.post("/videos", body=wanted, cast_to=object)["id"]
    while (state := asked(task)) not in ("success", "completed"):
        assert state in ("queued", "submitted", "in_progress"), state
        time.sleep(0.5)
    client.videos.download_content(task).write_to_file(path)
    part = client.videos.download_content(task, extra_headers={"Range": "bytes=4-7"})
    assert (part.response.status_code, part.read()) == (206, b"ftyp")
    return task


def asked(task: str) -> str:
    # The library finds no field in an answer that is wrapped, and raises nothing.
    video = client.videos.retrieve(task)
    return (video.status or video.data["status"]).lower()


# One task for each way in which TokenBay may tell how it stands.
for number in range(3):
    made({**WANTED, "seed": number, "resolution": "720p", "aspect_ratio": "16:9"}, f"text-{number}.mp4")

refused = client.videos.create(model=WANTED["model"], prompt=WANTED["prompt"])
assert (refused.id, refused.error.code) == (None, "invalid_request"), refused
refused = client.post("/videos", body={**WANTED, "size": "1280x720"}, cast_to=object)
assert "size" in refused["error"]["message"], refused
try:
    client.with_options(api_key="wrong-key").post("/videos", body=WANTED, cast_to=object)
except AuthenticationError as error:
    assert error.body["type"] == "new_api_error", error.body
else:
    raise AssertionError("a wrong key was taken")
assert WANTED["model"] in [model.id for model in client.models.list()]
