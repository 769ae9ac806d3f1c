"""A full disk, a read-only folder, a provider that overdoes it: the page goes on, and each job ends in words."""

import asyncio
import resource
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.emulation import Emulation, emulation
from tests.served import ROOT, Served, clean, obeying, serving

SAMPLE = ROOT / "assets" / "samples" / "first-frame.jpg"
REQUEST = {"provider": "sandbox", "mode": "text-to-video", "prompt": "A boat"}
NOT_WRITTEN = "Nothing can be written down here now"
SLOW_SECONDS = 1.5
PIECE = b"0" * 1_000_000
ENOUGH = 'dialect = "tokenbay"\ndownload_cap_megabytes = 5\ndeadline_minutes = 0.06\n'


class Flood:
    """In front of the stand-ins: what is asked about some operations is answered with far too much."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.pieces: dict[str, int] = {}
        """Megabytes to send, by the end of a path."""
        self.holding = False
        """Whether questions, and creates that are answered at the end, wait for their answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while self.holding and (scope.get("method") == "GET" or "/cloudflare/" in scope.get("path", "")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        pieces = next((n for end, n in self.pieces.items() if scope.get("path", "").endswith(end)), None)
        if pieces is None:
            await self._app(scope, receive, send)
            return
        start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"video/mp4")]}
        await send(start)
        await send({"type": "http.response.body", "body": b'{"status": "in_progress", "rest": "', "more_body": True})
        for _ in range(pieces):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        await send({"type": "http.response.body", "body": b'"}'})


@pytest.fixture(scope="module")
def floods() -> list[Flood]:
    return []


@pytest.fixture(scope="module")
def providers(tmp_path_factory: pytest.TempPathFactory, floods: list[Flood]) -> Iterator[Emulation]:
    def around(app: ASGIApp) -> ASGIApp:
        floods.append(Flood(app))
        return floods[-1]

    with emulation(tmp_path_factory.mktemp("providers"), slow_seconds=SLOW_SECONDS, around=around) as providers:
        yield providers


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def served(home: Path, providers: Emulation) -> Iterator[Served]:
    tables = home / "tables"
    tables.mkdir()
    own = (ROOT / "playground" / "catalog" / "tokenbay.toml").read_text("utf-8").replace("deadline_minutes = 60\n", "")
    (tables / "capped.toml").write_text(own.replace("[provider]\n", f"[provider]\n{ENOUGH}", 1), "utf-8")
    folders = {"PLAYGROUND_DATA_DIR": str(home / "data"), "PLAYGROUND_CATALOG_DIR": str(tables)}
    with serving(home, {**providers.environment(), **folders, "PLAYGROUND_POLL_SECONDS": "0.2"}) as served:
        yield served


def take_room(served: Served, *, whole: bool) -> None:
    """From now on no file may grow (as on a full disk, whatever disk this is); or there is room again."""
    _, hard = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (0 if whole else hard, hard))


def set_read_only(data: Path, *, read_only: bool) -> None:
    """Of the data folder and the folders in it, but for what is open already."""
    for folder in (*sorted(data.rglob("*/"), reverse=True), data):
        folder.chmod(0o555 if read_only else 0o755)


def answers_as_ever(served: Served) -> None:
    """What needs nothing written is there."""
    assert served.http.get("/healthz").status_code == 200
    assert "<!doctype html" in served.http.get("/").text[:100].lower()
    assert served.http.post("/api/check", json=REQUEST).json()["valid"] is True


def becomes_ready(served: Served) -> None:
    """Not at once: what was found about the disk is good for a second."""
    for _ in range(50):
        if served.http.get("/readyz").status_code == 200:
            return
        time.sleep(0.1)
    raise AssertionError(served.http.get("/readyz").text)


def test_a_disk_that_is_full_holds_jobs_up_and_loses_none(
    served: Served, providers: Emulation, floods: list[Flood]
) -> None:
    before = {stem: providers.accepted(stem) for stem in ("tokenbay", "cloudflare", "sandbox")}
    floods[0].holding = True
    polled, asked = served.submit("tokenbay", "A boat [sandbox:slow]"), served.submit("cloudflare", "A [sandbox:slow]")
    assert isinstance(polled, str)
    assert isinstance(asked, str)
    ended = served.submit("tokenbay", "A boat [sandbox:bad-key]")
    assert isinstance(ended, str)
    served.until(ended, state="failed")
    served.until(polled, state="running")
    served.until(asked, state="submitting")
    take_room(served, whole=True)
    floods[0].holding = False

    # Both end at their providers meanwhile. One of them is paid for by an answer that can be written down nowhere.
    for job in (polled, asked):
        assert served.until(job, words=NOT_WRITTEN)["error"] is None
    answers_as_ever(served)
    ready = served.http.get("/readyz")
    cannot = {"data": "The data folder", "media": "The folder for videos"}
    problems = {part: f"{name} cannot be written: File too large." for part, name in cannot.items()}
    assert (ready.status_code, ready.json()["problems"]) == (503, problems)
    assert len(served.http.get("/api/jobs").json()["jobs"]) == 3
    refused = served.submit("sandbox", "One more boat")
    assert isinstance(refused, dict)
    assert (refused["code"], bool(refused["next_step"])) == ("unavailable", True)
    upload = served.http.post("/api/uploads", files={"files": ("a.jpg", SAMPLE.read_bytes())})
    assert (upload.status_code, upload.json()["error"]["code"]) == (507, "storage")
    kept = served.http.delete(f"/api/jobs/{ended}")
    assert (kept.status_code, kept.json()["error"]["code"]) == (503, "unavailable")

    take_room(served, whole=False)
    for job in (polled, asked):
        view = served.until(job, state="succeeded")
        assert (len(view["videos"]), view["error"]) == (1, None)
    becomes_ready(served)
    again = served.submit("tokenbay", "One more boat")
    assert isinstance(again, str)
    served.until(again, state="succeeded")
    accepted = {stem: providers.accepted(stem) - count for stem, count in before.items()}
    assert accepted == {"tokenbay": 2, "cloudflare": 1, "sandbox": 0}


def test_a_folder_that_became_read_only_holds_jobs_up_and_loses_none(
    served: Served, home: Path, providers: Emulation, floods: list[Flood]
) -> None:
    before = providers.accepted("tokenbay")
    floods[0].holding = True
    job = served.submit("tokenbay", "A boat [sandbox:slow]")
    assert isinstance(job, str)
    served.until(job, state="running")
    set_read_only(home / "data", read_only=True)
    floods[0].holding = False
    try:
        served.until(job, words="The video cannot be written here: Permission denied.")
        answers_as_ever(served)
        ready = served.http.get("/readyz").json()
        assert ready["problems"]["media"] == "The folder for videos cannot be written: Permission denied."
    finally:
        set_read_only(home / "data", read_only=False)
    served.until(job, state="succeeded")
    assert providers.accepted("tokenbay") == before + 1


def test_providers_that_never_come_to_an_end_harm_nobody_else(served: Served, floods: list[Flood]) -> None:
    prompts = ("A boat [sandbox:slow]", "A kite [sandbox:slow]", "A bird [sandbox:never-ends]")
    before = served.peak_megabytes()
    too_long, too_much, endless = (str(served.submit("capped", prompt)) for prompt in prompts)
    for job, pieces, end in ((too_long, 10_000, "/content"), (too_much, 50, "")):
        floods[0].pieces[f"{served.until(job, state='running')['provider_job_id']}{end}"] = pieces
    ends = {
        too_long: ("failed", False, "The video is larger than the 5 MB that are taken."),
        too_much: ("running", True, "TokenBay has not finished in 0.06 minutes."),
        endless: ("running", True, "TokenBay has not finished in 0.06 minutes."),
    }
    assert "larger than" in served.until(too_much, words="larger than")["words"]
    while any((view := served.job(job))["state"] != "failed" and not view["overdue"] for job in ends):
        answers_as_ever(served)
        assert len(served.http.get("/api/jobs").json()["jobs"]) >= 3
    for job, (state, overdue, says) in ends.items():
        view = served.job(job)
        assert (view["state"], view["overdue"]) == (state, overdue)
        assert says in (view["words"], view["error"] and view["error"]["message"])
    good = served.submit("tokenbay", "A boat")
    assert isinstance(good, str)
    served.until(good, state="succeeded")
    # Nothing of what was too much was kept.
    assert served.peak_megabytes() - before < 150


@pytest.mark.parametrize(("trouble", "commands"), [("full", ("generate", "jobs")), ("read-only", ("serve", "check"))])
def test_the_command_line_says_in_a_line_what_is_wrong_with_the_folder(
    tmp_path: Path, trouble: str, commands: tuple[str, str]
) -> None:
    data, request = tmp_path / "data", tmp_path / "request.json"
    request.write_text('{"provider": "sandbox", "mode": "text-to-video", "prompt": "A boat"}')
    environment = clean(tmp_path, {"PLAYGROUND_DATA_DIR": str(data)})

    def begin(command: str) -> subprocess.Popen[str]:
        full = trouble == "full"
        words = (command, str(request)) if command in ("generate", "check") else (command,)
        return subprocess.Popen(
            obeying(*words),
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))) if full else None,
        )

    data.mkdir()
    set_read_only(data, read_only=trouble == "read-only")
    wrong = "File too large" if trouble == "full" else "Permission denied"
    for running in [begin(command) for command in commands]:
        said, _ = running.communicate(timeout=60)
        assert said == f"The data folder {data} cannot be used: {wrong}. PLAYGROUND_DATA_DIR sets another.\n"
        assert running.returncode == 5
    assert [path.name for path in data.rglob("*") if path.is_file()] == []
