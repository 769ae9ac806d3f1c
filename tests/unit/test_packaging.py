"""The wheel alone is enough: built, installed elsewhere and run from there, it makes a video."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
REQUEST = {"provider": "sandbox", "mode": "text-to-video", "prompt": "A paper boat at dusk", "duration_seconds": 4}


def run(*words: str | Path, cwd: Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that must succeed; with a home, in an environment that knows nothing of this checkout."""
    clean = {"HOME": str(home), "PATH": os.defpath, "LANG": "C.UTF-8"} if home else None
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=clean, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the `playground` command of a new environment that holds the wheel and borrows only its dependencies."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "-qq", "--no-deps", "--no-index", wheel, cwd=folder)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).stdout.strip()
    Path(packages, "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "playground"


def test_the_wheel_carries_the_tables_and_the_assets(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    kept = subprocess.run(
        ["git", "ls-files", "assets", "playground"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert any(name.endswith(".toml") for name in kept)
    expected = {name if name.startswith("playground/") else f"playground/{name}" for name in kept}
    assert expected <= packed, expected - packed


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops <= {"playground"} | {top for top in tops if top.endswith(".dist-info")}


def test_it_is_run_from_where_it_was_installed(installed: Path, tmp_path: Path) -> None:
    ask = "import playground; from playground.assets import asset; print(playground.__file__, asset(), sep='\\n')"
    found = run(installed.parent / "python", "-c", ask, cwd=tmp_path, home=tmp_path).stdout.splitlines()
    assert [Path(line).is_relative_to(installed.parents[1]) for line in found] == [True, True]


def test_it_makes_a_video(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps(REQUEST))
    done = run(
        installed, "generate", "request.json", "--out", "boat.mp4", "--json", cwd=tmp_path, home=tmp_path / "home"
    )
    finished = json.loads(done.stdout.splitlines()[-1])
    assert finished["status"] == "succeeded"
    assert [Path(name).name for name in finished["files"]] == ["boat.mp4"]
    assert (tmp_path / "boat.mp4").read_bytes()[4:8] == b"ftyp"


def test_it_shows_its_tables(installed: Path, tmp_path: Path) -> None:
    shown = run(installed, "capabilities", "--json", cwd=tmp_path, home=tmp_path)
    assert "sandbox" in shown.stdout
    for line in shown.stdout.splitlines():
        json.loads(line)


def pins(name: str) -> set[str]:
    return set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(), re.MULTILINE))


def test_developing_uses_the_versions_that_run() -> None:
    assert pins("requirements.lock")
    assert pins("requirements.lock") < pins("requirements-dev.lock")


def test_every_dependency_is_pinned_within_its_range() -> None:
    pinned = dict(pin.split("==") for pin in pins("requirements-dev.lock"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for line in project["project"]["dependencies"] + project["dependency-groups"]["dev"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)]), line


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
