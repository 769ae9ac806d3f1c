"""Who is alive: each process holds its own lock file for as long as it lives; a free lock proves a death."""

import fcntl
import os
import secrets
from pathlib import Path


class ProcessLock:
    """This process's proof of life below `folder`; let go only by `release` or by dying."""

    def __init__(self, folder: Path) -> None:
        self.id = secrets.token_hex(12)
        self._folder = folder
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock. The id is fresh for every start, so nobody else can want it for longer than a look."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(self.id)
        while True:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            # Between making and locking it, a sweep may have taken the file for a dead one's and removed it.
            if _is_at(file, path):
                self._file = file
                return
            os.close(file)

    def release(self) -> None:
        """Let go and tidy up: from now on others may adopt what is left."""
        if self._file is not None:
            self._path(self.id).unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def is_alive(self, runner: str | None) -> bool:
        """Whether the process of that id still lives. Nobody is not alive."""
        if runner is None:
            return False
        if runner == self.id:
            return self._file is not None
        try:
            file = os.open(self._path(runner), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            # Shared, so that two processes that ask at once do not take each other for the owner.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(file)

    def sweep(self) -> None:
        """Remove the lock files of the dead; each is held while it is removed, so none of the living is hit."""
        for path in self._folder.glob("*.lock"):
            try:
                file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Another sweep may have removed this file, and its owner made a new one, since it was opened.
                if _is_at(file, path):
                    path.unlink()
            except BlockingIOError:
                continue
            finally:
                os.close(file)

    def _path(self, runner: str) -> Path:
        return self._folder / f"{runner}.lock"


def _is_at(file: int, path: Path) -> bool:
    """Whether an open file is the one that its path leads to."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(file)
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)
