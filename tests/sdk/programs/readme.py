# /// script
# dependencies = ["google-genai==2.34.0", "openai==3.51.0", "cloudflare==5.9.0"]
# ///
"""What README.md tells other developers, as it stands there: its clients reach their stand-ins and make a job each."""

import os
import re
import time
from pathlib import Path
from typing import Any

import httpx

README = Path(__file__).parents[3] / "README.md"
section = README.read_text("utf-8").partition("## Test your own program")[2].partition("\n## ")[0]
(block,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
origin = os.environ["TOKENBAY_BASE_URL"].removesuffix("/tokenbay/v1")
named: dict[str, Any] = {}
exec(block.replace("http://127.0.0.1:8100", origin), named)

SHORT = {"prompt": "A boat", "config": {"duration_seconds": 4}}
operation = named["gemini"].models.generate_videos(model="veo-3.1-generate-preview", **SHORT)
SHORT["config"]["generate_audio"] = False
assert named["vertex"].models.generate_videos(model="veo-3.1-generate-001", **SHORT).name
while not operation.done:
    time.sleep(0.5)
    operation = named["gemini"].operations.get(operation)
video = operation.response.generated_videos[0].video
named["gemini"].files.download(file=video)
video.save("gemini.mp4")

accepted = httpx.get(f"{origin}/__journal").json()["accepted"]
assert [name for name, count in accepted.items() if count] == ["cloudflare", "gemini", "tokenbay", "vertex"], accepted
