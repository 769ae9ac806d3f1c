"""Receipts on disk before the database is asked: a paid job is not lost to a locked or broken database.

One file for each process, one JSON line for each accepted create, synced before `write` returns.
"""

import asyncio
import json
import os
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from playground.domain.provider import Operation, RemoteFile


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider answered to a create: the operation, or (where it answers at once) the finished files."""

    job_id: str
    at: float
    """Seconds since the epoch."""
    operation: Operation | None
    remote: tuple[RemoteFile, ...] | None
    notes: tuple[str, ...] = ()
    """What the answer said besides, for the job's owner."""


class Journal:
    """The receipts of one process below `folder`."""

    def __init__(self, folder: Path, process: str) -> None:
        self._folder = folder
        self._process = process
        self._writing = threading.Lock()

    async def write(self, receipt: Receipt) -> None:
        """Append and sync; returns when the line would survive a power cut."""
        await asyncio.to_thread(self._append, receipt)

    def _append(self, receipt: Receipt) -> None:
        with self._writing:
            self._append_alone(receipt)

    def _append_alone(self, receipt: Receipt) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(self._process)
        fresh = not path.exists()
        line = {
            "job_id": receipt.job_id,
            "at": receipt.at,
            "operation": receipt.operation.model_dump(mode="json") if receipt.operation is not None else None,
            "remote": [f.model_dump(mode="json") for f in receipt.remote] if receipt.remote is not None else None,
            "notes": list(receipt.notes),
        }
        with path.open("a+b") as file:
            # A write that was cut (a full disk) must not take the next line with it.
            start = b"\n" if _is_cut(file) else b""
            file.write(start + json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            _sync_folder(self._folder)

    def of(self, process: str) -> list[Receipt]:
        """The receipts that a process left; a line cut by its death is passed over."""
        try:
            text = self._path(process).read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return list(_readable(text.splitlines()))

    def forget(self, process: str) -> None:
        """Remove a dead process's receipts, once they are in the ledger."""
        self._path(process).unlink(missing_ok=True)

    def shorten(self, in_ledger: Collection[str]) -> None:
        """Drop receipts of this process's own, of jobs whose receipt the ledger has; the others stay, synced as before.

        Raises:
            OSError: the disk is full or fails; nothing was dropped.
        """
        path = self._path(self._process)
        with self._writing:
            lines = path.read_bytes().splitlines() if path.exists() else []
            left = [line for line in lines if not {each.job_id for each in _readable([_text(line)])} & set(in_ledger)]
            if len(left) == len(lines):
                return
            fresh = path.with_suffix(".new")
            with fresh.open("wb") as file:
                file.write(b"".join(line + b"\n" for line in left))
                file.flush()
                os.fsync(file.fileno())
            # Even where nothing is left: a file that stays needs no folder to be synced again.
            fresh.replace(path)
            _sync_folder(self._folder)

    def processes(self) -> list[str]:
        """Every process that left receipts, dead or alive."""
        return sorted(path.stem for path in self._folder.glob("*.jsonl"))

    def _path(self, process: str) -> Path:
        return self._folder / f"{process}.jsonl"


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace")


def _is_cut(file: BinaryIO) -> bool:
    """Whether the last line lacks its end."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _sync_folder(folder: Path) -> None:
    """A new file survives a power cut only once its folder is written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _readable(lines: list[str]) -> Iterator[Receipt]:
    for line in lines:
        try:
            raw = json.loads(line)
            operation = Operation.model_validate(raw["operation"]) if raw["operation"] is not None else None
            remote = tuple(RemoteFile.model_validate(f) for f in raw["remote"]) if raw["remote"] is not None else None
            notes = tuple(str(each) for each in raw.get("notes", ()))
            yield Receipt(str(raw["job_id"]), float(raw["at"]), operation, remote, notes)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError, ValidationError):
            continue
