"""`playground call` prints code that runs: against the emulator, from the create call to a real video."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec
from playground.domain.errors import InvalidRequest, NotConfigured
from playground.domain.planning import to_send
from playground.domain.provider import Context
from playground.domain.request import VideoRequest
from playground.domain.snippets import LANGUAGES, Language
from playground.jobs.formats import MIME_TYPES
from playground.jobs.probe import probe_image, probe_video
from playground.jobs.service import LOCAL
from playground.providers import sandbox
from playground.transport.body import StoredMedia, build_body
from tests.emulation import Emulation
from tests.house import SAMPLES, House
from tests.programs import run_program

ROOT = Path(__file__).parents[2]
TABLE_TEXT = (ROOT / "playground" / "catalog" / "sandbox.toml").read_text("utf-8")
TABLE = load_tables()["sandbox"]
KEY = "k-3x4mple-never-to-be-seen"
PICTURE = str(SAMPLES / "first-frame.jpg")
PROMPT = 'It\'s "dawn": $(touch pwned) `x` 100 % </script>\n\\ 日本語 🎬'
REQUESTS: dict[str, dict[str, object]] = {
    "least": {"mode": "text-to-video", "prompt": "A paper boat.", "duration_seconds": 4},
    "everything": {
        "mode": "text-to-video",
        "model": "sandbox-preview",
        "prompt": PROMPT,
        "negative_prompt": "rain; people's faces",
        "duration_seconds": 4,
        "resolution": "720p",
        "aspect_ratio": "9:16",
        "generate_audio": False,
        "seed": 0,
        "number_of_videos": 1,
    },
    "image": {"mode": "image-to-video", "prompt": "It drifts.", "duration_seconds": 4, "first_frame": PICTURE},
}


def asked(name: str) -> VideoRequest:
    return VideoRequest.model_validate({"provider": "sandbox", **REQUESTS[name]})


async def adapters_body(request: VideoRequest) -> object:
    """What the playground itself sends for a request."""
    spec = TABLE.specs["sandbox-preview", request.mode]
    assert isinstance(spec, ModeSpec)
    call = sandbox.create(to_send(request, spec), spec, Context("http://x/v1"))
    media = {
        reference: StoredMedia(Path(reference), MIME_TYPES[probe_image(Path(reference)).format or ""])
        for _, _, reference in request.media()
    }
    built = await build_body(call.body, media)
    return json.loads(b"".join([piece async for piece in built.stream()]))


@dataclass
class Relay:
    """Stands before the emulator and keeps the bodies that pass."""

    to: str
    bodies: list[object] = field(default_factory=list[object])
    url: str = ""


@pytest.fixture
def relay(stand_ins: Emulation) -> Generator[Relay]:
    kept = Relay(stand_ins.base_url("sandbox").removesuffix("/v1"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on(b"")

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            kept.bodies.append(json.loads(raw))
            self._pass_on(raw)

        def _pass_on(self, raw: bytes) -> None:
            answer = httpx.request(self.command, kept.to + self.path, content=raw, timeout=60)
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        kept.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
        try:
            yield kept
        finally:
            http.shutdown()
            thread.join()


def printed(request: VideoRequest, language: Language, folder: Path) -> str:
    """What `playground call` prints, with a key in the environment that it must not see."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "request.json"
    file.write_text(json.dumps(request.as_json()), "utf-8")
    command = [sys.executable, "-m", "playground", "call", str(file), "--language", language]
    keys = dict.fromkeys(("GEMINI_API_KEY", "TOKENBAY_API_KEY", "SANDBOX_API_KEY"), KEY)
    environment = {**os.environ, **keys, "SANDBOX_BASE_URL": f"https://x.example/{KEY}/v1"}
    done = subprocess.run(
        [*command, "--data-dir", str(folder / "data")],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert KEY not in done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", REQUESTS)
async def test_printed_code_sends_what_we_send_and_brings_the_video(
    name: str, language: Language, relay: Relay, tmp_path: Path
) -> None:
    request = asked(name)
    program = printed(request, language, tmp_path / "call")
    done = run_program(program, language, tmp_path / "run", {"SANDBOX_BASE_URL": relay.url})
    assert done.returncode == 0, done.stderr
    assert relay.bodies == [await adapters_body(request)]
    files = [tmp_path / "run" / line for line in done.stdout.splitlines()]
    assert len(files) == (request.number_of_videos or 1)
    assert sorted((tmp_path / "run").iterdir()) == sorted(files)
    for file in files:
        clip = probe_video(file)
        assert (clip.problem, clip.format, clip.seconds) == (None, "mp4", pytest.approx(4))


PAID = """\
answers = "poll"
dialect = "sandbox"
credential = { env = "PAID_API_KEY" }
account = { project = { env = "PAID_PROJECT", required = true } }"""


def catalog_with(folder: Path, stem: str, *changes: tuple[str, str]) -> str:
    """A folder with one more table, the sandbox's with some changes."""
    text = TABLE_TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.mkdir()
    (folder / f"{stem}.toml").write_text(text, "utf-8")
    return str(folder)


class TestService:
    async def test_refuses_what_submit_refuses(self, house: House) -> None:
        request = asked("least").changed({"duration_seconds": 5})
        async with house.process() as service:
            with pytest.raises(InvalidRequest) as refused:
                await service.code(request, "curl", owner=LOCAL, files_under=None)
        assert [issue.field for issue in refused.value.issues] == ["duration_seconds"]

    async def test_names_an_earlier_result_by_its_file(self, house: House, tmp_path: Path) -> None:
        async with house.process() as service:
            job = await service.submit(asked("least"), owner=LOCAL, files_under=None)
            await service.settled(job, owner=LOCAL)
            [file] = await service.video_files(job, owner=LOCAL)
            longer = VideoRequest(provider="sandbox", mode="extension", source_video=f"job:{job}")
            moved = VideoRequest(provider="sandbox", mode="image-to-video", first_frame=f"job:{job}#last-frame")
            for language in LANGUAGES:
                assert str(file) in await service.code(longer, language, owner=LOCAL, files_under=None)
                code = await service.code(moved, language, owner=LOCAL, files_under=None)
                assert str(file.with_suffix(".last.png")) in code
                assert "image/png" in code
            with pytest.raises(InvalidRequest):
                await service.code(longer, "curl", owner="token:somebody-else", files_under=None)

    async def test_refuses_a_link_whose_type_nobody_can_tell(self, house: House) -> None:
        links = {"https://example.com/a.png": True, "https://example.com/a": False}
        async with house.process() as service:
            for link, told in links.items():
                request = VideoRequest(provider="sandbox", mode="image-to-video", first_frame=link)
                if told:
                    assert link in await service.code(request, "python", owner=LOCAL, files_under=None)
                    continue
                with pytest.raises(InvalidRequest) as refused:
                    await service.code(request, "python", owner=LOCAL, files_under=None)
                assert [issue.field for issue in refused.value.issues] == ["first_frame"]

    @pytest.mark.parametrize("language", LANGUAGES)
    async def test_takes_key_and_account_from_the_programs_environment(
        self, language: Language, house: House, tmp_path: Path
    ) -> None:
        catalog = catalog_with(
            tmp_path / "catalog",
            "paid",
            ("SANDBOX_BASE_URL", "PAID_BASE_URL"),
            ("http://sandbox.localhost/v1", "https://{project}.example.com/v1"),
            ('answers = "poll"', PAID),
        )
        request = asked("least").changed({"provider": "paid"})
        texts: list[str] = []
        bare = {"PLAYGROUND_CATALOG_DIR": catalog}
        ours = {"PAID_API_KEY": KEY, "PAID_PROJECT": "our-project", "PAID_BASE_URL": "https://ours/v1"}
        for environment in (bare, {**bare, **ours}):
            async with house.process(adopts=False, **environment) as service:
                texts.append(await service.code(request, language, owner=LOCAL, files_under=None))
        assert texts[0] == texts[1]
        assert all(name in texts[0] for name in ("PAID_API_KEY", "PAID_PROJECT", "PAID_BASE_URL", ".example.com/v1"))

    async def test_says_so_where_there_is_no_adapter(self, house: House, tmp_path: Path) -> None:
        catalog = catalog_with(tmp_path / "catalog", "other", ("SANDBOX_BASE_URL", "OTHER_BASE_URL"))
        async with house.process(PLAYGROUND_CATALOG_DIR=catalog) as service:
            with pytest.raises(NotConfigured, match="no code"):
                await service.code(asked("least").changed({"provider": "other"}), "curl", owner=LOCAL, files_under=None)
