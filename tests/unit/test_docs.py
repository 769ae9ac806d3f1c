"""What README.md and .env.example promise exists, and what exists is in them."""

import argparse
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from playground.cli import build_parser
from playground.domain.provider import REHEARSALS
from playground.registry import adapter_stems
from playground.settings import SETTING_NAMES
from tests.bench.__main__ import TABLES
from tests.readme import block, providers

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()


def section(title: str) -> str:
    """Return the text under a heading of the README, up to the next one of its level or above."""
    heading = re.search(rf"^(#+) {re.escape(title)}$", README, re.MULTILINE)
    assert heading, f"README has no heading {title!r}"
    rest = README[heading.end() :]
    following = re.search(rf"^#{{1,{len(heading[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def commands() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command; argparse has no public way to ask."""
    actions = build_parser()._actions  # pyright: ignore[reportPrivateUsage]
    (found,) = (action.choices for action in actions if action.choices and action.nargs == argparse.PARSER)
    return dict(cast("Mapping[str, argparse.ArgumentParser]", found))


def rows(title: str) -> list[str]:
    """Return the first cell of each row of the table under a heading."""
    return re.findall(r"^\| (`[^|]*(?:\\\|[^|]*)*) \|", section(title), re.MULTILINE)


def test_the_readme_begins_with_the_card_of_a_space() -> None:
    card = re.match(r"---\n(.*?)\n---\n\n# Veo Playground\n", README, re.DOTALL)
    assert card
    assert {"sdk: docker", "app_port: 7860"} <= set(card[1].splitlines())


def test_the_command_table_is_the_command_line() -> None:
    documented = {
        re.split(r"[ `]", row.removeprefix("`playground ").lstrip("["))[0].rstrip("]") for row in rows("Command line")
    }
    assert documented == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_is_documented(name: str) -> None:
    (row,) = (r for r in rows("Command line") if re.match(rf"`playground \[?{name}\b", r))
    (everywhere,) = re.findall(r"Every command takes .*", section("Command line"))
    options = set(re.findall(r"--[a-z][a-z-]*", commands()[name].format_usage()))
    assert options == set(re.findall(r"--[a-z][a-z-]*", row + everywhere))


def named_by_the_tables() -> set[str]:
    """Return the environment names of keys, base URLs and account settings."""
    tables = (path.read_text() for path in (ROOT / "playground/catalog").glob("*.toml"))
    return {name for table in tables for name in re.findall(r'\benv = "(\w+)"', table)}


def test_every_setting_is_in_the_readme_and_the_example() -> None:
    settings = {*SETTING_NAMES, *named_by_the_tables()}
    documented = {name for row in rows("Settings") for name in re.findall(r"`(\w+)`", row)}
    example = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
    assert documented == settings
    assert sorted(example) == sorted(settings)


def test_the_example_sets_nothing() -> None:
    assert all(line.startswith("#") for line in EXAMPLE.splitlines() if line.strip())


def test_the_provider_table_is_what_the_tables_say() -> None:
    assert block(README, "providers") == providers(), "python -m tests.readme --write accepts the tables as they are"
    documented = set(re.findall(r"^\| `(\w+)` \|", providers(), re.MULTILINE))
    assert documented == {path.stem for path in (ROOT / "playground/catalog").glob("*.toml")}


def test_only_those_with_an_adapter_are_said_to_make_videos() -> None:
    making = re.findall(r"^\| `(\w+)` \|.*\| makes videos \|", block(README, "providers"), re.MULTILINE)
    assert making == list(adapter_stems())


def test_every_rehearsal_is_described() -> None:
    assert [row.strip("`") for row in rows("Rehearsals")] == list(REHEARSALS)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_exists(document: str) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^make (\w+)|`make (\w+)", (ROOT / document).read_text(), re.MULTILINE))
    assert {first or second for first, second in named} <= targets


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_path_that_is_named_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    paths = re.findall(r"`((?:playground|tests|assets)/[\w./-]*)`", text)
    missing = [name for name in links + paths if not (ROOT / name).exists()]
    assert not missing


@pytest.mark.parametrize("name", TABLES)
def test_what_was_measured_names_its_machine_and_its_goals(name: str) -> None:
    measured = block(README, name)
    if measured == "Not measured yet.":
        return
    how = r"(the median of at least \d+ runs|one run)"
    assert re.match(rf"Measured on \d{{4}}-\d\d-\d\d \(.*\d+ cores?, .*\), {how}\. ", measured)
    missed = [line for line in measured.splitlines() if "**missed**" in line]
    assert bool(missed) is ("Missed: " in measured)


def test_no_file_names_a_package_registry() -> None:
    # Written apart, or this file would name them.
    hosts = [f"{name}.org" for name in ("pypi", "pythonhosted", "npmjs")] + [f"deb.{'debian'}"]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    naming = [f"{f.relative_to(ROOT)}: {host}" for f in files for host in hosts if host.encode() in f.read_bytes()]
    assert naming == []
