"""What every test may use. The network guard (this machine and no other) stands in pyproject.toml."""

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser that the tests drive; without one they fail, never skip."""
    named = os.environ.get("PLAYGROUND_CHROMIUM")
    for name in (named,) if named else ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.fail("No Chromium found: install it, or name it in PLAYGROUND_CHROMIUM (`make test` does).")
