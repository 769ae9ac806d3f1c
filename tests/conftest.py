"""What every test may use. The network guard (this machine and no other) stands in pyproject.toml."""

import os
import shutil
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:  # most tests need neither, and both take a second to import
    from tests.emulation import Emulation
    from tests.house import House


_BROWSER_TESTS = "tests/e2e/"
_PILES = 4


class FileByFile(LoadScopeScheduling):
    """Tests of one file stay together on one worker, and browser tests in a few piles, each with a server of its own.

    `--dist loadgroup` would do it by marks, but does nothing under pytest 9.2: it writes an attribute that is gone.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if not path.startswith(_BROWSER_TESTS):
            return path
        files = sorted(each.name for each in (Path(__file__).parent / "e2e").glob("test_*.py"))
        return f"{_BROWSER_TESTS}{files.index(Path(path).name) % _PILES}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileByFile:
    """How `make test` shares tests among its processes."""
    return FileByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def trusted() -> Generator[None]:
    """Let every house share what it trusts: reading the authorities' certificates takes a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "create_ssl_context", cache(httpx.create_ssl_context))
        yield


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
    for name in (named,) if named else ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.fail("No Chromium found: install it, or name it in PLAYGROUND_CHROMIUM (`make test` does).")
