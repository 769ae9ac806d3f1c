# /// script
# dependencies = ["aigateway-py==0.1.3"]
# ///
"""aigateway.sh's own library, which knows the third of its three jobs; of the others it keeps what it does not know."""

import os
import time

import httpx
from aigateway import AIgateway, AIgatewayError

root = os.environ["AIGATEWAY_BASE_URL"].removesuffix("/v1")
client = AIgateway(api_key="our-key", base_url=root, media_base_url=root)
WANTED = {"model": "google/veo-3.1", "prompt": "A paper boat drifts down a stream.", "duration": 4}


def ended(job_id: str):
    while True:
        try:
            job = client.jobs.get(job_id)
        except TypeError:
            pass  # a 304, which the library does not know
        else:
            if job.status in ("completed", "failed", "cancelled"):
                return job
        time.sleep(0.5)


kinds = set()
for number in range(3):
    job = ended(client.jobs.create_video(**WANTED, aspect_ratio="16:9").id)
    assert (job.status, job.error) == ("completed", None), job
    if job.result_url is not None:
        kinds.add("library")
        video = client.files.download(job.id, job.result_url.rpartition("/")[2])
    else:
        kinds.add(*job.result.keys() & {"url", "file_url"})
        video = httpx.get(job.result.get("url") or job.result["file_url"]).raise_for_status().content
    with open(f"text-{number}.mp4", "wb") as file:
        file.write(video)
assert kinds == {"url", "file_url", "library"}, kinds

running = client.jobs.create_video(**{**WANTED, "prompt": "A boat [sandbox:never-ends]."})
assert client.jobs.cancel(running.id).status == "cancelled"
try:
    client.jobs.create_video(**WANTED, seed=0)
except AIgatewayError as error:
    assert (error.status_code, error.type) == (400, "invalid_request_error"), error
else:
    raise AssertionError("a field that nobody documents was taken")
