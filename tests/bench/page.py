"""What a browser fetches when somebody opens the page for the first time."""

import os
import shutil
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import sync_playwright

_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit with an empty cache: answers, their bytes on the wire, and the seconds until the page can be used."""

    answers: int
    wire_bytes: int
    seconds: float


def browser() -> str | None:
    """Chromium on this machine, None where there is none."""
    named = os.environ.get("PLAYGROUND_CHROMIUM")
    return next((path for name in (named, *_NAMES) if name and (path := shutil.which(name))), None)


def visit(base: str, chromium: str) -> Visit:
    """Open the page and wait until its script says that it is ready."""
    sizes: list[int] = []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        try:
            page = running.new_page()
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")  # pyright: ignore[reportUnknownMemberType] - its parameters are untyped

            def count(event: dict[str, Any]) -> None:
                sizes.append(int(event["encodedDataLength"]))

            session.on("Network.loadingFinished", count)  # pyright: ignore[reportUnknownMemberType] - events are untyped
            page.goto(base)
            page.locator('[data-ready="yes"]').wait_for(timeout=60_000)
            seconds = page.evaluate("performance.now() / 1000")
            # What comes late still belongs to the visit.
            page.wait_for_timeout(1_000)
        finally:
            running.close()
    return Visit(len(sizes), sum(sizes), float(seconds))
