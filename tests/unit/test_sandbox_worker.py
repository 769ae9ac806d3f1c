"""The renderer's process, as its parent sees it."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import pytest


def start(*spec: Path, program: tuple[str, str] = ("-m", "playground.sandbox.worker")) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *program, *map(str, spec)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def run(spec: Path) -> tuple[int, list[dict[str, Any]], str]:
    """Run to the end with stdin held open; return the exit code, the lines and stderr."""
    with start(spec) as worker:
        assert worker.stdout is not None
        assert worker.stderr is not None
        lines = [json.loads(line) for line in worker.stdout]
        complaints = worker.stderr.read()
        return worker.wait(30), lines, complaints


def written(folder: Path, **fields: Any) -> Path:
    spec = {"mode": "text-to-video", "prompt": "Hills.", "seconds": 4, "output": str(folder / "out.mp4")}
    path = folder / "spec.json"
    path.write_text(json.dumps(spec | fields), encoding="utf-8")
    return path


def test_tells_its_progress_and_its_end(tmp_path: Path) -> None:
    code, lines, complaints = run(written(tmp_path))
    assert (code, complaints) == (0, "")
    shares = [line["progress"] for line in lines[:-1]]
    assert shares == sorted(shares)
    assert len(shares) > 2
    assert shares[-1] == 1
    output = tmp_path / "out.mp4"
    assert lines[-1] == {"done": True, "bytes": output.stat().st_size}
    with av.open(str(output)) as clip:
        assert clip.duration == 4_000_000
    assert {path.name for path in tmp_path.iterdir()} == {"out.mp4", "spec.json"}


def test_gives_way_to_others(tmp_path: Path) -> None:
    with start(written(tmp_path, seconds=30)) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) >= 10
        worker.kill()


def test_ends_with_its_parent(tmp_path: Path) -> None:
    with start(written(tmp_path, seconds=60)) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdout.readline()
        closed = time.monotonic()
        worker.stdin.close()
        assert worker.wait(5) == 2
        assert time.monotonic() - closed < 2
    assert not (tmp_path / "out.mp4").exists()


def test_without_a_spec_it_waits_for_one(tmp_path: Path) -> None:
    folder = tmp_path / "ein Ordner, später"
    folder.mkdir()
    with start() as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(f"{written(folder)}\n")
        worker.stdin.flush()
        lines = [json.loads(line) for line in worker.stdout]
        assert worker.wait(30) == 0
    assert lines[-1] == {"done": True, "bytes": (folder / "out.mp4").stat().st_size}


def test_while_it_waits_it_ends_with_its_parent(tmp_path: Path) -> None:
    with start() as worker:
        told, complaints = worker.communicate(timeout=20)
    assert (worker.returncode, told, complaints) == (2, "", "")


def test_one_that_nobody_asks_gives_its_memory_back() -> None:
    hurried = "from playground.sandbox import worker; worker.PATIENCE_SECONDS = 0.1; worker.main([])"
    with start(program=("-c", hurried)) as worker:
        assert worker.stdout is not None
        assert worker.stderr is not None
        # Its parent still holds the other end.
        assert (worker.stdout.read(), worker.stderr.read(), worker.wait(20)) == ("", "", 2)


@pytest.mark.parametrize("name", ["first.png", "nowhere.png"])
def test_tells_of_a_bad_picture_in_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "first.png").write_bytes(b"garbage")
    code, lines, complaints = run(written(tmp_path, mode="image-to-video", first_frame=str(tmp_path / name)))
    assert code == 1
    message = f"The image {name} cannot be read: it is damaged or no image."
    assert lines == [{"error": {"code": "bad_media", "message": message}}]
    assert complaints == ""
    assert not (tmp_path / "out.mp4").exists()


def test_tells_of_a_bad_video(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    source.write_bytes(b"garbage" * 100)
    code, lines, _ = run(written(tmp_path, mode="extension", source_video=str(source)))
    assert code == 1
    assert lines[-1]["error"]["code"] == "bad_media"


@pytest.mark.parametrize(
    "fields", [{"mode": "music"}, {"seconds": 0}, {"unknown": 1}, {"prompt": 5}, {"audio": "yes"}, {"output": 3}]
)
def test_tells_of_a_bad_spec(tmp_path: Path, fields: dict[str, Any]) -> None:
    code, lines, _ = run(written(tmp_path, **fields))
    assert code == 1
    assert [line["error"]["code"] for line in lines] == ["bad_spec"]
    (said,) = fields
    assert lines[0]["error"]["message"].startswith(f"The spec is wrong: {said}: ")
    assert not {"\n", "http"} & {*lines[0]["error"]["message"].split()}


def test_tells_of_too_little_memory_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with start(written(tmp_path, resolution="1080p")) as worker:
        assert worker.stdout is not None
        resource.prlimit(worker.pid, resource.RLIMIT_DATA, (400 << 20, 400 << 20))
        last = json.loads(list(worker.stdout)[-1])
        assert worker.wait(30) == 1
    assert last["error"]["code"] == "no_memory"
    assert [path.name for path in tmp_path.iterdir()] == ["spec.json"]


def test_tells_of_a_spec_that_is_not_there(tmp_path: Path) -> None:
    code, lines, _ = run(tmp_path / "none.json")
    assert (code, lines[0]["error"]["code"]) == (1, "render_failed")
