"""Receipts on disk before the database is asked: a paid job is not lost to a locked or broken database.

One file for each process, one JSON line for each accepted create, synced before `write` returns.
"""

import asyncio
import json
import os
from collections.abc import Iterator
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


class Journal:
    """The receipts of one process below `folder`."""

    def __init__(self, folder: Path, process: str) -> None:
        self._folder = folder
        self._process = process

    async def write(self, receipt: Receipt) -> None:
        """Append and sync; returns when the line would survive a power cut."""
        await asyncio.to_thread(self._append, receipt)

    def _append(self, receipt: Receipt) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(self._process)
        fresh = not path.exists()
        line = {
            "job_id": receipt.job_id,
            "at": receipt.at,
            "operation": receipt.operation.model_dump(mode="json") if receipt.operation is not None else None,
            "remote": [f.model_dump(mode="json") for f in receipt.remote] if receipt.remote is not None else None,
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

    def processes(self) -> list[str]:
        """Every process that left receipts, dead or alive."""
        return sorted(path.stem for path in self._folder.glob("*.jsonl"))

    def _path(self, process: str) -> Path:
        return self._folder / f"{process}.jsonl"


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
            yield Receipt(str(raw["job_id"]), float(raw["at"]), operation, remote)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError, ValidationError):
            continue
