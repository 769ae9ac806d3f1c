"""Which earlier results a provider can extend, why not the others, and for how long: judged as a request would be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playground.catalog import load_tables
from playground.domain.errors import NotFound
from playground.domain.extending import Verdict, verdict
from playground.domain.media import MediaFacts
from playground.domain.request import VideoRequest
from playground.jobs.service import LOCAL
from tests.house import House

TABLES = load_tables()
NOW = datetime(2026, 10, 21, 12, tzinfo=UTC)
OURS = MediaFacts(
    "video", "mp4", 1_000, 1280, 720, 8.0, 24.0, True, made_by="gemini", made_at=NOW - timedelta(hours=30)
)
LITE = "veo-3.1-lite-generate-preview"


def judged(fact: MediaFacts, provider: str = "gemini", model: str | None = None) -> Verdict:
    request = VideoRequest(provider=provider, mode="extension", model=model, source_video="job:earlier")
    return verdict(request, TABLES[provider], fact, NOW)


def test_what_fits_says_how_long_it_still_will() -> None:
    # Two days, less thirty hours: three quarters of a day, told as no more than there is.
    assert judged(OURS) == Verdict(can=True, days_left=0.7)
    assert judged(replace(OURS, extended=19)) == Verdict(can=True, days_left=0.7)
    assert judged(OURS, "vertex") == Verdict(can=True), "any clip, for any time"


@pytest.mark.parametrize(
    ("fact", "because"),
    [
        (replace(OURS, made_by="vertex"), "made here by gemini"),
        (replace(OURS, made_at=NOW - timedelta(days=3)), "3 days old"),
        (replace(OURS, extended=20), "20 times already"),
        (replace(OURS, width=1920, height=1080), "1920×1080"),
        (replace(OURS, seconds=148.0), "148.0 s long"),
        (replace(OURS, problem="The file of that earlier job is no longer here."), "no longer here"),
    ],
)
def test_what_does_not_fit_says_why_and_counts_no_days(fact: MediaFacts, because: str) -> None:
    answer = judged(fact)
    assert (answer.can, answer.days_left) == (False, None)
    assert answer.why is not None
    assert because in answer.why


def test_a_model_that_cannot_extend_says_so_of_every_clip() -> None:
    assert judged(OURS, "gemini", LITE).why == judged(replace(OURS, extended=99), "gemini", LITE).why
    assert "does not offer" in (judged(OURS, "gemini", LITE).why or "")
    assert "does not offer" in (judged(OURS, "cloudflare").why or "")
    assert "has no model" in (judged(OURS, "gemini", "veo-9").why or "")


def test_what_only_warns_does_not_stop_it() -> None:
    assert judged(replace(OURS, made_by=None), "azerion") == Verdict(can=True)


async def test_an_owner_is_told_of_each_finished_video_of_their_own(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    async with house.process() as service:
        request = VideoRequest(
            provider="sandbox", mode="text-to-video", prompt="A boat", duration_seconds=4, number_of_videos=2
        )
        job = await service.submit(request, owner=LOCAL, files_under=None)
        await service.submit(request.changed({"prompt": "[sandbox:fails]"}), owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)

        here = await service.extendable("sandbox", None, owner=LOCAL)
        assert [each.reference for each in here] == [f"job:{job}", f"job:{job}#2"]
        assert [(each.can, each.why, each.days_left) for each in here] == [(True, None, None)] * 2
        assert (here[1].video, here[1].prompt) == (view.videos[1], "A boat")
        asked = {"provider": "sandbox", "mode": "extension", "source_video": here[1].reference}
        again = await service.check(VideoRequest.model_validate(asked), owner=LOCAL, files_under=None)
        assert again.valid

        (first, _) = await service.extendable("gemini", None, owner=LOCAL)
        assert (first.can, first.provider_label) == (False, "Sandbox")
        assert await service.extendable("sandbox", None, owner="somebody else") == []
        with pytest.raises(NotFound):
            await service.extendable("nobody", None, owner=LOCAL)

        (await service.video_files(job, owner=LOCAL))[0].unlink()
        kept, gone = await service.extendable("sandbox", None, owner=LOCAL)
        assert (kept.reference, kept.can, gone.can) == (f"job:{job}#2", True, False)
        assert gone.why == "The file of that earlier job is no longer here."
