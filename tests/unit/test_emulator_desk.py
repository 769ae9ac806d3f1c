"""The desk behind the stand-ins."""

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
