"""What a request costs, what of it is sent, and who can do it."""

import copy
import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec, Table
from playground.domain.media import Facts
from playground.domain.planning import Quote, billed_seconds, price, to_send, who_can
from playground.domain.request import VideoRequest
from playground.domain.tables import parse_table
from playground.domain.validation import spec_for

DATA = Path(__file__).parents[1] / "data"
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def sample(name: str, **changes: Any) -> Table:
    document = copy.deepcopy(tomllib.loads((DATA / f"sample_{name}.toml").read_text("utf-8")))
    document["parameters"].update(changes)
    return parse_table(name, document)


SANDBOX = load_tables()["sandbox"]
GEMINI = sample("gemini", number_of_videos={"at_least": 1, "at_most": 4, "default": 1, "evidence": "documentation"})
TOKENBAY = sample("tokenbay")


def ask(**fields: Any) -> VideoRequest:
    return VideoRequest.model_validate(
        {"provider": "any", "mode": "text-to-video", "prompt": "A lake at dawn.", **fields}
    )


def spec_of(request: VideoRequest, table: Table) -> ModeSpec:
    spec = spec_for(request, table, NOW)
    assert isinstance(spec, ModeSpec)
    return spec


@pytest.mark.parametrize(
    ("fields", "usd", "seconds"),
    [
        ({}, 3.2, 8),
        ({"duration_seconds": 4}, 1.6, 4),
        ({"resolution": "4k"}, 4.8, 8),
        ({"resolution": "4k", "number_of_videos": 3}, 14.4, 24),
        ({"mode": "extension", "source_video": "job:a"}, 2.8, 7),
        ({"duration_seconds": 0}, None, None),
        ({"duration_seconds": -8}, None, None),
        ({"number_of_videos": 0}, None, None),
    ],
)
def test_each_videos_seconds_are_billed(fields: dict[str, Any], usd: float | None, seconds: int | None) -> None:
    quote = price(ask(**fields), GEMINI, NOW)
    assert (quote.usd, quote.billed_seconds) == (usd, seconds)


def test_free_is_not_unknown() -> None:
    assert price(ask(), SANDBOX, NOW).usd == 0
    unknown = price(ask(duration_seconds=8), TOKENBAY, NOW)
    assert unknown == Quote(None, None, 8, "page")
    assert billed_seconds(ask(), spec_of(ask(), TOKENBAY)) is None


def test_a_price_that_hangs_on_an_unknown_default_is_unknown() -> None:
    document = tomllib.loads((DATA / "sample_tokenbay.toml").read_text("utf-8"))
    document["price"] = [
        {"when": {"resolution": ["4k"]}, "usd_per_second": 0.6, "evidence": "page"},
        {"usd_per_second": 0.4, "evidence": "page"},
    ]
    table = parse_table("tokenbay", document)
    assert price(ask(duration_seconds=8), table, NOW).usd is None
    assert price(ask(duration_seconds=8, resolution="720p"), table, NOW).usd == 3.2
    assert price(ask(duration_seconds=8, resolution="4k"), table, NOW).usd == 4.8


def test_what_cannot_be_had_has_no_price() -> None:
    assert price(ask(mode="extension"), TOKENBAY, NOW) == Quote(None, None, None, None)
    assert price(ask(model="nobody"), GEMINI, NOW).usd is None


def test_sent_is_what_is_set_and_what_is_required() -> None:
    table = sample(
        "gemini",
        seed={"at_least": 0, "evidence": "documentation"},
        aspect_ratio={"choices": ["16:9", "9:16"], "default": "16:9", "required": True, "evidence": "documentation"},
        enhance_prompt={"default": True, "required": True, "evidence": "documentation"},
        compression_quality={
            "choices": ["optimized", "lossless"],
            "default": "optimized",
            "always_sent": True,
            "evidence": "documentation",
        },
    )
    request = ask(seed=0, generate_audio=True, enhance_prompt=False)
    sent = to_send(request, spec_of(request, table))
    assert sent.as_json() == {
        "provider": "any",
        "mode": "text-to-video",
        "model": "veo-3.1-generate-preview",
        "prompt": "A lake at dawn.",
        "aspect_ratio": "16:9",
        "enhance_prompt": False,
        "compression_quality": "optimized",
        "seed": 0,
    }
    assert to_send(sent, spec_of(request, table)) == sent


def test_who_can_comes_with_the_reason_of_those_who_cannot() -> None:
    tables = {"tokenbay": TOKENBAY, "gemini": GEMINI, "sandbox": SANDBOX}
    request = ask(resolution="4k", duration_seconds=8, aspect_ratio="1:1")
    offers = who_can(request, tables, Facts(region="US"), NOW)
    assert [(o.provider, o.model, o.can) for o in offers] == [
        ("sandbox", "sandbox-preview", True),
        ("tokenbay", "veo-3.1-generate-preview", False),
        ("tokenbay", "veo-3.1-lite-generate-preview", False),
        ("gemini", "veo-3.1-generate-preview", False),
    ]
    assert [[i.field for i in o.blocked_by] for o in offers] == [
        [],
        ["aspect_ratio"],
        ["resolution", "aspect_ratio"],
        ["aspect_ratio"],
    ]
    shown = json.loads(json.dumps(offers[-1].as_json()))
    assert shown["price_usd"] == 4.8
    assert sorted(shown) == ["blocked_by", "can", "model", "price_usd", "provider"]
    assert sorted(shown["blocked_by"][0]) == ["field", "message", "rule"]
