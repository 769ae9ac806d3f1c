"""Measuring images and clips: by their bytes, never by their names; before any decoding that could hurt."""

from pathlib import Path
from typing import Any, Final

import av
import av.error
from av.container import InputContainer
from PIL import Image, UnidentifiedImageError

from playground.domain.media import MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_VIDEO_BYTES, MediaFacts, MediaKind
from playground.jobs.boxes import mp4_problem
from playground.jobs.formats import Clip, sniff
from playground.jobs.pictures import FORMATS, is_transparent, orientation

_ON_ITS_SIDE: Final = 5
"""The first of the EXIF orientations that swap width and height."""
_MEGA: Final = 1_000_000
_MICROSECONDS: Final = 1_000_000
_STREAMS: Final = 16
"""Of one file; what it has more is opened the long way."""
_DEMUXERS: Final = {"mp4": "mov", "mov": "mov", "webm": "matroska"}
"""What opens each kind of clip. Never left to a guess: a playlist would be followed to other files of this machine."""


def probe_image(path: Path) -> MediaFacts:
    """Facts of an image file; a problem is one sentence. Decodes it once, after its size is known to be harmless."""
    size = path.stat().st_size
    if size > MAX_IMAGE_BYTES:
        says = f"The image is {size / _MEGA:.0f} MB; at most {MAX_IMAGE_BYTES // _MEGA} MB are taken."
        return _unusable("image", "too_large", says, size)
    try:
        # A decompression bomb is judged by our own limit below; Pillow would only warn, or raise later.
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_IMAGE_PIXELS:
                says = (
                    f"The image has {width * height / _MEGA:,.1f} megapixels; "
                    f"at most {MAX_IMAGE_PIXELS // _MEGA} are taken."
                )
                return _unusable("image", "too_many_pixels", says, size)
            image.load()
            # Phones store some photos as several pictures in one JPEG; the first is the photo.
            photo = image.format == "MPO"
            turn = orientation(image)
            return MediaFacts(
                "image",
                "jpeg" if photo else str(image.format).lower(),
                size,
                *((height, width) if turn >= _ON_ITS_SIDE else (width, height)),
                turned=turn > 1,
                transparent=is_transparent(image),
                ink=image.mode == "CMYK",
                moving=not photo and getattr(image, "is_animated", False),
            )
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _unusable("image", "too_many_pixels", "The image has far too many pixels to be opened.", size)
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


def opened(path: Path, demuxer: str) -> InputContainer:
    """Open a clip by its index. FFmpeg would else decode a dozen frames, to guess at what nobody asks here."""
    options: Any = [{"skip_frame": "all"}] * _STREAMS  # the stubs of PyAV take it for a list of texts
    return av.open(path, "r", format=demuxer, metadata_errors="replace", stream_options=options)


def open_clip(path: Path) -> Clip | None:
    """What a video file holds, None where it is none. Reads its index, decodes nothing."""
    kind = sniff(path)
    if kind not in _DEMUXERS:
        return None
    try:
        with opened(path, _DEMUXERS[kind]) as container:
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
