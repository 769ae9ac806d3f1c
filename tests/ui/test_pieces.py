"""The page's head: everything that the first sight needs is asked for at once, and all of it exists."""

import re

from playground.assets import asset
from playground.ui.pieces import FIRST, head, hints


def test_every_sheet_and_script_of_the_head_exists() -> None:
    named = re.findall(r'href="pg-static/([^"]+)"', hints())
    assert set(FIRST) < set(named)
    assert set(re.findall(r'rel="stylesheet" href="pg-static/([^"]+)"', head())) < set(named)
    assert [name for name in named if not asset(*name.split("/")).is_file()] == []


def test_no_script_of_the_first_sight_is_found_late() -> None:
    named = re.findall(r'rel="modulepreload" href="pg-static/([^"]+)"', hints())
    assert len(named) == len(set(named))
    late = {
        each
        for name in named
        for each in re.findall(r'^import .*from "./([^"]+)";$', asset(name).read_text(), re.MULTILINE)
        if each not in named
    }
    assert late == set()
