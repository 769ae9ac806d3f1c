"""What the sandbox's camera does and what is heard, measured on decoded frames and on samples."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from playground.assets import asset
from playground.sandbox import planes
from playground.sandbox.encode import SAMPLE_RATE
from playground.sandbox.overlay import label
from playground.sandbox.render import render
from playground.sandbox.sound import soundtrack
from playground.sandbox.spec import RenderSpec
from playground.sandbox.stills import dissolve, morph
from playground.sandbox.story import read

Grey = NDArray[np.float64]
Film = Callable[..., list[Grey]]

WHOLE = slice(None)
FIRST = asset("samples", "first-frame.jpg")


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Render a second in a square, without captions and sound, and decode the luma of every frame."""
    folder = tmp_path_factory.mktemp("motion")

    def shoot(prompt: str, **fields: Any) -> list[Grey]:
        output = folder / "clip.mp4"
        plain = {"mode": "text-to-video", "seconds": 1, "audio": False, "aspect_ratio": "1:1"}
        asked: dict[str, Any] = {**plain, "negative_prompt": "captions", "prompt": prompt, "output": output, **fields}
        render(RenderSpec(**asked), lambda _: None)
        with av.open(str(output)) as clip:
            frames = [np.asarray(frame.to_ndarray(), np.float64)[: frame.height] for frame in clip.decode(video=0)]
        _, top, _, bottom = label((720, 720)).box
        for frame in frames:
            frame[top:bottom] = frame[bottom]
        return frames

    return shoot


def moved(one: Grey, other: Grey, rows: slice = WHOLE, columns: slice = WHOLE) -> tuple[float, float]:
    """How far what is seen has moved across and down, in pixels and parts of them, by phase correlation."""
    one, other = one[rows, columns], other[rows, columns]
    window = np.hanning(one.shape[0])[:, None] * np.hanning(one.shape[1])[None, :]
    spectra = [np.fft.fft2((picture - picture.mean()) * window) for picture in (one, other)]
    cross = np.conj(spectra[0]) * spectra[1]
    likeness = np.fft.ifft2(cross / (np.abs(cross) + 1e-3 * np.abs(cross).max())).real
    peak = np.unravel_index(int(likeness.argmax()), likeness.shape)
    steps: list[float] = []
    for axis in (1, 0):
        at = [int(part) for part in peak]
        size = likeness.shape[axis]
        beside: list[float] = []
        for step in (-1, 0, 1):
            at[axis] = (int(peak[axis]) + step) % size
            beside.append(float(likeness[at[0], at[1]]))
        before, top, after = beside
        part = (after - before) / (2 * (2 * top - before - after) + 1e-9)
        steps.append((int(peak[axis]) + size // 2) % size - size // 2 + part)
    return steps[0], steps[1]


def likeness(one: Grey, other: Grey) -> float:
    """Peak signal to noise in dB."""
    return float(10 * np.log10(255**2 / max(float(np.mean((one - other) ** 2)), 1e-9)))


class TestTheCamera:
    @pytest.mark.parametrize(
        ("words", "across", "down"),
        [
            ("the camera pans left", 1, 0),
            ("pan right", -1, 0),
            ("tilt up", 0, 1),
            ("tilt down", 0, -1),
            ("tracking shot", -1, 0),
            ("truck left", 1, 0),
        ],
    )
    def test_moves_the_picture_the_other_way(self, film: Film, words: str, across: int, down: int) -> None:
        # Land goes by where the camera does, the sky only where it turns.
        turns = "pan" in words or "tilt" in words
        frames = film(f"{'The sea' if turns else 'Mountains'} by day, {words}.")
        steps = moved(frames[11], frames[13], slice(90, 330) if turns else slice(200, 640))
        assert [np.sign(step) * (abs(step) > 1) for step in steps] == [across, down], steps

    @pytest.mark.parametrize(("words", "grows"), [("zoom in", 1), ("zoom out", -1)])
    def test_zooms(self, film: Film, words: str, grows: int) -> None:
        frames = film(f"A city by day, {words}.")
        left, _ = moved(frames[11], frames[13], slice(180, 560), slice(0, 300))
        right, _ = moved(frames[11], frames[13], slice(180, 560), slice(420, 720))
        assert (right - left) * grows > 4

    def test_a_dolly_brings_the_near_nearer_and_leaves_the_sky(self, film: Film) -> None:
        frames = film("Hills by day, push in.")
        assert likeness(frames[5][60:160], frames[20][60:160]) > 38
        assert likeness(frames[5][400:], frames[20][400:]) < 30

    def test_passing_by_the_near_goes_faster_than_the_far(self, film: Film) -> None:
        frames = film("Mountains by day, tracking shot.")
        far, _ = moved(frames[11], frames[13], slice(200, 400))
        near, _ = moved(frames[11], frames[13], slice(560, 720))
        assert near < 2 * far < 0

    def test_does_not_tremble(self, film: Film) -> None:
        frames = film("Mountains by day, the camera pans left.")
        steps = [moved(one, other, slice(180, 620))[0] for one, other in pairwise(frames[5:20])]
        # It speeds up and slows down evenly.
        assert np.abs(np.diff(steps, 2)).max() < 0.7, steps

    def test_stands_still_when_it_is_told_to(self, film: Film) -> None:
        frames = film("A room by day, static camera.")
        assert likeness(frames[1], frames[23]) > 42
        sea = film("The sea by day, locked on a tripod.")
        assert likeness(sea[1], sea[23]) < 40, "waves roll on"
        assert moved(sea[1][:330], sea[23][:330]) == pytest.approx((0, 0), abs=0.3)

    @pytest.mark.parametrize(("words", "across"), [("pan left", 1), ("pan right", -1), ("static", 0)])
    def test_moves_over_a_given_picture(self, film: Film, words: str, across: int) -> None:
        frames = film(words, mode="image-to-video", first_frame=FIRST)
        x, _ = moved(frames[9], frames[14], slice(150, 600))
        assert np.sign(round(x)) == across

    @pytest.mark.parametrize(("words", "grows"), [("zoom in", 1), ("pull back", -1)])
    def test_nears_or_leaves_a_given_picture(self, film: Film, words: str, grows: int) -> None:
        frames = film(words, mode="image-to-video", first_frame=FIRST)
        left, _ = moved(frames[9], frames[14], slice(150, 600), slice(0, 300))
        right, _ = moved(frames[9], frames[14], slice(150, 600), slice(420, 720))
        assert (right - left) * grows > 2


class TestTheScene:
    def test_is_made_of_shots(self, film: Film) -> None:
        frames = film("A room. The sea by day, static.", seconds=4)
        assert likeness(frames[20], frames[40]) > 24
        assert likeness(frames[47], frames[48]) < 16

    def test_of_the_sea_mirrors_the_sky(self, film: Film) -> None:
        frames = film("A lighthouse on a cliff at sunset, waves below, static.")
        water = np.stack([frame[420:700, 200:520] for frame in frames[2:24:4]])
        assert water.std(axis=0).mean() > 1.5, "the water moves"
        assert 0.3 < water.mean() / frames[4][100:340, 200:520].mean() < 1.1, "and is as light as what is above it"

    def test_another_seed_is_another_layout(self, film: Film) -> None:
        one, other = (film("The sea by day, static.", seed=seed)[4] for seed in (1, 2))
        assert likeness(one, other) < 25

    @pytest.mark.parametrize("weather", ["rain", "snow"])
    def test_a_negative_prompt_stops_the_weather(self, film: Film, weather: str) -> None:
        prompt = f"A desert in the {weather}, static."
        falling, dry = film(prompt), film(prompt, negative_prompt=f"captions, {weather}")
        assert likeness(falling[4], falling[12]) < 36
        assert likeness(dry[4], dry[20]) > 42

    def test_it_does_not_rain_indoors(self, film: Film) -> None:
        frames = film("A library on a rainy day, static.")
        assert likeness(frames[4], frames[20]) > 42


class TestTheMorph:
    def test_moves_what_is_alike_in_both(self) -> None:
        large = Image.open(FIRST).convert("RGB").resize((800, 450))
        first, half, last = (
            planes.from_image(large.crop((left, top, left + 640, top + 360)))
            for left, top in ((0, 0), (32, 20), (64, 40))
        )
        middle = morph(first, last, 25)(12)
        inner = slice(40, -40), slice(80, -80)
        mixture = (first[0].astype(np.float64) + last[0]) / 2
        assert likeness(middle[0][inner].astype(np.float64), half[0][inner].astype(np.float64)) > 30
        assert likeness(mixture[inner], half[0][inner].astype(np.float64)) < 30

    def test_keeps_every_byte_of_what_stays_where_it_is(self) -> None:
        # What OpenCV moves are bytes that it takes for numbers; some are none.
        noise = np.random.default_rng(1).integers(0, 256, (180, 320, 3), np.uint8)
        noise[:20] = 255
        stays = planes.from_image(Image.fromarray(noise))
        doubled = planes.scaled(stays, (640, 360))
        shot = morph(stays, stays, 24)
        # Near its ends only one picture is drawn.
        for drawn in (shot(1), shot(22)):
            assert all(np.array_equal(plane, fine[::2, ::2]) for plane, fine in zip(drawn, doubled, strict=True))

    def test_is_exact_at_both_ends(self) -> None:
        dice = np.random.default_rng(1)
        first, last = (
            planes.from_image(Image.fromarray(dice.integers(0, 255, (180, 320, 3), np.uint8))) for _ in range(2)
        )
        shot = morph(first, last, 24)
        for drawn, given in ((shot(0), first), (shot(23), last)):
            assert all(np.array_equal(one, other) for one, other in zip(drawn, given, strict=True))


def test_a_shot_that_nobody_would_see_is_not_drawn() -> None:
    def never(_: int) -> planes.Planes:
        raise AssertionError("it was drawn")

    picture = planes.blank((64, 32))
    shots = dissolve(lambda _: picture, never, 24, 60), dissolve(never, lambda _: picture, 24, 60)
    assert shots[0](0) is shots[0](25) is shots[1](59) is shots[1](90) is picture


class TestTheSound:
    @pytest.mark.parametrize(
        ("named", "low", "high"),
        [("rain falls", 2000, 9000), ("wind blows", 70, 400), ("waves break", 150, 1500), ("crickets", 3800, 4800)],
    )
    def test_has_what_is_named_in_its_band(self, named: str, low: int, high: int) -> None:
        with_it, without = (self.loudness(f"An empty room, {words}", low, high) for words in (named, "nothing"))
        assert with_it > 2 * without

    def test_of_waves_swells(self) -> None:
        wave = self.samples("An empty room, waves")
        pieces = [float(np.std(piece)) for piece in np.array_split(wave[SAMPLE_RATE:-SAMPLE_RATE], 12)]
        assert max(pieces) > 1.6 * min(pieces)

    def test_of_speech_comes_when_somebody_speaks(self) -> None:
        said = "She waits.", '"Where is everyone?"'
        silent, spoken = (self.samples(f"A woman in a room. {words}", "music, hum, steps") for words in said)
        speech = slice(int(0.7 * SAMPLE_RATE), 2 * SAMPLE_RATE)
        assert spoken[speech].std() > 0.03 > 3 * silent[speech].std()

    def test_leaves_out_what_is_not_wanted(self) -> None:
        wet, dry = (self.loudness("A street in the rain", 3000, 9000, negative) for negative in ("", "rain"))
        assert dry < wet / 3
        assert np.abs(self.samples("An empty room", "music, hum")).max() == 0

    @staticmethod
    def samples(prompt: str, negative: str = "") -> NDArray[np.float32]:
        wave = soundtrack(read(prompt, negative), 6, 3)
        assert wave.shape == (2, 6 * SAMPLE_RATE)
        assert np.abs(wave).max() <= 1
        return wave[0]

    def loudness(self, prompt: str, low: int, high: int, negative: str = "") -> float:
        wave = self.samples(prompt, f"music, hum, {negative}")
        spectrum = np.abs(np.fft.rfft(wave)) ** 2
        pitch = np.fft.rfftfreq(wave.size, 1 / SAMPLE_RATE)
        return float(spectrum[(pitch > low) & (pitch < high)].sum() / wave.size**2 + 1e-12)


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    files: list[bytes] = []
    for number in range(2):
        output = tmp_path / f"{number}.mp4"
        fields: dict[str, Any] = {"mode": "text-to-video", "seconds": 1, "aspect_ratio": "1:1", "seed": 5}
        prompt = "A river in the rain at night. A city. The camera orbits around it."
        render(RenderSpec(**fields, prompt=prompt, output=output), lambda _: None)
        files.append(output.read_bytes())
    assert files[0] == files[1]
