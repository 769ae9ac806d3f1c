"""Clips that somebody gave: the exact last frame, whoever encoded them."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from playground.media import clips
from tests.sounds import sound_alone

SIZE = (160, 96)


def encoded(path: Path, codec: str, options: dict[str, str], count: int = 61) -> Path:
    """Noise that moves, so that every kind of frame is made."""
    noise = np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0] + 4 * count, 3), np.uint8)
    container: Any
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=24, options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(count):
            seen = np.ascontiguousarray(noise[:, 4 * number : 4 * number + SIZE[0]])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(seen)))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"x264-params": "keyint=30:bframes=3:b-pyramid=2"}),
        ("a.mp4", "libx264", {"x264-params": "keyint=250:bframes=8:b-pyramid=1:open-gop=1"}),
        ("a.mov", "libx264", {"x264-params": "bframes=0"}),
        ("a.mp4", "libx265", {"x265-params": "log-level=none:bframes=4"}),
        ("a.mp4", "mpeg4", {"bf": "2"}),
        ("a.webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
        ("a.mp4", "libsvtav1", {"preset": "12", "svtav1-params": "pred-struct=2"}),
    ],
)
def test_the_last_frame_is_exact_whoever_encoded_it(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = encoded(tmp_path / name, codec, options)
    with clips.opened(path) as clip:
        *_, last = clips.frames(clip)
    found = clips.last_frame(path)
    assert found.pts == last.pts
    assert np.array_equal(found.to_ndarray(), last.to_ndarray())


def test_a_clip_without_a_picture_says_so(tmp_path: Path) -> None:
    path = sound_alone(tmp_path / "sound.mp4")
    with pytest.raises(clips.NoPicture):
        clips.last_frame(path)
