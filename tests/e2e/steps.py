"""What a person does on the page, in words that the tests share."""

import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

Visit = Callable[..., Page]
"""Opens the page: `visit(path, size=…)` as a new visitor, or as the owner of a clip; without a path, an empty one."""
Visiting = Callable[..., AbstractContextManager[Visit]]
"""The same of the server at an address, for a block."""
DESKTOP = (1440, 900)
PHONE = (390, 844)
SCREENSHOTS = Path(__file__).parents[2] / "assets" / "screenshots"
LABELS = {
    "text-to-video": "Text to video",
    "image-to-video": "Image to video",
    "interpolation": "Interpolation",
    "references": "References",
    "extension": "Extension",
}
DONE_WITHIN = 60_000
PATIENCE = 15_000
"""How long anything may take, in milliseconds: two browsers, their servers and other tests share two cores."""
STILL = """
const still = new CSSStyleSheet();
still.replaceSync("*, ::before, ::after { transition: none !important; animation: none !important }");
document.adoptedStyleSheets = [still];
"""


def new_context(browser: Browser, size: tuple[int, int] = DESKTOP, base_url: str | None = None) -> BrowserContext:
    """A browser that was never here. Nothing looks at a movement, and each takes half a core or is waited for."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, base_url=base_url, reduced_motion="reduce"
    )
    context.add_init_script(STILL)
    context.set_default_timeout(PATIENCE)
    return context


class Form:
    """One tab of the page."""

    def __init__(self, page: Page, mode: str) -> None:
        self.page = page
        self.mode = mode

    def open(self) -> "Form":
        """Go to the tab."""
        self.page.get_by_role("tab", name=LABELS[self.mode], exact=True).click()
        expect(self.at("generate")).to_be_visible()
        return self

    def at(self, name: str) -> Locator:
        """The component of a field."""
        return self.page.locator(f"#{self.mode}-{name}")

    def write(self, text: str) -> "Form":
        """Fill in the prompt."""
        self.at("prompt").locator("textarea").fill(text)
        return self

    def pick(self, name: str, label: str) -> "Form":
        """Choose a radio."""
        self.at(name).get_by_role("radio", name=label, exact=True).check()
        return self

    def give(self, name: str, *files: Path) -> "Form":
        """Upload files, and wait until the page shows them."""
        # Written by the script that listens for files.
        expect(self.at(name)).to_contain_text("Drop, paste or choose")
        self.at(name).locator("input[type=file]").set_input_files(list(files))
        expect(self.at(name).locator(".media-items li")).to_have_count(len(files))
        return self

    def take(self, name: str, reference: str) -> "Form":
        """Choose one of your results, and wait until the page shows it."""
        place = self.at(name)
        opener = place.get_by_role("button", name="Your results")
        if opener.get_attribute("aria-expanded") == "false":
            opener.click()
        place.locator(f'[data-ref="{reference}"]').click()
        expect(place.locator(".media-items li")).to_have_count(1)
        return self

    def link(self, name: str, url: str) -> "Form":
        """Type a link, and use it."""
        opener = self.at(name).get_by_role("button", name="From a link")
        if opener.get_attribute("aria-expanded") == "false":
            opener.click()
        self.at(name).locator("input[type=url]").fill(url)
        self.at(name).get_by_role("button", name="Use link").click()
        return self

    def advanced(self) -> "Form":
        """Open what is folded away."""
        self.at("advanced").get_by_role("button", name="Advanced").click()
        expect(self.at("advanced").locator(".set-more")).to_be_visible()
        return self

    def choose(self, name: str, label: str) -> "Form":
        """Choose from a list by how an entry begins; another provider or model has the form drawn anew."""
        entry = self.at(name).locator("option").filter(has_text=re.compile(f"^{re.escape(label)}")).first
        self.at(name).locator("select").select_option(entry.get_attribute("value"))
        return self

    def chosen(self, name: str) -> Locator:
        """The entry of a list that is chosen."""
        return self.at(name).locator("option:checked")

    def type(self, name: str, text: str) -> "Form":
        """Fill in a line."""
        line = self.at(name).locator("input, textarea")
        line.fill(text)
        expect(line).to_have_value(text)
        return self

    def rehearse(self, label: str) -> "Form":
        """Choose an ending to be played."""
        return self.choose("rehearsal", label)

    def generate(self) -> None:
        """Click."""
        self.at("generate").click()

    def problems(self) -> Locator:
        """What stands beside Generate when something has to be changed."""
        return self.page.locator(f"#tab-{self.mode} .problems")


def card(page: Page) -> Locator:
    """The status card."""
    return page.locator(".card")


def reaches(page: Page, state: str, *, within: int = DONE_WITHIN) -> str:
    """Wait for the card to be in a state; answers the job's id."""
    expect(card(page)).to_have_attribute("data-state", state, timeout=within)
    return card(page).get_attribute("data-job") or ""


def make_clip(page: Page, prompt: str = "A paper boat in the rain") -> str:
    """The shortest whole way to a finished video."""
    Form(page, "text-to-video").open().write(prompt).pick("duration_seconds", "4 s").generate()
    return reaches(page, "succeeded")


@dataclass(frozen=True)
class Clip:
    """A finished video: who owns it, by the token that a browser keeps, and its job."""

    owner: str
    job: str


def made(server: str, prompt: str) -> Clip:
    """Make the shortest video as a program does, by Gradio's own API."""
    request = {"provider": "sandbox", "mode": "text-to-video", "prompt": prompt, "duration_seconds": 4}
    with httpx.Client(base_url=server, timeout=60) as client:
        called = client.post("/gradio_api/call/text_to_video", json={"data": [request, None]}).json()["event_id"]
        told = client.get(f"/gradio_api/call/text_to_video/{called}").text
    last = json.loads(told.split("event: complete\ndata: ")[1].splitlines()[0])[0]
    assert last["state"] == "succeeded", told
    return Clip(last["owner_token"], last["job_id"])


def plays(page: Page) -> dict[str, Any]:
    """Play the first video a little; answers its facts."""
    return page.locator(".card video").first.evaluate(
        """async (video) => {
            video.muted = true;
            if (!(video.readyState >= 1)) await new Promise((go) => (video.onloadedmetadata = go));
            await video.play();
            const until = Date.now() + 5000;
            while (video.currentTime < 0.3 && Date.now() < until) await new Promise((go) => setTimeout(go, 50));
            video.pause();
            return {width: video.videoWidth, height: video.videoHeight, seconds: video.duration, at: video.currentTime};
        }"""
    )


def jobs_of(page: Page) -> list[dict[str, Any]]:
    """Every job of this browser, by its own token."""
    return page.evaluate(
        """async () => {
            const headers = {authorization: `Bearer ${localStorage.getItem("veo.owner")}`};
            return (await (await fetch("/api/jobs", {headers})).json()).jobs;
        }"""
    )


def enter_key(page: Page, provider: str, key: str, **account: str) -> None:
    """Type a key into the Keys panel, which is left open at its provider."""
    panel = page.get_by_role("dialog", name="Keys")
    if not panel.is_visible():
        page.get_by_role("button", name="Keys", exact=True).click()
    row = panel.locator(f'[data-provider="{provider}"]')
    if row.get_attribute("open") is None:
        row.locator("summary").click()
    for name, value in account.items():
        row.locator(f"#pg-key-{provider}-{name}").fill(value)
    row.locator("input[type=password]").fill(key)
    row.get_by_role("button", name="Save").click()
    expect(row).to_have_attribute("data-source", "yours")


def close_keys(page: Page) -> None:
    """Leave the Keys panel."""
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def kept_in(page: Page) -> str:
    """Everything that a page shows and that its browser keeps for it."""
    return str(
        page.evaluate(
            """async () => {
                const asked = (request) => new Promise((go, no) => {
                    request.onsuccess = () => go(request.result);
                    request.onerror = no;
                });
                const databases = [];
                for (const {name} of await indexedDB.databases()) {
                    const database = await asked(indexedDB.open(name));
                    for (const store of database.objectStoreNames) {
                        databases.push(await asked(database.transaction(store).objectStore(store).getAll()));
                    }
                    database.close();
                }
                return JSON.stringify([
                    document.documentElement.outerHTML, {...localStorage}, {...sessionStorage}, document.cookie,
                    location.href, databases, await caches.keys(), history.state,
                    [...document.querySelectorAll("input, textarea")].map((each) => each.value),
                ]);
            }"""
        )
    )


def shot(page: Page, name: str) -> None:
    """Keep a screenshot for the README, only when asked to: a test run leaves the tree as it was."""
    if os.environ.get("PLAYGROUND_SCREENSHOTS") == "1":
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png")
