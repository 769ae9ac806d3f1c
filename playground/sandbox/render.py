"""From a spec to a finished file: choose the shot, draw it on two threads, encode, put everything in place."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from playground.sandbox import media, overlay, planes
from playground.sandbox.encode import SAMPLES_A_FRAME, Packets, alike, continue_sound, encode, encode_sound, join
from playground.sandbox.overlay import Laid, without_label
from playground.sandbox.planes import Planes, Size
from playground.sandbox.scene import scene
from playground.sandbox.sound import soundtrack
from playground.sandbox.spec import FPS, RenderSpec
from playground.sandbox.stills import Shot, dissolve, morph, still
from playground.sandbox.story import Story, read

Tell = Callable[[float], None]
"""Receives the share done, 0 to 1, never falling."""

_DRAWERS = 2
_LARGEST_DRAWN = 1920 * 1088
_LEAST_SHOT_SECONDS = 2


def render(spec: RenderSpec, tell: Tell) -> int:
    """Make the clip, which appears at once and whole; return its size in bytes.

    Raises `RenderError` for media that cannot be used.
    """
    story = read(spec.prompt, spec.negative_prompt, max(1, min(4, spec.seconds // _LEAST_SHOT_SECONDS)))
    source = media.survey(spec.source_video) if spec.source_video is not None else None
    size = source.size if source is not None else spec.size
    old, new, whole = (spec.output.with_name(f".{spec.output.stem}.{part}") for part in ("old", "new", "whole"))
    total = spec.frame_count + (source.frame_count if source is not None and not source.own else 0)

    def told(pictures: Iterable[Planes], before: int = 0) -> Iterator[Planes]:
        for number, picture in enumerate(pictures, before + 1):
            yield picture
            tell(min(0.98, 0.98 * number / total))

    # The sound is made beside the picture: it has a core to itself while the scene is painted.
    with ThreadPoolExecutor(1) as beside:
        try:
            sound = beside.submit(_sound, spec, story, source)
            shot, laid = _shot(spec, story, size, source)
            exact = {"image-to-video": (0,), "interpolation": (0, spec.frame_count - 1)}.get(spec.mode, ())
            encode(new, size, told(_drawn(shot, laid, spec.frame_count)), exact)
            parts = [(new, spec.frame_count)]
            if source is not None and source.own and alike(source.path, new):
                parts.insert(0, (source.path, source.frame_count))
            elif source is not None:
                encode(old, size, told(_labelled(source), spec.frame_count))
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


def _shot(spec: RenderSpec, story: Story, size: Size, source: media.Source | None) -> tuple[Shot, list[Laid]]:
    """What is seen, and what is laid over it."""
    laid = [*overlay.captions(story.captions, size, spec.frame_count), overlay.label(size)]
    move = story.shots[0].move
    if source is not None:
        # The camera goes on over the last picture, then what the new prompt says comes up.
        shot = still(without_label(source.last_planes()), spec.frame_count, move)
        if story.captions:
            shot = dissolve(shot, _scene(story, size, spec), first=FPS, last=min(spec.frame_count - 1, 4 * FPS))
        return shot, laid
    given = [without_label(_fitted(spec, path)) for path in (spec.first_frame, spec.last_frame) if path is not None]
    if spec.mode == "image-to-video":
        return still(given[0], spec.frame_count, move), laid
    if spec.mode == "interpolation":
        return morph(given[0], given[1], spec.frame_count), laid
    if spec.mode == "references":
        # The pictures show what it is about.
        story = replace(story, shots=tuple(replace(shot, subject=None) for shot in story.shots))
        images = [media.load_image(path, near=size) for path in spec.reference_images]
        laid = overlay.prints(images, size, np.random.default_rng(spec.dice_seed)) + laid
    return _scene(story, size, spec), laid


def _scene(story: Story, size: Size, spec: RenderSpec) -> Shot:
    """A scene, drawn small and scaled up where it is larger than full HD: drawing it at 4K would take much longer."""
    width, height = size
    if width * height <= _LARGEST_DRAWN:
        return scene(story, size, spec.frame_count, spec.dice_seed)
    shot = scene(story, (width // 4 * 2, height // 4 * 2), spec.frame_count, spec.dice_seed)
    return lambda index: planes.scaled(shot(index), size)


def _fitted(spec: RenderSpec, path: Path) -> Planes:
    return planes.from_image(media.fit(media.load_image(path, near=spec.size), spec.size, spec.resize_mode))


def _labelled(source: media.Source) -> Iterator[Planes]:
    """The frames of a clip whose packets cannot be taken over."""
    for picture in source.frames():
        overlay.label(source.size).draw(picture, 0)
        yield picture


def _drawn(shot: Shot, laid: list[Laid], frame_count: int) -> Iterator[Planes]:
    """Draw all frames in order on a few threads, never more than a handful ahead of the encoder."""

    def draw(index: int) -> Planes:
        picture = shot(index)
        for piece in laid:
            piece.draw(picture, index)
        return picture

    with ThreadPoolExecutor(_DRAWERS) as pool:
        waiting: deque[Future[Planes]] = deque()
        for index in range(frame_count):
            waiting.append(pool.submit(draw, index))
            if len(waiting) > _DRAWERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
