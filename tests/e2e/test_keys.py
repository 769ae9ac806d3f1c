"""The Keys panel: a key goes in where it is missing, is never seen again, and is nobody else's."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.steps import PHONE, Form, Visit, Visiting, enter_key, kept_in, new_context, shot

KEY = "canary-panel-8d21"
ACCOUNT = "our-account"


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Keys")


def row(page: Page, provider: str) -> Locator:
    return panel(page).locator(f'[data-provider="{provider}"]')


def opened(page: Page, provider: str) -> Locator:
    """The row of a provider, in the opened panel."""
    if not panel(page).is_visible():
        page.get_by_role("button", name="Keys", exact=True).click()
    row(page, provider).locator("summary").click()
    return row(page, provider)


@pytest.fixture(scope="module")
def shared_page(browser: Browser, server: str) -> Iterator[Page]:
    """One page for many plants, each of a key of its own."""
    context = new_context(browser, base_url=server)
    page = context.new_page()
    page.goto("/")
    page.locator('[data-ready="yes"]').wait_for()
    yield page
    context.close()


def test_where_a_key_is_missing_it_can_be_entered_and_the_form_knows(visit: Visit) -> None:
    page = visit()
    form = Form(page, "text-to-video").open().write("A paper boat")
    form.choose("provider", "Cloudflare AI")
    expect(form.chosen("provider")).to_have_text("Cloudflare AI · needs a key")
    settings = page.locator("#tab-text-to-video .settings")
    expect(settings).to_contain_text("Cloudflare AI needs a key.")
    beside = page.locator("#tab-text-to-video .quote-state")
    expect(beside).to_have_text("Valid; it needs a key to be sent")
    settings.get_by_role("button", name="Enter a key").click()
    cloudflare = row(page, "cloudflare")
    expect(cloudflare.get_by_label("Key for Cloudflare AI", exact=True)).to_be_focused()
    expect(cloudflare).to_have_attribute("data-source", "none")
    page.keyboard.type(KEY)
    page.keyboard.press("Tab")
    page.keyboard.type("an account/with a slash")
    page.keyboard.press("Enter")
    expect(cloudflare.get_by_label("Account id", exact=True)).to_be_focused()
    expect(cloudflare.get_by_role("status")).to_have_text("It takes letters, digits, hyphens and underscores.")
    expect(cloudflare.get_by_label("Key for Cloudflare AI", exact=True)).to_have_value("")
    cloudflare.get_by_label("Account id", exact=True).fill(ACCOUNT)
    cloudflare.get_by_label("Key for Cloudflare AI", exact=True).fill(KEY)
    page.keyboard.press("Enter")
    expect(cloudflare).to_have_attribute("data-source", "yours")
    expect(cloudflare).to_contain_text("only a run can tell")
    expect(cloudflare.get_by_label("Another key for Cloudflare AI", exact=True)).to_have_value("")
    shot(page, "keys")
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    expect(form.chosen("provider")).to_have_text("Cloudflare AI")
    expect(settings.get_by_role("button", name="Enter a key")).to_be_hidden()
    # What it was opened from is gone, so the focus is near it.
    expect(page.locator(".pg-keys:focus, #text-to-video-provider select:focus")).to_have_count(1)
    page.reload()
    page.locator('[data-ready="yes"]').wait_for()
    expect(form.chosen("provider")).to_have_text("Cloudflare AI")
    assert KEY not in kept_in(page)


def test_a_key_is_forgotten_on_request_and_was_never_anybody_elses(visit: Visit) -> None:
    mine, theirs = visit(), visit(size=PHONE)
    mine.get_by_role("button", name="Keys", exact=True).click()
    vertex = row(mine, "vertex")
    vertex.locator("summary").click()
    vertex.get_by_label("Key for Vertex AI", exact=True).fill(KEY)
    vertex.get_by_label("Project", exact=True).fill("a-project")
    vertex.get_by_role("button", name="Save").click()
    expect(vertex).to_have_attribute("data-source", "yours")
    theirs.get_by_role("button", name="Keys", exact=True).click()
    expect(row(theirs, "vertex")).to_have_attribute("data-source", "none")
    vertex.get_by_role("button", name="Forget your key for Vertex AI").click()
    expect(vertex).to_have_attribute("data-source", "none")
    expect(vertex.get_by_label("Key for Vertex AI", exact=True)).to_be_focused()
    expect(vertex.get_by_role("button", name="Forget your key for Vertex AI")).to_be_hidden()


def test_whoever_saves_too_often_is_told_so_and_for_how_long(visiting: Visiting, server: str) -> None:
    body = {"error": {"code": "too_many", "message": "That was often.", "next_step": "Try again in 40 seconds."}}
    with visiting(server, ("status of 429",)) as visit:
        page = visit()
        page.route("**/api/keys/vertex", lambda route: route.fulfill(status=429, json=body))
        vertex = opened(page, "vertex")
        vertex.get_by_label("Key for Vertex AI", exact=True).fill("a-key")
        vertex.get_by_label("Project", exact=True).fill("a-project")
        vertex.get_by_role("button", name="Save").click()
        expect(vertex.locator(".keys-said")).to_have_text("That was often. Try again in 40 seconds.")


def test_a_key_for_what_was_shut_down_is_said_to_make_nothing(visit: Visit) -> None:
    gemini = opened(visit(), "gemini")
    expect(gemini.locator(".keys-gone")).to_contain_text("Every model of Gemini API was shut down")
    expect(opened(gemini.page, "vertex").locator(".keys-gone")).to_be_hidden()


def test_what_was_typed_and_not_sent_is_gone_when_the_panel_closes(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Keys", exact=True).click()
    row(page, "vertex").locator("summary").click()
    row(page, "vertex").get_by_label("Key for Vertex AI", exact=True).fill(KEY)
    panel(page).get_by_role("button", name="Close").click()
    assert KEY not in kept_in(page)
    page.get_by_role("button", name="Keys", exact=True).click()
    row(page, "vertex").locator("summary").click()
    expect(row(page, "vertex").get_by_label("Key for Vertex AI", exact=True)).to_have_value("")


def look(page: Page, key: str = "") -> Locator:
    """Look for a key with the panel's own search; answers where it says what it found."""
    if not panel(page).is_visible():
        page.get_by_role("button", name="Keys", exact=True).click()
    page.get_by_label("Key to look for").fill(key)
    page.get_by_role("button", name="Look for it").click()
    said = panel(page).locator(".keys-leaks [role=status]")
    expect(said).not_to_have_text("Looking…")
    return said


def test_the_page_looks_for_a_key_in_itself_and_finds_none(visit: Visit) -> None:
    page = visit()
    enter_key(page, "cloudflare", KEY, account_id=ACCOUNT)
    expect(look(page, KEY)).to_have_text("It is nowhere in this page, and the browser keeps it nowhere.")
    expect(page.get_by_label("Key to look for")).to_have_value("")
    # A made-up one takes the way of a key and is kept by nobody.
    expect(look(page)).to_have_text("It is nowhere in this page, and the browser keeps it nowhere.")
    expect(row(page, "aigateway")).to_have_attribute("data-source", "none")
    expect(row(page, "cloudflare")).to_have_attribute("data-source", "yours")


@pytest.mark.parametrize(
    ("plant", "place"),
    [
        ("document.querySelector('h1').dataset.key = KEY", "page"),
        ("document.querySelector('#pg-key-vertex-project').value = KEY", "field pg-key-vertex-project"),
        ("localStorage['veo.planted'] = btoa('x' + KEY + 'y')", "localStorage veo.planted (written as base64)"),
        ("sessionStorage[KEY] = '1'", f"sessionStorage {KEY}"),
        ("document.cookie = 'planted=' + encodeURIComponent(KEY)", "cookies"),
        ("history.replaceState(history.state, '', '#' + KEY.toUpperCase())", "address"),
        ("history.replaceState({key: KEY}, '')", "history"),
        ("fetch('/healthz?key=' + KEY).then((answer) => answer.text())", "requests"),
        (
            "new Promise((go) => { indexedDB.open('planted').onupgradeneeded = (event) => "
            "event.target.result.createObjectStore('s').put(KEY, 1).onsuccess = go; })",
            "IndexedDB planted/s",
        ),
    ],
)
def test_a_planted_key_is_found_with_its_place(shared_page: Page, plant: str, place: str) -> None:
    key = f"{KEY}-{abs(hash(place))}"
    page = shared_page
    if not panel(page).is_visible():
        page.get_by_role("button", name="Keys", exact=True).click()
        expect(row(page, "vertex")).to_be_attached()
    page.evaluate(f"async () => {{ const KEY = {key!r}; await ({plant}); }}")
    said = look(page, key)
    expect(said).to_contain_text("It is here, where it should not be:")
    expect(said.get_by_role("listitem")).to_have_text([place.replace(KEY, key)])
