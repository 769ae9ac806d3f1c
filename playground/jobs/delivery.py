"""What was delivered against what was asked for: a difference is a note beside the result, never a failure."""

from typing import Final

from playground.domain.capabilities import ModeSpec
from playground.domain.request import VideoRequest
from playground.jobs.record import DeliveredVideo

_SECONDS_SLACK: Final = 0.15
_SHORT_SIDES: Final = {"720p": 720, "1080p": 1080, "4k": 2160}
_RATIO_SLACK: Final = 0.02


def differences(
    request: VideoRequest, spec: ModeSpec, videos: tuple[DeliveredVideo, ...], source_seconds: float | None
) -> tuple[str, ...]:
    """One sentence for each way in which the videos differ from the request (or the table's known default)."""
    notes: list[str] = []
    asked = request.number_of_videos
    if asked is not None and asked != len(videos):
        notes.append(f"{asked} videos were asked for, {len(videos)} came.")
    for number, video in enumerate(videos, 1):
        name = "The video" if len(videos) == 1 else f"Video {number}"
        notes += [f"{name} {says}" for says in _of_one(request, spec, video, source_seconds)]
    return tuple(notes)


def _of_one(request: VideoRequest, spec: ModeSpec, video: DeliveredVideo, source_seconds: float | None) -> list[str]:
    says: list[str] = []
    seconds = _expected_seconds(request, spec, source_seconds)
    if seconds is not None and abs(video.seconds - seconds) > _SECONDS_SLACK:
        says.append(f"is {video.seconds:.1f} s long; {seconds:g} s were expected.")
    resolution = _wanted(request, spec, "resolution")
    side = _SHORT_SIDES.get(str(resolution))
    if side is not None and min(video.width, video.height) != side:
        says.append(f"is {video.width}×{video.height}; {resolution} was asked for.")
    ratio = _ratio(_wanted(request, spec, "aspect_ratio"))
    if ratio is not None and abs(video.width / video.height - ratio) > _RATIO_SLACK * ratio:
        says.append(f"is {video.width}×{video.height}; {_wanted(request, spec, 'aspect_ratio')} was asked for.")
    sound = _wanted(request, spec, "generate_audio")
    if sound is True and not video.has_audio:
        says.append("has no sound, although it was asked for.")
    elif sound is False and video.has_audio:
        says.append("has sound, although none was asked for.")
    return says


def _wanted(request: VideoRequest, spec: ModeSpec, field: str) -> object:
    value = request.value(field)
    return spec.default(field) if value is None else value


def _expected_seconds(request: VideoRequest, spec: ModeSpec, source_seconds: float | None) -> float | None:
    if spec.adds_seconds is not None:
        return None if source_seconds is None else source_seconds + spec.adds_seconds
    wanted = _wanted(request, spec, "duration_seconds")
    return float(wanted) if isinstance(wanted, int) else None


def _ratio(value: object) -> float | None:
    if not isinstance(value, str) or ":" not in value:
        return None
    width, height = value.split(":", 1)
    return int(width) / int(height) if width.isdecimal() and height.isdecimal() and int(height) else None
