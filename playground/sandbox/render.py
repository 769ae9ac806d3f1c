"""From a spec to a finished file: choose the shot, draw it, encode, put everything in place."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain

from playground.sandbox import media, overlay, planes
from playground.sandbox.encode import SAMPLES_A_FRAME, Packets, alike, continue_sound, encode, encode_sound, join
from playground.sandbox.overlay import Laid, without_label
from playground.sandbox.planes import Planes, Size
from playground.sandbox.scene import scene
from playground.sandbox.sound import soundtrack
from playground.sandbox.spec import FPS, RenderSpec
from playground.sandbox.stills import LARGEST_DRAWN, Shot, dissolve, morph, still
from playground.sandbox.story import Story, read

_LEAST_SHOT_SECONDS = 2


def render(spec: RenderSpec, tell: Callable[[float], None]) -> int:
    """Make the clip, which appears at once and whole; return its size in bytes.

    `tell` receives the share done, 0 to 1, never falling. Raises `RenderError` for media that cannot be used.
    """
    story = read(spec.prompt, spec.negative_prompt, max(1, min(4, spec.seconds // _LEAST_SHOT_SECONDS)))
    source = media.survey(spec.source_video) if spec.source_video is not None else None
    size = source.size if source is not None else spec.size
    old, new, whole = (spec.output.with_name(f".{spec.output.stem}.{part}") for part in ("old", "new", "whole"))
    total = spec.frame_count + (source.frame_count if source is not None and not source.own else 0)

    def drawn(shot: Shot, laid: list[Laid], frame_count: int, before: int = 0) -> Iterator[Planes]:
        def draw(index: int) -> Planes:
            picture = shot(index)
            for each in laid:
                each.draw(picture, index)
            return picture

        # One picture is drawn while the one before it goes to the encoder.
        with ThreadPoolExecutor(1) as drawer:
            following = drawer.submit(draw, 0)
            for number in range(1, frame_count + 1):
                picture = following.result()
                if number < frame_count:
                    following = drawer.submit(draw, number)
                yield picture
                tell(min(0.98, 0.98 * (before + number) / total))

    # The sound is made beside the picture: it has a core to itself while the scene is painted.
    with ThreadPoolExecutor(1) as beside:
        try:
            sound = beside.submit(_sound, spec, story, source)
            laid = _laid(spec, story, size)
            exact = {"image-to-video": (0,), "interpolation": (0, spec.frame_count - 1)}.get(spec.mode, ())
            encode(new, size, drawn(_shot(spec, story, size, source), laid, spec.frame_count), exact)
            parts = [(new, spec.frame_count)]
            if source is not None and source.own and alike(source.path, new):
                parts.insert(0, (source.path, source.frame_count))
            elif source is not None:
                pictures = source.pictures()
                again = drawn(lambda _: next(pictures), [overlay.label(size)], source.frame_count, spec.frame_count)
                encode(old, size, again)
                parts.insert(0, (old, source.frame_count))
            join(whole, parts, sound.result())
            whole.replace(spec.output)
        finally:
            for part in (old, new, whole):
                part.unlink(missing_ok=True)
    tell(1.0)
    return spec.output.stat().st_size


def _sound(spec: RenderSpec, story: Story, source: media.Source | None) -> Packets | None:
    if not spec.audio:
        return None
    new = soundtrack(story, spec.prompt, spec.seconds, spec.dice_seed)
    if source is None:
        return encode_sound([new])
    packets = source.sound_packets()
    if packets is None:
        return encode_sound(chain(source.sound(), [new]))
    return continue_sound(packets, source.frame_count * SAMPLES_A_FRAME, new)


def _laid(spec: RenderSpec, story: Story, size: Size) -> list[Laid]:
    prints = overlay.prints([media.load_image(path, near=size) for path in spec.reference_images], size)
    return [*prints, *overlay.captions(story.captions, size, spec.frame_count), overlay.label(size)]


def _shot(spec: RenderSpec, story: Story, size: Size, source: media.Source | None) -> Shot:
    if spec.mode == "references":
        # The pictures show what it is about.
        story = replace(story, shots=tuple(replace(shot, subject=None) for shot in story.shots))
    if spec.mode in ("text-to-video", "references"):
        return _scene(story, size, spec)
    if source is not None:
        given = [source.last_picture()]
    else:
        images = [media.load_image(path, near=size) for path in (spec.first_frame, spec.last_frame) if path is not None]
        given = [planes.from_image(media.fit(image, size, spec.resize_mode)) for image in images]
    given = [without_label(picture) for picture in given]
    if spec.mode == "interpolation":
        return morph(given[0], given[1], spec.frame_count)
    shot = still(given[0], spec.frame_count, story.shots[0].move)
    if source is None or not story.shots[0].sentences:
        return shot
    # The camera goes on over the last picture, then what the new prompt says comes up.
    return dissolve(shot, _scene(story, size, spec), first=FPS, last=max(FPS + 1, min(spec.frame_count - 1, 4 * FPS)))


def _scene(story: Story, size: Size, spec: RenderSpec) -> Shot:
    """A scene, drawn small and scaled up where it is larger than full HD: drawing it at 4K would take much longer."""
    if size[0] * size[1] <= LARGEST_DRAWN:
        return scene(story, size, spec.frame_count, spec.dice_seed)
    shot = scene(story, (size[0] // 4 * 2, size[1] // 4 * 2), spec.frame_count, spec.dice_seed)
    return lambda index: planes.scaled(shot(index), size)
