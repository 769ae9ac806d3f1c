"""A finished video that its provider has somebody else serve: it is brought home, and the key stays at home."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from playground.catalog import load_tables
from playground.jobs.service import LOCAL
from playground.registry import Registry
from tests.emulation import Emulation
from tests.house import House, request_for

TABLES = load_tables()
STEMS = sorted(stem for stem, table in TABLES.items() if table.provider.credential is not None)
KEYED = {"gemini", "vertex", "tokenbay", "aigateway"}
"""Those that have the key shown for a download; Vertex where its videos lie in a bucket."""
BUCKET = {"VERTEX_STORAGE_URI": "gs://our-bucket/clips"}
SHAPES = 3
"""So many kinds of jobs come by turns at some of them."""


async def made(house: House, server: Emulation, stem: str, **environment: str) -> list[str]:
    """How the least jobs of a provider end, their videos sent to this machine's other name."""
    spec = next(spec for spec in TABLES[stem].specs.values() if spec.mode == "text-to-video")
    own = {**server.environment(), "PLAYGROUND_ALLOW_RETIRED": "1", **BUCKET, **environment}
    states: list[str] = []
    async with house.process(adopts=False, **own) as service:
        for _ in range(SHAPES):
            # Twice: some refuse the first request, which came without a key.
            server.fault(stem, "file", "other-origin", times=2)
            job = await service.submit(request_for(spec), owner=LOCAL, files_under=None)
            states.append((await service.settled(job, owner=LOCAL)).state)
    return states


def shows_a_key(request: Mapping[str, Any]) -> bool:
    return not {"authorization", "x-goog-api-key"}.isdisjoint(request["headers"])


def downloads(server: Emulation, stem: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The requests for videos: at the provider's, and at the storage that it sent us to."""
    base = urlsplit(server.base_url(stem)).path
    sent_away = [line for line in server.requests() if line["status"] == 302 and line["path"].startswith(base)]
    return sent_away, [line for line in server.requests() if line["path"].startswith("/__storage/")]


@pytest.mark.parametrize("stem", STEMS)
async def test_a_download_that_is_sent_elsewhere_leaves_the_key_at_home(
    house: House, server: Emulation, stem: str
) -> None:
    assert stem in Registry(TABLES, lambda _: None).providers
    there = f"localhost:{urlsplit(server.origin).port}"
    states = await made(house, server, stem, PLAYGROUND_ALLOW_PRIVATE_HOSTS=there)
    assert states == ["succeeded"] * SHAPES
    sent_away, stored = downloads(server, stem)
    assert len(stored) == SHAPES
    assert any(map(shows_a_key, sent_away)) == (stem in KEYED)
    assert not [request for request in stored if shows_a_key(request)]


async def test_a_private_address_behind_a_redirect_is_not_gone_to(house: House, server: Emulation) -> None:
    assert await made(house, server, "tokenbay") == ["failed"] * SHAPES
    sent_away, stored = downloads(server, "tokenbay")
    assert sent_away
    assert stored == []
