"""Every provider in the page, at its stand-in: a key typed in, a video of each mode, a failure, a filter, no leak."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from playground.domain.request import MEDIA_FIELDS, MODES, Mode
from tests.e2e.server import Server
from tests.e2e.steps import Form, Visit, Visiting, card, close_keys, enter_key, jobs_of, kept_in, plays, reaches
from tests.emulation import TABLES, Emulation, emulation, key_of

STEMS = sorted(stem for stem, table in TABLES.items() if table.provider.credential is not None)
CANARY = "canary-"
FAILURES = {"fails": "failed", "no-credit": "no_credit", "overloaded": "overloaded"}
"""Scripts of stand-ins with the code of the error; not every service fails in the midst of a run."""
LINK = "https://example.com/frame.png"


@pytest.fixture(scope="module")
def standing_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    with emulation(tmp_path_factory.mktemp("emulation")) as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def among_stand_ins(home: Path, standing_in: Emulation, second_port: int) -> Iterator[str]:
    """A server that knows where the stand-ins are, and no key at all."""
    bases = {TABLES[stem].provider.base_url.env: standing_in.base_url(stem) for stem in STEMS}
    quick = {"PLAYGROUND_ALLOW_RETIRED": "1", "PLAYGROUND_POLL_SECONDS": "0.2"}
    running = Server(home, second_port, clips=None, **bases, **quick)
    running.start()
    try:
        yield running.url
    finally:
        running.stop()


@pytest.fixture
def visit(visiting: Visiting, among_stand_ins: str) -> Iterator[Visit]:
    """Open the page of that server."""
    with visiting(among_stand_ins) as visit:
        yield visit


def give_key(page: Page, stem: str) -> None:
    """Type a provider's key in, with the account that goes with it."""
    account = {name: f"our-{name}" for name, each in TABLES[stem].provider.account.items() if each.required}
    enter_key(page, stem, key_of(stem), **account)
    close_keys(page)


def opened(page: Page, stem: str, mode: Mode) -> Form:
    """The tab of a mode, drawn for a provider's usual model."""
    form = Form(page, mode).open()
    form.choose("provider", TABLES[stem].provider.label)
    models = form.at("model").locator("option")
    expect(models.first).to_have_attribute("value", TABLES[stem].models_for(mode)[0].id)
    return form


def filled(form: Form, stem: str, mode: Mode, samples: Path, source: str) -> Form:
    """All the media that the mode needs."""
    spec = TABLES[stem].specs[form.at("model").locator("select").input_value(), mode]
    files = {"first_frame": "first-frame.jpg", "last_frame": "last-frame.jpg", "reference_images": "reference-1.png"}
    for name in MEDIA_FIELDS:
        parameter = spec.parameters.get(name)
        if parameter is None or not parameter.required:
            continue
        if parameter.limits is not None and parameter.limits.url_only:
            form.link(name, LINK)
        elif name == "source_video":
            form.take(name, f"job:{source}")
        else:
            form.give(name, samples / files[name])
    return form


def sent(form: Form, prompt: str, state: str) -> str:
    """Write, click, and wait for the ending; answers the job's id."""
    before = card(form.page).get_attribute("data-job") or ""
    form.write(prompt).generate()
    expect(card(form.page)).not_to_have_attribute("data-job", before, timeout=15_000)
    return reaches(form.page, state)


@pytest.mark.parametrize("stem", STEMS)
def test_a_typed_key_makes_a_video_of_every_mode(
    visit: Visit, standing_in: Emulation, home: Path, samples: Path, stem: str
) -> None:
    standing_in.forget()
    page = visit()
    give_key(page, stem)
    modes: list[Mode] = [mode for mode in MODES if TABLES[stem].models_for(mode)]
    source = ""
    for mode in modes:
        form = filled(opened(page, stem, mode), stem, mode, samples, source)
        job = sent(form, f"A paper boat, {mode}", "succeeded")
        source = source or job
        if mode == modes[0]:
            assert plays(page)["at"] > 0.2
    assert standing_in.accepted(stem) == len(modes)

    form = opened(page, stem, "text-to-video")
    played = standing_in.built.stand_ins[stem].scripts
    script = next(name for name in FAILURES if name in played)
    sent(form, f"A boat [sandbox:{script}]", "failed")
    expect(card(page).locator(".message")).to_contain_text(TABLES[stem].provider.label)
    sent(form, "A boat [sandbox:filtered]", "failed")
    filtered, failed, *made = jobs_of(page)
    assert (filtered["error"]["code"], failed["error"]["code"]) == ("filtered", FAILURES[script])
    assert {(each["state"], each["provider"]) for each in made} == {("succeeded", stem)}
    assert CANARY not in kept_in(page)
    page.reload()
    page.locator('[data-ready="yes"]').wait_for()
    assert CANARY not in kept_in(page)
    assert [path for path in home.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()] == []


def test_a_job_whose_key_is_gone_asks_for_it_and_goes_on(visit: Visit) -> None:
    page = visit()
    give_key(page, "tokenbay")
    job = sent(opened(page, "tokenbay", "text-to-video"), "A boat [sandbox:never-ends]", "running")
    page.get_by_role("button", name="Keys", exact=True).click()
    row = page.get_by_role("dialog", name="Keys").locator('[data-provider="tokenbay"]')
    row.locator("summary").click()
    row.get_by_role("button", name="Forget your key for TokenBay").click()
    expect(row).to_have_attribute("data-source", "none")
    close_keys(page)
    reaches(page, "parked")
    expect(card(page).locator(".said")).to_have_text("Needs your key to go on")
    expect(card(page).locator(".message")).to_have_text("This job needs your key for TokenBay to go on.")
    card(page).get_by_role("button", name="Enter the key").click()
    expect(row.locator("input[type=password]")).to_be_focused()
    enter_key(page, "tokenbay", key_of("tokenbay"))
    close_keys(page)
    assert reaches(page, "running") == job
