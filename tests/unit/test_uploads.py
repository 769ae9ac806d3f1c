"""What visitors upload has a limit together, however many files come at once."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from playground.domain.errors import TooMany
from playground.jobs.formats import SNIFFED_BYTES
from playground.jobs.uploads import Uploads

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(600_000)


class Held(io.BytesIO):
    """A file that is being copied until somebody lets it go on."""

    def __init__(self, whole: bytes) -> None:
        super().__init__(whole)
        self.copied = threading.Event()
        self.goes_on = threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > SNIFFED_BYTES:
            self.copied.set()
            self.goes_on.wait(10)
        return super().read(size)


def test_two_that_come_at_once_do_not_both_take_the_last_room(tmp_path: Path) -> None:
    uploads, first = Uploads(tmp_path, megabytes=1), Held(PICTURE)
    with ThreadPoolExecutor() as people:
        taken = people.submit(uploads.take, "anna", "one.png", first, len(PICTURE))
        assert first.copied.wait(10)
        with pytest.raises(TooMany, match="may have 1 MB together"):
            uploads.take("anna", "two.png", io.BytesIO(PICTURE), len(PICTURE))
        assert uploads.take("ben", "two.png", io.BytesIO(PICTURE), len(PICTURE)).read_bytes() == PICTURE
        first.goes_on.set()
        assert taken.result(10).read_bytes() == PICTURE
    with pytest.raises(TooMany):
        uploads.take("anna", "two.png", io.BytesIO(PICTURE), len(PICTURE))
    assert uploads.take("anna", "small.png", io.BytesIO(PICTURE[:300_000]), 300_000).exists()


def test_a_file_that_cannot_be_kept_takes_no_room(tmp_path: Path) -> None:
    uploads, folder = Uploads(tmp_path / "uploads", megabytes=1), tmp_path / "uploads"
    folder.write_bytes(b"no folder")
    for _ in range(3):
        with pytest.raises(OSError, match="uploads"):
            uploads.take("anna", "one.png", io.BytesIO(PICTURE), len(PICTURE))
    folder.unlink()
    assert uploads.take("anna", "one.png", io.BytesIO(PICTURE), len(PICTURE)).exists()
    assert not list((folder / ".coming").iterdir())
