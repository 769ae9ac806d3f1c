"""Chains of libavfilter's filters, each written as FFmpeg writes it: `name=option=value:option=value`."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, pairwise
from typing import Any

from av.filter import Graph


def chained(graph: Graph, *filters: str) -> tuple[Any, Any]:
    """Add filters to a graph, each after the one before it; return the first and the last."""
    nodes = [graph.add(name, options or None) for name, _, options in (each.partition("=") for each in filters)]
    for before, after in pairwise(nodes):
        before.link_to(after)
    return nodes[0], nodes[-1]


def pulled(graph: Graph) -> Iterator[Any]:
    """The frames that a graph has ready."""
    with suppress(BlockingIOError, EOFError):
        while True:
            yield graph.pull()


def filtered(clip: Any, stream: Any, *filters: str) -> Iterator[Any]:
    """Decode a stream of a clip, and pass its frames through a chain of filters."""
    graph, video = Graph(), stream.type == "video"
    stream.thread_type = "AUTO"
    begin: Any = graph.add_buffer(template=stream) if video else graph.add_abuffer(template=stream)
    begin.link_to(chained(graph, *filters, "buffersink" if video else "abuffersink")[0])
    graph.configure()
    for frame in chain(clip.decode(stream), (None,)):
        graph.push(frame)
        yield from pulled(graph)
