"""Real files, measured by their bytes: what is whole is measured exactly, what is not is refused with a sentence."""

import random
import struct
import tracemalloc
import warnings
import zlib
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from playground.domain.media import MediaFacts
from playground.jobs.boxes import mp4_problem
from playground.jobs.formats import MIME_TYPES, Clip, sniff
from playground.jobs.probe import open_clip, probe_image, probe_video
from tests.sounds import sound_alone

IMAGES = ("png", "jpeg", "webp", "avif", "gif", "bmp", "tiff")


def picture(path: Path, size: tuple[int, int] = (64, 48), **options: Any) -> Path:
    noise = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(path, **options)
    return path


def clip(
    path: Path, *, codec: str = "libx264", sound: bool = True, options: dict[str, str] | None = None, **tags: str
) -> Path:
    """A second of video, small enough to be cut at every byte."""
    container: Any
    with av.open(path, "w", options=options or {}) as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("aac", rate=48_000, layout="stereo") if sound else None
        for shade in range(24):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((2, 48_000), np.float32), format="fltp", layout="stereo")
            silence.rate = 48_000
            container.mux(audio.encode(silence))
            container.mux(audio.encode(None))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def good(folder: Path) -> Path:
    return clip(folder / "good.mp4")


@pytest.fixture(scope="module")
def streamable(folder: Path) -> Path:
    """Its index comes first, so that every reader takes its beginning for the whole."""
    return clip(folder / "streamable.mp4", options={"movflags": "faststart"})


def refused(facts: MediaFacts, code: str) -> str:
    assert facts.problem_code == code
    assert facts.problem is not None
    assert "\n" not in facts.problem
    assert (facts.width, facts.height, facts.seconds) == (None, None, None)
    return facts.problem


# ---- Images ----


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_known_by_its_bytes(tmp_path: Path, name: str) -> None:
    path = picture(tmp_path / f"a.{name}").rename(tmp_path / "misnamed.txt")
    facts = probe_image(path)
    assert facts == MediaFacts("image", name, path.stat().st_size, 64, 48)
    assert MIME_TYPES[name] == f"image/{name}"
    assert sniff(path) == name


def test_a_phones_photo_is_a_jpeg(tmp_path: Path) -> None:
    depth = Image.new("L", (8, 8)).convert("RGB")
    path = picture(tmp_path / "photo.jpg", format="MPO", save_all=True, append_images=[depth])
    assert probe_image(path) == MediaFacts("image", "jpeg", path.stat().st_size, 64, 48)


@pytest.mark.parametrize("content", [b"", b"Dear diary,\n" * 50, b"\x89PN", b"%PDF-1.7\n", b"<svg/>"])
def test_what_is_no_image_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(content)
    assert "image.png is not an image" in refused(probe_image(path), "not_an_image")


@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "bmp", "tiff"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_image_is_damaged(tmp_path: Path, name: str, share: float) -> None:
    path = picture(tmp_path / f"a.{name}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert probe_image(path).problem_code in ("broken", "not_an_image")


def png_of(width: int, height: int) -> bytes:
    """A few bytes that announce a picture of any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(30_000, 30_000), (10_000, 10_000), (7_072, 7_072), (1, 60_000_000)])
def test_a_decompression_bomb_is_refused_unopened(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of(*size))
    tracemalloc.start()
    try:
        says = refused(probe_image(path), "too_many_pixels")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "pixels" in says
    assert peak < 2_000_000


def test_a_picture_at_the_limit_is_only_judged_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(png_of(1_000, 50))
    assert probe_image(path).problem_code == "broken"


def sparse(path: Path, start: bytes, megabytes: int) -> Path:
    with path.open("wb") as file:
        file.write(start)
        file.truncate(megabytes * 1_000_000)
    return path


def test_a_file_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    image = sparse(tmp_path / "a.png", png_of(10, 10), 60)
    assert "60 MB; at most 20 MB" in refused(probe_image(image), "too_large")
    video = sparse(tmp_path / "a.mp4", b"\0\0\0\x18ftypisom", 101)
    assert "at most 100 MB" in refused(probe_video(video), "too_large")


@pytest.mark.parametrize("name", IMAGES)
def test_no_damage_makes_a_probe_raise(tmp_path: Path, name: str) -> None:
    dice = random.Random(name)
    path = picture(tmp_path / f"a.{name}", (24, 16))
    whole = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow remarks about odd metadata is not our affair
        for _ in range(120):
            spoiled = bytearray(whole)
            for _ in range(dice.randrange(1, 8)):
                spoiled[dice.randrange(dice.choice((32, len(spoiled))))] = dice.choice((0, 255, dice.randrange(256)))
            path.write_bytes(spoiled)
            facts = probe_image(path)
            assert (facts.problem is None) == (facts.width is not None)


# ---- Clips ----


def test_exact_facts_of_a_good_clip(good: Path) -> None:
    size = good.stat().st_size
    assert mp4_problem(good) is None
    assert open_clip(good) == Clip("mp4", 1.0, 64, 48, 24.0, has_audio=True)
    assert probe_video(good) == MediaFacts("video", "mp4", size, 64, 48, 1.0, 24.0, has_audio=True)


@pytest.mark.parametrize(("name", "codec"), [("mov", "libx264"), ("webm", "libvpx-vp9")])
def test_other_clips_that_are_taken(tmp_path: Path, name: str, codec: str) -> None:
    path = clip(tmp_path / f"a.{name}", codec=codec, sound=False).rename(tmp_path / "misnamed")
    assert probe_video(path) == MediaFacts("video", name, path.stat().st_size, 64, 48, 1.0, 24.0, has_audio=False)
    assert name in MIME_TYPES


@pytest.mark.parametrize(("name", "codec"), [("avi", "mpeg4"), ("mkv", "libx264"), ("ts", "mpeg2video")])
def test_other_containers_are_refused(tmp_path: Path, name: str, codec: str) -> None:
    path = clip(tmp_path / f"a.{name}", codec=codec, sound=False).rename(tmp_path / "a.mp4")
    refused(probe_video(path), "not_a_video")


@pytest.mark.parametrize("name", IMAGES)
def test_a_picture_is_no_clip(tmp_path: Path, name: str) -> None:
    facts = probe_video(picture(tmp_path / f"a.{name}"))
    assert facts.problem_code in ("not_a_video", "broken")


@pytest.mark.parametrize("name", ["a.mp4", "a.m3u8", "a.txt", "a.mpd", "a.ffconcat"])
def test_a_playlist_does_not_lead_to_other_files(good: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    (tmp_path / "beside.mp4").write_bytes(good.read_bytes())
    for text in (
        f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:1.0,\n{good}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile 'beside.mp4'\n",
        "Dear diary,\n" * 50,
        "",
    ):
        path.write_text(text)
        refused(probe_video(path), "not_a_video")
        assert open_clip(path) is None


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_every_strict_beginning_of_a_clip_is_refused(good: Path, streamable: Path, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([good, streamable]))
    whole = source.read_bytes()
    cut = data.draw(st.one_of(st.integers(0, len(whole) - 1), st.integers(1, 64).map(lambda n: len(whole) - n)))
    path = source.with_name("cut.mp4")
    path.write_bytes(whole[:cut])
    assert mp4_problem(path) is not None
    assert probe_video(path).problem is not None
    path.write_bytes(whole)
    assert mp4_problem(path) is None


def test_a_cut_mov_is_refused_too(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mov", options={"movflags": "faststart"})
    whole = path.read_bytes()
    path.write_bytes(whole[:-300])
    assert "cut off" in refused(probe_video(path), "broken")
    # An old one, from before there was a box that names the kind.
    length = struct.unpack(">I", whole[:4])[0]
    path.write_bytes(clip(tmp_path / "b.mov").read_bytes()[length:])
    assert probe_video(path).problem_code in (None, "not_a_video")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\0\0\0", "cut off"),
        (b"Dear diary, ", "not an MP4"),
        (b"\0\0\0\x08ftyp", "lacks its mdat"),
        (b"\0\0\0\x08ftyp\0\0\0\x08mdat", "lacks its moov"),
        (b"\0\0\0\x07ftyp", "shorter"),
        (b"\0\0\0\x01ftyp", "shorter"),
        (b"\0\0\0\x08ftyp\0\0\0\x08moov\0\0\0\x01mdat" + (2**63).to_bytes(8, "big"), "shorter"),
        (b"\0\0\0\x08ftyp\0\0\0\x08moov\0\0\0\x01mdat" + (0).to_bytes(8, "big"), "shorter"),
        (b"\0\0\0\x08ftyp" * 20_000, "lacks"),
    ],
)
def test_boxes_that_do_not_add_up(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    assert says in (mp4_problem(path) or "")
    assert probe_video(path).problem is not None


@pytest.mark.parametrize("length", [b"\0\0\0\0mdat", b"\0\0\0\x01mdat" + (20).to_bytes(8, "big")])
def test_boxes_that_reach_to_the_end_or_are_large(tmp_path: Path, length: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0\0\0\x08ftyp\0\0\0\x08moov" + length + bytes(4))
    assert mp4_problem(path) is None


def test_odd_metadata_is_no_reason_to_refuse_a_clip(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", title="CafeXX")
    spoiled = path.read_bytes().replace(b"CafeXX", b"Caf\xe9\xff\xfe")
    path.write_bytes(spoiled)
    assert b"Caf\xe9" in spoiled
    assert probe_video(path).problem is None


def test_a_codec_that_nobody_knows_is_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(good.read_bytes().replace(b"avc1", b"zzzz"))
    refused(probe_video(path), "not_a_video")


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    refused(probe_video(sound_alone(tmp_path / "a.mp4")), "not_a_video")


def test_the_length_of_a_browsers_recording_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    clip(path, codec="libvpx-vp9", sound=False, options={"live": "1"})
    facts = probe_video(path)
    assert (facts.problem, facts.format, facts.seconds) == (None, "webm", None)


def test_no_damage_makes_a_clip_raise(good: Path, tmp_path: Path) -> None:
    dice, whole, path = random.Random(3), good.read_bytes(), tmp_path / "a.mp4"
    for _ in range(150):
        spoiled = bytearray(whole)
        for _ in range(dice.randrange(1, 8)):
            spoiled[dice.randrange(len(spoiled))] = dice.choice((0, 255, dice.randrange(256)))
        path.write_bytes(spoiled)
        facts = probe_video(path)
        assert (facts.problem is None) == (facts.width is not None)


def test_a_files_name_stands_in_one_short_line(tmp_path: Path) -> None:
    path = tmp_path / ("a\nb " + "x" * 150 + ".png")
    path.write_bytes(b"no image")
    assert len(refused(probe_image(path), "not_an_image")) < 120
