"""Looking for a key where none may be: in texts, files, databases and requests, in every spelling that is usual."""

import base64
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

_CHUNK: Final = 4_000_000
_ALIGNMENTS: Final = 3
"""base64 writes three bytes as four characters: what a key becomes hangs on where it begins."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A key that was found."""

    key: str
    """Which one, never itself."""
    place: str
    spelling: str


def spellings(key: str) -> dict[str, tuple[bytes, ...]]:
    """How a key may be written, in lower case but for base64, whose case is part of it."""
    raw, quoted = key.encode(), quote(key, safe="").lower().encode()
    every = "".join(f"%{byte:02x}" for byte in raw).encode()
    return {
        "plain": (raw.lower(),),
        # A key of letters and digits is quoted as it is.
        "percent-encoded": (every, quoted) if quoted != raw.lower() else (every,),
        "hex": (raw.hex().encode(),),
        "base64": tuple(_in_base64(raw)),
    }


def _in_base64(raw: bytes) -> Iterator[bytes]:
    for before in range(_ALIGNMENTS):
        written = base64.b64encode(bytes(before) + raw)
        # What shares a character with the bytes before or after it is not the key's own.
        first, last = -(-before * 4 // 3), (before + len(raw)) * 4 // 3
        own = written[first:last]
        yield from {own, own.translate(bytes.maketrans(b"+/", b"-_"))}


class Search:
    """Keys by name, looked for wherever somebody hands something in. What is found stays in `leaks`."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._needles = {name: spellings(key) for name, key in keys.items()}
        lengths = [len(each) for ways in self._needles.values() for needles in ways.values() for each in needles]
        self._overlap = max(lengths, default=1)
        self.leaks: list[Leak] = []
        self.places = 0
        """How many were looked through."""
        self._clean: set[bytes] = set()
        """Digests of files that hold no key: each finished video of a rehearsal is the same."""

    def text(self, place: str, text: str) -> None:
        """Look through a text."""
        self.data(place, text.encode("utf-8", "replace"))

    def data(self, place: str, data: bytes) -> None:
        """Look through some bytes."""
        self.places += 1
        self._note(place, data)

    def _note(self, place: str, data: bytes) -> None:
        for key, spelling in self.found(data):
            self.note(Leak(key, place, spelling))

    def note(self, leak: Leak) -> None:
        """Keep what was found, once."""
        if leak not in self.leaks:
            self.leaks.append(leak)

    def found(self, data: bytes) -> Iterator[tuple[str, str]]:
        """Which keys some bytes hold, and in which spelling."""
        low = data.lower()
        for name, ways in self._needles.items():
            for spelling, needles in ways.items():
                if any(needle in (data if spelling == "base64" else low) for needle in needles):
                    yield name, spelling

    def folder(self, folder: Path, *, but: Iterable[str] = ()) -> None:
        """Look through the names and the bytes of all files below a folder; blocks. `but` are endings to leave out."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.endswith(tuple(but)):
                place = str(path.relative_to(folder))
                self.text(f"the name of {place}", place)
                self._file(place, path)
                if path.suffix == ".db":
                    self._database(place, path)

    def _file(self, place: str, path: Path) -> None:
        self.places += 1
        kept, before = b"", len(self.leaks)
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
                if digest in self._clean:
                    return
                file.seek(0)
                while chunk := file.read(_CHUNK):
                    self._note(place, kept + chunk)
                    kept = chunk[-self._overlap :]
            if len(self.leaks) == before:
                self._clean.add(digest)
        except OSError:
            # A part file that its job has just moved into place, or one that belongs to somebody else.
            return

    def _database(self, place: str, path: Path) -> None:
        """Row by row as well: a long value lies in pieces on several pages."""
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            for line in database.iterdump():
                self.text(place, line)
