# /// script
# dependencies = ["cloudflare==5.9.0"]
# ///
"""Cloudflare's own library. Its typed `ai.run` names the model in the path; this model has it in the body."""

import os

import cloudflare
import httpx

# Its own defaults would send a paid create up to three times, and give up after a minute.
client = cloudflare.Cloudflare(
    api_token="our-token", base_url=os.environ["CLOUDFLARE_BASE_URL"], max_retries=0, timeout=900
)
INPUT = {
    "prompt": "A paper boat drifts down a stream.",
    "duration": "4s",
    "aspect_ratio": "16:9",
    "resolution": "720p",
    "generate_audio": True,
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def run(model: str = "google/veo-3.1", **changes: object) -> dict:
    return client.post(
        "/accounts/our-account/ai/run",
        body={"model": model, "input": {**INPUT, **changes}},
        cast_to=object,
        options={"headers": {"cf-aig-max-attempts": "1"}},
    )


def saved(answer: dict, path: str) -> None:
    assert answer.get("state") != "Failed", answer
    while "video" not in answer:
        answer = answer["result"]
    # The storage behind the link must not see the token.
    with open(path, "wb") as file:
        file.write(httpx.get(answer["video"]).raise_for_status().content)


# The same request in turn: each answer is wrapped in another way.
for number in range(4):
    saved(run(), f"text-{number}.mp4")
saved(run("google/veo-3.1-fast", image_input=PIXEL), "image.mp4")

failed = run(prompt="A boat. [sandbox:fails]")
assert failed["state"] == "Failed", "a run that failed comes with a 200, which raises nothing"

for changes, says in (({"seed": 1}, "additional properties"), ({"duration": 8}, "/input/duration")):
    try:
        run(**changes)
    except cloudflare.BadRequestError as refused:
        assert says in refused.body["errors"][0]["message"], refused
    else:
        raise AssertionError(f"{changes} was taken")

try:
    cloudflare.Cloudflare(api_token="wrong", base_url=os.environ["CLOUDFLARE_BASE_URL"], max_retries=0).post(
        "/accounts/our-account/ai/run", body={"model": "google/veo-3.1", "input": INPUT}, cast_to=object
    )
except cloudflare.AuthenticationError as refused:
    assert refused.body["errors"][0]["code"] == 10000, refused
else:
    raise AssertionError("a wrong token was taken")
