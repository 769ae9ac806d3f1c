"""Opening what strangers made: in a process that ends for it, and takes nothing else along."""

import asyncio
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from PIL import Image

from playground.domain.pictures import CannotChange, Change
from playground.jobs.decoder import Decoder
from tests.house import SAMPLES, House, shared_decoder, small_clip

CHANGE = Change("jpeg", ("it is turned upright",), 1_000_000, None, or_jpeg=True, needed=True)
CANARY = "canary-env-77aa"


@pytest.fixture
async def narrow(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Decoder]:
    """One that allows little: half a second and thirty megabytes."""
    monkeypatch.setenv("GEMINI_API_KEY", CANARY)
    decoder = Decoder(seconds=0.5, megabytes=30)
    await decoder.start()
    yield decoder
    await decoder.aclose()


async def still_works(decoder: Decoder) -> bool:
    return (await decoder.probe("image", SAMPLES / "first-frame.jpg")).format == "jpeg"


async def test_a_small_file_that_unpacks_to_too_much_memory(narrow: Decoder, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    Image.new("RGB", (5000, 5000)).save(bomb)
    assert bomb.stat().st_size < 200_000
    facts = await narrow.probe("image", bomb)
    assert (facts.problem_code, "more time or memory" in str(facts.problem)) == ("too_costly", True)
    with pytest.raises(CannotChange, match="more time or memory"):
        await narrow.copy(bomb, tmp_path / "copy", CHANGE)
    assert await still_works(narrow)
    assert (await shared_decoder().probe("image", bomb)).problem is None


async def test_a_file_that_is_never_done_is_ended(narrow: Decoder, tmp_path: Path) -> None:
    endless = tmp_path / "endless.mp4"
    os.mkfifo(endless)
    writer = os.open(endless, os.O_RDWR)
    started = time.monotonic()
    probed = [narrow.probe("video", endless) for _ in range(3)]
    facts = await asyncio.gather(*probed)
    os.close(writer)
    assert {each.problem_code for each in facts} == {"too_costly"}
    assert time.monotonic() - started < 20
    assert await still_works(narrow)


def with_endless_index(clip: Path, path: Path, samples: int) -> Path:
    """A clip whose index names very many samples in twenty bytes."""
    data = bytearray(clip.read_bytes())
    sizes = data.index(b"stsz") - 4
    (length,) = struct.unpack_from(">I", data, sizes)
    data[sizes : sizes + length] = struct.pack(">I4sIII", 20, b"stsz", 0, 1, samples) + struct.pack(
        f">I4s{length - 28}x", length - 20, b"free"
    )
    chunks = data.index(b"stsc") + 12
    struct.pack_into(">I", data, chunks + 4, samples)
    path.write_bytes(data)
    return path


async def test_a_clip_whose_index_is_a_bomb(narrow: Decoder, tmp_path: Path) -> None:
    clip = small_clip(tmp_path / "clip.mp4")
    bomb = with_endless_index(clip, tmp_path / "bomb.mp4", 150_000_000)
    await narrow.probe("video", bomb)
    with pytest.raises(ValueError, match=r"."):
        await narrow.last_frame(bomb, tmp_path / "last.png")
    assert [name for name in os.listdir(tmp_path) if name.startswith("last")] == []
    assert await still_works(narrow)


async def test_what_lies_about_itself_is_what_its_bytes_say(tmp_path: Path) -> None:
    decoder = shared_decoder()
    small_clip(tmp_path / "clip.png")
    (tmp_path / "photo.mp4").write_bytes((SAMPLES / "first-frame.jpg").read_bytes())
    (tmp_path / "both.jpg").write_bytes((SAMPLES / "first-frame.jpg").read_bytes() + b"PK\3\4<script>alert(1)</script>")
    (tmp_path / "list.mp4").write_bytes(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    (tmp_path / "shape.png").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    )
    assert (await decoder.probe("image", tmp_path / "clip.png")).problem_code == "not_an_image"
    assert (await decoder.probe("video", tmp_path / "photo.mp4")).problem_code == "not_a_video"
    assert (await decoder.probe("image", tmp_path / "both.jpg")).format == "jpeg"
    assert (await decoder.probe("video", tmp_path / "list.mp4")).problem_code == "not_a_video"
    assert (await decoder.probe("image", tmp_path / "shape.png")).problem_code == "not_an_image"


async def test_a_disk_that_fails_is_told_as_such(tmp_path: Path) -> None:
    clip = small_clip(tmp_path / "clip.mp4")
    with pytest.raises(FileNotFoundError):
        await shared_decoder().probe("image", tmp_path / "gone.png")
    with pytest.raises(OSError, match="No such file"):
        await shared_decoder().thumbnail(clip, tmp_path / "no" / "such" / "folder.jpg")


async def test_one_that_is_shared_outlives_each_of_those_who_share_it(tmp_path: Path) -> None:
    decoder, running = shared_decoder(), set[int]()
    for number in range(2):
        async with House(tmp_path / str(number)).process():
            assert await still_works(decoder)
            assert decoder._process is not None  # pyright: ignore[reportPrivateUsage] - to tell it from another
            running.add(decoder._process.pid)  # pyright: ignore[reportPrivateUsage]
    assert len(running) == 1


async def test_it_knows_none_of_our_keys(narrow: Decoder) -> None:
    assert await still_works(narrow)
    children = [
        Path(f"/proc/{name}")
        for name in os.listdir("/proc")
        if name.isdigit() and f"PPid:\t{os.getpid()}\n" in _read(Path(f"/proc/{name}/status"))
    ]
    opening = [each for each in children if "playground.jobs.decoding" in _read(each / "cmdline")]
    assert opening
    assert all(CANARY not in _read(each / "environ") for each in opening)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


PARENT = """
import asyncio, os, signal
from pathlib import Path
from playground.jobs.decoder import Decoder

async def main():
    decoder = Decoder()
    await decoder.probe("image", Path(os.sys.argv[1]))
    print(decoder._process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_it_ends_with_its_parent() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PARENT, str(SAMPLES / "first-frame.jpg")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    until = time.monotonic() + 20
    while Path(f"/proc/{ran.stdout.strip()}").exists():
        assert time.monotonic() < until
        time.sleep(0.02)


async def test_one_that_was_killed_is_replaced(tmp_path: Path) -> None:
    decoder = Decoder()
    assert await still_works(decoder)
    pid = decoder._process.pid if decoder._process is not None else 0  # pyright: ignore[reportPrivateUsage] - to kill it
    os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0.05)
    assert await still_works(decoder)
    await decoder.aclose()
