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


def test_every_ending_is_told_with_its_next_step(visit: Visit, subtests: pytest.Subtests) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().pick("duration_seconds", "4 s")
    for number, (ending, (state, says)) in enumerate(ENDINGS.items(), 1):
        with subtests.test(ending):
            before = card(page).get_attribute("data-job") or ""
            form.write(f"A kite [sandbox:{ending}]").generate()
            expect(card(page)).not_to_have_attribute("data-job", before)
            reaches(page, state)
            for words in says:
                expect(card(page)).to_contain_text(words)
            if state == "succeeded":
                assert plays(page)["at"] > 0
            expect(page.locator(".jobs-list li").first).to_have_attribute("data-state", state)
            assert len(jobs_of(page)) == number
