"""The sandbox's operations on disk, one folder each, shared by every process on the data folder.

`request.json` is written once, `state.json` (how far it is) by whoever holds the folder's lock, `end.json` once by
whoever comes first. Everything here touches the disk: call it in a thread.
"""

import contextlib
import fcntl
import itertools
import json
import os
import re
import secrets
import shutil
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel

from playground.emulator._sandbox_records import End, Operation, Order, State

_ID: Final = re.compile(r"[0-9a-f]{32}\Z")
_Kept = TypeVar("_Kept", bound=BaseModel)
_BEING_MADE: Final = "new-"
_WORK: Final = "work-"


class Lock:
    """The right to render one operation; held by a process until `release` or its death."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._file: int | None = None
        self._released = False

    def take(self) -> bool:
        """Try to take it. Raises FileNotFoundError where the operation is gone."""
        with self._guard:
            # A task that was cancelled while its thread still waits here has released already.
            if self._released:
                return False
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
                return False
            self._file = file
            return True

    def release(self) -> None:
        """Let go, for good."""
        with self._guard:
            self._released = True
            if self._file is not None:
                os.close(self._file)
                self._file = None


class Operations:
    """The folder `<data_dir>/sandbox`."""

    def __init__(self, data_dir: Path, retention: timedelta) -> None:
        self.folder = data_dir / "sandbox"
        self._retention = retention

    def spool(self) -> Path:
        """The folder for bodies that are still arriving; it exists afterwards."""
        folder = self.folder / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def accept(self, order: Order, media: Mapping[str, bytes]) -> None:
        """Take an operation in, whole or not at all, and write it into the book (`accepted.jsonl`)."""
        fresh = self.folder / f"{_BEING_MADE}{order.id}"
        fresh.mkdir(parents=True)
        try:
            for name, data in media.items():
                (fresh / name).write_bytes(data)
            (fresh / "request.json").write_text(order.model_dump_json(), "utf-8")
            fresh.rename(self.folder / order.id)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        line = json.dumps({"id": order.id, "accepted_at": order.accepted_at.isoformat()}) + "\n"
        with (self.folder / "accepted.jsonl").open("a", encoding="utf-8") as book:
            book.write(line)

    def accepted(self) -> int:
        """How many operations the book has, those included that were swept."""
        book = self.folder / "accepted.jsonl"
        return len(book.read_bytes().splitlines()) if book.exists() else 0

    def read(self, operation_id: str, now: datetime) -> Operation | None:
        """An operation; None where it is unknown or older than the retention."""
        folder = self._of(operation_id)
        if folder is None:
            return None
        try:
            order = Order.model_validate_json((folder / "request.json").read_bytes())
        except (OSError, ValueError):
            return None
        if now - order.accepted_at >= self._retention:
            return None
        return Operation(order, _load(folder / "state.json", State) or State(), self.end_of(operation_id))

    def newest(self, count: int, now: datetime) -> list[Order]:
        """What was accepted last, newest first, without what is older than the retention."""
        book = self.folder / "accepted.jsonl"
        lines = book.read_text("utf-8").splitlines() if book.exists() else []
        found = (self.read(_id_in(line), now) for line in reversed(lines))
        return [operation.order for operation in itertools.islice((each for each in found if each), count)]

    def end_of(self, operation_id: str) -> End | None:
        """How an operation ended, None while it has not."""
        folder = self._of(operation_id)
        return None if folder is None else _load(folder / "end.json", End)

    def save_state(self, operation_id: str, state: State) -> None:
        """Replace the state, at once and whole. Only for the holder of the lock."""
        folder = self.folder / operation_id
        part = folder / "state.json.part"
        part.write_text(state.model_dump_json(), "utf-8")
        part.replace(folder / "state.json")

    def finish(self, operation_id: str, end: End) -> None:
        """Write the end; where somebody was first, theirs stays."""
        folder = self.folder / operation_id
        part = folder / f"end.{secrets.token_hex(8)}.part"
        part.write_text(end.model_dump_json(), "utf-8")
        try:
            # A link, unlike a rename, does not replace what is there.
            with contextlib.suppress(FileExistsError):
                os.link(part, folder / "end.json")
        finally:
            part.unlink(missing_ok=True)

    def lock(self, operation_id: str) -> Lock:
        """The right to render this operation, not yet taken."""
        return Lock(self.folder / operation_id / "lock")

    def video(self, operation_id: str, number: int) -> Path:
        """Where a finished video is."""
        return self.folder / operation_id / f"{number}.mp4"

    def prepare_work(self, order: Order, number: int) -> tuple[Path, Path]:
        """A folder of this render's own, as (spec file, output); what a dead process left is cleared away."""
        folder = (self.folder / order.id).absolute()
        for leftover in folder.glob(f"{_WORK}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # Never one that a dying worker may still write to.
        work = folder / f"{_WORK}{secrets.token_hex(4)}"
        work.mkdir()
        output = work / f"{number}.mp4"
        spec = work / "spec.json"
        spec.write_text(order.spec(number, folder, output).model_dump_json(), "utf-8")
        return spec, output

    def publish(self, operation_id: str, output: Path) -> bool:
        """Move a rendered video to its place; False where the worker made none."""
        try:
            output.replace(self.folder / operation_id / output.name)
        except FileNotFoundError:
            return False
        return True

    def tidy(self, order: Order) -> None:
        """Forget what an operation that ended needs no more: its inputs and its work folders."""
        folder = self.folder / order.id
        for name in order.files:
            (folder / name).unlink(missing_ok=True)
        for leftover in folder.glob(f"{_WORK}*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def first_time(self, operation_id: str, what: str) -> bool:
        """Whether this is the first call for `what`, over all processes."""
        return _first(self.folder / operation_id / f"{what}.done")

    def refuse_again(self, body_hash: str) -> bool:
        """Whether this body is to meet the rate limit once more: twice, then it is let through."""
        folder = self.folder / "refused"
        folder.mkdir(parents=True, exist_ok=True)
        marks = [folder / f"{body_hash}.{number}" for number in (1, 2)]
        if any(_first(mark) for mark in marks):
            return True
        for mark in marks:
            mark.unlink(missing_ok=True)
        return False

    def sweep(self, now: datetime) -> None:
        """Delete what is older than the retention, and what a killed process left half made."""
        for folder in self.folder.glob("*"):
            if _ID.match(folder.name) is not None:
                self._sweep_one(folder, now)
        oldest = (now - self._retention).timestamp()
        for leftover in (*self.folder.glob(f"{_BEING_MADE}*"), *self.folder.glob("refused/*")):
            # Another process may sweep at the same time.
            with contextlib.suppress(FileNotFoundError):
                if leftover.stat().st_mtime < oldest:
                    shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()

    def finished(self) -> list[tuple[str, datetime]]:
        """Ids of the operations that ended, and when they were taken in."""
        ended = (_load(end.parent / "request.json", Order) for end in self.folder.glob("*/end.json"))
        return [(order.id, order.accepted_at) for order in ended if order is not None]

    def forget(self, operation_id: str) -> int:
        """Delete an operation that ended; answers its bytes, 0 where somebody has it in hand."""
        folder, lock = self.folder / operation_id, self.lock(operation_id)
        try:
            if not lock.take():
                return 0
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            shutil.rmtree(folder, ignore_errors=True)
            return size
        except FileNotFoundError:
            return 0
        finally:
            lock.release()

    def _sweep_one(self, folder: Path, now: datetime) -> None:
        order = _load(folder / "request.json", Order)
        if order is not None and now - order.accepted_at < self._retention:
            return
        lock = self.lock(folder.name)
        try:
            if lock.take():
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:
            pass  # another process swept it
        finally:
            lock.release()

    def _of(self, operation_id: str) -> Path | None:
        return self.folder / operation_id if _ID.match(operation_id) is not None else None


def new_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(16)


def _id_in(line: str) -> str:
    """The id in a line of the book; nothing for one that a kill cut."""
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        return ""


def _first(mark: Path) -> bool:
    try:
        os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True


def _load(path: Path, kind: type[_Kept]) -> _Kept | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None
