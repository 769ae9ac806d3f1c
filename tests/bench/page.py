"""What a browser fetches when somebody opens the page for the first time."""

import os
import shutil
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import sync_playwright

FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
_FIRST_BYTE: Final = """() => {
    const [entry] = performance.getEntriesByType("navigation");
    return (entry.responseStart - entry.requestStart) / 1000;
}"""
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit with an empty cache: answers, their bytes on the wire, and seconds."""

    answers: int
    wire_bytes: int
    first: float
    """Until the first byte of the first answer."""
    usable: float
    """Until somebody can type."""


def browser() -> str | None:
    """Chromium on this machine, None where there is none."""
    named = os.environ.get("PLAYGROUND_CHROMIUM")
    return next((path for name in (named, *_NAMES) if name and (path := shutil.which(name))), None)


def visit(base: str, chromium: str, ready: str) -> Visit:
    """Open a page and wait until the selector `ready` is in sight."""
    sizes: list[int] = []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            page = running.new_page()
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")  # pyright: ignore[reportUnknownMemberType] - its parameters are untyped

            def count(event: dict[str, Any]) -> None:
                sizes.append(int(event["encodedDataLength"]))

            session.on("Network.loadingFinished", count)  # pyright: ignore[reportUnknownMemberType] - events are untyped
            page.goto(base)
            page.locator(ready).first.wait_for(timeout=60_000)
            usable = page.evaluate("performance.now() / 1000")
            first = page.evaluate(_FIRST_BYTE)
            # What comes late still belongs to the visit.
            page.wait_for_timeout(1_000)
        finally:
            running.close()
    return Visit(len(sizes), sum(sizes), float(first), float(usable))
