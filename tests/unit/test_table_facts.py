"""What holds of every table, and what each says, kept as text so that a change of one fact is one line of a diff."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pytest

from playground.catalog import load_tables
from playground.domain.capabilities import Evidence, Lifecycle, Rule, Table
from playground.domain.media import Facts
from playground.domain.overview import overview
from playground.domain.request import PARAMETER_KINDS, VideoRequest
from playground.domain.validation import check
from tests.readme import FACTS
from tests.table_facts import facts

TABLES: Final = load_tables()
ONE_DAY: Final = timedelta(days=1)
READ: Final = date(2026, 5, 1)


def _rules(table: Table) -> list[Rule]:
    return list({rule.id: rule for spec in table.specs.values() for rule in spec.rules}.values())


def _stages(lifecycle: Lifecycle | None) -> dict[str, date]:
    """The days on which a model's stage changes, by the code of the issue that says so."""
    if lifecycle is None:
        return {}
    days = (
        ("at_risk", lifecycle.at_risk_from),
        ("deprecated", lifecycle.deprecated_on),
        ("retired", lifecycle.retired_on),
    )
    return {code: day for code, day in days if day is not None}


DATED: Final = [
    (table, model.id, code, day)
    for table in TABLES.values()
    for model in table.models
    for code, day in _stages(model.lifecycle).items()
]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_says_what_was_accepted(table: Table) -> None:
    accepted = (FACTS / f"{table.id}.txt").read_text("utf-8")
    assert facts(table).splitlines() == accepted.splitlines(), "`python -m tests.readme --write` accepts the change"


def test_every_kept_text_is_of_a_table() -> None:
    assert {path.name for path in FACTS.iterdir()} == {f"{stem}.txt" for stem in TABLES}


def _evidence_of(table: Table) -> Iterator[tuple[str, str]]:
    if table.provider.look_up is not None:
        yield "looking up", table.provider.look_up.evidence
    yield "provider", table.provider.evidence
    if table.provider.always is not None:
        yield "always", table.provider.always.evidence
    for model in table.models:
        if model.lifecycle is not None:
            yield f"lifecycle of {model.id}", model.lifecycle.evidence
    for (model_id, mode), spec in table.specs.items():
        yield f"{mode} of {model_id}", spec.evidence
        for name, parameter in spec.parameters.items():
            yield f"{name} of {model_id} in {mode}", parameter.evidence
        for rule in spec.rules:
            yield f"rule {rule.id}", rule.evidence
        for price in spec.prices:
            yield f"a price of {model_id}", price.evidence


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_fact_has_evidence_and_no_evidence_is_unused(table: Table) -> None:
    used = dict(_evidence_of(table))
    assert {where: key for where, key in used.items() if key not in table.evidence} == {}
    assert {key for _, key in _evidence_of(table)} == set(table.evidence)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_nothing_was_read_in_the_future_nor_without_a_place(table: Table) -> None:
    for name, evidence in table.evidence.items():
        assert evidence.read <= datetime.now(UTC).date(), name
        assert evidence.where or evidence.kind == "record", name


@pytest.mark.parametrize(("days", "stale"), [(0, False), (179, False), (180, False), (181, True)])
def test_evidence_is_stale_after_180_days(days: int, stale: bool) -> None:
    evidence = Evidence(kind="documented", where="a page", read=READ)
    assert evidence.is_stale(READ + timedelta(days=days)) is stale


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_evidence_of_a_table_goes_stale_on_its_own_day(table: Table) -> None:
    for evidence in table.evidence.values():
        assert not evidence.is_stale(evidence.read + timedelta(days=180))
        assert evidence.is_stale(evidence.read + timedelta(days=181))


def _lifecycle_issues(table: Table, model: str, day: date, at: time) -> list[tuple[str, str]]:
    (spec, *_) = (spec for (owner, _), spec in table.specs.items() if owner == model)
    request = VideoRequest(provider=table.id, model=model, mode=spec.mode, prompt="A lake.")
    issues = check(request, table, Facts(), datetime.combine(day, at, UTC))
    return [(issue.code, issue.severity) for issue in issues if issue.rule == "lifecycle"]


@pytest.mark.parametrize(
    ("table", "model", "code", "day"), DATED, ids=[f"{table.id}-{model}-{code}" for table, model, code, _ in DATED]
)
def test_a_model_changes_on_its_day_and_not_before(table: Table, model: str, code: str, day: date) -> None:
    severity = "error" if code == "retired" else "warning"
    before = _lifecycle_issues(table, model, day - ONE_DAY, time.max)
    assert code not in {said for said, _ in before}
    assert "error" not in {how for _, how in before}
    assert _lifecycle_issues(table, model, day, time.min) == [(code, severity)]
    later = [other for each, name, _, other in DATED if (each.id, name) == (table.id, model) and other > day]
    until = min(later, default=day + 2 * ONE_DAY) - ONE_DAY
    assert _lifecycle_issues(table, model, until, time.max) == [(code, severity)]


def test_there_are_dated_models() -> None:
    assert {(table.id, code) for table, _, code, _ in DATED} >= {("gemini", "retired"), ("vertex", "at_risk")}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_a_table_says_to_use_instead_is_there(table: Table) -> None:
    for model in table.models:
        instead = model.lifecycle.use_instead if model.lifecycle is not None else None
        if instead is not None:
            stem, _, model_id = instead.partition(":")
            assert TABLES[stem].model(model_id) is not None


WIRE: Final = re.compile(r"\b[a-z]+[A-Z]\w*|\b\w+_\w+|[{}\[\]`]")
"""camelCase, snake_case and brackets: the words of requests, not of people."""


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+(?=[A-Z0-9])", text)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_is_said_to_people_is_said_in_their_words(table: Table) -> None:
    said = {f"rule {rule.id}": rule.says for rule in _rules(table)}
    for spec in table.specs.values():
        warnings = {"the mode": spec.warn, **{name: each.warn for name, each in spec.parameters.items()}}
        said |= {f"{where} of {spec.model.id}": warn for where, warn in warnings.items() if warn is not None}
    for where, text in said.items():
        assert text.endswith("."), where
        assert text == text.strip(), where
        assert 1 <= len(_sentences(text)) <= 2, where
        assert not WIRE.search(text), where
        assert not any(name in text for name in PARAMETER_KINDS if "_" in name), where


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("Choose allow_all.", True),
        ("Set generateAudio to false.", True),
        ("The OpenAPI file of aigateway.sh names WebP and MP4.", False),
    ],
)
def test_words_of_the_wire_are_recognised(text: str, wire: bool) -> None:
    assert bool(WIRE.search(text)) is wire


def test_the_overview_says_free_unknown_and_a_range_apart() -> None:
    rows = {(row.provider, row.model): row for row in overview(TABLES)}
    assert len(rows) == sum(len(table.models) for table in TABLES.values())
    assert rows["sandbox", "sandbox-preview"].usd_per_second == (0, 0)
    assert rows["azerion", "google-veo-3-1"].usd_per_second is None
    assert rows["vertex", "veo-3.1-generate-001"].usd_per_second == (0.2, 0.6)
    # Priced, though not offered in 4k: nobody can be asked to pay that.
    assert rows["vertex", "veo-3.1-fast-generate-001"].usd_per_second == (0.08, 0.12)
    assert rows["gemini", "veo-2.0-generate-001"].lifecycle == "retired on 2026-06-30"
    assert [rows[key].sound for key in (("gemini", "veo-2.0-generate-001"), ("aigateway", "google/veo-3.1"))] == [
        "never",
        "not said",
    ]
