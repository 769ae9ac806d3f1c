"""What holds for every proposal, every comparison and every price."""

import json
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playground.domain.capabilities import Table
from playground.domain.issues import errors
from playground.domain.media import Facts, MediaFacts
from playground.domain.planning import price, who_can
from playground.domain.proposals import MIND, MOST, proposals
from playground.domain.request import MEDIA_FIELDS, PARAMETER_KINDS, VideoRequest
from playground.domain.validation import check
from tests.properties.strategies import (
    CATALOG,
    NOW,
    Drawn,
    anything_asked,
    anything_known,
    astray,
    inside,
    ruled_requests,
    ruled_tables,
)

many = settings(deadline=None, max_examples=150)
some = settings(deadline=None, max_examples=60)


def _facts_of(request: VideoRequest, facts: Facts) -> Facts:
    """What the service would gather of the media that are left: proposals only drop from the end."""
    left = {name: request.value(name) for name in facts.media}
    media = {
        name: known[: len(value)] if isinstance(value, tuple) else known
        for name, known in facts.media.items()
        if (value := left[name]) is not None
    }
    return replace(facts, media=media)


@many
@given(astray())
def test_every_proposal_may_be_sent(drawn: Drawn) -> None:
    for each in proposals(drawn.request, CATALOG, drawn.facts, NOW):
        table = CATALOG[each.request.provider]
        assert errors(check(each.request, table, _facts_of(each.request, drawn.facts), NOW)) == []
        assert each.quote == price(each.request, table, NOW)


@some
@given(ruled_requests, ruled_tables())
def test_every_proposal_may_be_sent_whatever_the_rules(request_: VideoRequest, table: Table) -> None:
    tables = {"tokenbay": table}
    for each in proposals(request_, tables, Facts(), NOW):
        assert errors(check(each.request, tables["tokenbay"], Facts(), NOW)) == []


@many
@given(astray())
def test_proposals_are_few_and_none_changes_more_than_another(drawn: Drawn) -> None:
    found = proposals(drawn.request, CATALOG, drawn.facts, NOW)
    assert len(found) <= MOST
    for one, other in combinations(found, 2):
        first, second = set(one.changes.items()), set(other.changes.items())
        assert not first <= second
        assert not second <= first


@many
@given(astray())
def test_a_proposal_says_exactly_what_it_changes(drawn: Drawn) -> None:
    asked = drawn.request
    for each in proposals(asked, CATALOG, drawn.facts, NOW):
        for name, change in each.changes.items():
            assert change.before == getattr(asked, name)
            assert change.after == getattr(each.request, name)
            assert change.before != change.after
        assert asked.changed({name: change.after for name, change in each.changes.items()}) == each.request
        assert json.loads(json.dumps(each.as_json()))["request"] == each.request.as_json()


@many
@given(astray())
def test_a_proposal_leaves_alone_what_nobody_else_may_choose(drawn: Drawn) -> None:
    asked = drawn.request
    for each in proposals(asked, CATALOG, drawn.facts, NOW):
        assert set(each.changes) <= set(MIND)
        assert (each.request.prompt, each.request.mode) == (asked.prompt, asked.mode)
        for name in MEDIA_FIELDS:
            before, after = asked.value(name), each.request.value(name)
            dropped = isinstance(before, tuple) and isinstance(after, tuple) and after == before[: len(after)]
            assert after == before or after is None or dropped


@many
@given(astray())
def test_what_may_be_sent_gets_no_proposals_and_what_may_not_says_why(drawn: Drawn) -> None:
    problems = errors(check(drawn.request, CATALOG[drawn.request.provider], drawn.facts, NOW))
    found = proposals(drawn.request, CATALOG, drawn.facts, NOW)
    assert not (found and not problems)
    for each in found:
        assert set(each.reasons) == {issue.message for issue in problems}


@some
@given(inside())
def test_one_step_away_from_a_request_that_fits_the_way_back_is_found(drawn: Drawn) -> None:
    assume(CATALOG.get(drawn.table.id) is drawn.table)
    parameter = drawn.spec.parameters.get("resolution")
    assume(parameter is not None and not parameter.required)
    wrong = drawn.request.changed({"resolution": "8k"})
    found = proposals(wrong, CATALOG, drawn.facts, NOW)
    assert found
    assert found[0].request.provider == drawn.table.id
    assert set(found[0].changes) == {"resolution"}


@many
@given(anything_asked, anything_known, st.sampled_from([*CATALOG, "nobody"]))
def test_proposals_answer_whatever_is_asked(request_: VideoRequest, facts: Facts, provider: str) -> None:
    request_ = request_.model_copy(update={"provider": provider})
    found = proposals(request_, CATALOG, facts, NOW)
    assert found == proposals(request_, CATALOG, facts, NOW)
    assert all(each.quote.usd is None or each.quote.usd >= 0 for each in found)


@some
@given(astray())
def test_who_can_agrees_with_the_check_for_every_model(drawn: Drawn) -> None:
    offers = who_can(drawn.request, CATALOG, drawn.facts, NOW)
    assert {(o.provider, o.model) for o in offers} == {(t.id, m.id) for t in CATALOG.values() for m in t.models}
    assert sorted(offers, key=lambda offer: not offer.can) == offers
    for offer in offers:
        asked = drawn.request.model_copy(update={"provider": offer.provider, "model": offer.model})
        blocking = errors(check(asked, CATALOG[offer.provider], drawn.facts, NOW))
        assert (offer.can, list(offer.blocked_by)) == (not blocking, blocking)
        assert offer.quote == price(asked, CATALOG[offer.provider], NOW)


@many
@given(inside(loose=True), st.sampled_from(["duration_seconds", "number_of_videos"]), st.data())
def test_more_never_costs_less_and_unknown_is_never_nothing(drawn: Drawn, name: str, data: st.DataObject) -> None:
    assume(name in drawn.spec.parameters)
    less, more = sorted(data.draw(st.tuples(st.integers(1, 12), st.integers(1, 12)), label=name))
    one, other = (price(drawn.request.changed({name: n}), drawn.table, NOW) for n in (less, more))
    assert (one.usd is None) == (other.usd is None)
    assert one.usd is None or other.usd is None or one.usd <= other.usd
    for quote in (one, other, price(drawn.request, drawn.table, NOW)):
        known = quote.usd_per_second is not None and quote.billed_seconds is not None
        assert (quote.usd is not None) == known
        assert quote.usd != 0 or quote.usd_per_second == 0


def test_everything_that_may_be_changed_is_a_field() -> None:
    assert set(MIND) <= {*PARAMETER_KINDS, "model", "provider"}
    assert not {"prompt", "mode"} & set(MIND)


@pytest.mark.parametrize("fields", [{}, {"reference_images": ()}])
def test_nobody_chooses_pictures_for_another(fields: dict[str, Any]) -> None:
    asked = VideoRequest(provider="vertex", mode="references", prompt="A lake.", **fields)
    assert proposals(asked, CATALOG, Facts(), NOW) == []


def test_a_picture_that_is_dropped_no_longer_counts() -> None:
    fine, broken = MediaFacts(kind="image", format="png"), MediaFacts(kind="image", problem="It is broken.")
    asked = VideoRequest(provider="vertex", mode="references", prompt="A lake.", reference_images=("a", "b", "c", "d"))
    (first, *_) = proposals(asked, CATALOG, Facts({"reference_images": (fine, fine, fine, broken)}), NOW)
    assert first.request == asked.changed({"reference_images": ("a", "b", "c")})


def test_many_things_wrong_at_once_are_mended_at_home_first() -> None:
    """The search once gave up among the settings' combinations and sent people to another model."""
    wrong: dict[str, Any] = {"duration_seconds": 99, "resolution": "8k", "enhance_prompt": False, "resize_mode": "pad"}
    asked = VideoRequest(provider="vertex", mode="interpolation", first_frame="a", last_frame="b", **wrong)
    (first, *_) = proposals(asked, CATALOG, Facts(), NOW)
    assert set(first.changes) == set(wrong)
