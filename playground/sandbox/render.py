"""From a spec to a finished file: choose the shot, draw it on two threads, encode, put everything in place."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

from playground.sandbox import media, planes
from playground.sandbox.encode import SAMPLES_A_FRAME, ClipWriter, Pcm
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
    part = spec.output.with_name(f".{spec.output.stem}.part")
    story = read(spec.prompt, spec.negative_prompt, max(1, min(4, spec.seconds // _LEAST_SHOT_SECONDS)))
    try:
        (_extend if spec.mode == "extension" else _make)(spec, story, part, tell)
        part.replace(spec.output)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    tell(1.0)
    return spec.output.stat().st_size


def _make(spec: RenderSpec, story: Story, part: Path, tell: Tell) -> None:
    size, count = spec.size, spec.frame_count
    shot = _shot(spec, story)
    exact = {"image-to-video": (0,), "interpolation": (0, count - 1)}.get(spec.mode, ())
    with ClipWriter(part, size, count, _sound(spec, story), exact=exact) as writer:
        for number, picture in enumerate(_drawn(shot, Overlay(size, count, story.captions), count)):
            writer.add(picture)
            tell(0.98 * (number + 1) / count)


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


def _extend(spec: RenderSpec, story: Story, part: Path, tell: Tell) -> None:
    assert spec.source_video is not None, "the spec was validated"
    source = media.survey(spec.source_video)
    shot = _continuation(spec, story, without_label(source.last_planes()))
    count = source.frame_count + spec.frame_count
    sound = _sound(spec, story)
    if sound is not None:
        sound = chain(source.sound(source.frame_count * SAMPLES_A_FRAME), sound)
    overlay, done = Overlay(source.size, spec.frame_count, story.captions), 0
    with source.opened() as clip:
        stream = clip.streams.video[0]
        with ClipWriter(part, source.size, count, sound, source=stream if source.copyable else None) as writer:
            for done in _old_part(writer, source):
                tell(0.98 * done / count)
            for number, picture in enumerate(_drawn(shot, overlay, spec.frame_count)):
                writer.add(picture)
                tell(0.98 * (done + number + 1) / count)


def _continuation(spec: RenderSpec, story: Story, end: Planes) -> Shot:
    """The camera goes on over the last picture, then what the new prompt says comes up."""
    still = Still(end, spec.frame_count, story.shots[0].move)
    if not story.shots[0].sentences:
        return still
    return Dissolve(still, _scene(story, end.size, spec), first=FPS, last=min(spec.frame_count - 1, 4 * FPS))


def _old_part(writer: ClipWriter, source: media.Source) -> Iterator[int]:
    """Bring the old clip over, packet by packet or frame by frame; yield how many frames are done."""
    if source.copyable:
        with source.opened() as clip:
            stream = clip.streams.video[0]
            for number, packet in enumerate(packet for packet in clip.demux(stream) if packet.dts is not None):
                writer.copy(packet)
                yield number + 1
        return
    overlay = Overlay(source.size, source.frame_count)
    for number, picture in enumerate(source.frames()):
        overlay.draw(picture, number)
        writer.add(picture)
        yield number + 1


def _sound(spec: RenderSpec, story: Story) -> Iterator[Pcm] | None:
    return iter([soundtrack(story, spec.prompt, spec.seconds, spec.dice_seed)]) if spec.audio else None


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
