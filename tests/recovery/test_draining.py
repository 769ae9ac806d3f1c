"""A stop while a create waits for the finished video: it gets its time, and is uncertain after that, which is said."""

import pytest

from playground.jobs.service import LOCAL
from tests.emulation import TABLES, Emulation
from tests.house import House, request_for


@pytest.mark.parametrize(
    ("seconds", "state", "charged"),
    [("0", "uncertain", "unknown"), ("0.05", "uncertain", "unknown"), ("20", "succeeded", "yes")],
)
async def test_a_create_that_is_answered_at_the_end_gets_its_time(
    house: House, server: Emulation, caplog: pytest.LogCaptureFixture, seconds: str, state: str, charged: str
) -> None:
    spec = next(spec for spec in TABLES["cloudflare"].specs.values() if spec.mode == "text-to-video")
    async with house.process(adopts=False, **server.environment(), PLAYGROUND_DRAIN_SECONDS=seconds) as service:
        request = request_for(spec, prompt="A boat [sandbox:slow].")
        job = await service.submit(request, owner=LOCAL, files_under=None)
        async for view in service.watch(job, owner=LOCAL):
            if view.state == "submitting":
                break
    async with house.process(adopts=False, **server.environment()) as service:
        view = await service.view(job, owner=LOCAL)
    assert (view.state, view.charged) == (state, charged)
    says = "uncertain: its create had no answer when the playground was stopped"
    said = [vars(each)["job"] for each in caplog.records if each.getMessage() == says]
    assert said == ([job] if state == "uncertain" else [])
    assert server.accepted("cloudflare") <= 1
