"""What the sandbox renders, judged by decoding it."""

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from playground.assets import asset
from playground.sandbox.inputs import Source, fit
from playground.sandbox.overlay import label
from playground.sandbox.render import render
from playground.sandbox.spec import LABEL, RenderError, RenderSpec

Rgb = NDArray[np.uint8]
Make = Callable[..., Path]

FIRST = asset("samples", "first-frame.jpg")
LAST = asset("samples", "last-frame.jpg")
REFERENCES = (asset("samples", "reference-1.png"), asset("samples", "reference-2.png"))
PROMPT = "A calm lake at sunset. The camera pans left."


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Render a clip (2 s, 720p, silent unless said otherwise); equal requests are rendered once."""
    folder = tmp_path_factory.mktemp("sandbox")
    known: dict[str, Path] = {}

    def once(again: int = 0, **fields: Any) -> Path:
        chosen: dict[str, Any] = {"mode": "text-to-video", "prompt": PROMPT, "seconds": 2, "audio": False, **fields}
        key = repr((again, sorted(chosen.items())))
        if key not in known:
            output = folder / f"clip-{len(known)}.mp4"
            render(RenderSpec(output=output, **chosen), lambda _: None)
            known[key] = output
        return known[key]

    return once


def pictures(path: Path) -> Iterator[Rgb]:
    with av.open(str(path)) as clip:
        for frame in clip.decode(video=0):
            yield np.asarray(frame.reformat(format="rgb24").to_ndarray(), np.uint8)


def picture(path: Path, number: int) -> Rgb:
    for at, found in enumerate(pictures(path)):
        if at == number:
            return found
    raise AssertionError(f"{path} has no frame {number}")


def last_frame(path: Path) -> Rgb:
    *_, last = pictures(path)
    return last


def planes_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as clip:
        return [frame.to_ndarray().tobytes() for frame in clip.decode(video=0)]


def packets_of(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path)) as clip:
        return [bytes(packet) for packet in clip.demux() if packet.stream.type == kind and packet.size]


def samples(path: Path) -> NDArray[np.float32]:
    with av.open(str(path)) as clip:
        parts = [frame.to_ndarray() for frame in clip.decode(audio=0)]
    return np.concatenate(parts, axis=1).astype(np.float32)


def psnr(one: Rgb, other: Rgb) -> float:
    """Likeness in dB, without the label's place."""
    seen = np.ones(one.shape[:2], bool)
    left, top, right, bottom = label((one.shape[1], one.shape[0])).box
    seen[top:bottom, left:right] = False
    error = float(np.mean((one[seen].astype(np.float64) - other[seen]) ** 2))
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def fitted(path: Path, size: tuple[int, int]) -> Rgb:
    return np.asarray(fit(Image.open(path), size))


def boxes(path: Path) -> list[bytes]:
    data, position, kinds = path.read_bytes(), 0, list[bytes]()
    while position < len(data):
        kinds.append(data[position + 4 : position + 8])
        position += int.from_bytes(data[position : position + 4], "big")
    return kinds


def frame_times(path: Path) -> list[Fraction]:
    with av.open(str(path)) as clip:
        return [(frame.pts or 0) * (frame.time_base or Fraction(0)) for frame in clip.decode(video=0)]


def foreign_clip(path: Path, size: tuple[int, int], rate: int, count: int, sound_rate: int = 0, **options: str) -> Path:
    """Write a clip as another program would: other encoder, rate, size; its red grows with time."""
    with av.open(str(path), "w", options=options) as opened:
        clip: Any = opened
        video = clip.add_stream("mpeg4", rate=rate)
        video.width, video.height, video.pix_fmt, video.bit_rate = *size, "yuv420p", 4_000_000
        if sound_rate:
            audio = clip.add_stream("aac", rate=sound_rate, layout="mono")
            moments = np.arange(sound_rate * count // rate, dtype=np.float32) / sound_rate
            tone = (0.4 * np.sin(2 * np.pi * 440 * moments)).astype(np.float32)[None]
            sound = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = sound_rate, 0, Fraction(1, sound_rate)
            clip.mux(audio.encode(sound))
            clip.mux(audio.encode(None))
        for number in range(count):
            image = Image.new("RGB", size, (40 + 180 * number // count, 90, 120))
            clip.mux(video.encode(av.VideoFrame.from_ndarray(np.asarray(image))))
        clip.mux(video.encode(None))
    return path


class TestTheFile:
    @pytest.fixture
    def clip(self, make: Make) -> Path:
        return make(audio=True)

    def test_is_h264_and_aac_of_exactly_the_asked_size_and_length(self, clip: Path) -> None:
        with av.open(str(clip)) as opened:
            video, audio = opened.streams.video[0], opened.streams.audio[0]
            assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
            assert (video.width, video.height) == (1280, 720)
            assert (video.average_rate, video.frames) == (24, 48)
            assert (audio.codec_context.name, audio.rate, audio.channels) == ("aac", 48000, 2)
            assert opened.duration == 2_000_000
        assert frame_times(clip) == [Fraction(number, 24) for number in range(48)]

    def test_says_its_colours_are_bt709(self, clip: Path) -> None:
        with av.open(str(clip)) as opened:
            context = opened.streams.video[0].codec_context
            tags = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
            assert tags == (1, 1, 1, 1)

    def test_plays_while_it_loads(self, clip: Path) -> None:
        kinds = boxes(clip)
        assert kinds.index(b"moov") < kinds.index(b"mdat")

    def test_says_what_it_is(self, clip: Path) -> None:
        with av.open(str(clip)) as opened:
            assert opened.metadata["comment"] == LABEL == "SANDBOX PREVIEW — not AI output"

    def test_bears_the_label_on_every_frame(self, clip: Path) -> None:
        left, top, right, bottom = label((1280, 720)).box
        seen = [frame[top:bottom, left:right] for frame in pictures(clip)]
        letters = seen[0].min(axis=2) > 200
        assert 0.04 < letters.mean() < 0.4
        assert max(float(np.abs(crop.astype(int) - seen[0]).mean()) for crop in seen) < 6

    def test_moves(self, clip: Path) -> None:
        assert psnr(picture(clip, 0), picture(clip, 40)) < 30

    def test_sounds(self, clip: Path) -> None:
        loudness = float(np.sqrt(np.mean(samples(clip) ** 2)))
        assert 0.01 < loudness < 0.5
        assert np.abs(samples(clip)).max() <= 1

    def test_has_no_sound_track_when_sound_is_off(self, make: Make) -> None:
        with av.open(str(make(mode="image-to-video", first_frame=FIRST))) as opened:
            assert not opened.streams.audio
            assert opened.duration == 2_000_000

    def test_leaves_nothing_else_behind(self, clip: Path) -> None:
        assert all(path.suffix == ".mp4" and not path.name.startswith(".") for path in clip.parent.iterdir())


@pytest.mark.parametrize(
    ("resolution", "aspect_ratio", "size"),
    [
        ("720p", "9:16", (720, 1280)),
        ("720p", "1:1", (720, 720)),
        ("1080p", "16:9", (1920, 1080)),
        ("4k", "16:9", (3840, 2160)),
    ],
)
def test_every_size_is_exact(make: Make, resolution: str, aspect_ratio: str, size: tuple[int, int]) -> None:
    clip = make(resolution=resolution, aspect_ratio=aspect_ratio, seconds=1, prompt="A room.")
    with av.open(str(clip)) as opened:
        video = opened.streams.video[0]
        assert (video.width, video.height, video.frames) == (*size, 24)
        assert opened.duration == 1_000_000
    assert last_frame(clip).shape == (size[1], size[0], 3)


def test_a_rock_in_the_sea_goes_down_to_the_lower_edge(make: Make) -> None:
    frame = picture(make(prompt="A red lighthouse at dusk.", aspect_ratio="9:16", seconds=1), 0)
    rock, foot = (frame[rows, 560:600].astype(int) for rows in (slice(900, 960), slice(1220, 1280)))
    assert np.abs(rock.mean(axis=(0, 1)) - foot.mean(axis=(0, 1))).max() < 12


class TestTheSameRequest:
    def test_gives_the_same_frames_and_sound(self, make: Make) -> None:
        first, second = make(audio=True), make(again=1, audio=True)
        assert first != second
        assert planes_of(first) == planes_of(second)
        assert np.array_equal(samples(first), samples(second))

    def test_gives_others_with_another_seed(self, make: Make) -> None:
        assert psnr(picture(make(audio=True), 40), picture(make(seed=7), 40)) < 30


class TestImageToVideo:
    def test_starts_on_the_picture_and_moves_over_it(self, make: Make) -> None:
        clip = make(mode="image-to-video", first_frame=FIRST)
        start = picture(clip, 0)
        assert psnr(start, fitted(FIRST, (1280, 720))) >= 38
        assert psnr(start, picture(clip, 44)) < 30

    def test_pads_when_asked(self, make: Make) -> None:
        clip = make(mode="image-to-video", first_frame=FIRST, aspect_ratio="1:1", resize_mode="pad", seconds=1)
        start = picture(clip, 0)
        assert start[100:140, 100:300].max() < 12
        assert start[300:400].mean() > 40


class TestInterpolation:
    def test_begins_and_ends_exactly_on_the_pictures(self, make: Make) -> None:
        clip = make(mode="interpolation", first_frame=FIRST, last_frame=LAST, seconds=1)
        assert psnr(picture(clip, 0), fitted(FIRST, (1280, 720))) >= 38
        assert psnr(last_frame(clip), fitted(LAST, (1280, 720))) >= 38
        middle = picture(clip, 12)
        assert psnr(middle, fitted(FIRST, (1280, 720))) < 34
        assert psnr(middle, fitted(LAST, (1280, 720))) < 34


class TestReferences:
    def test_are_seen(self, make: Make, tmp_path: Path) -> None:
        magenta = tmp_path / "magenta.png"
        Image.new("RGB", (500, 500), (230, 20, 220)).save(magenta)
        room = {"mode": "references", "prompt": "A room.", "seconds": 1}
        shown = picture(make(reference_images=REFERENCES, **room), 20)
        other = picture(make(reference_images=(REFERENCES[0], magenta), **room), 20)
        changed = np.abs(shown.astype(int) - other).max(axis=2) > 40
        across = np.flatnonzero(changed.sum(axis=0) > 20)
        assert changed.mean() > 0.05
        assert across.min() > 640, "the first of the two stands unchanged on the left"


class TestExtension:
    def test_joins_new_seconds_to_an_untouched_old_part(self, make: Make) -> None:
        old = make(audio=True)
        clip = make(mode="extension", audio=True, source_video=old, prompt="A room.")
        assert frame_times(clip) == [Fraction(number, 24) for number in range(48 + 48)]
        assert planes_of(clip)[:48] == planes_of(old)
        with av.open(str(clip)) as opened:
            assert opened.duration == 4_000_000
            assert opened.metadata["comment"] == LABEL
        assert packets_of(clip, "audio")[: len(packets_of(old, "audio"))] == packets_of(old, "audio"), "nor its sound"
        assert packets_of(clip, "video")[:48] == packets_of(old, "video")
        assert float(np.abs(samples(clip)[:, 110_000:]).max()) > 0.02

    def test_goes_on_from_the_last_picture_without_a_second_label(self, make: Make) -> None:
        old = make(audio=True)
        clip = make(mode="extension", seconds=1, source_video=old, prompt="")
        assert psnr(picture(clip, 47), picture(clip, 48)) > 30
        left, top, right, bottom = label((1280, 720)).box
        after = picture(clip, 70)
        after[top:bottom, left:right] = 0
        assert after[:60, 800:].min(axis=2).max() < 200, "no white letters wander through the corner"

    def test_can_be_repeated(self, make: Make) -> None:
        once = make(mode="extension", audio=True, source_video=make(audio=True), prompt="A room.")
        twice = make(mode="extension", seconds=1, audio=True, source_video=once, prompt="")
        assert planes_of(twice)[: 48 + 48] == planes_of(once)
        with av.open(str(twice)) as opened:
            assert opened.duration == 5_000_000

    def test_keeps_sound_beside_the_picture(self, make: Make) -> None:
        clip = make(mode="extension", audio=True, source_video=make(audio=True), prompt="A room.")
        gap = 0.0
        latest = {"video": 0.0, "audio": 0.0}
        with av.open(str(clip)) as opened:
            for packet in opened.demux():
                if packet.dts is not None:
                    latest[packet.stream.type] = float(packet.dts * packet.time_base)
                    gap = max(gap, abs(latest["video"] - latest["audio"]))
        assert gap < 1

    @pytest.mark.parametrize(("sound_rate", "prompt"), [(0, ""), (22050, "The sea.")])
    def test_takes_over_a_clip_made_elsewhere(self, make: Make, tmp_path: Path, sound_rate: int, prompt: str) -> None:
        source = foreign_clip(tmp_path / f"{sound_rate}.mp4", (426, 240), 30, 75, sound_rate)
        clip = make(mode="extension", audio=True, source_video=source, prompt=prompt)
        with av.open(str(clip)) as opened:
            video = opened.streams.video[0]
            # An extension is 720p, whatever it extends.
            assert (video.width, video.height, video.frames) == (1278, 720, 60 + 48)
            assert video.average_rate == 24
            assert opened.duration == 4_500_000
        left, top, right, bottom = label((1278, 720)).box
        assert (picture(clip, 0)[top:bottom, left:right].max(axis=2) > 120).mean() > 0.03
        red = [float(frame[600:, :300, 0].mean()) for frame in pictures(clip)][:60]
        assert all(later >= earlier - 2 for earlier, later in itertools.pairwise(red))
        assert red[-1] - red[0] > 150
        old = samples(clip)[:, 4800:100_000]
        assert (float(np.abs(old).max()) > 0.2) == bool(sound_rate)

    @pytest.mark.parametrize("rate", [8, 50])
    def test_shows_each_picture_of_another_rate_as_long_as_it_stood(
        self, make: Make, tmp_path: Path, rate: int
    ) -> None:
        source = foreign_clip(tmp_path / f"{rate}.mp4", (426, 240), rate, rate)
        clip = make(mode="extension", seconds=1, source_video=source, prompt="")
        red = [float(frame[600:, :300, 0].mean()) for frame in pictures(clip)]
        given = [float(frame[200:, :100, 0].mean()) for frame in pictures(source)]
        assert len(red) == 24 + 24
        seen = [given[number * rate // 24] for number in range(24)]
        assert max(abs(one - other) for one, other in zip(red, seen, strict=False)) < 10

    def test_takes_over_a_clip_that_does_not_say_how_long_it_is(self, make: Make, tmp_path: Path) -> None:
        source = foreign_clip(tmp_path / "recorded.mkv", (426, 240), 24, 36, 48000, live="1")
        with av.open(str(source)) as opened:
            assert opened.streams.video[0].duration is None
        clip = make(mode="extension", seconds=1, source_video=source, prompt="")
        assert len(frame_times(clip)) == 36 + 24
        assert psnr(picture(clip, 35), picture(clip, 36)) > 30

    def test_turns_a_phone_clip_upright(self, make: Make, tmp_path: Path) -> None:
        source = tmp_path / "turned.mp4"
        with av.open(str(source), "w") as opened:
            clip: Any = opened
            video = clip.add_stream("libx264", rate=24)
            video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
            video.set_display_rotation(90)
            stored = Image.new("RGB", (320, 180), (20, 20, 20))
            stored.paste((250, 40, 40), (0, 0, 320, 40))
            for _ in range(24):
                clip.mux(video.encode(av.VideoFrame.from_ndarray(np.asarray(stored))))
            clip.mux(video.encode(None))
        joined = make(mode="extension", seconds=1, source_video=source, prompt="")
        start = picture(joined, 0)
        assert start.shape == (1280, 720, 3)
        # What a browser shows of such a file: the stored top is on the left.
        assert start[640, 20, 0] > 200
        assert start[640, 700, 0] < 60

    def test_drops_the_sound_when_it_is_off(self, make: Make) -> None:
        clip = make(mode="extension", seconds=1, source_video=make(audio=True), prompt="")
        with av.open(str(clip)) as opened:
            assert not opened.streams.audio

    @pytest.mark.parametrize(
        "text",
        [
            "ffconcat version 1.0\nfile secret.mp4\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1.0,\nsecret.mp4\n#EXT-X-ENDLIST\n",
        ],
    )
    def test_does_not_follow_a_list_to_other_files(self, make: Make, tmp_path: Path, text: str) -> None:
        (tmp_path / "secret.mp4").write_bytes(make(audio=True).read_bytes())
        (tmp_path / "list.mp4").write_text(text)
        with pytest.raises(RenderError, match="no video"):
            Source(tmp_path / "list.mp4")

    def test_refuses_a_clip_that_was_cut_off(self, make: Make, tmp_path: Path) -> None:
        whole = make(audio=True).read_bytes()
        cut = tmp_path / "cut.mp4"
        cut.write_bytes(whole[: len(whole) * 2 // 3])
        with pytest.raises(RenderError, match="incomplete") as refused:
            make(mode="extension", source_video=cut)
        assert refused.value.code == "bad_media"

    def test_refuses_a_clip_that_is_damaged_inside(self, make: Make, tmp_path: Path) -> None:
        data = bytearray(foreign_clip(tmp_path / "whole.mp4", (320, 180), 30, 60).read_bytes())
        start = data.index(b"mdat") + 4
        end = data.index(b"moov") - 4
        data[start:end] = bytes(end - start)
        (tmp_path / "damaged.mp4").write_bytes(data)
        with pytest.raises(RenderError) as refused:
            make(mode="extension", source_video=tmp_path / "damaged.mp4")
        assert refused.value.code == "bad_media"


@pytest.mark.parametrize("own", [True, False])
def test_the_last_picture_is_the_last_of_all(make: Make, tmp_path: Path, *, own: bool) -> None:
    source = Source(make() if own else foreign_clip(tmp_path / "foreign.mp4", (426, 240), 30, 71))
    *_, last = source.pictures()
    assert source.own is own
    assert all((one == other).all() for one, other in zip(source.last_picture(), last, strict=True))


def test_what_is_drawn_over_a_picture_of_a_clip_is_not_in_the_next_one(make: Make) -> None:
    source = Source(make())
    decoded = planes_of(source.path)
    for number, drawn in enumerate(source.pictures()):
        assert b"".join(plane.tobytes() for plane in drawn) == decoded[number]
        for plane in drawn:
            plane[...] = 0


def test_captions_end_before_the_clip_does(make: Make) -> None:
    with_words = make(audio=True)
    below = slice(600, 690)
    shown = [bool((frame[below, 300:980].min(axis=2) > 225).any()) for frame in pictures(with_words)]
    assert any(shown)
    assert not any(shown[:12])
    assert not any(shown[-10:])


def test_a_picture_with_hard_edges_stays_exact(make: Make, tmp_path: Path) -> None:
    board = Image.new("RGB", (1280, 720), (30, 120, 60))
    pen = ImageDraw.Draw(board)
    for left in range(0, 1280, 160):
        pen.rectangle((left, 200, left + 79, 519), fill=(220, 210, 190))
    board.save(tmp_path / "board.png")
    clip = make(mode="image-to-video", first_frame=tmp_path / "board.png", seconds=1)
    assert psnr(picture(clip, 0), np.asarray(board)) >= 38
