"""Field names and values as a person reads them, in one place."""

from collections.abc import Sequence
from typing import Final

LABELS: Final[dict[str, str]] = {
    "provider": "provider",
    "model": "model",
    "mode": "mode",
    "prompt": "prompt",
    "negative_prompt": "negative prompt",
    "duration_seconds": "duration",
    "resolution": "resolution",
    "aspect_ratio": "aspect ratio",
    "generate_audio": "sound",
    "enhance_prompt": "prompt enhancement",
    "seed": "seed",
    "number_of_videos": "number of videos",
    "person_generation": "people",
    "resize_mode": "fitting of images",
    "compression_quality": "compression",
    "first_frame": "first frame",
    "last_frame": "last frame",
    "reference_images": "reference images",
    "source_video": "video to extend",
}

MODE_LABELS: Final[dict[str, str]] = {
    "text-to-video": "Text to video",
    "image-to-video": "Image to video",
    "interpolation": "Interpolation",
    "references": "References",
    "extension": "Extension",
}

_LONGEST: Final = 60
"""Characters of a value that are repeated in a sentence."""

_VALUES: Final[dict[tuple[str, object], str]] = {
    ("person_generation", "allow_all"): "everyone",
    ("person_generation", "allow_adult"): "adults only",
    ("person_generation", "dont_allow"): "no people",
    ("generate_audio", True): "on",
    ("generate_audio", False): "off",
    ("enhance_prompt", True): "on",
    ("enhance_prompt", False): "off",
    ("resize_mode", "pad"): "pad",
    ("resize_mode", "crop"): "crop",
}


def label(field: str) -> str:
    """What a field is called in a sentence."""
    return LABELS.get(field, field.replace("_", " "))


def the_one(field: str) -> str:
    """`The first frame`, `A reference image`."""
    return "A reference image" if field == "reference_images" else f"The {label(field)}"


def needed(field: str) -> str:
    """`A prompt is needed`, `Reference images are needed`."""
    name = label(field)
    return (
        f"{name.capitalize()} are needed"
        if name.endswith("images")
        else f"{'An' if name[0] in 'aeiou' else 'A'} {name} is needed"
    )


def spoken(field: str, value: object) -> str:
    """How a value reads: 8 seconds, adults only, on."""
    if field == "mode":
        return MODE_LABELS.get(str(value), str(value)).lower()
    if field == "duration_seconds":
        return f"{short(value)} s"
    return _VALUES.get((field, value)) or short(value)


def short(value: object) -> str:
    """A value as text. Python writes no number of more than 4,300 digits, and nobody reads one."""
    if isinstance(value, int) and abs(value) >= 10**_LONGEST:
        return "(far too many digits)"
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def listed(values: Sequence[object], field: str = "") -> str:
    """`4 s, 6 s or 8 s`."""
    words = [spoken(field, value) for value in values]
    if not words:
        return "nothing"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
