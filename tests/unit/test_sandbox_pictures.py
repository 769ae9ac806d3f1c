"""Pictures and words on their way into a clip: odd files, odd scripts, and what a prompt is read as."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.video.reformatter import Colorspace
from PIL import Image

from playground.sandbox import planes
from playground.sandbox.inputs import Source, fit, load_image
from playground.sandbox.overlay import captions, label, showable
from playground.sandbox.planes import Planes
from playground.sandbox.spec import RenderError, RenderSpec, ResizeMode
from playground.sandbox.story import read

SIZE = (320, 180)


def half_and_half() -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (400, 200), (220, 30, 30))
    image.paste((30, 30, 220), (200, 0, 400, 200))
    return image


def grey(size: tuple[int, int]) -> Planes:
    return planes.from_image(Image.new("RGB", size, (120, 120, 120)))


class TestFitting:
    @pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK", "1", "LA", "RGBA", "I;16", "I", "F", "deep F"])
    def test_takes_every_kind_of_picture(self, tmp_path: Path, mode: str) -> None:
        ramp = np.linspace(0, 1, 400, dtype=np.float32)[None].repeat(200, 0)
        if mode in ("I;16", "deep F"):
            image = Image.fromarray((ramp * 65535).astype(np.uint16 if mode == "I;16" else np.float32))
        else:
            image = Image.fromarray((ramp * 255).astype(np.uint8)).convert(mode)
        image.save(tmp_path / "ramp", "TIFF" if mode in ("CMYK", "I", "F", "deep F") else "PNG")
        fitted = fit(load_image(tmp_path / "ramp", SIZE), SIZE)
        assert (fitted.mode, fitted.size) == ("RGB", SIZE)
        shades = np.asarray(fitted).mean(axis=(0, 2))
        assert shades[:40].mean() < 60
        assert shades[-40:].mean() > 195

    def test_turns_a_photo_upright(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        half_and_half().save(tmp_path / "turned.jpg", exif=exif)
        turned = np.asarray(fit(load_image(tmp_path / "turned.jpg", (100, 200)), (100, 200)))
        assert turned[20, 50, 0] > 180
        assert turned[180, 50, 2] > 180

    def test_puts_transparency_on_white(self) -> None:
        assert np.asarray(fit(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), SIZE)).min() == 255

    @pytest.mark.parametrize(("mode", "corner"), [("crop", (220, 30, 30)), ("pad", (0, 0, 0))])
    def test_covers_or_pads(self, mode: ResizeMode, corner: tuple[int, int, int]) -> None:
        assert fit(half_and_half(), (200, 200), mode).getpixel((3, 3)) == corner


class TestLoading:
    def test_keeps_a_cut_out_cut_out(self, tmp_path: Path) -> None:
        Image.new("RGBA", (40, 40), (1, 2, 3, 0)).save(tmp_path / "cut.png")
        assert load_image(tmp_path / "cut.png", SIZE).mode == "RGBA"

    def test_decodes_a_large_jpeg_no_larger_than_needed(self, tmp_path: Path) -> None:
        Image.new("RGB", (4000, 3000), (9, 90, 200)).save(tmp_path / "large.jpg")
        small = load_image(tmp_path / "large.jpg", near=(640, 360))
        assert 640 <= small.width < 4000
        assert small.height >= 360

    @pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n garbage", b"<svg/>"])
    def test_refuses_what_is_no_picture(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x.png").write_bytes(content)
        with pytest.raises(RenderError) as refused:
            load_image(tmp_path / "x.png", SIZE)
        assert refused.value.code == "bad_media"
        assert "x.png" in refused.value.message

    def test_refuses_a_picture_that_was_cut_off(self, tmp_path: Path) -> None:
        whole = BytesIO()
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 300, 3), np.uint8)).save(whole, "JPEG")
        (tmp_path / "cut.jpg").write_bytes(whole.getvalue()[:9000])
        with pytest.raises(RenderError, match="cannot be read"):
            load_image(tmp_path / "cut.jpg", SIZE)

    @pytest.mark.parametrize(
        ("side", "says"), [(7200, "51.8 megapixels"), (11000, "121.0 megapixels"), (20000, "far too many pixels")]
    )
    def test_refuses_gigapixels_before_decoding_them(self, tmp_path: Path, side: int, says: str) -> None:
        Image.new("1", (side, side)).save(tmp_path / "huge.png")
        with pytest.raises(RenderError, match=says):
            load_image(tmp_path / "huge.png", SIZE)

    def test_says_nothing_of_a_damaged_exif_block(self, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
        half_and_half().save(tmp_path / "a.jpg", dpi=(72, 72), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
        assert load_image(tmp_path / "a.jpg", SIZE).size == (400, 200)
        assert not recwarn.list


class TestClips:
    @pytest.mark.parametrize("content", [b"", b"garbage of some length", b"\x00\x00\x00\x18ftypisom" + bytes(500)])
    def test_refuses_what_is_no_video(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x.mp4").write_bytes(content)
        with pytest.raises(RenderError) as refused:
            Source(tmp_path / "x.mp4")
        assert refused.value.code == "bad_media"


class TestWords:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("Café, naïve: “Ωδή” и Привет", "Café, naïve: “Ωδή” и Привет"),
            ("שלום עולם", "שלום עולם"),
            ("مرحبا بالعالم", "مرحبا بالعالم"),
            ("A fox 🦊 runs\tand\x07 runs", "A fox runs and runs"),
            ("夕暮れの海", None),
            ("🦊🦊", None),
            ("", None),
        ],
    )
    def test_are_shown_only_in_scripts_the_font_has(self, text: str, shown: str | None) -> None:
        assert showable(text) == shown

    @pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (720, 720), (3840, 2160)])
    def test_stay_inside_the_picture(self, size: tuple[int, int]) -> None:
        left, top, right, bottom = label(size).box
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert [side % 2 for side in (left, top, right, bottom)] == [0, 0, 0, 0]

    @pytest.mark.parametrize("text", ["word " * 400, "x" * 3000, "مرحبا بالعالم " * 40, "a", "‏\u202e"])
    def test_of_any_length_are_drawn(self, text: str) -> None:
        below, plain = grey(SIZE), grey(SIZE)
        for caption in captions([text], SIZE, 96):
            caption.draw(below, 48)
        changed = np.flatnonzero((below[0] != plain[0]).any(axis=1))
        assert changed.size == 0 or changed.min() > 40

    def test_the_label_drawn_twice_is_the_label_drawn_once(self) -> None:
        once, twice = grey(SIZE), grey(SIZE)
        for picture in (once, twice, twice):
            label(SIZE).draw(picture, 0)
        assert all(np.array_equal(one, other) for one, other in zip(once, twice, strict=True))


class TestStory:
    def test_reads_place_hour_weather_and_camera(self) -> None:
        shot = read("Slow pan left over a snowy mountain at midnight.").shots[0]
        assert (shot.place, shot.hour, shot.weather, shot.move) == ("mountains", "night", "snow", "pan-left")

    @pytest.mark.parametrize(
        ("prompt", "place", "water"),
        [
            ("A lighthouse on a cliff, waves below", "ocean", True),
            ("A mountain lake", "mountains", True),
            ("A neon street in Tokyo", "city", True),
            ("A paper boat drifts down a street", "city", True),
            ("A boat at sunset", "ocean", True),
            ("A boat on a mountain lake", "mountains", True),
            ("A boat in the forest", "forest", True),
            ("A quiet library", "room", False),
            ("An astronaut", "space", False),
            ("Dunes of the Sahara", "desert", False),
            ("Pines in the fog", "forest", False),
            ("", "hills", False),
            ("夕暮れの海", "hills", False),
        ],
    )
    def test_finds_the_place(self, prompt: str, place: str, water: bool) -> None:
        shot = read(prompt).shots[0]
        assert (shot.place, shot.water) == (place, water)

    @pytest.mark.parametrize(
        ("words", "move"),
        [
            ("the camera pans to the left", "pan-left"),
            ("slow pan right", "pan-right"),
            ("camera tilts up", "tilt-up"),
            ("tilt down", "tilt-down"),
            ("zoom in", "zoom-in"),
            ("zooms out slowly", "zoom-out"),
            ("push in", "dolly-in"),
            ("the camera pulls back", "dolly-out"),
            ("tracking shot", "track-right"),
            ("trucks left", "track-left"),
            ("crane shot", "crane-up"),
            ("orbit around the tower", "orbit"),
            ("handheld camera", "handheld"),
            ("locked on a tripod", "static"),
            ("a man walks", "track-right"),
            ("a man walks, static camera", "static"),
        ],
    )
    def test_finds_the_camera_move(self, words: str, move: str) -> None:
        assert read(f"A street, {words}.").shots[0].move == move

    def test_every_sentence_is_a_shot_unless_it_only_directs(self) -> None:
        story = read('A lake at sunset. The camera pans left. "Look!" she says. Then a city at night. Sound of rain.')
        assert [(shot.place, shot.hour) for shot in story.shots] == [("hills", "sunset"), ("city", "night")]
        assert [len(shot.sentences) for shot in story.shots] == [3, 2]
        assert story.starts(100) == [0, 60, 100]
        assert story.quotes == ("Look!",)

    def test_a_short_clip_has_few_shots(self) -> None:
        assert len(read("A lake. A city. A desert. A forest.", most_shots=2).shots) == 2

    def test_leaves_out_what_is_not_wanted(self) -> None:
        assert read("A street in the rain").shots[0].weather == "rain"
        unwanted = read("A street in the rain", "rain, subtitles, music")
        assert (unwanted.shots[0].weather, unwanted.captions, unwanted.music) == ("", (), False)
        assert "rain" not in unwanted.sounds
        assert read("A street without rain").shots[0].weather == ""

    def test_a_lone_half_of_a_sign_is_no_trouble(self) -> None:
        assert showable(read("a \ud83e hill").captions[0]) == "a hill"


class TestSpec:
    def test_is_read_as_it_was_written(self) -> None:
        paths: dict[str, Any] = {name: Path(name) for name in ("output", "first_frame", "last_frame", "source_video")}
        pictures = (Path("ein Bild, größer.png"), Path("b.png"))
        spec = RenderSpec(mode="references", seed=2**63 - 1, audio=False, reference_images=pictures, **paths)
        assert RenderSpec.model_validate_json(spec.model_dump_json()) == spec

    def test_knows_its_size(self) -> None:
        def size(resolution: str, aspect: str) -> tuple[int, int]:
            fields: dict[str, Any] = {"resolution": resolution, "aspect_ratio": aspect}
            return RenderSpec(mode="text-to-video", output=Path("x.mp4"), **fields).size

        assert [size(name, "16:9") for name in ("720p", "1080p", "4k")] == [(1280, 720), (1920, 1080), (3840, 2160)]
        assert [size(name, "9:16") for name in ("720p", "1080p", "4k")] == [(720, 1280), (1080, 1920), (2160, 3840)]
        assert [size(name, "1:1") for name in ("720p", "1080p", "4k")] == [(720, 720), (1080, 1080), (2160, 2160)]


def test_planes_and_back_keep_the_colours() -> None:
    bars = Image.new("RGB", (256, 64))
    for number, colour in enumerate([(250, 250, 250), (200, 40, 40), (40, 160, 60), (40, 60, 200)]):
        bars.paste(colour, (number * 64, 0, number * 64 + 64, 64))
    back = planes.to_frame(planes.from_image(bars)).reformat(format="rgb24", src_colorspace=Colorspace.ITU709)
    inner = np.abs(back.to_ndarray().astype(int) - np.asarray(bars))[8:-8, 8:56]
    assert inner.max() <= 3
