"""`playground doctor`: no key gets out whatever the providers do, and one that does is found with its place."""

import base64
import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from playground.catalog import load_tables
from playground.commands import rehearsal
from playground.commands.installation import own_keys
from playground.commands.leaks import Leak, Search
from playground.commands.rehearsal import rehearse
from playground.emulator._server import Emulator
from playground.jobs.exchanges import Talk
from playground.jobs.record import JobRecord
from playground.jobs.workshop import Workshop
from playground.settings import load_settings
from playground.transport.client import Transport
from tests.house import small_clip

KEY = "Key/of+ours=7f"
STEM = "tokenbay"


def doctor(home: Path, *words: str, **environment: str) -> tuple[int, list[dict[str, Any]]]:
    """What the command answers and says, in an environment of its own."""
    clean = {"HOME": str(home), "PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    command = [sys.executable, "-m", "playground", "doctor", "--json", *words]
    ran = subprocess.run(command, cwd=home, env=clean, capture_output=True, text=True, timeout=110, check=False)
    assert "Traceback" not in ran.stderr, ran.stderr
    assert KEY not in ran.stdout + ran.stderr
    return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()]


def test_a_sound_installation_gives_no_key_away(tmp_path: Path) -> None:
    code, said = doctor(tmp_path, "--provider", STEM, GEMINI_API_KEY=KEY)
    assert (code, said[-1]) == (0, {"event": "finished", "ok": True, "leaks": []}), said
    checks = {line["name"]: line["says"] for line in said[:-1]}
    assert {"python", "packages", "tables", "data", "renderer", "leaks", "own-keys"} <= checks.keys()
    assert checks["key:gemini"] == "Gemini API: GEMINI_API_KEY is set."
    assert checks["key:azerion"] == "Azerion: AZERION_API_KEY is not set."


async def test_a_key_of_the_operators_in_the_data_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"x" * 50 + quote(KEY, safe="").encode())
    settings = load_settings({"GEMINI_API_KEY": KEY}, data_dir=tmp_path)
    check, leaks = await own_keys(settings)
    assert (check.ok, leaks) == (False, [Leak("Gemini API's key", "notes.txt", "percent-encoded")])
    (tmp_path / "notes.txt").unlink()
    assert (await own_keys(settings))[0].ok


def test_a_data_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    code, said = doctor(tmp_path, PLAYGROUND_DATA_DIR=str(tmp_path / "file" / "data"))
    assert code == 3
    assert said[-2]["name"] == "data"
    assert "cannot be used" in said[-2]["says"]


@pytest.fixture
def without_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_self: Emulator, _stem: str) -> dict[str, list[str]]:
        return {}

    monkeypatch.setattr(Emulator, "troubles", none)
    monkeypatch.setattr(rehearsal, "_BROKEN_CREATES", ())
    monkeypatch.setattr(rehearsal, "_BROKEN_LATER", ())


@pytest.mark.usefixtures("without_faults")
async def test_no_provider_gets_a_key_that_is_anothers_with_a_picture_or_without(tmp_path: Path) -> None:
    """All providers side by side, without faults: `doctor` itself plays those, which takes a minute."""
    played = await rehearse(tmp_path, small_clip(tmp_path / "clip.mp4"), load_tables())
    # For the operator and for a visitor one that meets nothing and one with a picture, and a last one for each of the
    # six; aigateway.sh takes no picture but by a public link.
    assert played.ends == {"succeeded": 6 * 5 - 2}
    assert played.leaks == ()


@pytest.mark.usefixtures("without_faults")
async def test_every_way_out_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, outgoing = Workshop.keep, Transport._outgoing  # pyright: ignore[reportPrivateUsage]

    async def leaky_keep(self: Workshop, job: JobRecord, talk: Talk) -> None:
        assert talk.secret is not None
        logging.getLogger("playground.jobs").info("said %s", base64.b64encode(b"x" + talk.secret.value.encode()))
        (self.files.data_dir / "kept.bin").write_bytes(talk.secret.value.encode().hex().encode())
        await keep(self, job, talk)

    async def leaky_outgoing(self: Transport, call: Any, context: Any, secret: Any, media: Any) -> Any:
        out = await outgoing(self, call, context, secret, media)
        return replace(out, url=httpx.URL(out.url, params={"key": secret.value}))

    # Each job is overheard at every way out, so one job of each owner will do, and none meets a fault.
    monkeypatch.setattr(Workshop, "keep", leaky_keep)
    monkeypatch.setattr(Transport, "_outgoing", leaky_outgoing)
    played = await rehearse(tmp_path, small_clip(tmp_path / "clip.mp4"), load_tables(), only=[STEM])
    found = {(leak.key, leak.place.split(" 127.0.0.1")[0], leak.spelling) for leak in played.leaks}
    for whose in ("operator's", "visitor's"):
        key = f"{whose} key for {STEM}"
        assert {(key, "the log of playground.jobs", "base64"), (key, "the request POST", "plain")} <= found
    assert "kept.bin" in {leak.place for leak in played.leaks if leak.spelling == "hex"}
    assert not {leak.key for leak in played.leaks} - {
        f"{whose} key for {STEM}" for whose in ("operator's", "visitor's")
    }


@pytest.mark.parametrize(
    ("spelling", "written"),
    [
        ("plain", KEY.encode()),
        ("plain", f"https://x/?k={KEY.upper()}".encode()),
        ("percent-encoded", quote(KEY, safe="").encode()),
        ("percent-encoded", "".join(f"%{byte:02X}" for byte in KEY.encode()).encode()),
        ("hex", KEY.encode().hex().upper().encode()),
        *(("base64", base64.b64encode(b"Bearer: "[:before] + KEY.encode() + b"!")) for before in range(7)),
        ("base64", base64.urlsafe_b64encode(b"?>" + KEY.encode())),
    ],
)
def test_a_key_is_found_however_it_is_written(spelling: str, written: bytes) -> None:
    search = Search({"ours": KEY, "another": "not-there-0123456789"})
    search.data("somewhere", b"before " + written + b" after")
    assert search.leaks == [Leak("ours", "somewhere", spelling)]


def test_a_key_across_two_pieces_of_a_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.commands.leaks._CHUNK", 64)
    (tmp_path / "long.bin").write_bytes(b"." * 60 + KEY.encode() + b"." * 200)
    search = Search({"ours": KEY})
    search.folder(tmp_path)
    assert [leak.place for leak in search.leaks] == ["long.bin"]
