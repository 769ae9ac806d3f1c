"""The code that `playground call` prints runs against every stand-in, from the create to a whole video.

The sandbox's, printed by the command line itself, is in `test_call_runs`.
"""

from pathlib import Path

import pytest

from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec, Polling
from playground.domain.request import Mode, is_url
from playground.domain.snippets import LANGUAGES, Language, script_for, written
from playground.domain.snippets.script import Placeholders
from playground.domain.snippets.text import Medium
from playground.jobs.boxes import mp4_problem
from playground.jobs.formats import MIME_TYPES
from playground.jobs.probe import probe_image
from playground.registry import Registry
from tests.emulation import Emulation, key_of
from tests.house import request_for
from tests.programs import run_program

TABLES = load_tables()
REGISTRY = Registry(TABLES, lambda _: None)
STEMS = sorted(stem for stem in REGISTRY.providers if stem != "sandbox")
MODES: tuple[Mode, ...] = ("text-to-video", "image-to-video")
QUICK = Polling(first=0.1, then=0.1, never_below=0.1)


def program(stem: str, mode: Mode, language: Language) -> str:
    """What is printed for the least request of a mode; only its pauses are shorter."""
    facts = TABLES[stem].provider
    if facts.poll_seconds is not None:
        facts = facts.model_copy(update={"poll_seconds": QUICK, "deadline_minutes": 1})
    spec = next(spec for spec in TABLES[stem].specs.values() if spec.mode == mode)
    assert isinstance(spec, ModeSpec)
    request = request_for(spec)
    media = {reference: Medium(reference, _type(reference)) for _, _, reference in request.media()}
    marks = Placeholders(facts, REGISTRY[stem].context.account, "5f0c41d2")
    script = script_for(request, spec, marks, REGISTRY[stem].adapter, media)
    assert script is not None
    return written(script, language)


def _type(reference: str) -> str | None:
    return "image/png" if is_url(reference) else MIME_TYPES[probe_image(Path(reference)).format or ""]


@pytest.mark.timeout(300)  # three languages on a busy machine
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stem", STEMS)
def test_printed_code_makes_a_video_with_one_create(
    stem: str, mode: Mode, language: Language, server: Emulation, tmp_path: Path
) -> None:
    done = run_program(program(stem, mode, language), language, tmp_path / "run", server.environment())
    assert done.returncode == 0, done.stderr
    assert key_of(stem) not in done.stdout + done.stderr
    assert [mp4_problem(tmp_path / "run" / name) for name in done.stdout.split()] == [None]
    assert server.accepted(stem) == 1
