"""`python -m playground serve` in a process of its own, to be started, killed and started again."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_UP_WITHIN = 110.0


class Server:
    """A server with a data folder and a home of its own; it keeps its port for as long as the test wants it.

    It sees no environment but what is given. With a folder for clips, each kind is drawn once only.
    """

    def __init__(self, home: Path, port: int | None = None, *, clips: Path | None = None, **environment: str) -> None:
        self.home = home
        self._environment = environment
        self._log = home / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        port = port if port is not None else free_port()
        ours = ["playground", "serve", "--port", str(port)]
        self._command = [
            sys.executable,
            "-m",
            *(ours if clips is None else ["tests.e2e.serving", str(port), str(clips)]),
        ]
        self.url = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.home),
            "PLAYGROUND_DATA_DIR": str(self.home / "data"),
            "PYTHONPATH": str(ROOT),
            "PLAYGROUND_POLL_SECONDS": "0.3",
            **self._environment,
        }
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, cwd=self.home, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        self._wait_until_up(self._process)

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        assert self._process is not None, "it was never started"
        self._process.kill()
        self._process.wait(20)

    def stop(self) -> None:
        """Ask it to end; afterwards its log may hold no traceback."""
        assert self._process is not None, "it was never started"
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        complaints = [line for line in self._log.read_text().splitlines() if "Traceback" in line]
        assert not complaints, self._log.read_text()

    def _wait_until_up(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _UP_WITHIN
        while time.monotonic() < deadline:
            if process.poll() is not None:
                pytest.fail(f"The server ended with {process.returncode}:\n{self._log.read_text()}")
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"The server did not answer within {_UP_WITHIN:.0f} s:\n{self._log.read_text()}")


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
