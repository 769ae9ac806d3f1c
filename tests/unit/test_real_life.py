"""What people really send, and what each provider's table says of it: see `tests/data/real_life/<provider>.toml`.

A file's stem is the provider. Of each request all errors are named (their fields exactly) and the warnings that matter.
"""

import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from playground.catalog import load_tables
from playground.domain.issues import Issue, errors
from playground.domain.media import Facts, MediaFacts
from playground.domain.planning import price
from playground.domain.request import VideoRequest
from playground.domain.validation import check

FOLDER = Path(__file__).parents[1] / "data" / "real_life"
TABLES = load_tables()


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Medium(Strict):
    """What was measured of one image or clip."""

    field: str
    format: str | None = None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    frames_per_second: float | None = None
    by_url: bool = False
    made_by: str | None = None
    made_days_ago: float | None = None
    extended: int = 0

    def facts(self, now: datetime) -> MediaFacts:
        kind: Literal["image", "video"] = "video" if self.field == "source_video" else "image"
        made_at = now - timedelta(days=self.made_days_ago) if self.made_days_ago is not None else None
        measured = self.model_dump(exclude={"field", "made_days_ago"})
        return MediaFacts(kind=kind, made_at=made_at, **measured)


class ExpectedError(Strict):
    """An error by its field; code and allowed values are compared where they are given."""

    field: str
    code: str | None = None
    allowed: tuple[str | int | bool, ...] | None = None

    def is_met_by(self, issue: Issue) -> bool:
        return (
            issue.field == self.field
            and (self.code is None or issue.code == self.code)
            and (self.allowed is None or issue.allowed == self.allowed)
        )


class Expected(Strict):
    valid: bool
    errors: tuple[ExpectedError, ...] = ()
    warnings: tuple[str, ...] = ()
    price_usd: float | Literal["unknown"] | None = None


class Case(Strict):
    """One request of real life; `request` lacks only its provider."""

    name: str
    request: dict[str, object]
    media: tuple[Medium, ...] = ()
    today: date = date(2026, 11, 20)
    region: str | None = None
    allow_retired: bool = False
    expect: Expected

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(12), UTC)

    def facts(self) -> Facts:
        fields = dict.fromkeys(medium.field for medium in self.media)
        media = {name: tuple(m.facts(self.now) for m in self.media if m.field == name) for name in fields}
        return Facts(media, self.region, self.allow_retired)


class Document(Strict):
    request: tuple[Case, ...] = Field(min_length=1)


def cases() -> Iterator[tuple[str, Case]]:
    for path in sorted(FOLDER.glob("*.toml")):
        document = Document.model_validate(tomllib.loads(path.read_text("utf-8")))
        yield from ((path.stem, case) for case in document.request)


CASES = list(cases())


@pytest.mark.parametrize(("provider", "case"), [pytest.param(p, c, id=f"{p}: {c.name}") for p, c in CASES])
def test_what_people_really_send(provider: str, case: Case) -> None:
    table, expected = TABLES[provider], case.expect
    request = VideoRequest.model_validate({"provider": provider, **case.request})
    found = check(request, table, case.facts(), case.now)
    blocking = errors(found)
    said = "\n".join(f"{issue.severity} {issue.field} ({issue.code}): {issue.message}" for issue in found)
    assert expected.valid == (not expected.errors), "the expectation contradicts itself"
    assert {issue.field for issue in blocking} == {each.field for each in expected.errors}, said
    for each in expected.errors:
        assert any(each.is_met_by(issue) for issue in blocking), f"{each}\n{said}"
    assert set(expected.warnings) <= {issue.field for issue in found if issue.severity == "warning"}, said
    if expected.price_usd is not None:
        usd = price(request, table, case.now).usd
        assert usd == (None if expected.price_usd == "unknown" else pytest.approx(expected.price_usd))


def test_media_facts_belong_to_media_of_the_request() -> None:
    astray = [(p, c.name, m.field) for p, c in CASES for m in c.media if m.field not in c.request]
    assert not astray


def test_names_are_told_apart() -> None:
    names = [(provider, case.name) for provider, case in CASES]
    assert len(set(names)) == len(names)


def test_there_are_many_of_them() -> None:
    assert len(CASES) >= 80
