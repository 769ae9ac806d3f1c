"""Pure: what the controls hold, as a request. Everything that arrives here was sent by a browser and is judged."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from playground.domain.errors import InvalidRequest
from playground.domain.reading import parse_request
from playground.domain.request import PARAMETER_KINDS, VideoRequest
from playground.domain.validation import Issue
from playground.ui import texts
from playground.ui.controls import SWITCH, UNSET

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,30}")
_MAX_MEDIA: Final = 20


def to_request(
    mode: str, provider: object, model: object, values: Mapping[str, object], rehearsal: object = None
) -> VideoRequest:
    """The request that a form stands for: empty is not set, `0` is a seed, a rehearsal goes into the prompt.

    Raises:
        InvalidRequest: something is not even of the right type; each issue names its field.
    """
    document: dict[str, object] = {"mode": mode, "provider": provider, "model": model or None}
    issues: list[Issue] = []
    for name, value in values.items():
        try:
            document[name] = _read(name, value)
        except _NotRead as problem:
            issues.append(Issue(name, "malformed", str(problem), involves=frozenset({name})))
    if isinstance(rehearsal, str) and rehearsal != UNSET:
        spoken = document.get("prompt")
        document["prompt"] = f"{spoken} [sandbox:{rehearsal}]" if isinstance(spoken, str) else f"[sandbox:{rehearsal}]"
    if issues:
        raise InvalidRequest(issues)
    return parse_request(document)


class _NotRead(ValueError):
    """A sentence about a value that is no value of its field."""


def _read(name: str, value: object) -> object:
    kind = PARAMETER_KINDS.get(name)
    if kind == "media":
        references = tuple(media_references(value))
        return (references or None) if name == "reference_images" else next(iter(references), None)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if kind == "range" and isinstance(value, str):
        return _whole(name, value.strip())
    if kind == "flag" and isinstance(value, str):
        return SWITCH.get(value, value)
    return value


def _whole(name: str, text: str) -> int:
    if not _WHOLE.fullmatch(text):
        label = texts.said().field(name)
        raise _NotRead(texts.said().page.not_a_number.format(label=label, text=text[:40]))
    return int(text)


def media_references(value: object) -> Iterator[str]:
    """The references of a media control, as the request wants them."""
    return (item["ref"] for item in media_items(value))


def media_items(value: object) -> Iterator[dict[str, str]]:
    """What a media control holds: one or a list of `{"ref": …, "name": …}`, or plain references."""
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    for item in items[:_MAX_MEDIA]:
        fields = cast("dict[str, object]", item) if isinstance(item, dict) else {"ref": item}
        ref, name = fields.get("ref"), fields.get("name")
        if isinstance(ref, str) and ref.strip():
            yield {"ref": ref.strip(), "name": name if isinstance(name, str) else ref.strip().rsplit("/", 1)[-1]}


def without_uploads(document: object) -> object:
    """A `gradio_client` request as plain JSON: what `handle_file` made of a file becomes its path again."""
    if isinstance(document, dict):
        fields = cast("dict[str, object]", document)
        if isinstance(fields.get("path"), str) and "meta" in fields:
            return fields["path"]
        return {name: without_uploads(value) for name, value in fields.items()}
    if isinstance(document, list):
        return [without_uploads(item) for item in cast("list[object]", document)]
    return document
