"""From a spec to a finished file: choose the shot, draw it on two threads, encode, put everything in place."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from playground.sandbox import frames, planes
from playground.sandbox.audio import ambience
from playground.sandbox.encode import SAMPLES_A_FRAME, ClipWriter, Pcm
from playground.sandbox.overlay import Overlay, without_label
from playground.sandbox.planes import Planes
from playground.sandbox.scene import Scene
from playground.sandbox.shots import Cards, Dissolve, Enlarged, Passage, Shot, Still
from playground.sandbox.source import Source, old_frames, old_sound, survey
from playground.sandbox.spec import FPS, RenderSpec
from playground.sandbox.story import Story, read

Tell = Callable[[float], None]
"""Receives the share done, 0 to 1, never falling."""

_DRAWERS = 2
_LARGEST_SCENE = 1920 * 1080


def render(spec: RenderSpec, tell: Tell) -> int:
    """Make the clip and its clean last frame (`<stem>.last.png` beside it); return the clip's size in bytes.

    Both appear at once and whole. Raises `RenderError` for media that cannot be used.
    """
    part = part_path(spec.output)
    story = read(spec.prompt, spec.negative_prompt)
    still = part.with_suffix(".png")
    write = _extend if spec.mode == "extension" else _make
    try:
        shot = write(spec, story, part, tell)
        planes.to_image(shot.frame(spec.frame_count - 1)).save(still, compress_level=1)
        still.replace(last_frame_path(spec.output))
        part.replace(spec.output)
    except BaseException:
        part.unlink(missing_ok=True)
        still.unlink(missing_ok=True)
        raise
    tell(1.0)
    return spec.output.stat().st_size


def part_path(output: Path) -> Path:
    """Return where the clip is written before it is whole."""
    return output.with_name(f".{output.stem}.part")


def last_frame_path(output: Path) -> Path:
    """Return where the last frame without label and captions is put."""
    return output.with_name(f"{output.stem}.last.png")


def _make(spec: RenderSpec, story: Story, part: Path, tell: Tell) -> Shot:
    size, count = spec.size, spec.frame_count
    shot = _shot(spec, story)
    sound: Iterator[Pcm] | None = iter([ambience(story, spec.seconds, spec.dice_seed)]) if spec.audio else None
    exact = {"image-to-video": (0,), "interpolation": (0, count - 1)}.get(spec.mode, ())
    with ClipWriter(part, size, count, sound, exact=exact) as writer:
        for number, picture in enumerate(_drawn(shot, Overlay(size, count, story.captions), count)):
            writer.add(picture)
            tell(0.98 * (number + 1) / count)
    return shot


def _shot(spec: RenderSpec, story: Story) -> Shot:
    if spec.mode == "image-to-video":
        return Still(_fitted(spec, spec.first_frame), spec.frame_count, story.camera)
    if spec.mode == "interpolation":
        first, last = _fitted(spec, spec.first_frame), _fitted(spec, spec.last_frame)
        return Passage(first, last, spec.frame_count)
    scene = _scene(story, spec.size, spec)
    if spec.mode == "references":
        images = [frames.load_image(path, near=spec.size) for path in spec.reference_images]
        return Cards(scene, images, spec.size)
    return scene


def _scene(story: Story, size: tuple[int, int], spec: RenderSpec) -> Shot:
    width, height = size
    if width * height <= _LARGEST_SCENE:
        return Scene(story, size, spec.frame_count, spec.dice_seed)
    small = (width // 4 * 2, height // 4 * 2)
    return Enlarged(Scene(story, small, spec.frame_count, spec.dice_seed), size)


def _fitted(spec: RenderSpec, path: Path | None) -> Planes:
    assert path is not None, "the spec was validated"
    return planes.from_image(frames.fit(frames.load_image(path, near=spec.size), spec.size, spec.resize_mode))


def _extend(spec: RenderSpec, story: Story, part: Path, tell: Tell) -> Shot:
    assert spec.source_video is not None, "the spec was validated"
    source = survey(spec.source_video)
    end = frames.last_planes(source.path, source.size)
    shot = _continuation(spec, story, without_label(end) if source.labelled else end)
    count = source.frame_count + spec.frame_count
    sound = _joined_sound(spec, story, source) if spec.audio else None
    overlay = Overlay(source.size, spec.frame_count, story.captions)
    with av.open(str(source.path), metadata_errors="replace") as clip:
        stream = clip.streams.video[0]
        with ClipWriter(part, source.size, count, sound, source=stream if source.copyable else None) as writer:
            done = 0
            for done in _old_part(writer, source, clip, stream):
                tell(0.98 * done / count)
            for number, picture in enumerate(_drawn(shot, overlay, spec.frame_count)):
                writer.add(picture)
                tell(0.98 * (done + number + 1) / count)
    return shot


def _continuation(spec: RenderSpec, story: Story, end: Planes) -> Shot:
    """The camera goes on over the last picture, then what the new prompt says comes up."""
    still = Still(end, spec.frame_count, story.camera)
    if not story.captions:
        return still
    scene = _scene(story, end.size, spec)
    return Dissolve(still, scene, first=FPS, last=min(spec.frame_count - 1, 4 * FPS))


def _old_part(writer: ClipWriter, source: Source, clip: InputContainer, stream: VideoStream) -> Iterator[int]:
    """Bring the old clip over, packet by packet or frame by frame; yield how many frames are done."""
    if source.copyable:
        for number, packet in enumerate(packet for packet in clip.demux(stream) if packet.dts is not None):
            writer.copy(packet)
            yield number + 1
        return
    overlay = Overlay(source.size, source.frame_count)
    for number, picture in enumerate(old_frames(source)):
        overlay.draw(picture, number)
        writer.add(picture)
        yield number + 1


def _joined_sound(spec: RenderSpec, story: Story, source: Source) -> Iterator[Pcm]:
    old = old_sound(source, source.frame_count * SAMPLES_A_FRAME)
    return chain(old, [ambience(story, spec.seconds, spec.dice_seed)])


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
