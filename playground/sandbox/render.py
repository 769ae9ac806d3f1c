"""From a spec to a finished file: choose the shot, draw it on two threads, encode, put everything in place."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from av.packet import Packet

from playground.sandbox import media, planes
from playground.sandbox.encode import alike, encode, encode_sound, join
from playground.sandbox.morph import Morph
from playground.sandbox.overlay import Overlay, without_label
from playground.sandbox.planes import Planes
from playground.sandbox.scene import Sequence
from playground.sandbox.sound import soundtrack
from playground.sandbox.spec import FPS, RenderSpec
from playground.sandbox.stills import Dissolve, Enlarged, Prints, Shot, Still
from playground.sandbox.story import Story, read

Tell = Callable[[float], None]
"""Receives the share done, 0 to 1, never falling."""

_DRAWERS = 2
_LARGEST_SCENE = 1920 * 1080
_LEAST_SHOT_SECONDS = 2


def render(spec: RenderSpec, tell: Tell) -> int:
    """Make the clip, which appears at once and whole; return its size in bytes.

    Raises `RenderError` for media that cannot be used.
    """
    story = read(spec.prompt, spec.negative_prompt, max(1, min(4, spec.seconds // _LEAST_SHOT_SECONDS)))
    source = media.survey(spec.source_video) if spec.source_video is not None else None
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
            size, shot = (
                (source.size, _continuation(spec, story, source)) if source else (spec.size, _shot(spec, story))
            )
            overlay = Overlay(size, spec.frame_count, story.captions)
            exact = {"image-to-video": (0,), "interpolation": (0, spec.frame_count - 1)}.get(spec.mode, ())
            encode(new, size, told(_drawn(shot, overlay, spec.frame_count)), exact)
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


def _sound(spec: RenderSpec, story: Story, source: media.Source | None) -> "list[Packet[Any]] | None":
    if not spec.audio:
        return None
    before = source.sound() if source is not None else ()
    return encode_sound(chain(before, [soundtrack(story, spec.prompt, spec.seconds, spec.dice_seed)]))


def _shot(spec: RenderSpec, story: Story) -> Shot:
    if spec.mode == "image-to-video":
        return Still(without_label(_fitted(spec, spec.first_frame)), spec.frame_count, story.shots[0].move)
    if spec.mode == "interpolation":
        first, last = _fitted(spec, spec.first_frame), _fitted(spec, spec.last_frame)
        return Morph(without_label(first), without_label(last), spec.frame_count)
    if spec.mode == "references":
        # The pictures show what it is about.
        story = replace(story, shots=tuple(replace(shot, subject=None) for shot in story.shots))
    scene = _scene(story, spec.size, spec)
    if spec.mode == "references":
        images = [media.load_image(path, near=spec.size) for path in spec.reference_images]
        return Prints(scene, images, spec.size, spec.dice_seed)
    return scene


def _scene(story: Story, size: tuple[int, int], spec: RenderSpec) -> Shot:
    width, height = size
    if width * height <= _LARGEST_SCENE:
        return Sequence(story, size, spec.frame_count, spec.dice_seed)
    return Enlarged(Sequence(story, (width // 4 * 2, height // 4 * 2), spec.frame_count, spec.dice_seed), size)


def _fitted(spec: RenderSpec, path: Path | None) -> Planes:
    assert path is not None, "the spec was validated"
    return planes.from_image(media.fit(media.load_image(path, near=spec.size), spec.size, spec.resize_mode))


def _continuation(spec: RenderSpec, story: Story, source: media.Source) -> Shot:
    """The camera goes on over the last picture, then what the new prompt says comes up."""
    still = Still(without_label(source.last_planes()), spec.frame_count, story.shots[0].move)
    if not story.shots[0].sentences:
        return still
    return Dissolve(still, _scene(story, source.size, spec), first=FPS, last=min(spec.frame_count - 1, 4 * FPS))


def _labelled(source: media.Source) -> Iterator[Planes]:
    """The frames of a clip whose packets cannot be taken over."""
    overlay = Overlay(source.size, source.frame_count)
    for number, picture in enumerate(source.frames()):
        overlay.draw(picture, number)
        yield picture


def _drawn(shot: Shot, overlay: Overlay, frame_count: int) -> Iterator[Planes]:
    """Draw all frames in order on a few threads, never more than a handful ahead of the encoder."""

    def draw(index: int) -> Planes:
        picture = shot.frame(index)
        overlay.draw(picture, index)
        return picture

    with ThreadPoolExecutor(_DRAWERS) as pool:
        waiting: deque[Future[Planes]] = deque()
        for index in range(frame_count):
            waiting.append(pool.submit(draw, index))
            if len(waiting) > _DRAWERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
