"""The desk behind the stand-ins."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from playground.emulator._desk import Desk, Wanted


async def test_a_question_is_answered_while_a_clip_is_still_drawn(tmp_path: Path) -> None:
    endless = (sys.executable, "-S", "-E", "-c", "import time; time.sleep(60)")
    desk = Desk(tmp_path, clock=lambda: datetime.now(UTC), worker=endless, patience_seconds=0.01)
    operation = await desk.accept(Wanted(provider="gemini", model="m", prompt="A boat."), None)
    looks = [await desk.look(operation) for _ in range(5)]
    await desk.aclose()
    assert [look.stage for look in looks] == ["queued", *["running"] * 4]
    assert [look.progress for look in looks] == sorted(look.progress for look in looks)
    assert looks[-1].progress < 1


async def test_the_same_picture_may_come_with_many_jobs_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, clock=lambda: datetime.now(UTC), worker=())
    picture = bytes(300_000)
    kept = await asyncio.gather(*(desk.keep(picture, "png") for _ in range(50)))
    await desk.aclose()
    assert len(set(kept)) == 1
    assert kept[0].read_bytes() == picture
    assert list(kept[0].parent.iterdir()) == [kept[0]]
