"""Those who watch a job in Chromium, each in a window of his own."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from tests.bench.load_house import token_of
from tests.bench.page import FLAGS, browser

_SHOWN: Final = """() => {
    const look = () => {
        const card = document.querySelector(".card[data-state=succeeded]");
        if (card && !window.shownAt) window.shownAt = Date.now() / 1000;
    };
    const changes = { subtree: true, childList: true, attributeFilter: ["data-state"] };
    new MutationObserver(look).observe(document.body, changes);
    look();
}"""


class Windows:
    """Windows that have the page open."""

    def __init__(self, base: str, pages: Sequence[Page]) -> None:
        self._base = base
        self._pages = pages
        self._jobs: list[str] = []

    def watch(self, jobs: Sequence[dict[str, Any]]) -> None:
        """Show each window's visitor his job."""
        for page, each in zip(self._pages, jobs, strict=False):
            page.evaluate("token => localStorage.setItem('veo.owner', token)", token_of(each["visitor"]))
            page.goto(f"{self._base}/?job={each['job']}")
            page.evaluate(_SHOWN)
            self._jobs.append(each["job"])

    def shown(self) -> list[dict[str, Any]]:
        """When each job was seen to be ready."""
        until, seen = time.monotonic() + 10, list[dict[str, Any]]()
        for page, job in zip(self._pages, self._jobs, strict=False):
            while (at := page.evaluate("window.shownAt ?? null")) is None and time.monotonic() < until:
                page.wait_for_timeout(200)
            if at is not None:
                seen.append({"job": job, "ready": float(at), "in": "Chromium"})
        return seen


@contextmanager
def windows(base: str, count: int) -> Generator[Windows]:
    """So many windows, which have read the page's scripts. None without a Chromium."""
    chromium = browser()
    if chromium is None:
        yield Windows(base, ())
        return
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        pages = [running.new_context().new_page() for _ in range(count)]
        for page in pages:
            page.goto(base)
            page.locator('[data-ready="yes"]').wait_for()
        try:
            yield Windows(base, pages)
        finally:
            running.close()
