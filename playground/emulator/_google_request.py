"""Reading a create of Google's strictly: names, types and media. What goes together is each dialect's own matter."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, cast

from playground.emulator._google_errors import Refusal
from playground.emulator._media import NotMedia, medium
from playground.sandbox.spec import Mode

Json = dict[str, Any]
MAX_IMAGE_BYTES: Final = 20 * 1024 * 1024
SEEDS: Final = 2**32


@dataclass(frozen=True, slots=True)
class Medium:
    """A decoded picture or clip."""

    data: bytes
    ending: str


@dataclass(frozen=True, slots=True)
class Create:
    """The body of a create, its names and types checked; the settings are as they came."""

    prompt: str
    image: Medium | None
    last_frame: Medium | None
    references: tuple[Medium, ...]
    video: Json | None
    settings: Json

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the media that it holds."""
        media = {"image": self.image, "lastFrame": self.last_frame, "video": self.video}
        names = tuple(name for name, medium in media.items() if medium is not None)
        return (*names, "referenceImages") if self.references else names

    @property
    def mode(self) -> Mode:
        """What it asks for, by what it holds."""
        if self.video is not None:
            return "extension"
        if self.references:
            return "references"
        if self.last_frame is not None:
            return "interpolation"
        return "image-to-video" if self.image is not None else "text-to-video"


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a service lets stand in a body."""

    top: Collection[str]
    instance: Collection[str]
    settings: Collection[str]
    video: Collection[str]
    images: Collection[str]
    """The endings of the formats that it takes."""
    unknown: Callable[[str], Refusal]
    """How the service refuses a name."""


def read_create(raw: bytes, grammar: Grammar) -> Create:
    """Read a body. Takes time for large media: call it in a thread.

    Raises:
        Refusal: in the service's words, where known.
    """
    try:
        document = json.loads(raw)
    except ValueError:
        raise Refusal("Invalid JSON payload received. Unexpected token.") from None
    top = known(document, grammar.top, lambda name: Refusal(_unknown_field(name)))
    instances = top.get("instances")
    if not isinstance(instances, list) or len(cast("list[object]", instances)) != 1:
        raise Refusal("Exactly one instance is expected in `instances`.")
    instance = known(cast("list[object]", instances)[0], grammar.instance, grammar.unknown)
    references = instance.get("referenceImages", [])
    if not isinstance(references, list) or len(cast("list[object]", references)) > 3:  # noqa: PLR2004 - as documented
        raise Refusal("`referenceImages` takes at most 3 images.")
    return Create(
        prompt=text(instance, "prompt"),
        image=_picture(instance.get("image"), grammar),
        last_frame=_picture(instance.get("lastFrame"), grammar),
        references=tuple(_reference(each, grammar) for each in cast("list[object]", references)),
        video=known(instance["video"], grammar.video, grammar.unknown) if "video" in instance else None,
        settings=known(top.get("parameters", {}), grammar.settings, grammar.unknown),
    )


def known(value: object, names: Collection[str], refuse: Callable[[str], Refusal]) -> Json:
    """An object that holds no other names.

    Raises:
        Refusal: it is no object, or it does.
    """
    if not isinstance(value, dict):
        raise Refusal("Invalid value: an object is expected.")
    holder = cast(Json, value)
    for name in holder:
        if name not in names:
            raise refuse(name)
    return holder


def text(holder: Json, name: str) -> str:
    """A string, empty where it is missing."""
    value = holder.get(name, "")
    if not isinstance(value, str):
        raise Refusal(f"The value type for `{name}` needs to be a string.")
    try:
        value.encode()
    except UnicodeEncodeError:
        # An escape of JSON can spell half a character, which nothing can be made of.
        raise Refusal("Invalid JSON payload received. Invalid UTF-8.") from None
    return value


def whole(settings: Json, name: str, low: int, high: int) -> int | None:
    """A whole number within bounds, None where it is missing."""
    value = settings.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(f"The value type for `{name}` needs to be a number.")
    if not low <= value <= high:
        raise out_of_bound(name, low, high)
    return value


def out_of_bound(name: str, low: int, high: int) -> Refusal:
    """For a number that is too small, too large or between those that are taken."""
    return Refusal(
        f"The number value for `{name}` is out of bound. Please provide a value between {low} and {high}, inclusive."
    )


def flag(settings: Json, name: str) -> bool | None:
    """True or false, None where it is missing."""
    value = settings.get(name)
    if value is not None and not isinstance(value, bool):
        raise Refusal(f"The value type for `{name}` needs to be a boolean.")
    return value


def word(settings: Json, name: str, choices: Collection[str]) -> str | None:
    """One of some words, None where it is missing."""
    value = settings.get(name)
    if value is not None and (not isinstance(value, str) or value not in choices):
        raise Refusal(f"The string value {value} for {name} is invalid")
    return value


def decoded(holder: Json, endings: Collection[str]) -> Medium:
    """A medium from its base64, if it is what its MIME type says.

    Raises:
        Refusal: it is not.
    """
    encoded, mime_type = holder.get("bytesBase64Encoded"), holder.get("mimeType")
    if not isinstance(encoded, str) or not isinstance(mime_type, str):
        raise Refusal("`bytesBase64Encoded` and `mimeType` are both required.")
    try:
        data, ending = medium(encoded, mime_type, endings=endings)
    except NotMedia as error:
        raise Refusal(f"Unable to process input media: `bytesBase64Encoded` {error}.") from None
    if ending != "mp4" and len(data) > MAX_IMAGE_BYTES:
        raise Refusal(f"Request payload size exceeds the limit: {MAX_IMAGE_BYTES} bytes.")
    return Medium(data, ending)


def _picture(value: object, grammar: Grammar) -> Medium | None:
    if value is None:
        return None
    return decoded(known(value, ("bytesBase64Encoded", "mimeType"), grammar.unknown), grammar.images)


def _reference(value: object, grammar: Grammar) -> Medium:
    holder = known(value, ("image", "referenceType"), grammar.unknown)
    if str(holder.get("referenceType", "")).lower() != "asset":
        raise Refusal(f"The string value {holder.get('referenceType')} for referenceType is invalid")
    picture = _picture(holder.get("image"), grammar)
    if picture is None:
        raise Refusal("`image` is required in each of `referenceImages`.")
    return picture


def _unknown_field(name: str) -> str:
    return f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
