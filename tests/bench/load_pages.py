"""Those who watch a job in Chromium, each in a window of his own."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import sync_playwright

from tests.bench.load_house import token_of
from tests.bench.page import FLAGS, browser

_SHOWN: Final = """() => {
    const look = () => {
        const card = document.querySelector(".card[data-state=succeeded]");
        if (card && !window.shownAt) window.shownAt = Date.now() / 1000;
    };
    const changes = { subtree: true, childList: true, attributeFilter: ["data-state"] };
    new MutationObserver(look).observe(document.body, changes);
}"""


@contextmanager
def pages(base: str, jobs: list[dict[str, Any]]) -> Generator[Callable[[], list[dict[str, Any]]]]:
    """Pages that show these jobs; the function answers when each was seen to be ready. None without a Chromium."""
    chromium = browser()
    if chromium is None:
        yield list[dict[str, Any]]
        return
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        open_pages = [running.new_context().new_page() for _ in jobs]
        for page, each in zip(open_pages, jobs, strict=True):
            page.add_init_script(f"localStorage.setItem('veo.owner', '{token_of(each['visitor'])}')")
            page.goto(f"{base}/?job={each['job']}")
            page.evaluate(_SHOWN)

        def shown() -> list[dict[str, Any]]:
            until, seen = time.monotonic() + 10, list[dict[str, Any]]()
            for page, each in zip(open_pages, jobs, strict=True):
                while (at := page.evaluate("window.shownAt ?? null")) is None and time.monotonic() < until:
                    page.wait_for_timeout(200)
                if at is not None:
                    seen.append({"job": each["job"], "ready": float(at), "in": "Chromium"})
            return seen

        try:
            yield shown
        finally:
            running.close()
