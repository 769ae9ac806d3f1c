"""The folders below the data folder: the key that signs media links is whole or is not used."""

import os
from pathlib import Path

import pytest

from playground.jobs.files import Files


def test_every_process_on_a_folder_signs_with_one_key(tmp_path: Path) -> None:
    one, other = Files(tmp_path, tmp_path / "media"), Files(tmp_path, tmp_path / "media")
    one.open()
    other.open()
    assert other.is_signed("job", 1, 99, one.sign("job", 1, 99))
    assert not other.is_signed("job", 2, 99, one.sign("job", 1, 99))


@pytest.mark.parametrize("cut", [b"", b"half"])
def test_a_key_that_was_cut_is_not_signed_with(tmp_path: Path, cut: bytes) -> None:
    """An empty one would be everybody's."""
    (tmp_path / "media-links.key").write_bytes(cut)
    with pytest.raises(OSError, match=r"media-links\.key is damaged"):
        Files(tmp_path, tmp_path / "media").open()


def test_a_key_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Files(tmp_path, tmp_path / "media").open()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []
