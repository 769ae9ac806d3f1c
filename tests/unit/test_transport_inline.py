"""Videos inside an answer: on the disk, byte for byte, however the answer is cut into pieces."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.transport.inline import Inline, without_videos
from playground.transport.wire import Lost

KEYS = ("bytesBase64Encoded", "base64_encoded")


async def read(answer: bytes, folder: Path, size: int = 7) -> bytes:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(answer), size):
            yield answer[start : start + size]

    return b"".join([piece async for piece in without_videos(pieces(), Inline(KEYS, folder))])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    videos=st.lists(st.binary(max_size=400), max_size=3),
    text=st.text(max_size=60),
    size=st.integers(1, 600),
    slashes=st.booleans(),
    gap=st.sampled_from(["", " ", "\n  "]),
)
async def test_every_video_arrives_whole_and_the_rest_stays_as_it_was(
    videos: list[bytes], text: str, size: int, slashes: bool, gap: str, tmp_path: Path
) -> None:
    document = {"note": text, "videos": [{KEYS[0]: b64encode(video).decode(), "n": text} for video in videos]}
    answer = json.dumps(document).replace('": "', f'"{gap}:{gap}"').encode()
    if slashes:
        answer = answer.replace(b"/", rb"\/")
    kept = json.loads(await read(answer, tmp_path, size))
    full = [video for video in videos if video]
    assert kept["note"] == text
    assert [each[KEYS[0]] for each in kept["videos"] if each[KEYS[0]]] == [
        f"inline:{number}" for number in range(1, len(full) + 1)
    ]
    assert [(tmp_path / f"{number}.inline").read_bytes() for number in range(1, len(full) + 1)] == full


async def test_a_string_that_looks_like_a_video_is_a_string(tmp_path: Path) -> None:
    answer = json.dumps({"error": {"message": f'"{KEYS[0]}":"AAAA" was wrong'}}).encode()
    assert await read(answer, tmp_path) == answer
    assert not (tmp_path / "1.inline").exists()


@pytest.mark.parametrize("value", [b"A", b"!!!!", b"AAAA=AAA", b"<html>"])
async def test_what_is_no_base64_is_no_answer(value: bytes, tmp_path: Path) -> None:
    with pytest.raises(Lost, match="damaged") as lost:
        await read(b'{"base64_encoded":"' + value + b'"}', tmp_path)
    assert lost.value.sent


async def test_a_data_uri_line_breaks_and_the_url_alphabet_are_read(tmp_path: Path) -> None:
    data = bytes(range(256))
    text = b64encode(data).decode().replace("+", "-").replace("/", "_")
    lines = "\\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    kept = await read(f'{{"base64_encoded":"data:video/mp4;base64,{lines}"}}'.encode(), tmp_path, size=1000)
    assert json.loads(kept) == {"base64_encoded": "inline:1"}
    assert (tmp_path / "1.inline").read_bytes() == data
