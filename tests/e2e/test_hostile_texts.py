"""Text of strangers, providers and an operator's tables stays text, wherever it is shown."""

import json
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.server import ROOT, Server
from tests.e2e.steps import Form, Visit, Visiting, card, reaches

TEXTS: list[str] = tomllib.loads((ROOT / "tests" / "data" / "hostile_texts.toml").read_text())["texts"]
ALL = "\n".join(TEXTS)
SHORT = "<img src=x onerror=window.pwned=1>${window.pwned=1}{{window.pwned=1}}"
FOREIGN = "img[src=x], svg[onload], iframe[srcdoc], [href*=evil], [href^=javascript], [action*=evil], [onmouseover]"


class Rude(BaseHTTPRequestHandler):
    """A provider that refuses everything, in words."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps({"error": {"code": SHORT, "type": SHORT, "message": ALL}}).encode()
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, second_port: int) -> Iterator[tuple[Server, Path]]:
    """A server with an operator's table whose labels are hostile, and the home that it has."""
    home = tmp_path_factory.mktemp("hostile")
    provider = ThreadingHTTPServer(("127.0.0.1", 0), Rude)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    table = (ROOT / "playground" / "catalog" / "tokenbay.toml").read_text()
    table = table.replace("TOKENBAY_", "RUDE_").replace('answers = "poll"', 'answers = "poll"\ndialect = "tokenbay"')
    table = table.replace('label = "TokenBay"', f"label = '''Rude {SHORT}'''").replace(
        'label = "Veo 3.1', f'label = "{SHORT} 3.1'
    )
    table = table.replace('help = "Shape of the picture."', f'help = "{SHORT}"')
    (home / "tables").mkdir()
    (home / "tables" / "rude.toml").write_text(table)
    running = Server(
        home,
        second_port,
        PLAYGROUND_CATALOG_DIR=str(home / "tables"),
        PLAYGROUND_CREATES_PER_MINUTE="1",
        RUDE_API_KEY="canary",
        RUDE_BASE_URL=f"http://127.0.0.1:{provider.server_port}/v1",
    )
    running.start()
    try:
        yield running, home
    finally:
        running.stop()
        provider.shutdown()
        provider.server_close()


@pytest.fixture
def visit_hostile(hostile: tuple[Server, Path], visiting: Visiting) -> Iterator[Visit]:
    with visiting(hostile[0].url) as visit:
        yield visit


def harmless(page: Page) -> None:
    """Nothing ran, and no element came out of a text."""
    assert page.evaluate("window.pwned") is None
    assert page.locator(FOREIGN).evaluate_all("found => found.map((each) => each.outerHTML)") == []
    assert not [each for each in page.locator("style").all_text_contents() if each == "*{display:none}"]


def test_text_stays_text_on_the_whole_page(visit_hostile: Visit, hostile: tuple[Server, Path], samples: Path) -> None:
    page, dialogs = visit_hostile(), list[Dialog]()

    def shown(dialog: Dialog) -> None:
        dialogs.append(dialog)
        dialog.dismiss()

    page.on("dialog", shown)
    upload(page, hostile[1], samples)
    form = Form(page, "text-to-video").open().choose("provider", "Rude").write(ALL)
    expect(form.chosen("model")).to_contain_text(SHORT)
    expect(page.locator("#tab-text-to-video")).to_contain_text("Rude <img src=x")
    form.advanced().type("seed", SHORT)
    form.generate()
    expect(form.problems()).to_contain_text(f"not “{SHORT[:40]}")
    harmless(page)
    form.type("seed", "7").generate()
    reaches(page, "failed")
    expect(card(page)).to_contain_text("<script>window.pwned=1</script>")
    page.get_by_role("button", name="curl", exact=True).click()
    page.get_by_text("Request and answers").click()
    expect(page.locator(".inspect")).to_contain_text("onerror=window.pwned=1")
    harmless(page)

    form.write("One more").generate()
    expect(form.problems()).to_contain_text("No more than 1 videos can be begun here in a minute.")
    expect(form.problems()).to_contain_text("Try again in")

    page.get_by_role("button", name="Keys", exact=True).click()
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text(f"Rude {SHORT}")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Capabilities").click()
    expect(page.locator(".caps-table")).to_contain_text(SHORT)
    harmless(page)
    page.reload()
    page.locator('[data-ready="yes"]').wait_for()
    expect(card(page)).to_contain_text("<script>window.pwned=1</script>")
    harmless(page)
    assert dialogs == []


def upload(page: Page, home: Path, samples: Path) -> None:
    """Files with hostile names: shown as they are called, kept under names that are harmless."""
    form, picture = Form(page, "image-to-video").open(), (samples / "first-frame.jpg").read_bytes()
    expect(form.at("first_frame")).to_contain_text("Drop, paste or choose")
    for text in (SHORT, "\u202egnp.jpg", "a\u001b[31m.jpg"):
        name = f"{text}.jpg"
        form.at("first_frame").locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "image/jpeg", "buffer": picture}
        )
        expect(form.at("first_frame").locator(".media-items li")).to_have_count(1)
        harmless(page)
        form.at("first_frame").get_by_role("button", name="Remove").click()
    kept = [path for path in (home / "data" / "uploads").rglob("*") if path.is_file()]
    assert len(kept) == 3
    assert all(path.name.isprintable() and path.name.endswith(".jpg") for path in kept)
    assert all(len(path.relative_to(home / "data" / "uploads").parts) == 3 for path in kept)
