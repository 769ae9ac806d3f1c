"""The official libraries examine the stand-ins: `python -m tests.sdk [NAME…]`, or `make test-sdk`.

Each program in `programs/` names its libraries in its head. It runs in an environment of its own, which uv makes in its
cache, against a fresh `playground emulate`: from the create to the file, as its library does that. Not part of
`make test`, because the libraries are fetched.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playground.jobs.probe import probe_video

ROOT: Final = Path(__file__).parents[2]
PROGRAMS: Final = sorted((Path(__file__).parent / "programs").glob("*.py"))
_SECONDS: Final = 300


@contextmanager
def emulator(folder: Path) -> Generator[Mapping[str, str]]:
    """The base URLs of a running emulator, by provider."""
    command = [sys.executable, "-m", "playground", "emulate", "--data-dir", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def examined(program: Path, folder: Path) -> str:
    """Run one program; answers what it made, in a line for a person.

    Raises:
        AssertionError: it failed, made no video, or was not accepted by any stand-in.
    """
    made = folder / "made"
    made.mkdir()
    with emulator(folder / "data") as urls:
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        environment |= {f"{stem.upper()}_BASE_URL": url for stem, url in urls.items()}
        command = [sys.executable, "-m", "uv", "run", "--quiet", "--python", sys.executable, "--script", str(program)]
        done = subprocess.run(
            command, cwd=made, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=_SECONDS
        )
        assert done.returncode == 0, done.stdout + done.stderr
        journal = _journal(urls["sandbox"])
    files = sorted(made.glob("*.mp4"))
    clips = [probe_video(file) for file in files]
    assert clips, "it made no video"
    assert not [clip for clip in clips if clip.problem is not None], clips
    accepted = {stem: count for stem, count in journal["accepted"].items() if count}
    assert accepted, "no stand-in accepted anything"
    return (
        f"{', '.join(f'{file.name} {clip.seconds:g} s' for file, clip in zip(files, clips, strict=True))}; {accepted}"
    )


def _journal(url: str) -> Any:
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/__journal", timeout=30) as answer:
        return json.loads(answer.read())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sdk", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="some of the programs; default: all")
    names: list[str] = parser.parse_args().names
    failed = 0
    for program in PROGRAMS:
        if names and program.stem not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"{program.stem}: {examined(program, Path(folder))}", flush=True)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"{program.stem}: FAILED\n{error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
