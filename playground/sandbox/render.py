"""From a spec to a finished file: choose the shot, draw it, encode, put everything in place."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

from playground.sandbox import inputs, overlay, planes
from playground.sandbox.encode import SAMPLES_A_FRAME, alike, encode, join
from playground.sandbox.planes import Planes, Size
from playground.sandbox.scene import scene
from playground.sandbox.sound import soundtrack
from playground.sandbox.spec import FPS, RenderSpec
from playground.sandbox.stills import Shot, dissolve, morph, still
from playground.sandbox.story import Story, read

_LEAST_SHOT_SECONDS = 2
_TELLS_EVERY = FPS // 6


def render(spec: RenderSpec, tell: Callable[[float], None]) -> int:
    """Make the clip, which appears at once and whole; return its size in bytes.

    `tell` receives the share done, 0 to 1, never falling. Raises `RenderError` for media that cannot be used.
    """
    # The encoder has the other cores, and the pictures must not follow how many there are.
    cv2.setNumThreads(1)
    story = read(spec.prompt, spec.negative_prompt, max(1, min(4, spec.seconds // _LEAST_SHOT_SECONDS)))
    source = inputs.Source(spec.source_video) if spec.source_video is not None else None
    size = source.size if source is not None else spec.size
    total, done = spec.frame_count + (source.frame_count if source is not None and not source.own else 0), count(1)

    def drawn(made: Callable[[], Shot], laid: list[overlay.Laid], frame_count: int) -> Iterator[Planes]:
        shot = made()
        for index in range(frame_count):
            picture = shot(index)
            for each in (*laid, overlay.label(size)):
                each.draw(picture, index)
            yield picture
            if (number := next(done)) % _TELLS_EVERY == 0:
                tell(min(0.98, number / total))

    with TemporaryDirectory(prefix=".", dir=spec.output.parent) as folder, ThreadPoolExecutor(1) as beside:
        old, new, whole = (Path(folder) / f"{part}.mp4" for part in ("old", "new", "whole"))
        prints = overlay.prints([inputs.load_image(path, near=size) for path in spec.reference_images], size)
        laid = [*prints, *overlay.captions(story.captions, size, spec.frame_count)]
        sound = (lambda: soundtrack(story, spec.seconds, spec.seed)) if spec.audio else None
        exact = {"image-to-video": (0,), "interpolation": (0, spec.frame_count - 1)}.get(spec.mode, ())
        before = source.frame_count * SAMPLES_A_FRAME if source is not None else 0
        # The shot is made beside the sound.
        pictures = drawn(lambda: _shot(spec, story, size, source, beside), laid, spec.frame_count)
        encode(new, size, pictures, sound, exact, before)
        if source is not None:
            if not (source.own and alike(source.path, new)):
                old_pictures = source.pictures()
                again = drawn(lambda: lambda _: next(old_pictures), [], source.frame_count)
                encode(old, size, again, source.sound if spec.audio else None)
            join(whole, old if old.exists() else source.path, Fraction(source.frame_count, FPS), new)
        (whole if source is not None else new).replace(spec.output)
    tell(1.0)
    return spec.output.stat().st_size


def _shot(spec: RenderSpec, story: Story, size: Size, source: inputs.Source | None, beside: Executor) -> Shot:
    """What the mode asks for."""
    if spec.mode == "references":
        # The pictures show what it is about.
        story = replace(story, shots=tuple(replace(shot, subject="") for shot in story.shots))
    if spec.mode in ("text-to-video", "references"):
        return scene(story, size, spec.frame_count, spec.seed)
    if source is not None:
        given = [source.last_picture()]
    else:
        images = [
            inputs.load_image(path, near=size) for path in (spec.first_frame, spec.last_frame) if path is not None
        ]
        given = [planes.from_image(inputs.fit(image, size, spec.resize_mode)) for image in images]
    given = [overlay.without_label(picture) for picture in given]
    if spec.mode == "interpolation":
        return morph(given[0], given[1], spec.frame_count)
    shot = still(given[0], spec.frame_count, story.shots[0].move)
    if source is None or not story.shots[0].sentences:
        return shot
    # The camera goes on over the last picture, then what the new prompt says comes up, which is painted meanwhile.
    after = beside.submit(scene, story, size, spec.frame_count, spec.seed)
    last = FPS + min(spec.frame_count, 2 * FPS) // 2
    return dissolve(shot, lambda index: after.result()(index), FPS, last)
