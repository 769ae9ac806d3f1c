"""Measuring images and clips: by their bytes, never by their names; before any decoding that could hurt."""

from pathlib import Path
from typing import Final

import av.error
from PIL import UnidentifiedImageError

from playground.domain.media import MAX_IMAGE_BYTES, MAX_VIDEO_BYTES, MediaFacts, MediaKind
from playground.jobs.boxes import mp4_problem
from playground.jobs.formats import Clip, kind_of, sniff
from playground.media import clips, images

_ON_ITS_SIDE: Final = 5
"""The first of the EXIF orientations that swap width and height."""
_MEGA: Final = 1_000_000
_MICROSECONDS: Final = 1_000_000


def probe_image(path: Path) -> MediaFacts:
    """Facts of an image file; a problem is one sentence. Decodes it once, after its size is known to be harmless."""
    size = path.stat().st_size
    if size > MAX_IMAGE_BYTES:
        says = f"The image is {size / _MEGA:.0f} MB; at most {MAX_IMAGE_BYTES // _MEGA} MB are taken."
        return _unusable("image", "too_large", says, size)
    try:
        with images.opened(path) as image:
            width, height = image.size
            image.load()
            # Phones store some photos as several pictures in one JPEG; the first is the photo.
            photo = image.format == "MPO"
            turn = images.orientation(image)
            return MediaFacts(
                "image",
                "jpeg" if photo else str(image.format).lower(),
                size,
                *((height, width) if turn >= _ON_ITS_SIDE else (width, height)),
                turned=turn > 1,
                transparent=images.is_transparent(image),
                ink=image.mode == "CMYK",
                moving=not photo and getattr(image, "is_animated", False),
            )
    except images.TooManyPixels as error:
        return _unusable("image", "too_many_pixels", f"The image has {error}.", size)
    except UnidentifiedImageError:
        if sniff(path) == "heic":
            says = f"{_shown(path)} is a HEIC photo, which cannot be read here; save it as a JPEG and use that."
            return _unusable("image", "heic", says, size)
        return _unusable("image", "not_an_image", f"{_shown(path)} is not an image that can be read.", size)
    except MemoryError:
        raise  # says nothing about the file
    except Exception:
        # Pillow's readers raise nearly anything where a file is damaged.
        return _unusable("image", "broken", f"{_shown(path)} is damaged: it cannot be decoded to its end.", size)


def probe_video(path: Path) -> MediaFacts:
    """Facts of an uploaded clip; a problem is one sentence."""
    size = path.stat().st_size
    if size > MAX_VIDEO_BYTES:
        says = f"The video is {size / _MEGA:.0f} MB; at most {MAX_VIDEO_BYTES // _MEGA} MB are taken."
        return _unusable("video", "too_large", says, size)
    kind = sniff(path)
    if kind in ("mp4", "mov") and (problem := mp4_problem(path, quicktime=kind == "mov")) is not None:
        return _unusable("video", "broken", f"{_shown(path)} cannot be used. {problem}", size)
    clip = open_clip(path)
    if clip is None:
        says = f"{_shown(path)} is not an MP4, MOV or WebM video that can be read."
        return _unusable("video", "not_a_video", says, size)
    return MediaFacts(
        "video",
        clip.format,
        size,
        clip.width,
        clip.height,
        # A browser's recording does not say how long it is.
        clip.seconds if clip.seconds > 0 else None,
        clip.frames_per_second,
        clip.has_audio,
    )


def open_clip(path: Path) -> Clip | None:
    """What a video file holds, None where it is none. Reads its index, decodes nothing."""
    kind = sniff(path)
    if kind is None or kind_of(kind) != "video":
        return None
    try:
        with clips.opened(path) as container:
            if not container.streams.video:
                return None
            stream = container.streams.video[0]
            width, height = stream.codec_context.width, stream.codec_context.height
            if width <= 0 or height <= 0:
                return None
            if stream.duration is not None and stream.time_base is not None:
                seconds = float(stream.duration * stream.time_base)
            else:
                seconds = (container.duration or 0) / _MICROSECONDS
            rate = float(stream.average_rate) if stream.average_rate else None
            return Clip(kind, seconds, width, height, rate, bool(container.streams.audio))
    except (av.error.FFmpegError, ValueError, OSError, AttributeError):
        # A stream of a codec that nobody knows has no context to ask.
        return None


def _unusable(kind: MediaKind, code: str, says: str, size: int) -> MediaFacts:
    return MediaFacts(kind, bytes=size, problem=says, problem_code=code)


def _shown(path: Path) -> str:
    """A file's name as it may stand in a sentence: one line, not too long."""
    name = " ".join(path.name.split())
    return name if len(name) <= 60 else f"{name[:40]}…{name[-15:]}"  # noqa: PLR2004 - a line's worth
