"""The page's head: everything that the first sight needs is asked for at once, and all of it is served."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from playground.assets import asset
from playground.ui.pieces import FIRST, SHEETS, head, hints
from playground.ui.static_routes import static_routes


@pytest.fixture
def served() -> TestClient:
    app = FastAPI()
    app.include_router(static_routes())
    return TestClient(app)


def test_every_sheet_and_script_of_the_head_is_served(served: TestClient) -> None:
    named = re.findall(r'href="(pg-static/[^"]+)"', hints() + head())
    assert {f"pg-static/{name}" for name in FIRST} < set(named)
    assert {name: served.get(name).status_code for name in named} == dict.fromkeys(named, 200)


def test_the_one_sheet_is_all_of_them(served: TestClient) -> None:
    every = {path.name for path in asset().glob("*.css")}
    assert set(SHEETS) == every - {"login.css"}, "the login page has one of its own"
    sheet = served.get("pg-static/sheets.css").text
    assert all(asset(name).read_text("utf-8") in sheet for name in SHEETS)


def test_a_file_comes_packed_and_not_at_all_to_who_has_it(served: TestClient) -> None:
    first = served.get("pg-static/page.js", headers={"accept-encoding": "gzip"})
    assert first.text == asset("page.js").read_text("utf-8")
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["content-type"].startswith("text/javascript")
    again = served.get("pg-static/page.js", headers={"accept-encoding": "gzip", "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = served.get("pg-static/page.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != first.headers["etag"]


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
