"""A request as runnable code: create, wait, download. Pure; holds no key, no account and no bytes of a medium."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

from playground.domain.capabilities import ModeSpec
from playground.domain.planning import to_send
from playground.domain.provider import Adapter
from playground.domain.request import VideoRequest
from playground.domain.snippets import curl, javascript, python
from playground.domain.snippets.recipe import Describes
from playground.domain.snippets.script import Placeholders, Script
from playground.domain.snippets.text import Medium
from playground.domain.words import MODE_LABELS

Language = Literal["curl", "python", "javascript"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

_WRITERS: Final[dict[Language, Callable[[Script], str]]] = {
    "curl": curl.write,
    "python": python.write,
    "javascript": javascript.write,
}


def script_for(
    request: VideoRequest,
    spec: ModeSpec,
    placeholders: Placeholders,
    adapter: Adapter,
    media: Mapping[str, Medium],
) -> Script | None:
    """The run of a valid request; None where the adapter cannot describe what follows on its create call."""
    if not isinstance(adapter, Describes):
        return None
    asked = to_send(request, spec)
    return Script(
        title=f"{placeholders.facts.label}, {spec.model.label}, {MODE_LABELS[request.mode].lower()}",
        create=adapter.create(asked, spec, placeholders.context),
        recipe=adapter.recipe(asked, placeholders.context),
        media=media,
        placeholders=placeholders,
    )


def written(script: Script, language: Language) -> str:
    """The run in a language.

    Raises:
        UnknownType: the body must name the MIME type of a medium, and nobody can tell it.
    """
    return _WRITERS[language](script)
