"""A process of ours, run to be killed: it makes jobs without end, and takes care of those that dead ones left."""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from playground.domain.errors import PlaygroundError
from playground.jobs.service import LOCAL, Service
from playground.main import Playground
from playground.settings import load_settings
from tests.campaign.points import Reaper
from tests.emulation import TABLES
from tests.house import request_for

FASTER = 10
"""Every wait is so much shorter; the clock is the real one."""
AT_ONCE = 4
EVERYBODY = 10_000
RESTING = ("succeeded", "uncertain", "failed", "cancelled", "parked")


@dataclass(frozen=True, slots=True)
class Orders:
    """What a process is started with; it is handed to another process, so it is plain data."""

    data: Path
    environment: Mapping[str, str]
    diary: Path
    """Where it writes down what it was told is submitted, a line for each job."""
    providers: tuple[str, ...] = ()
    """Whose videos it makes, in turn; none: it only takes care of what is there."""
    gate: Path | None = None
    """It makes videos only while this file is there."""
    point: str | None = None
    """Where it dies by its own hand."""
    nth: int = 1
    until_all_rest: bool = False
    """It ends by itself once every job rests."""


def run(orders: Orders) -> None:
    """Live until killed, or until all rest. The entry of a process."""
    if orders.point is not None:
        Reaper(orders.point, orders.nth).listen()
    asyncio.run(_live(orders))


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds / FASTER)


async def _live(orders: Orders) -> None:
    settings = load_settings(dict(orders.environment), data_dir=orders.data)
    async with Playground(settings, adopts=True, pause=_pause).opened() as service:
        if orders.until_all_rest:
            await _until(service, EVERYBODY, lambda states: all(state in RESTING for state in states))
            return
        for number, stem in enumerate(cycle(orders.providers or ("",))):
            while orders.gate is not None and not orders.gate.exists():  # noqa: ASYNC110 - a file tells
                await asyncio.sleep(0.05)
            if not stem:
                await asyncio.sleep(3600)
            await _submit(service, orders, stem, f"Boat {os.getpid()}.{number}")
            await _until(service, 4 * AT_ONCE, lambda states: sum(s not in RESTING for s in states) < AT_ONCE)


async def _submit(service: Service, orders: Orders, stem: str, prompt: str) -> None:
    spec = next(spec for (_, mode), spec in TABLES[stem].specs.items() if mode == "text-to-video")
    with suppress(PlaygroundError):
        job = await service.submit(request_for(spec, prompt=prompt), owner=LOCAL, files_under=None)
        with orders.diary.open("a") as diary:
            diary.write(f"{job}\n")


async def _until(service: Service, newest: int, good: Callable[[list[str]], bool]) -> None:
    while not good([view.state for view in await service.jobs(owner=LOCAL, limit=newest)]):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
