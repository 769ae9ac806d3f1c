"""A request as a program: the adapter's body to the letter, and every kind of protocol followed to the file."""

import ast
import base64
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.domain.capabilities import ProviderFacts
from playground.domain.provider import Body, HttpCall, MediaLeaf, MediaType
from playground.domain.snippets import LANGUAGES, Language, curl, javascript, python, written
from playground.domain.snippets.recipe import EACH, OPERATION, Recipe, Status, Videos
from playground.domain.snippets.script import Placeholders, Script
from playground.domain.snippets.text import Medium, UnknownType
from tests.programs import NODE, run_program

NONCE = "5f0c41d2"
KEY = "k-3x4mple-never-to-be-seen"
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 4
CUT = b'{"id": '
"""An answer that breaks off here."""
HOSTILE = [
    "'",
    '"',
    "\\",
    "\n",
    "\r\n",
    "$(touch pwned)",
    "`touch pwned`",
    "${HOME}",
    "$$",
    "%s%n",
    "%",
    "</script>",
    "<!--",
    "{operation}",
    "{BASE_URL}",
    "{{",
    "\\(1)",
    "*/",
    "\u202e",
    "\u2028",
    "\ufeff",
    "\x1b[2J",
    "\x7f",
    "\U000e0041",
    "日本語 🎬",
    "BODY\nEOF",
    "-n",
    "!!",
]
hostile_texts = st.lists(
    st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=8
).map("".join)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def facts(**changes: object) -> ProviderFacts:
    return ProviderFacts.model_validate(
        {
            "label": "Some Provider",
            "base_url": {"env": "SOME_BASE_URL", "default": "https://api.example.com/v1"},
            "credential": {"env": "SOME_API_KEY"},
            "answers": "poll",
            "poll_seconds": {"first": 0.1, "then": 0.1, "never_below": 0.1},
            "deadline_minutes": 0.2,
            "evidence": "made up",
            **changes,
        }
    )


POLLED = Recipe(
    Videos((("videos", EACH, "url"),)), Status(("id",), HttpCall("GET", f"/videos/{OPERATION}"), ("status",), ("done",))
)


def script(
    body: Body,
    recipe: Recipe = POLLED,
    media: Mapping[str, Medium] | None = None,
    known: Mapping[str, str] | None = None,
    path: str = "/videos",
    provider: Mapping[str, object] | None = None,
) -> Script:
    placeholders = Placeholders(facts(**(provider or {})), known or {}, NONCE)
    return Script("Some Provider", HttpCall("POST", path, body), recipe, media or {}, placeholders)


Answers = dict[tuple[str, str], list[tuple[int, object]]]


@dataclass
class Server:
    """Answers each (method, path) with the next of its answers, the last one for ever; keeps what it was asked."""

    answers: Answers
    asked: list[tuple[str, str, dict[str, str], object]] = field(
        default_factory=list[tuple[str, str, dict[str, str], object]]
    )

    def answer(self, method: str, path: str) -> tuple[int, object]:
        waiting = self.answers.get((method, path), [(404, {"error": f"nothing at {path}"})])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def body(self) -> object:
        return self.asked[0][3]

    def keyed(self) -> list[str]:
        return [path for _, path, headers, _ in self.asked if KEY in "".join(headers.values())]


@contextmanager
def serving(server: Server) -> Generator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            server.asked.append((method, self.path, dict(self.headers), json.loads(raw) if raw else None))
            status, content = server.answer(method, self.path)
            sent = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("location", str(content))
            promised = 1000 if content is CUT else 0 if status == 304 else len(sent)
            self.send_header("content-length", str(promised))
            self.end_headers()
            if status != 304:
                self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def sent_body(program: str, language: Language, folder: Path) -> object:
    """What a program would send first; it gets no further."""
    server = Server({("POST", "/videos"): [(400, {"error": "enough"})]})
    with serving(server) as url:
        done = run_program(program, language, folder, {"SOME_BASE_URL": url, "SOME_API_KEY": KEY})
    assert done.returncode != 0
    assert server.asked, done.stderr
    return server.body()


class TestHostileTexts:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_arrive_as_they_were_given(self, language: Language, tmp_path: Path) -> None:
        body: dict[str, object] = {
            "whole": "".join(HOSTILE),
            "each": HOSTILE,
            "zero": 0,
            "off": False,
            "none": None,
            "list": [],
            "map": {},
        }
        assert sent_body(written(script(body), language), language, tmp_path / "run") == body
        assert not list(tmp_path.rglob("pwned"))

    @given(text=hostile_texts)
    def test_are_one_python_literal(self, text: str) -> None:
        literal = python.quoted(text)
        assert ast.literal_eval(literal) == text
        assert literal.isprintable()

    @few
    @given(texts=st.lists(hostile_texts, min_size=1, max_size=6))
    def test_are_one_javascript_literal(self, texts: list[str]) -> None:
        literals = [javascript.quoted(text) for text in texts]
        program = f"process.stdout.write(JSON.stringify([{', '.join(literals)}]))"
        # Through standard input: an argument cannot hold everything that a file can.
        done = subprocess.run([NODE, "-"], input=program.encode(), capture_output=True, check=True)
        assert json.loads(done.stdout) == texts
        assert all(literal.isprintable() and "</script" not in literal for literal in literals)

    @few
    @given(texts=st.lists(hostile_texts.filter(lambda text: "\0" not in text), min_size=1, max_size=6))
    def test_are_one_shell_word(self, texts: list[str]) -> None:
        program = f"printf '%s\\0' {' '.join(map(curl.quoted, texts))}"
        done = subprocess.run(["sh"], input=program.encode(), capture_output=True, check=True)
        assert done.stdout.decode().split("\0")[:-1] == texts

    @few
    @given(prompt=hostile_texts)
    def test_arrive_through_the_shell(self, prompt: str, tmp_path: Path) -> None:
        text = written(script({"prompt": prompt}), "curl")
        only_body = re.sub(r"# This call may cost.*", "body", text, flags=re.DOTALL)
        done = subprocess.run(
            ["sh"],
            input=only_body.encode(),
            capture_output=True,
            check=True,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "SOME_BASE_URL": "http://x", "SOME_API_KEY": KEY},
        )
        assert json.loads(done.stdout) == {"prompt": prompt}


NAMES = ["plain.png", "-rf.png", "a b'\"$(touch pwned)`touch pwned`%s\n\\.png", "日本語 🎬.png", "{operation}.png"]


class TestMedia:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_are_read_from_their_files_whatever_they_are_called(self, language: Language, tmp_path: Path) -> None:
        folder = tmp_path / "run"
        folder.mkdir()
        media = {f"m{place}": Medium(name, "image/png") for place, name in enumerate(NAMES)}
        raw = {name: os.urandom(1000 + place) for place, name in enumerate(NAMES)}
        for name, content in raw.items():
            (folder / name).write_bytes(content)
        leaves = [[MediaLeaf(name, "base64"), MediaLeaf(name, "data-uri"), MediaType(name)] for name in media]
        program = written(script({"media": leaves}, media=media), language)
        encoded = [base64.b64encode(content).decode() for content in raw.values()]
        expected = [[each, f"data:image/png;base64,{each}", "image/png"] for each in encoded]
        assert sent_body(program, language, folder) == {"media": expected}
        assert not list(tmp_path.rglob("pwned"))

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_of_many_megabytes_pass(self, language: Language, tmp_path: Path) -> None:
        raw = os.urandom(12_000_000)
        (tmp_path / "big.mp4").write_bytes(raw)
        media = {"big": Medium(str(tmp_path / "big.mp4"), "video/mp4")}
        program = written(script({"data": MediaLeaf("big", "base64")}, media=media), language)
        assert sent_body(program, language, tmp_path / "run") == {"data": base64.b64encode(raw).decode()}

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_that_are_missing_stop_it_before_anything_is_sent(self, language: Language, tmp_path: Path) -> None:
        media = {"gone": Medium("gone.png", "image/png")}
        program = written(script({"data": MediaLeaf("gone", "base64")}, media=media), language)
        server = Server({})
        with serving(server) as url:
            done = run_program(program, language, tmp_path / "run", {"SOME_BASE_URL": url, "SOME_API_KEY": KEY})
        assert done.returncode != 0
        assert "gone.png" in done.stderr
        assert server.asked == []

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_by_url_are_passed_on_or_fetched_as_the_provider_takes_them(
        self, language: Language, tmp_path: Path
    ) -> None:
        server = Server({("GET", "/it's%20[1].png"): [(200, MP4)], ("POST", "/videos"): [(400, {})]})
        with serving(server) as url:
            there = f"{url}/it's%20[1].png"
            media = {there: Medium(there, "image/png")}
            body = {"url": MediaLeaf(there, "url"), "data": MediaLeaf(there, "base64")}
            program = written(script(body, media=media), language)
            run_program(program, language, tmp_path / "run", {"SOME_BASE_URL": url, "SOME_API_KEY": KEY})
        assert [(method, path) for method, path, _, _ in server.asked] == [
            ("GET", "/it's%20[1].png"),
            ("POST", "/videos"),
        ]
        assert server.asked[1][3] == {"url": there, "data": base64.b64encode(MP4).decode()}
        assert server.keyed() == ["/videos"]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_that_the_provider_has_are_named_by_its_own_link(self, language: Language, tmp_path: Path) -> None:
        media = {"job:1": Medium("never-read.mp4", "video/mp4", 'https://there/files/a?x="1"')}
        program = written(script({"uri": MediaLeaf("job:1", "handle")}, media=media), language)
        assert "never-read" not in program
        assert sent_body(program, language, tmp_path / "run") == {"uri": 'https://there/files/a?x="1"'}

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_of_an_unknown_type_are_refused_where_it_must_be_named(self, language: Language) -> None:
        media = {"x": Medium("https://example.com/picture")}
        with pytest.raises(UnknownType) as unknown:
            written(script({"mime_type": MediaType("x")}, media=media), language)
        assert unknown.value.reference == "x"


@dataclass(frozen=True)
class Protocol:
    """A way of working that one of the providers has, and what a program must make of it."""

    recipe: Recipe
    answers: Answers
    videos: int = 1
    keyed: tuple[str, ...] = ()
    """Paths that saw the key, in their order."""
    provider: Mapping[str, object] = field(default_factory=dict[str, object])
    path: str = "/videos"
    body: Body = field(default_factory=lambda: {"prompt": "x"})


INLINE = base64.b64encode(MP4).decode()
NAME = "models/veo/operations/op-1"
VERTEX = "projects/proj%201/locations/eu/m"
PROTOCOLS = {
    "links-below-the-origin": Protocol(
        POLLED,
        {
            ("POST", "/v1/videos"): [(200, {"id": "op-1", "status": "queued"})],
            ("GET", "/v1/videos/op-1"): [
                (304, None),
                (200, {"status": "NEW WORD"}),
                (503, b"<html>"),
                (200, b"<html>"),
                (200, {"status": "DONE", "error": None, "videos": [{"url": "/v1/f/1?a=1&b=[2]"}, {}, {"url": "f/2"}]}),
            ],
            ("GET", "/v1/f/1?a=1&b=[2]"): [(302, "/moved")],
            ("GET", "/moved"): [(200, MP4)],
            ("GET", "/v1/f/2"): [(200, MP4)],
        },
        videos=2,
        keyed=("/v1/videos", *["/v1/videos/op-1"] * 5),
    ),
    "gemini": Protocol(
        Recipe(
            Videos(
                (("response", "generateVideoResponse", "generatedSamples", EACH, "video", "uri"),), with_credential=True
            ),
            Status(("name",), HttpCall("GET", f"/{OPERATION}"), ("done",), ("true",)),
        ),
        {
            ("POST", "/v1/models/veo:predictLongRunning"): [(200, {"name": NAME})],
            ("GET", f"/v1/{NAME}"): [
                (200, {"name": NAME}),
                (
                    200,
                    {
                        "done": True,
                        "response": {
                            "generateVideoResponse": {"generatedSamples": [{"video": {"uri": "HERE/v1/files/1"}}]}
                        },
                    },
                ),
            ],
            ("GET", "/v1/files/1"): [(302, "HERE/v1/files/2")],
            ("GET", "/v1/files/2"): [(302, "ELSEWHERE/storage")],
            ("GET", "/storage"): [(200, MP4)],
        },
        keyed=("/v1/models/veo:predictLongRunning", *[f"/v1/{NAME}"] * 2, "/v1/files/1", "/v1/files/2"),
        provider={"credential": {"env": "SOME_API_KEY", "scheme": "x-goog-api-key"}},
        path="/models/veo:predictLongRunning",
    ),
    "vertex": Protocol(
        Recipe(
            Videos((("response", "videos", EACH, "bytesBase64Encoded"),), inline=True),
            Status(
                ("name",),
                HttpCall("POST", f"/{VERTEX}:fetch".replace("proj%201", f"SOME_PROJECT-{NONCE}"), {"n": OPERATION}),
                ("done",),
                ("true",),
            ),
        ),
        {
            ("POST", f"/v1/{VERTEX}:predict"): [(200, {"name": 'op "1" \\ {}'})],
            ("POST", f"/v1/{VERTEX}:fetch"): [
                (200, {}),
                (200, {"done": True, "response": {"videos": [{"bytesBase64Encoded": INLINE}] * 2}}),
            ],
        },
        videos=2,
        keyed=(f"/v1/{VERTEX}:predict", *[f"/v1/{VERTEX}:fetch"] * 2),
        provider={
            "account": {
                "project": {"env": "SOME_PROJECT", "required": True},
                "store": {"env": "SOME_STORE", "default": 'gs://b"1"'},
            }
        },
        path=f"/{VERTEX}:predict".replace("proj%201", f"SOME_PROJECT-{NONCE}"),
        body={"parameters": {"storageUri": f"SOME_STORE-{NONCE}/out"}},
    ),
    "cloudflare": Protocol(
        Recipe(Videos((("result", "result", "video"), ("result", "video"), ("video",)))),
        {
            ("POST", "/v1/videos"): [(200, {"result": {"video": "ELSEWHERE/1.mp4"}, "state": "Completed"})],
            ("GET", "/1.mp4"): [(200, MP4)],
        },
        keyed=("/v1/videos",),
    ),
    "tokenbay": Protocol(
        Recipe(
            Videos(path=f"/videos/{OPERATION}/content", with_credential=True),
            Status(
                ("id",),
                HttpCall("GET", f"/videos/{OPERATION}"),
                ("status",),
                ("success",),
                ("failure",),
                or_state=("data", "status"),
            ),
        ),
        {
            ("POST", "/v1/videos"): [(200, {"id": "task_1", "status": "QUEUED"})],
            ("GET", "/v1/videos/task_1"): [
                (200, {"status": "IN_PROGRESS", "data": {"status": "success"}}),
                (200, {"data": {}}),
                (200, {"data": {"status": "SUCCESS"}}),
            ],
            ("GET", "/v1/videos/task_1/content"): [(200, MP4)],
        },
        keyed=("/v1/videos", *["/v1/videos/task_1"] * 3, "/v1/videos/task_1/content"),
    ),
    "azerion": Protocol(
        Recipe(Videos((("videos", EACH, "base64_encoded"),), inline=True)),
        {("POST", "/v1/videos"): [(200, {"videos": [{"base64_encoded": INLINE}] * 3})]},
        videos=3,
        keyed=("/v1/videos",),
    ),
    "aigateway": Protocol(
        Recipe(
            Videos((("result", "url"), ("result", "file_url"), ("result_url",))),
            Status(
                ("id",), HttpCall("GET", f"/jobs/{OPERATION}"), ("status",), ("completed",), ("failed", "cancelled")
            ),
        ),
        {
            ("POST", "/v1/videos"): [(202, {"id": "j", "status": "queued"})],
            ("GET", "/v1/jobs/j"): [(304, None), (200, {"status": "completed", "result_url": "ELSEWHERE/1.mp4"})],
            ("GET", "/1.mp4"): [(200, MP4)],
        },
        keyed=("/v1/videos", *["/v1/jobs/j"] * 2),
    ),
}


def placed(protocol: Protocol, url: str) -> Answers:
    """Its answers with the links made whole; `localhost` is another origin than 127.0.0.1."""

    def whole(content: object) -> object:
        if content is None or isinstance(content, bytes):
            return content
        text = json.dumps(content).replace("HERE", url).replace(f"ELSEW{url}", url.replace("127.0.0.1", "localhost"))
        return json.loads(text)

    return {where: [(status, whole(each)) for status, each in said] for where, said in protocol.answers.items()}


def run_protocol(
    protocol: Protocol, language: Language, folder: Path
) -> tuple[Server, "subprocess.CompletedProcess[str]"]:
    text = written(
        script(
            protocol.body,
            protocol.recipe,
            known={"store": "never shown"},
            path=protocol.path,
            provider=protocol.provider,
        ),
        language,
    )
    assert "never shown" not in text
    server = Server({})
    with serving(server) as url:
        server.answers = placed(protocol, url)
        given = {"SOME_BASE_URL": f"{url}/v1/", "SOME_API_KEY": KEY, "SOME_PROJECT": "proj%201"}
        done = run_program(text, language, folder, given)
    assert KEY not in text + done.stdout + done.stderr
    return server, done


BAD_ENDS: dict[str, Answers] = {
    "error-in-200": {("POST", "/v1/videos"): [(200, {"error": {"message": "no such luck"}})]},
    "402": {("POST", "/v1/videos"): [(402, {"error": {"message": "no such luck"}})]},
    "500": {("POST", "/v1/videos"): [(500, b"<html>no such luck")]},
    "html": {("POST", "/v1/videos"): [(200, b"<html>no such luck")]},
    "redirect": {("POST", "/v1/videos"): [(307, "no such luck")]},
    "no-id": {("POST", "/v1/videos"): [(200, {"words": "no such luck"})]},
    "failed": {
        ("POST", "/v1/videos"): [(200, {"id": "1"})],
        ("GET", "/v1/videos/1"): [(200, {"status": "FAILURE", "fail_reason": "no such luck"})],
    },
    "gone": {
        ("POST", "/v1/videos"): [(200, {"id": "1"})],
        ("GET", "/v1/videos/1"): [(404, {"error": "no such luck"})],
    },
    "no-video": {
        ("POST", "/v1/videos"): [(200, {"id": "1"})],
        ("GET", "/v1/videos/1"): [(200, {"status": "done", "videos": [], "why": "no such luck"})],
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
class TestProtocols:
    @pytest.mark.parametrize("name", PROTOCOLS)
    def test_are_followed_to_the_videos(self, name: str, language: Language, tmp_path: Path) -> None:
        protocol = PROTOCOLS[name]
        server, done = run_protocol(protocol, language, tmp_path / "run")
        assert done.returncode == 0, done.stderr
        names = ["video.mp4", *(f"video-{number}.mp4" for number in range(2, protocol.videos + 1))]
        assert done.stdout.split() == names
        assert {each.name: each.read_bytes() for each in (tmp_path / "run").iterdir()} == dict.fromkeys(names, MP4)
        assert server.keyed() == list(protocol.keyed)
        assert [method for method, path, _, _ in server.asked if path == f"/v1{protocol.path}"] == ["POST"] or (
            name == "vertex"
        )

    def test_put_account_and_operation_in_as_they_are(self, language: Language, tmp_path: Path) -> None:
        server, _ = run_protocol(PROTOCOLS["vertex"], language, tmp_path / "run")
        bodies = [body for _, _, _, body in server.asked]
        assert bodies == [{"parameters": {"storageUri": 'gs://b"1"/out'}}, *[{"n": 'op "1" \\ {}'}] * 2]

    @pytest.mark.parametrize("answers", BAD_ENDS.values(), ids=BAD_ENDS)
    def test_that_end_badly_end_it_with_the_providers_words(
        self, answers: Answers, language: Language, tmp_path: Path
    ) -> None:
        status = Status(("id",), HttpCall("GET", f"/videos/{OPERATION}"), ("status",), ("done",), ("failure",))
        server, done = run_protocol(Protocol(Recipe(POLLED.videos, status), answers), language, tmp_path / "run")
        assert done.returncode == 1
        assert "no such luck" in done.stderr
        assert [method for method, *_ in server.asked].count("POST") == 1
        assert not list((tmp_path / "run").iterdir())

    def test_that_lose_the_answer_say_that_it_may_have_been_taken(self, language: Language, tmp_path: Path) -> None:
        server = Server({("POST", "/videos"): [(200, CUT)]})
        with serving(server) as url:
            given = {"SOME_BASE_URL": url, "SOME_API_KEY": KEY}
            done = run_program(written(script({}), language), language, tmp_path / "run", given)
        assert done.returncode == 1
        assert "its answer was lost" in done.stderr
        assert "Traceback" not in done.stderr
        assert len(server.asked) == 1

    def test_that_never_end_are_left_at_the_deadline_with_their_operation(
        self, language: Language, tmp_path: Path
    ) -> None:
        answers: Answers = {
            ("POST", "/v1/videos"): [(200, {"id": "op-77"})],
            ("GET", "/v1/videos/op-77"): [(200, {"status": "running"})],
        }
        protocol = Protocol(
            POLLED,
            answers,
            provider={"deadline_minutes": 0.01},
        )
        _, done = run_protocol(protocol, language, tmp_path / "run")
        assert done.returncode == 1
        assert "still running" in done.stderr
        assert "op-77" in done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
class TestEnvironment:
    @pytest.mark.parametrize("missing", ["SOME_API_KEY", "SOME_BASE_URL"])
    def test_that_lacks_something_is_told_so(self, missing: str, language: Language, tmp_path: Path) -> None:
        base = {"env": "SOME_BASE_URL", "default": "http://some.localhost/v1"}
        text = written(script({}, provider={"base_url": base}), language)
        assert "some.localhost" not in text
        assert "playground emulate" in text
        given = {"SOME_API_KEY": KEY, "SOME_BASE_URL": "http://127.0.0.1:1", missing: ""}
        done = run_program(text, language, tmp_path / "run", given)
        assert done.returncode != 0
        assert missing in done.stderr

    def test_has_the_last_word_on_the_base_url(self, language: Language) -> None:
        account = {"place": {"env": "SOME_PLACE", "default": "us"}}
        base = {"env": "SOME_BASE_URL", "default": "https://{place}.example.com/v1"}
        text = written(script({}, known={"place": "eu"}, provider={"account": account, "base_url": base}), language)
        assert ".example.com/v1" in text
        assert "SOME_PLACE" in text
        assert NONCE not in text
        assert "eu." not in text


def test_needs_what_it_says() -> None:
    """The tools that a developer's machine, and this one, must have."""
    assert [tool for tool in ("curl", "jq") if shutil.which(tool) is None] == []
