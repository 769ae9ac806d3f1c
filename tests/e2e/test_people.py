"""A page that people log in to, in real browsers and from a program: what is theirs is theirs everywhere."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.server import Server
from tests.e2e.steps import DESKTOP, PHONE, Form, kept_in, new_context, reaches

WORDS = {"anna": "her words", "ben": "his words"}

# In a process of its own: gradio_client keeps threads and sockets of its own.
PROGRAM = """
import json, sys
from gradio_client import Client
try:
    Client(sys.argv[1], verbose=False, auth=("anna", "wrong"))
except Exception as error:
    print(json.dumps(type(error).__name__))
client = Client(sys.argv[1], verbose=False, auth=("anna", sys.argv[2]))
request = {"provider": "sandbox", "mode": "text-to-video", "prompt": "A program's boat [sandbox:filtered]"}
for line in client.submit(request, api_name="/text_to_video"):
    print(json.dumps(line))
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, second_port: int, clips: Path) -> Iterator[Server]:
    """A server that two people may use."""
    hashes = {name: bcrypt.hashpw(words.encode(), bcrypt.gensalt(4)).decode() for name, words in WORDS.items()}
    users = " ".join(f"{name}:{kept}" for name, kept in hashes.items())
    running = Server(tmp_path_factory.mktemp("guarded"), second_port, clips=clips, PLAYGROUND_USERS=users)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def contexts(browser: Browser, guarded: Server) -> Iterator[list[BrowserContext]]:
    opened = [new_context(browser, size, guarded.url) for size in (DESKTOP, PHONE)]
    yield opened
    for context in opened:
        context.close()


def enter(page: Page, name: str, path: str = "/") -> None:
    page.goto(path)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(WORDS[name])
    page.get_by_role("button", name="Log in").click()
    page.locator('[data-ready="yes"]').wait_for()


def prompt(page: Page) -> str:
    return Form(page, "text-to-video").at("prompt").locator("textarea").input_value()


def test_the_same_person_sees_her_jobs_everywhere_and_nobody_else_does(contexts: list[BrowserContext]) -> None:
    mine, phone = (context.new_page() for context in contexts)
    enter(mine, "anna")
    Form(mine, "text-to-video").open().write("A paper boat [sandbox:filtered]").generate()
    job = reaches(mine, "failed")
    enter(phone, "anna")
    expect(phone.locator("#pg-jobs")).to_contain_text("A paper boat")
    expect(phone.locator("#pg-jobs")).to_contain_text("seen by you only, in every browser")
    phone.get_by_role("button", name="Log out, anna").click()
    expect(phone.get_by_role("heading", name="Log in")).to_be_visible()
    enter(phone, "ben", f"/?job={job}")
    expect(phone.locator("#pg-jobs")).not_to_contain_text("A paper boat")
    assert phone.request.get(f"/api/jobs/{job}").status == 404
    assert mine.request.get(f"/api/jobs/{job}").status == 200


def test_what_somebody_wrote_is_not_shown_to_the_next_one(contexts: list[BrowserContext]) -> None:
    page = contexts[0].new_page()
    enter(page, "anna")
    Form(page, "text-to-video").write("Anna's secret idea")
    page.wait_for_function("Object.keys(localStorage).some((name) => localStorage[name].includes('secret idea'))")
    page.get_by_role("button", name="Log out, anna").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert "secret idea" not in kept_in(page)
    enter(page, "ben")
    assert prompt(page) == ""


def test_a_page_whose_session_ended_asks_to_log_in(contexts: list[BrowserContext]) -> None:
    page = contexts[0].new_page()
    enter(page, "anna")
    Form(page, "text-to-video").write("Half a thought")
    page.wait_for_function("Object.keys(localStorage).some((name) => localStorage[name].includes('Half a thought'))")
    contexts[0].clear_cookies(name="veo_session")
    # Whatever asks the server next; the page may have asked by itself already.
    page.evaluate("void setTimeout(() => document.querySelector('.pg-keys')?.click())")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    enter(page, "anna")
    assert prompt(page) == "Half a thought"


def test_a_program_logs_in_with_a_name_and_a_password(guarded: Server, tmp_path: Path) -> None:
    words = [sys.executable, "-W", "ignore", "-c", PROGRAM, guarded.url, WORDS["anna"]]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    refused, submitted, *_, last = [json.loads(line) for line in ran.stdout.splitlines()]
    assert refused == "AuthenticationError"
    assert (submitted["owner_token"], last["state"]) == ("", "failed")
    with httpx.Client(base_url=guarded.url, timeout=30) as anna:
        assert anna.get("/gradio_api/info").status_code == 401
        anna.post("/login", data={"username": "anna", "password": WORDS["anna"]})
        assert anna.get(f"/api/jobs/{submitted['job_id']}").json()["state"] == "failed"
