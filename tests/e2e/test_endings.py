"""Every ending that can be rehearsed is told in words, with what to do next and whether it was charged."""

import pytest
from playwright.sync_api import expect

from playground.domain.provider import REHEARSALS
from tests.e2e.steps import Form, Visit, card, jobs_of, plays, reaches

ENDINGS = {
    "rate-limited": ("succeeded", ["Ready", "Free"]),
    "link-expired": ("succeeded", ["Ready", "Free"]),
    "filtered": ("failed", ["safety filter", "Rephrase the prompt", "Not charged"]),
    "fails": ("failed", ["another seed or a simpler prompt", "Not charged"]),
    "done-without-video": ("failed", ["without a video", "Generate again", "charged is unknown"]),
    "lost-reply": ("uncertain", ["may have been accepted", "before you generate again", "charged is unknown"]),
}
ELSEWHERE = {
    "slow": "it ends well, in test_coming_back.py",
    "never-ends": "cancelled in test_your_jobs.py, overdue in test_card.py",
}


def test_no_ending_is_left_out() -> None:
    assert {*ENDINGS, *ELSEWHERE} == set(REHEARSALS)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_is_told_with_its_next_step(visit: Visit, ending: str) -> None:
    page = visit()
    state, says = ENDINGS[ending]
    Form(page, "text-to-video").open().write(f"A kite [sandbox:{ending}]").pick("duration_seconds", "4 s").generate()
    reaches(page, state)
    for words in says:
        expect(card(page)).to_contain_text(words)
    if state == "succeeded":
        assert plays(page)["at"] > 0
    expect(page.locator(".jobs-list li").first).to_have_attribute("data-state", state)
    assert len(jobs_of(page)) == 1
