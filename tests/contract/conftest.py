"""What every contract test stands on."""

from pathlib import Path

import pytest

from tests.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")
