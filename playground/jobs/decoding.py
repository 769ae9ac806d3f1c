"""`python -m playground.jobs.decoding FD`: opens pictures and clips that strangers made, each in a process of its own.

It comes up once, with the libraries loaded, and forks for every order, which takes milliseconds. A fork lives as long
as its order, with limits of memory and time that the kernel holds it to, whatever a decoder does. An order comes as a
socket, sent over FD; when FD ends, the parent is gone, and so is this.
"""

import json
import math
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

import av.error
from PIL import Image
from pydantic import TypeAdapter

from playground.domain.pictures import CannotChange, Change
from playground.jobs.boxes import mp4_problem
from playground.jobs.frames import save_last_frame, save_thumbnail
from playground.jobs.pictures import make_copy
from playground.jobs.probe import open_clip, probe_image, probe_video

_MEGA: Final = 1_000_000
_AT_ONCE: Final = 3
_FILES: Final = 64
_LONGEST_ORDER: Final = 100_000
_WRITTEN: Final = 200 * _MEGA
"""Bytes of one file: a copy or a frame is far smaller."""
_CHANGE: Final = TypeAdapter(Change)


def _probe_image(path: str) -> object:
    return asdict(probe_image(Path(path)))


def _probe_video(path: str) -> object:
    return asdict(probe_video(Path(path)))


def _copy(source: str, target: str, change: object) -> object:
    return make_copy(Path(source), Path(target), _CHANGE.validate_python(change))


def _last_frame(video: str, target: str) -> object:
    return save_last_frame(Path(video), Path(target))


def _thumbnail(video: str, target: str) -> object:
    return save_thumbnail(Path(video), Path(target))


def _inspect(path: str) -> object:
    problem = mp4_problem(Path(path))
    return [problem, None if problem is not None else _clip(path)]


def _clip(path: str) -> object:
    clip = open_clip(Path(path))
    return asdict(clip) if clip is not None else None


WORK: Final[Mapping[str, Callable[..., object]]] = {
    "probe_image": _probe_image,
    "probe_video": _probe_video,
    "inspect": _inspect,
    "clip": _clip,
    "copy": _copy,
    "last_frame": _last_frame,
    "thumbnail": _thumbnail,
}
"""What can be ordered, with its arguments."""


def main(arguments: list[str]) -> int:
    """Take orders until nobody is there to give one."""
    orders = socket.socket(fileno=int(arguments[0]))
    Image.init()  # every reader is loaded once, here
    working = 0
    while True:
        while working >= _AT_ONCE or (working > 0 and _has_ended()):
            if working >= _AT_ONCE:
                os.wait()
            working -= 1
        _, handles, _, _ = socket.recv_fds(orders, 1, 1)
        if not handles:
            return 0
        with socket.socket(fileno=handles[0]) as caller:
            if os.fork() == 0:
                orders.close()
                _carry_out(caller)
                os._exit(0)
            working += 1


def _has_ended() -> bool:
    """Whether one of the forks has ended, which is thereby forgotten."""
    return os.waitpid(-1, os.WNOHANG)[0] != 0


def _carry_out(caller: socket.socket) -> None:
    order = json.loads(_line(caller))
    _limit(order["seconds"], order["megabytes"])
    try:
        answer: dict[str, object] = {"value": WORK[order["work"]](**order["with"])}
    except MemoryError:
        answer = {"memory": True}
    except (CannotChange, ValueError, av.error.FFmpegError) as error:
        # Some of FFmpeg's are kinds of OSError, too, and say nothing about the disk.
        answer = {"refused": str(error)}
    except OSError as error:
        answer = {"errno": error.errno, "strerror": error.strerror}
    except Exception as error:
        # A decoder's own kinds of trouble; their words are no person's.
        answer = {"refused": type(error).__name__}
    # Whoever asked may be dead by now; then there is nobody to tell.
    with suppress(BrokenPipeError):
        caller.sendall(json.dumps(answer).encode())


def _line(caller: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and len(line) < _LONGEST_ORDER:
        piece = caller.recv(_LONGEST_ORDER)
        if not piece:
            os._exit(0)
        line += piece
    return line


def _limit(seconds: float, megabytes: int) -> None:
    """From here on the kernel ends this process when it takes too long, and gives it no more memory than that."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    limits: list[tuple[int, int]] = [
        (resource.RLIMIT_CPU, math.ceil(seconds) + 1),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_FSIZE, _WRITTEN),
    ]
    held = _held_bytes()
    if held is not None:
        limits.append((resource.RLIMIT_AS, held + megabytes * _MEGA))
    for kind, most in limits:
        with suppress(ValueError, OSError):  # macOS does not know all of them
            resource.setrlimit(kind, (most, most))


def _held_bytes() -> int | None:
    """The address space that the libraries take already; None where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
