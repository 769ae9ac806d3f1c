"""What holds for every request and every table."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.domain.capabilities import Table
from playground.domain.errors import InvalidRequest
from playground.domain.issues import Issue, errors
from playground.domain.media import Facts
from playground.domain.planning import price, to_send, who_can
from playground.domain.reading import parse_request
from playground.domain.request import (
    PARAMETER_KINDS,
    JobReference,
    VideoRequest,
    job_reference,
)
from playground.domain.validation import check, remaining
from tests.properties.strategies import (
    NOW,
    TABLES,
    Drawn,
    anything_asked,
    anything_known,
    anything_text,
    inside,
    outside,
    ruled_requests,
    ruled_tables,
)

relaxed = settings(deadline=None, max_examples=60)


@relaxed
@given(inside())
def test_what_is_drawn_inside_a_table_may_be_sent(drawn: Drawn) -> None:
    assert errors(check(drawn.request, drawn.table, drawn.facts, NOW)) == []


@relaxed
@given(outside())
def test_one_field_outside_of_a_table_is_named(moved: tuple[Drawn, str]) -> None:
    drawn, name = moved
    assert name in {issue.field for issue in errors(check(drawn.request, drawn.table, drawn.facts, NOW))}


def _agree(request: VideoRequest, table: Table, facts: Facts) -> None:
    for name, choices in remaining(request, table, facts, NOW).items():
        for choice in choices:
            found = errors(check(request.changed({name: choice.value}), table, facts, NOW))
            involved = [issue for issue in found if name in issue.involves]
            if choice.blocked_by is None:
                assert not involved
                assert name not in {issue.field for issue in found}
            else:
                assert choice.blocked_by in involved


@relaxed
@given(inside(loose=True))
def test_remaining_choices_and_the_check_agree(drawn: Drawn) -> None:
    _agree(drawn.request, drawn.table, drawn.facts)


@relaxed
@given(ruled_requests, ruled_tables())
def test_remaining_choices_and_the_check_agree_on_any_rules(request_: VideoRequest, table: Table) -> None:
    _agree(request_, table, Facts())


@settings(deadline=None, max_examples=150)
@given(ruled_requests, ruled_tables())
def test_what_an_issue_allows_is_taken(request_: VideoRequest, table: Table) -> None:
    for issue in errors(check(request_, table, Facts(), NOW)):
        for value in issue.allowed or ():
            found = errors(check(request_.changed({issue.field: value}), table, Facts(), NOW))
            # Another rule may forbid or require the field; the value itself is no longer at fault.
            assert (issue.field, "conflict") not in {(each.field, each.code) for each in found}


@settings(deadline=None, max_examples=120)
@given(anything_asked, anything_known, st.sampled_from(list(TABLES.values())))
def test_a_check_answers_whatever_is_asked(request_: VideoRequest, facts: Facts, table: Table) -> None:
    issues = check(request_, table, facts, NOW)
    assert issues == check(request_, table, facts, NOW)
    assert len(set(issues)) == len(issues)
    for issue in issues:
        assert json.dumps(issue.as_json())
    remaining(request_, table, facts, NOW)
    quote = price(request_, table, NOW)
    assert quote.usd is None or 0 <= quote.usd < 1e9
    for offer in who_can(request_, TABLES, facts, NOW):
        assert offer.can == (not offer.blocked_by)
        assert json.dumps(offer.as_json())


@relaxed
@given(inside(loose=True))
def test_completing_a_request_twice_changes_nothing_and_loses_nothing(drawn: Drawn) -> None:
    sent = to_send(drawn.request, drawn.spec)
    assert to_send(sent, drawn.spec) == sent
    asked, gone = drawn.request.set_values(), {n for n, p in drawn.spec.parameters.items() if p.fixed}
    assert {n: v for n, v in sent.set_values().items() if n in asked} == {
        n: v for n, v in asked.items() if n not in gone
    }
    added = set(sent.set_values()) - set(asked)
    assert all(drawn.spec.parameters[name].required for name in added)
    before = errors(check(drawn.request, drawn.table, drawn.facts, NOW))
    assert errors(check(sent, drawn.table, drawn.facts, NOW)) == before


_FALSY: dict[str, Any] = {"flag": False, "text": "", "range": 0}


@relaxed
@given(inside(), st.sampled_from([n for n, k in PARAMETER_KINDS.items() if k in _FALSY]))
def test_falsy_values_survive(drawn: Drawn, name: str) -> None:
    value = _FALSY[PARAMETER_KINDS[name]]
    request = drawn.request.changed({name: value})
    assert request.set_values()[name] == value
    assert request.as_json()[name] == value
    parameter = drawn.spec.parameters.get(name)
    if parameter is None or not parameter.fixed:
        assert to_send(request, drawn.spec).value(name) == value


@relaxed
@given(inside())
def test_a_request_survives_its_file(drawn: Drawn) -> None:
    assert parse_request(json.loads(json.dumps(drawn.request.as_json()))) == drawn.request


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(st.characters(), max_size=9), inner)),
    max_leaves=8,
)
_nearly = st.fixed_dictionaries(
    {"provider": st.one_of(st.just("sandbox"), _json), "mode": st.one_of(st.just("text-to-video"), _json)},
    optional={name: st.one_of(_json, anything_text) for name in (*PARAMETER_KINDS, "model", "zoom")},
)


@settings(deadline=None, max_examples=150)
@given(st.one_of(_json, _nearly))
@example({"provider": "\ud800", "mode": "text-to-video"})
@example({"\ud800": None})
@example({"provider": "x", "mode": "text-to-video", "seed": 10**400})
def test_any_json_is_read_or_refused_with_its_fields(raw: Any) -> None:
    request, refusal = _read(raw)
    if request is None:
        assert refusal
        assert all(issue.severity == "error" and issue.message for issue in refusal)
    else:
        json.dumps(request.as_json(), ensure_ascii=False).encode()
        assert parse_request(json.loads(json.dumps(request.as_json()))) == request


def _read(raw: object) -> tuple[VideoRequest | None, tuple[Issue, ...]]:
    try:
        return parse_request(raw), ()
    except InvalidRequest as refusal:
        return None, refusal.issues


@relaxed
@given(
    st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True),
    st.one_of(st.none(), st.just("last-frame"), st.integers(1, 999_999)),
)
def test_a_job_reference_round_trips(job: str, part: int | str | None) -> None:
    text = f"job:{job}" if part is None else f"job:{job}#{part}"
    expected = JobReference(job, part if isinstance(part, int) else 1, part == "last-frame")
    assert job_reference(text) == expected


@relaxed
@given(
    st.one_of(anything_text, anything_text.map(lambda text: f"job:{text}"), anything_text.map(lambda t: f"job:a#{t}"))
)
def test_any_text_is_a_job_reference_or_none(text: str) -> None:
    found = job_reference(text)
    assert found is None or (text.startswith(f"job:{found.job_id}") and found.number >= 1)
