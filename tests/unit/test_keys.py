"""Keys that people enter: how many are kept, and for how long."""

import pytest

from playground.domain.errors import TooMany
from playground.jobs.keys import IDLE_SECONDS, Keys


def test_only_so_many_keys_are_kept_and_nobody_loses_his_for_another() -> None:
    now = [1_000.0]
    keys = Keys(lambda: now[0], most=2)
    keys.enter("anna", "vertex", "a-key", {})
    keys.enter("ben", "vertex", "a-key", {})
    with pytest.raises(TooMany, match="No more keys can be kept here just now"):
        keys.enter("eve", "vertex", "a-key", {})
    assert (keys.has_own("anna", "vertex"), keys.has_own("eve", "vertex")) == (True, False)
    keys.enter("ben", "vertex", "another-key", {})  # in the place of his first
    assert keys.forget("ben", "vertex")
    keys.enter("eve", "vertex", "a-key", {})
    assert keys.has_own("eve", "vertex")


def test_a_key_that_nobody_used_makes_room() -> None:
    now = [1_000.0]
    keys = Keys(lambda: now[0], most=1)
    keys.enter("anna", "vertex", "a-key", {})
    now[0] += IDLE_SECONDS + 1
    keys.enter("ben", "vertex", "a-key", {})
    assert (keys.has_own("anna", "vertex"), keys.has_own("ben", "vertex")) == (False, True)
