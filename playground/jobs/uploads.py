"""What visitors upload: judged by its bytes, and kept where nobody can guess it and nobody but its owner can name it.

It is kept for a day (see `retention.py`): a job that needs it has a copy of its own.
"""

import hashlib
import secrets
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

from playground.domain.errors import InvalidRequest, TooMany
from playground.domain.issues import Issue
from playground.domain.media import MAX_IMAGE_BYTES, MAX_VIDEO_BYTES, MediaKind
from playground.jobs.files import size_of
from playground.jobs.formats import SNIFFED_BYTES, kind_of, sniffed
from playground.jobs.sharing import LOCAL

_MEGA: Final = 1_000_000
_LONGEST_NAME: Final = 160
"""Bytes of a file's name before its ending."""
_ENDING: Final = 5
_COMING: Final = ".coming"
"""The folder, beside those of owners, of files that are not whole yet."""
_CAPS: Final[dict[MediaKind, int]] = {"image": MAX_IMAGE_BYTES, "video": MAX_VIDEO_BYTES}
_THE: Final[dict[MediaKind, str]] = {"image": "a picture", "video": "a video"}


class Uploads:
    """The folder of uploads: one for each owner in it, and in that one for each file."""

    def __init__(self, folder: Path, megabytes: int | None) -> None:
        """`megabytes`: what all files of one owner may have together; None: no limit."""
        self._folder = folder
        self._megabytes = megabytes
        self._coming: Counter[str] = Counter()
        self._counting = Lock()

    def take(self, owner: str, name: str, file: BinaryIO, size: int) -> Path:
        """Keep a file; answers its path. Blocks: call it in a thread.

        Raises:
            InvalidRequest: it is no picture and no clip, whatever its name says, or too large for one.
            TooMany: its owner has enough files here.
            OSError: the disk is full or fails.
        """
        shown = safe_name(name)
        file.seek(0)
        kind = kind_of(sniffed(file.read(SNIFFED_BYTES)))
        if kind is None:
            says = f"{shown} is no picture and no video that can be read here."
            raise InvalidRequest([Issue("file", "not_media", says)])
        cap = _CAPS[kind]
        if size > cap:
            says = f"{shown} is {size / _MEGA:.0f} MB; {_THE[kind]} may have {cap // _MEGA} MB at most."
            raise InvalidRequest([Issue("file", "too_large", says)])
        mine = folder_of(owner)
        place, fresh = (self._folder / each / secrets.token_urlsafe(16) for each in (mine, _COMING))
        self._reserve(mine, size)
        try:
            _copy(file, fresh)
            with self._counting:
                place.mkdir(parents=True, mode=0o700)
                fresh.replace(place / shown)
                # From here on it counts by itself.
                self._release(mine, size)
                size = 0
        except OSError:
            shutil.rmtree(place, ignore_errors=True)
            raise
        finally:
            with self._counting:
                self._release(mine, size)
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
        return place / shown

    def _reserve(self, mine: str, size: int) -> None:
        """Keep room for a file, so that two that come at once do not both take the last of it."""
        with self._counting:
            if self._megabytes is not None:
                kept = size_of(self._folder / mine) + self._coming[mine]
                if kept + size > self._megabytes * _MEGA:
                    says = f"Your files here may have {self._megabytes} MB together in a day, and this is beyond it."
                    raise TooMany(says, next_step="Use a link, or one of your results, or come back tomorrow.")
            self._coming[mine] += size

    def _release(self, mine: str, size: int) -> None:
        self._coming[mine] -= size
        # Nothing is kept of who has nothing coming.
        self._coming = +self._coming

    def find(self, reference: str, owner: str) -> Path | None:
        """The file of an upload that an owner may name; None where there is none. Blocks: call it in a thread."""
        try:
            real = Path(reference).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            return None
        return real if real.is_file() and may_name(real, self._folder, owner) else None


def _copy(file: BinaryIO, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.seek(0)
    with to.open("wb") as kept:
        shutil.copyfileobj(file, kept)


def anonymous(address: str | None) -> str:
    """The owner of what comes without a token: whoever knows the path may use it."""
    return f"anonymous:{address}"


def folder_of(owner: str) -> str:
    """The folder of an owner's uploads; that of somebody without a token begins with `any-`."""
    name = hashlib.sha256(owner.encode()).hexdigest()[:32]
    return f"any-{name}" if owner.startswith("anonymous:") else name


def may_name(path: Path, folder: Path, owner: str) -> bool:
    """Whether a file, its links followed, is an upload that an owner may name in a request; the operator may any."""
    real = folder.resolve()
    if not path.is_relative_to(real):
        return False
    whose, *rest = path.relative_to(real).parts
    return owner == LOCAL or (bool(rest) and (whose == folder_of(owner) or whose.startswith("any-")))


def safe_name(name: str) -> str:
    """A file's name as it may stand on a disk and in a sentence: one part, and nothing invisible."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = " ".join("".join(each if each.isprintable() else " " for each in last).split()).lstrip(". ")
    stem, dot, ending = plain.rpartition(".")
    kept = f".{ending}" if dot and ending.isalnum() and ending.isascii() and len(ending) <= _ENDING else ""
    stem = plain.removesuffix(kept).encode("utf-8", "ignore")[:_LONGEST_NAME].decode("utf-8", "ignore")
    return f"{stem or 'file'}{kept}"
