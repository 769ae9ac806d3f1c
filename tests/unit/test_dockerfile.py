"""The image cannot be built here, so what usually goes wrong with one is read out of the Dockerfile."""

import json
import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

from playground.cli import build_parser

ROOT = Path(__file__).parents[2]
HF_SPACES_UID = "1000"


def instructions(text: str) -> list[tuple[str, str]]:
    """Return (word, arguments) of every instruction, continued lines joined and comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [
        (word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in joined.split("\n")) if word
    ]


DOCKERFILE = instructions((ROOT / "Dockerfile").read_text())


def every(word: str) -> list[str]:
    return [rest for name, rest in DOCKERFILE if name == word]


def only(word: str) -> str:
    (rest,) = every(word)
    return rest


def position(word: str, part: str = "") -> int:
    return next(i for i, (name, rest) in enumerate(DOCKERFILE) if name == word and part in rest)


def environment() -> dict[str, str]:
    pairs = (pair.partition("=") for rest in every("ENV") for pair in shlex.split(rest))
    return {name: value for name, _, value in pairs}


def command() -> list[str]:
    return json.loads(only("CMD"))


def copied() -> list[str]:
    return [source for rest in every("COPY") for source in rest.split()[:-1] if not source.startswith("--")]


def sent_to_the_engine(path: str) -> bool:
    """Whether .dockerignore lets a path through: the last pattern that matches decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            plain = pattern.removeprefix("!").rstrip("/")
            if any(fnmatch(part, plain) for part in (path, *map(str, Path(path).parents))):
                sent = pattern.startswith("!")
    return sent


def test_everything_copied_exists_and_reaches_the_engine() -> None:
    assert copied()
    for source in copied():
        assert (ROOT / source).exists(), source
        assert sent_to_the_engine(source.rstrip("/")), source


def test_everything_the_package_is_made_of_is_copied() -> None:
    assert {"playground/", "assets/"} <= set(copied())


def test_keys_and_history_never_reach_the_engine() -> None:
    for path in (".env", ".git", ".venv", "data", "playground.sqlite"):
        assert not sent_to_the_engine(path), path


def test_it_installs_the_locked_versions_before_the_code_changes() -> None:
    assert "requirements.lock" in copied()
    assert "requirements.lock" in every("RUN")[0]
    assert position("RUN", "requirements.lock") < position("COPY", "playground/")


def test_it_starts_from_a_python_that_the_package_takes() -> None:
    assert re.fullmatch(r"python:3\.11(\.\d+)?-slim(-\w+)?", only("FROM"))


def test_it_runs_as_the_user_of_hugging_face_spaces() -> None:
    assert only("USER") == HF_SPACES_UID
    assert any(f"--uid {HF_SPACES_UID}" in rest for rest in every("RUN"))
    assert position("RUN", "useradd") < position("USER") < position("CMD")


def test_the_data_folder_is_a_volume_that_this_user_may_write() -> None:
    folder = environment()["PLAYGROUND_DATA_DIR"]
    assert only("VOLUME") == folder
    owned = next(rest for rest in every("RUN") if "chown" in rest)
    name = re.search(r"useradd .*?(\S+)\s*&&", owned)
    assert name is not None
    assert f"chown {name[1]}:{name[1]} {folder}" in owned
    assert position("RUN", "chown") < position("VOLUME"), "what changes after VOLUME is thrown away"


def test_the_command_is_one_that_the_code_understands() -> None:
    words = command()
    assert words[:3] == ["python", "-m", "playground"]
    options = build_parser().parse_args(words[3:])
    assert options.host == "0.0.0.0"
    assert str(options.port) == only("EXPOSE")


def test_every_port_named_is_the_same() -> None:
    port = only("EXPOSE")
    assert str(build_parser().parse_args(["serve"]).port) == port
    assert f":{port}/healthz" in only("HEALTHCHECK")
    assert f"\napp_port: {port}\n" in (ROOT / "README.md").read_text()


def test_the_health_check_is_python_that_compiles() -> None:
    words = json.loads(only("HEALTHCHECK").partition("CMD")[2])
    assert words[:2] == ["python", "-c"]
    compile(words[2], "HEALTHCHECK", "exec")


def test_nobody_is_told_about_it() -> None:
    assert environment()["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert environment()["HF_HUB_DISABLE_TELEMETRY"] == "1"
