"""How long the domain takes to answer: what is asked at every pause of somebody's typing."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from playground.catalog import load_tables
from playground.domain.capabilities import Table
from playground.domain.media import Facts
from playground.domain.planning import price, who_can
from playground.domain.proposals import proposals
from playground.domain.request import VideoRequest
from playground.domain.validation import check, remaining
from tests.bench.measure import Line, milliseconds, within

CHECK_GOAL: Final = 0.2
WHOLE_GOAL: Final = 10.0
NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)

_LAKE: Final = {"mode": "text-to-video", "prompt": "A paper boat crosses a lake at dusk, slow pan left."}
REQUESTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "one that fits": {"provider": "vertex", **_LAKE, "duration_seconds": 8, "resolution": "1080p"},
    "6 s at 1080p": {"provider": "tokenbay", **_LAKE, "duration_seconds": 6, "resolution": "1080p"},
    "a retired model": {
        "provider": "gemini",
        "model": "veo-3.1-generate-preview",
        "mode": "image-to-video",
        "prompt": "She turns and smiles.",
        "first_frame": "portrait.png",
        "person_generation": "allow_adult",
    },
    # The slowest two of 4,000 that were drawn at random: much is set, little fits, and other providers lack it.
    "worst found, one thing wrong": {
        "provider": "vertex",
        "mode": "image-to-video",
        "prompt": "x",
        "duration_seconds": 99,
        "resolution": "1080p",
        "aspect_ratio": "9:16",
        "enhance_prompt": True,
        "seed": 7,
        "number_of_videos": 2,
        "person_generation": "allow_adult",
        "resize_mode": "crop",
        "first_frame": "a.png",
    },
    "worst found, seven things wrong": {
        "provider": "cloudflare",
        "mode": "text-to-video",
        "prompt": "x",
        "duration_seconds": 99,
        "resolution": "8k",
        "generate_audio": False,
        "number_of_videos": 2,
        "person_generation": "allow_all",
        "compression_quality": "lossless",
        "last_frame": "b.png",
        "reference_images": ["a.png", "b.png"],
    },
}


def whole(request: VideoRequest, tables: Mapping[str, Table]) -> object:
    """Everything that the page is told of a request."""
    table, facts = tables[request.provider], Facts()
    return (
        check(request, table, facts, NOW),
        price(request, table, NOW),
        proposals(request, tables, facts, NOW),
        who_can(request, tables, facts, NOW),
        remaining(request, table, facts, NOW),
    )


def lines(runs: int) -> Iterator[Line]:
    """One check, and the whole answer, for each request."""
    tables = load_tables()
    models = sum(len(table.models) for table in tables.values())
    for name, fields in REQUESTS.items():
        request = VideoRequest.model_validate(fields)
        table = tables[request.provider]

        def once(request: VideoRequest = request, table: Table = table) -> object:
            return check(request, table, Facts(), NOW)

        yield within(f"Check: {name}", milliseconds(once, runs), CHECK_GOAL)
    for name, fields in REQUESTS.items():
        request = VideoRequest.model_validate(fields)

        def answer(request: VideoRequest = request) -> object:
            return whole(request, tables)

        what = f"Whole answer ({len(tables)} tables, {models} models): {name}"
        yield within(what, milliseconds(answer, runs), WHOLE_GOAL)
