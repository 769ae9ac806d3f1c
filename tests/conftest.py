"""What every test may use. The network guard (this machine and no other) stands in pyproject.toml."""

import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # most tests need neither, and both take a second to import
    from tests.emulation import Emulation
    from tests.house import House


@pytest.fixture
def house(tmp_path: Path) -> "House":
    """Return our side: a data folder for as many processes as a test wants."""
    from tests.house import House

    return House(tmp_path / "house")


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> "Generator[Emulation]":
    """Run every stand-in on a loopback port."""
    from tests.emulation import emulation

    with emulation(tmp_path_factory.mktemp("emulation")) as running:
        yield running


@pytest.fixture
def server(stand_ins: "Emulation") -> "Emulation":
    """Return the stand-ins, with no request, count or fault remembered."""
    stand_ins.forget()
    return stand_ins


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser that the tests drive; without one they fail, never skip."""
    named = os.environ.get("PLAYGROUND_CHROMIUM")
    for name in (named,) if named else ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.fail("No Chromium found: install it, or name it in PLAYGROUND_CHROMIUM (`make test` does).")
