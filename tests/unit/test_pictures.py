"""Pictures as they are sent: what is kept, what becomes a copy and of which kind, and what its pixels are then."""

import io
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from playground.catalog import load_tables
from playground.domain.capabilities import MediaLimit, ModeSpec
from playground.domain.media import MAX_IMAGE_BYTES, MediaFacts
from playground.domain.media_checks import changed
from playground.domain.pictures import CannotChange, Change, as_sent, change_for, told
from playground.domain.request import Mode
from playground.jobs.pictures import make_copy
from playground.jobs.probe import probe_image

GOOGLES = MediaLimit(formats=("jpeg", "png"))
RED, BLUE, WHITE = (200, 30, 30), (30, 30, 200), (255, 255, 255)


def halves(mode: str = "RGB", size: tuple[int, int] = (120, 80)) -> Image.Image:
    """Red above blue."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (0, size[1] // 2, *size))
    return picture.convert(mode)


def saved(path: Path, picture: Image.Image, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def plan(path: Path, limit: MediaLimit = GOOGLES) -> Change | None:
    facts = probe_image(path)
    assert facts.problem is None
    return change_for(facts, limit)


def copied(path: Path, limit: MediaLimit = GOOGLES) -> tuple[Image.Image, Change]:
    """The copy of a picture, which has nothing left that would have to be changed."""
    change = plan(path, limit)
    assert change is not None
    copy = path.with_name("copy")
    name = make_copy(path, copy, change)
    assert change_for(probe_image(copy), limit) is None
    with Image.open(copy) as picture:
        picture.load()
        assert (picture.format or "").lower() == name
        assert picture.mode == "RGB"
        assert dict(picture.getexif()) == {}
        return picture, change


def near(picture: Image.Image, place: tuple[int, int], colour: tuple[int, int, int], by: int = 12) -> bool:
    there = picture.getpixel(place)
    assert isinstance(there, tuple)
    return all(abs(a - b) <= by for a, b in zip(there, colour, strict=True))


# What is kept


@pytest.mark.parametrize(("name", "mode"), [("a.jpg", "RGB"), ("a.jpg", "L"), ("a.png", "RGB"), ("a.png", "P")])
def test_a_picture_that_is_taken_is_sent_as_it_is(tmp_path: Path, name: str, mode: str) -> None:
    assert plan(saved(tmp_path / name, halves(mode))) is None


def test_a_png_with_an_alpha_channel_that_hides_nothing_is_kept(tmp_path: Path) -> None:
    assert plan(saved(tmp_path / "a.png", halves("RGBA"))) is None


def test_a_16_bit_png_is_kept_where_png_is_taken(tmp_path: Path) -> None:
    assert plan(saved(tmp_path / "a.png", Image.new("I;16", (64, 64), 40_000))) is None


@pytest.mark.parametrize("name", ["webp", "avif", "gif", "bmp", "tiff"])
def test_where_a_format_is_taken_it_is_kept(tmp_path: Path, name: str) -> None:
    assert plan(saved(tmp_path / f"a.{name}", halves()), MediaLimit(formats=(name,))) is None
    assert plan(saved(tmp_path / f"a.{name}", halves()), MediaLimit()) is None


# What becomes a copy


@pytest.mark.parametrize(
    ("name", "target"), [("webp", "JPEG"), ("avif", "JPEG"), ("gif", "PNG"), ("bmp", "PNG"), ("tiff", "PNG")]
)
def test_another_format_becomes_jpeg_or_png(tmp_path: Path, name: str, target: str) -> None:
    picture, change = copied(saved(tmp_path / f"a.{name}", halves()))
    assert (picture.format, picture.size) == (target, (120, 80))
    assert near(picture, (60, 20), RED)
    assert near(picture, (60, 60), BLUE)
    assert told(change, "The first frame") == (
        f"The first frame is sent as a {target} copy: {name.upper()} is not taken here."
    )
    assert change.needed


def test_only_what_the_provider_takes_is_made(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.webp", halves())
    assert copied(path, MediaLimit(formats=("png",)))[0].format == "PNG"
    assert plan(path, MediaLimit(formats=("avif",))) is None


@pytest.mark.parametrize("name", ["jpg", "png", "webp"])
def test_a_photo_on_its_side_is_turned_upright(tmp_path: Path, name: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    # Held upright, what is above comes to the right; so the file holds it turned the other way.
    path = saved(tmp_path / f"a.{name}", halves().transpose(Image.Transpose.ROTATE_90), exif=exif)
    facts = probe_image(path)
    assert (facts.width, facts.height, facts.turned) == (120, 80, True)
    picture, change = copied(path)
    assert picture.size == (120, 80)
    assert near(picture, (60, 20), RED)
    assert near(picture, (60, 60), BLUE)
    assert "it is turned upright" in change.why


def test_a_tiff_is_turned_once(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    # Pillow turns this one by itself.
    picture, _ = copied(saved(tmp_path / "a.tiff", halves().transpose(Image.Transpose.ROTATE_90), exif=exif))
    assert picture.size == (120, 80)
    assert near(picture, (60, 20), RED)


def test_a_damaged_exif_block_is_no_reason_to_refuse(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", halves(), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    assert probe_image(path).turned is False
    assert plan(path) is None


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_become_white(tmp_path: Path, mode: str) -> None:
    seen = halves("RGBA")
    seen.paste((0, 0, 0, 0), (0, 0, 60, 80))
    path = saved(tmp_path / "a.png", seen.quantize() if mode == "P" else seen.convert(mode))
    picture, change = copied(path)
    assert picture.format == "PNG"
    assert near(picture, (20, 20), WHITE)
    assert not near(picture, (90, 20), WHITE)
    assert change.why == ("its transparent parts become white",)
    assert not change.needed


def test_a_transparent_webp_becomes_an_opaque_jpeg(tmp_path: Path) -> None:
    picture, change = copied(saved(tmp_path / "a.webp", Image.new("RGBA", (64, 64), (0, 0, 0, 0)), lossless=True))
    assert picture.format == "JPEG"
    assert near(picture, (20, 20), WHITE)
    assert change.why == ("WEBP is not taken here", "its transparent parts become white")


def test_where_transparent_parts_are_seen_through_the_picture_is_sent_as_it_is():
    cut_out = replace(PHOTO, format="png", transparent=True)
    assert changed(cut_out, "reference_images", spec("sandbox", "references")) is None
    assert changed(cut_out, "first_frame", spec("sandbox")) is not None
    turned = changed(replace(cut_out, turned=True), "reference_images", spec("sandbox", "references"))
    assert turned is not None
    # The copy is opaque, which is said.
    assert turned.why == ("it is turned upright", "its transparent parts become white")


@pytest.mark.parametrize("profile", [None, b"no profile", "sRGB"])
def test_ink_colours_become_screen_colours(tmp_path: Path, profile: object) -> None:
    options: dict[str, object] = {}
    if profile is not None:
        # A profile for the wrong kind of colours is as good as none.
        made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - half typed
        options["icc_profile"] = made if profile == "sRGB" else profile
    picture, change = copied(saved(tmp_path / "a.jpg", halves("CMYK"), quality=95, **options))
    assert picture.format == "JPEG"
    assert near(picture, (60, 20), RED, 30)
    assert near(picture, (60, 60), BLUE, 30)
    assert change.why == ("its ink colours (CMYK) become screen colours",)


@pytest.mark.parametrize("name", ["gif", "png", "webp", "tiff"])
def test_of_several_pictures_the_first_counts(tmp_path: Path, name: str) -> None:
    second = Image.new("RGB", (120, 80), (0, 200, 0))
    path = saved(tmp_path / f"a.{name}", halves(), save_all=True, append_images=[second])
    picture, change = copied(path)
    assert near(picture, (60, 20), RED, 16)
    assert change.why[-1] == "only its first picture counts"


def test_the_two_pictures_of_a_phones_photo_are_one(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", halves(), format="MPO", save_all=True, append_images=[halves()])
    assert plan(path) is None


def test_sixteen_bits_of_grey_keep_their_shades(tmp_path: Path) -> None:
    deep = Image.new("I;16", (64, 64), 40_000)
    picture, _ = copied(saved(tmp_path / "a.tiff", deep))
    assert near(picture, (9, 9), (156, 156, 156), 1)


def noise(path: Path, size: tuple[int, int]) -> Path:
    return saved(path, Image.frombytes("RGB", size, random.Random(1).randbytes(size[0] * size[1] * 3)))


def test_what_is_too_large_becomes_a_jpeg_and_then_smaller(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.png", (900, 600))
    assert path.stat().st_size > 1_500_000
    picture, change = copied(path, MediaLimit(formats=("png", "jpeg"), max_megabytes=1.2))
    assert (picture.format, picture.size) == ("JPEG", (900, 600))
    assert change.why == ("it is made smaller than 1.2 MB",)
    smaller, _ = copied(path, MediaLimit(formats=("png", "jpeg"), max_megabytes=0.1))
    assert smaller.width < 600
    assert smaller.width / smaller.height == pytest.approx(1.5, rel=0.02)
    assert (tmp_path / "copy").stat().st_size <= 100_000
    only_png, _ = copied(path, MediaLimit(formats=("png",), max_megabytes=0.5))
    assert only_png.format == "PNG"


def test_what_has_too_many_pixels_is_scaled(tmp_path: Path) -> None:
    picture, change = copied(saved(tmp_path / "a.jpg", halves(size=(1_200, 800))), MediaLimit(max_megapixels=0.24))
    assert picture.size == (600, 400)
    assert change.why == ("it is made smaller than 0.24 megapixels",)


def test_a_colour_profile_goes_with_the_copy(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - half typed
    picture, _ = copied(saved(tmp_path / "a.webp", halves(), icc_profile=profile))
    assert picture.info["icc_profile"] == profile


# What cannot be helped


def test_a_limit_that_nothing_meets_is_said(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.png", (200, 200))
    change = plan(path, MediaLimit(formats=("png",), max_megabytes=0.0001))
    assert change is not None
    with pytest.raises(CannotChange, match="smaller than"):
        make_copy(path, tmp_path / "copy", change)
    assert not (tmp_path / "copy").exists()


def test_a_file_that_changed_meanwhile_is_judged_again(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.webp", halves())
    change = plan(path)
    assert change is not None
    whole = path.read_bytes()
    for content, says in ((whole[: len(whole) // 2], "damaged"), (b"<svg/>", "damaged"), (bomb(), "too many pixels")):
        path.write_bytes(content)
        with pytest.raises(CannotChange, match=says):
            make_copy(path, tmp_path / "copy", change)


def bomb() -> bytes:
    """A few kilobytes that would be 64 megapixels."""
    data = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(data, "png")
    return data.getvalue()


def test_a_heic_photo_is_named_and_what_to_do_with_it(tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100))
    facts = probe_image(path)
    assert facts.problem_code == "heic"
    assert facts.problem == "IMG_0001.HEIC is a HEIC photo, which cannot be read here; save it as a JPEG and use that."


PHOTO = MediaFacts("image", "webp", 1_000, 1280, 720)


@pytest.mark.parametrize(
    "fact",
    [
        replace(PHOTO, problem="It is broken."),
        replace(PHOTO, kind="video"),
        replace(PHOTO, format="heic"),
        replace(PHOTO, format=None),
        replace(PHOTO, bytes=MAX_IMAGE_BYTES + 1),
        replace(PHOTO, width=30_000, height=30_000),
    ],
)
def test_what_is_not_opened_here_is_not_promised(fact: MediaFacts) -> None:
    assert change_for(fact, GOOGLES) is None


def spec(stem: str, mode: Mode = "image-to-video") -> ModeSpec:
    return next(each for (_, its), each in load_tables()[stem].specs.items() if its == mode)


def test_a_link_is_ours_to_change_only_where_we_fetch_it() -> None:
    link = MediaFacts("image", "webp", by_url=True)
    assert changed(link, "first_frame", spec("azerion")) is None
    assert changed(link, "first_frame", spec("cloudflare")) is not None
    assert changed(replace(link, by_url=False), "first_frame", spec("azerion")) is not None


def test_where_a_provider_names_no_formats_a_safe_one_is_sent() -> None:
    change = changed(PHOTO, "first_frame", spec("tokenbay"))
    assert change is not None
    assert (change.format, change.why, change.needed) == ("jpeg", ("WEBP is not known to be taken",), False)
    assert changed(replace(PHOTO, format="png"), "first_frame", spec("tokenbay")) is None
    assert changed(replace(PHOTO, by_url=True), "first_frame", spec("tokenbay")) is None
    # Vertex AI names WebP itself, so the rule that warns of it changes nothing.
    assert changed(PHOTO, "first_frame", spec("vertex")) is None


@given(
    fact=st.builds(
        MediaFacts,
        kind=st.just("image"),
        format=st.sampled_from(["png", "jpeg", "webp", "gif", "heic", None]),
        bytes=st.integers(0, MAX_IMAGE_BYTES),
        width=st.integers(1, 9_000),
        height=st.integers(1, 9_000),
        turned=st.booleans(),
        transparent=st.booleans(),
        ink=st.booleans(),
        moving=st.booleans(),
    ),
    formats=st.none() | st.lists(st.sampled_from(["png", "jpeg", "webp"]), min_size=1).map(tuple),
    megabytes=st.none() | st.floats(0.1, 50),
    transparency=st.booleans(),
)
def test_a_copy_needs_no_further_change(
    fact: MediaFacts, formats: tuple[str, ...] | None, megabytes: float | None, transparency: bool
) -> None:
    limit = MediaLimit(formats=formats, max_megabytes=megabytes, transparency=transparency)
    change = change_for(fact, limit)
    if change is not None:
        assert change.why
        assert change.max_bytes <= MAX_IMAGE_BYTES
        assert change_for(as_sent(fact, change), limit) is None
        assert ("its transparent parts become white" in change.why) == fact.transparent
