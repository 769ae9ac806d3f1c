"""Files of jobs on disk: copies of inputs, private part files, finished videos, and the links to them."""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import hmac
import os
import secrets
import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

_KEY_BYTES: Final = 32


class Files:
    """The folders below `data_dir` (inputs, signing key) and `media_dir` (finished videos)."""

    def __init__(self, data_dir: Path, media_dir: Path) -> None:
        self.data_dir = data_dir
        self.media_dir = media_dir
        self._signing_key: bytes | None = None

    def open(self) -> None:
        """Make the folders and read (or make) the key that signs media links."""
        for folder in (self.data_dir, self.inputs_dir, self.media_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self._signing_key = _shared_key(self.data_dir / "media-links.key")

    @property
    def inputs_dir(self) -> Path:
        """Where copies of inputs are kept, a folder for each job."""
        return self.data_dir / "inputs"

    async def keep_input(self, job_id: str, name: str, source: Path) -> str:
        """Copy an input below the data folder; answers its path relative to it."""
        target = self.inputs_dir / job_id / name
        await asyncio.to_thread(_copy, source, target)
        return str(target.relative_to(self.data_dir))

    def input_path(self, job_id: str, name: str) -> Path:
        """Where an input of a job will be put; its folder exists afterwards."""
        path = self.inputs_dir / job_id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def kept(self, relative: str) -> Path:
        """The path of a kept input."""
        return self.data_dir / relative

    def relative(self, kept: Path) -> str:
        """The path of a kept input as the ledger has it."""
        return str(kept.relative_to(self.data_dir))

    def drop_inputs(self, job_id: str) -> None:
        """Forget the copies once they are not needed any more."""
        shutil.rmtree(self.inputs_dir / job_id, ignore_errors=True)

    def folders_of(self, job_id: str) -> tuple[Path, ...]:
        """Everything that is kept of a job on disk: its videos, the copies of its inputs, what was said about it."""
        return self.media_dir / job_id, self.inputs_dir / job_id, self.talk_folder(job_id)

    def remove(self, job_id: str) -> int:
        """Remove everything that is kept of a job; answers how many bytes that were."""
        folders = self.folders_of(job_id)
        size = sum(size_of(folder) for folder in folders)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        return size

    def missing(self, videos: Sequence[str]) -> frozenset[str]:
        """Which of these videos (paths relative to the media folder) are not there."""
        return frozenset(each for each in videos if not self.video(each).is_file())

    def job_ids(self) -> set[str]:
        """Every job that something is kept of."""
        return {path.name for parent in self.parents for path in parent.glob("*") if path.is_dir()}

    @property
    def parents(self) -> tuple[Path, ...]:
        """The folders that have a folder for each job."""
        return self.media_dir, self.inputs_dir, self.data_dir / "talk"

    def talk_folder(self, job_id: str) -> Path:
        """Where what a provider said about a job is kept for looking at."""
        return self.data_dir / "talk" / job_id

    def video(self, relative: str) -> Path:
        """The path of a finished video."""
        return self.media_dir / relative

    def inline_folder(self, job_id: str) -> Path:
        """Where videos lie that came inside an answer, until they are checked and published."""
        return self.media_dir / job_id / "inline"

    @asynccontextmanager
    async def part(self, job_id: str, number: int) -> AsyncGenerator[Path]:
        """The part file of one download, ours alone: a process that was thought dead gets another one."""
        folder = self.media_dir / job_id
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{number}.part"
        guard = os.open(folder / f"{number}.part.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                path = folder / f"{number}.{secrets.token_hex(6)}.part"
            yield path
        finally:
            os.close(guard)

    async def publish(self, part: Path, job_id: str, number: int) -> str:
        """Move a checked part file into place, durably; answers the video's path relative to the media folder."""
        target = self.media_dir / job_id / f"{number}.mp4"
        await asyncio.to_thread(_publish, part, target)
        return str(target.relative_to(self.media_dir))

    def sign(self, job_id: str, number: int, expires: int) -> str:
        """The signature of a media link that is good until `expires` (seconds since the epoch)."""
        assert self._signing_key is not None, "the folders are not open"
        text = f"{job_id}/{number}/{expires}".encode()
        return hmac.new(self._signing_key, text, hashlib.sha256).hexdigest()

    def derived_key(self, purpose: str) -> bytes:
        """A key for something else than media links, the same for every process on this folder."""
        assert self._signing_key is not None, "the folders are not open"
        return hmac.new(self._signing_key, f"key for {purpose}".encode(), hashlib.sha256).digest()

    def is_signed(self, job_id: str, number: int, expires: int, signature: str) -> bool:
        """Whether a signature is ours; says nothing about the time."""
        return hmac.compare_digest(self.sign(job_id, number, expires).encode(), signature.encode())


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder; what vanishes meanwhile counts for nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _publish(part: Path, target: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    for leftover in (*target.parent.glob(f"{target.stem}.*part"), *target.parent.glob(f"{target.stem}.*part.*")):
        leftover.unlink(missing_ok=True)


def _shared_key(path: Path) -> bytes:
    """One key for all processes on this folder, made by whichever comes first."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(FileNotFoundError):
        return _whole_key(path)
    try:
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as handle:
            handle.write(secrets.token_bytes(_KEY_BYTES))
            handle.flush()
            # A name must not outlive a power cut that its bytes do not.
            os.fsync(handle.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    return _whole_key(path)


def _whole_key(path: Path) -> bytes:
    """The key in a file; one that is cut short could be guessed."""
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise OSError(errno.EIO, "its file media-links.key is damaged; remove it, and one is made anew")
    return key
