"""Texts and bodies with holes: what is literal stays literal, and each language fills the holes its own way."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from playground.domain.provider import MediaLeaf, MediaType


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a text where a variable goes."""

    name: str


Text = tuple[str | Hole, ...]
"""A text with holes; its strings are literal, whatever they hold."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JSON string that is made when the program runs: a prefix, then a medium in base64."""

    source: str
    prefix: str = ""


Leaf = Text | Encoded | int | float | bool | None
Node = dict[str, "Node"] | list["Node"] | Leaf
"""A body whose media are known. Its only tuples are texts."""


@dataclass(frozen=True, slots=True)
class Medium:
    """Where a program finds a medium: a path on this machine or a URL."""

    source: str
    mime_type: str | None = None
    handle: str | None = None
    """The provider's own link to it, which says all where the provider takes nothing else."""


class UnknownType(ValueError):
    """The body must name the MIME type of a medium, and nobody can tell it."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


def text_with_holes(plain: str, holes: Mapping[str, str]) -> Text:
    """Split a text at the marks that stand for variables."""
    if not holes:
        return (plain,)
    pieces = re.split("(" + "|".join(map(re.escape, holes)) + ")", plain)
    return tuple(Hole(holes[piece]) if place % 2 else piece for place, piece in enumerate(pieces) if piece)


def known_body(body: object, media: Mapping[str, Medium], holes: Mapping[str, str]) -> Node:
    """A call's body with its media looked up and its marks made holes.

    Raises:
        UnknownType: a medium's MIME type is needed and not known.
    """
    if isinstance(body, Mapping):
        items = cast("Mapping[str, object]", body).items()
        return {key: known_body(value, media, holes) for key, value in items}
    if isinstance(body, str):
        return text_with_holes(body, holes)
    if isinstance(body, Sequence):
        return [known_body(value, media, holes) for value in cast("Sequence[object]", body)]
    if isinstance(body, MediaType):
        return (_mime_type(body.reference, media),)
    if isinstance(body, MediaLeaf):
        return _medium(body, media)
    if body is None or isinstance(body, int | float):
        return body
    raise TypeError(f"{type(body).__name__} is no JSON")


def _medium(leaf: MediaLeaf, media: Mapping[str, Medium]) -> Leaf:
    medium = media[leaf.reference]
    source = medium.source
    if leaf.encoding == "handle":
        return (medium.handle if medium.handle is not None else source,)
    if leaf.encoding == "url":
        return (source,)
    if leaf.encoding == "data-uri":
        return Encoded(source, f"data:{_mime_type(leaf.reference, media)};base64,")
    return Encoded(source)


def _mime_type(reference: str, media: Mapping[str, Medium]) -> str:
    mime_type = media[reference].mime_type
    if mime_type is None:
        raise UnknownType(reference)
    return mime_type


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf of a body, in its order."""
    if isinstance(node, dict | list):
        for each in node.values() if isinstance(node, dict) else node:
            yield from leaves(each)
    else:
        yield node


def laid_out(node: Node, *, indent: str, last_comma: bool, margin: str = "") -> Iterator[str | tuple[Leaf]]:
    """A body over several lines: pieces of JSON, and each leaf as a tuple of one for the language to write."""
    if not isinstance(node, dict | list):
        yield (node,)
        return
    opening, closing = "{}" if isinstance(node, dict) else "[]"
    if not node:
        yield opening + closing
        return
    deeper = margin + indent
    items = node.items() if isinstance(node, dict) else ((None, each) for each in node)
    yield opening
    for place, (key, value) in enumerate(items):
        yield ("," if place else "") + f"\n{deeper}" + (f"{json.dumps(key)}: " if key is not None else "")
        yield from laid_out(value, indent=indent, last_comma=last_comma, margin=deeper)
    yield ("," if last_comma else "") + f"\n{margin}{closing}"


def json_inside(plain: str) -> str:
    """A string as JSON without its quotes. What cannot be seen, or would turn the line around, is escaped."""
    quoted = json.dumps(plain, ensure_ascii=False)[1:-1]
    return "".join(each if each.isprintable() else _escaped(each) for each in quoted)


_HEX: Final = re.compile("....")


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{unit}" for unit in _HEX.findall(units))
