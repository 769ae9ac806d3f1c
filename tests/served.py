"""`playground serve` as a child of the test, met over HTTP: what it says goes through a pipe, so no disk is needed."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
TOKEN = "the-token-of-one-visitor"
# Root may do everything unless it lets go of it: these two are the right to ignore who owns a file.
OBEYING = """
import ctypes, os, sys
for capability in (1, 2):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "playground", *sys.argv[1:]])
"""


def clean(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """An environment of its own, with nothing of ours."""
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "PYTHONPATH": str(ROOT), **environment}


def obeying(*words: str) -> list[str]:
    """A command of the playground's that file permissions hold for, whoever runs the tests."""
    return [sys.executable, "-c", OBEYING, *words]


def first_answer(http: httpx.Client, name: str, data: list[Any]) -> dict[str, Any]:
    """What an endpoint for programs says first."""
    call = f"/gradio_api/call/{name}"
    event = http.post(call, json={"data": data}).json()["event_id"]
    with http.stream("GET", f"{call}/{event}") as told:
        said = next(line for line in told.iter_lines() if line.startswith("data: "))
    (first,) = json.loads(said.removeprefix("data: "))
    return first


@dataclass
class Served:
    """A running server, and one visitor of it."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list[str])
    """What it said so far."""
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20))

    def submit(self, provider: str, prompt: str) -> str | dict[str, Any]:
        """Through the endpoint for programs: the job's id, or the error that was told."""
        request = {"provider": provider, "prompt": prompt, "mode": "text-to-video"}
        first = first_answer(self.http, "text_to_video", [request, TOKEN])
        return first["job_id"] or first["error"]

    def job(self, job_id: str) -> dict[str, Any]:
        """How one of the visitor's jobs stands."""
        return self.http.get(f"/api/jobs/{job_id}").json()

    def peak_megabytes(self) -> float:
        """The most memory that the server ever had, as Linux counts it."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1_000

    def until(self, job_id: str, **wanted: object) -> dict[str, Any]:
        """Wait until a job is as wanted; a text is found within the job's."""
        known = ""
        for _ in range(200):
            told = self.http.get(f"/api/jobs/{job_id}", headers={"if-none-match": known, "prefer": "wait=2"})
            if told.status_code == 304:
                continue
            known, view = told.headers["etag"], told.json()
            if all(str(value) in str(view[name]) for name, value in wanted.items()):
                return view
        raise AssertionError(f"it never came to {wanted}")


@contextmanager
def serving(home: Path, environment: Mapping[str, str]) -> Generator[Served]:
    """Run it until the block ends; afterwards it may have said nothing that only a programmer understands."""
    command = obeying("serve", "--port", "0")
    process = subprocess.Popen(
        command,
        cwd=home,
        env=clean(home, environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    served, up = Served(process), threading.Event()

    def listen() -> None:
        assert process.stdout is not None, "it has a pipe"
        for line in process.stdout:
            served.lines.append(line)
            found = re.search(r"http://localhost:(\d+)", line)
            if found is not None and not up.is_set():
                served.http.base_url = httpx.URL(f"http://127.0.0.1:{found[1]}")
                served.http.headers["authorization"] = f"Bearer {TOKEN}"
                up.set()
        up.set()

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        assert up.wait(100), "it did not come up"
        assert process.poll() is None, "".join(served.lines)
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        listening.join(20)
        served.http.close()
        if process.stdout is not None:
            process.stdout.close()
    assert not [line for line in served.lines if "Traceback" in line], "".join(served.lines)
