"""A short kill campaign: every named point once, over all providers, and some random instants (`make campaign`)."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.campaign.books import audit
from tests.campaign.campaign import RANDOM, Campaign, plans, short, stems
from tests.campaign.points import OWN, WIRE
from tests.emulation import Emulation, emulation


@pytest.fixture
def providers(tmp_path: Path) -> Generator[Emulation]:
    with emulation(tmp_path / "providers", padding=700_000) as server:
        yield server


@pytest.mark.timeout(400)
def test_nothing_is_lost_bought_twice_stuck_or_half(tmp_path: Path, providers: Emulation) -> None:
    campaign = Campaign(tmp_path, providers, seed=1)
    result = campaign.run(short())
    assert result.rested
    assert {stem: count for stem, count in result.counts.items() if count.wrong} == {}
    assert result.total.succeeded > 0
    assert result.total.taken > 0
    assert {point for point in (*OWN, *WIRE) if result.kills[point] == 0} == set()
    # And what would be wrong is seen.
    book = providers.folder / "accepted.jsonl"
    (first, *_) = book.read_text().splitlines()
    with book.open("a") as more:
        more.write(f"{first}\n{first.replace('Boat', 'Ship')}\n")
    next((campaign.data / "media").glob("*/1.mp4")).write_bytes(b"half a")
    seen = audit(campaign.data, providers.folder, campaign.diary, stems())
    assert sum(count.twice for count in seen.values()) == 1
    assert sum(count.lost for count in seen.values()) == 1
    assert sum(count.half for count in seen.values()) == 1


def test_a_campaign_brings_every_provider_to_every_point_it_has() -> None:
    named = [(stem, point) for stem, point in plans(10_000) if point != RANDOM]
    assert {stem for stem, _ in named} == set(stems())
    assert {point for _, point in named} == {*OWN, *WIRE}
