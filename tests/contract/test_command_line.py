"""The command line as programs rely on it: exit codes, one JSON object a line, nothing sent that should not be."""

import asyncio
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from playground.cli import main
from playground.commands import generate
from playground.domain.view import JobView
from playground.jobs.boxes import mp4_problem
from tests.emulation import Emulation

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]

BOAT = {"provider": "sandbox", "mode": "text-to-video", "prompt": "A boat.", "duration_seconds": 4}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on a data folder of its own; answers its exit code, the JSON lines, and what was said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLAYGROUND_POLL_SECONDS", "0.1")

    def command(*words: str, request: object = None) -> tuple[int, list[dict[str, Any]], str]:
        if request is not None:
            text = request if isinstance(request, str) else json.dumps(request)
            monkeypatch.setattr("sys.stdin", io.StringIO(text))
        folder = () if "--data-dir" in words else ("--data-dir", str(tmp_path / "data"))
        code = main([*words, *folder])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        lines = [json.loads(line) for line in out.splitlines()] if "--json" in words else [{"text": out}]
        return code, lines, err

    return command


def test_a_video_is_made_and_copied(run: Run, tmp_path: Path) -> None:
    code, lines, _ = run("generate", "-", "--out", "x.mp4", "--json", request={**BOAT, "number_of_videos": 2})
    assert code == 0
    assert {line["event"] for line in lines[:-1]} == {"status"}
    end = lines[-1]
    assert (end["event"], end["status"], end["charged"], end["price_usd"]) == ("finished", "succeeded", "no", 0.0)
    assert end["files"] == ["x.mp4", "x-2.mp4"]
    assert end["error"] is None
    assert end["job_id"].isalnum(), "a hyphen in front would make it an option"
    assert [mp4_problem(tmp_path / name) for name in end["files"]] == [None, None]
    code, jobs, _ = run("jobs", "--json")
    assert (code, [job["id"] for job in jobs]) == (0, [end["job_id"]])
    assert run("resume", "--json")[:2] == (0, [])
    assert run("resume", end["job_id"], "--json")[0] == 0


def test_what_becomes_of_an_uncertain_job_is_decided_here_too(run: Run) -> None:
    def lost() -> str:
        request = {**BOAT, "prompt": "A boat [sandbox:lost-reply]."}
        return run("generate", "-", "--json", request=request)[1][-1]["job_id"]

    first, second = lost(), lost()
    _, [told], ways = run("jobs")
    assert "to Sandbox (sandbox.localhost), for 0.00 USD. The sandbox lists" in told["text"]
    assert "--provider-job-id ID, --lost or --again" in ways
    for words in (
        ["--lost"],
        [first, "--provider-job-id", "../x"],
        [first, "--again"],
        [first, "--again", "--price", "1"],
    ):
        code, _, says = run("resume", *words)
        assert code == 2, says
    assert f"To do so: playground resume {first} --again --price 0" in says
    code, lines, _ = run("resume", first, "--again", "--price", "0", "--json")
    assert (code, lines[-1]["status"], run("jobs", "--json")[1][0]["instead_of"]) == (4, "uncertain", first)
    new = lines[-1]["job_id"]
    assert run("resume", first, "--again", "--price", "0", "--json")[1][-1]["job_id"] == new
    assert len(run("jobs", "--json")[1]) == 3
    code, lines, _ = run("resume", new, "--lost", "--json")
    assert (code, lines[-1]["error"]["code"], lines[-1]["charged"]) == (3, "lost", "unknown")
    # Two were taken with the same words: only an id tells them apart.
    code, _, says = run("resume", second, "--json")
    assert (code, "3 jobs that may be this one" in says) == (4, True)
    code, lines, _ = run("resume", second, "--provider-job-id", says.split()[-1], "--json")
    assert (code, lines[-1]["status"]) == (0, "succeeded")


@pytest.mark.parametrize(
    ("rehearsal", "exit_code", "status", "charged"),
    [
        ("filtered", 3, "failed", "no"),
        ("fails", 3, "failed", "no"),
        ("done-without-video", 3, "failed", "unknown"),
        ("lost-reply", 4, "uncertain", "unknown"),
    ],
)
def test_every_ending_has_its_exit_code(run: Run, rehearsal: str, exit_code: int, status: str, charged: str) -> None:
    request = {**BOAT, "prompt": f"A boat [sandbox:{rehearsal}]."}
    code, lines, _ = run("generate", "-", "--json", request=request)
    end = lines[-1]
    assert (code, end["status"], end["charged"], end["files"]) == (exit_code, status, charged, [])
    assert end["error"]["message"]
    assert end["error"]["next_step"]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({**BOAT, "duration_seconds": 5}, "duration_seconds"),
        ({**BOAT, "prompt": " "}, "prompt"),
        ({**BOAT, "colour": "red"}, "colour"),
        ({**BOAT, "seed": "0"}, "seed"),
        ({**BOAT, "provider": "nobody"}, "provider"),
        ({"mode": "text-to-video"}, "provider"),
        ("no json", "request"),
        ("[]", "request"),
        ('{"seed": ' + "9" * 5000 + "}", "request"),
        ('{"seed": ' + "[" * 50_000, "request"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_sent(run: Run, request_: object, field: str, tmp_path: Path) -> None:
    code, lines, _ = run("generate", "-", "--json", request=request_)
    assert (code, len(lines)) == (2, 1)
    assert (lines[0]["status"], lines[0]["charged"]) == ("failed", "no")
    assert [issue["field"] for issue in lines[0]["issues"]] == [field]
    code, lines, _ = run("check", "-", "--json", request=request_)
    assert (code, lines[0]["valid"]) == (2, False)
    assert [issue["field"] for issue in lines[0]["issues"]] == [field]
    assert all(issue["evidence"] for issue in lines[0]["issues"])
    assert not (tmp_path / "data" / "sandbox").exists()


def test_a_byte_order_mark_is_no_part_of_a_request(run: Run, tmp_path: Path) -> None:
    (tmp_path / "boat.json").write_text(json.dumps(BOAT), "utf-8-sig")
    assert run("check", "boat.json", "--json")[0] == 0
    assert run("check", "-", "--json", request="\ufeff" + json.dumps(BOAT))[0] == 0


def test_a_check_says_what_would_do(run: Run) -> None:
    code, lines, _ = run("check", "-", "--json", request={**BOAT, "duration_seconds": 5})
    (answer,) = lines
    assert code == 2
    assert set(answer) >= {"valid", "price_usd", "issues", "proposals", "providers"}
    (issue,) = answer["issues"]
    assert issue["allowed"] == [4, 6, 8]
    proposal = answer["proposals"][0]
    assert proposal["changes"] == {"duration_seconds": {"from": 5, "to": proposal["request"]["duration_seconds"]}}
    code, (again,), _ = run("check", "-", "--json", request=proposal["request"])
    assert (code, again["valid"]) == (0, True)
    assert {offer["provider"] for offer in answer["providers"]} >= {"sandbox", "vertex"}


def test_a_provider_that_cannot_be_used_is_not_configured(run: Run) -> None:
    request = {"provider": "vertex", "mode": "text-to-video", "prompt": "A boat."}
    code, lines, _ = run("generate", "-", "--json", request=request)
    assert (code, lines[-1]["error"]["code"], lines[-1]["charged"]) == (5, "not_configured", "no")


def test_a_setting_that_cannot_be_read_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_POLL_SECONDS", "often")
    code, lines, _ = run("jobs", "--json")
    assert code == 5
    assert "PLAYGROUND_POLL_SECONDS" in lines[0]["error"]["message"]


def test_the_tables_are_printed(run: Run) -> None:
    code, lines, _ = run("capabilities", "--json")
    assert code == 0
    assert {line["provider"] for line in lines} >= {"sandbox", "gemini", "vertex"}
    assert all(isinstance(each["stale"], bool) for line in lines for each in line["evidence"].values())
    assert run("capabilities", "--provider", "nobody")[0] == 2
    code, (text,), _ = run("capabilities", "--provider", "sandbox")
    assert code == 0
    assert "Interpolation" in text["text"]


@pytest.mark.parametrize("command", ["serve", "emulate"])
@pytest.mark.parametrize("port", ["99999", "-1", "many", "9" * 5000])
def test_a_port_that_is_none_is_refused_in_words(
    command: str, port: str, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(command, f"--port={port}")
    assert stopped.value.code == 2
    assert "a port is a number from 0 to 65535" in capsys.readouterr().err


def test_an_unknown_command_is_named(run: Run) -> None:
    code, _, said = run("frobnicate", "--json")
    assert code == 2
    assert "There is no command 'frobnicate'. There are: serve, generate, check," in said


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "playground", "capabilities", "--json", "--data-dir", str(tmp_path))
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_resume_tells_of_parked_jobs_however_many_others_there_are(run: Run, tmp_path: Path) -> None:
    code, lines, _ = run("generate", "-", "--json", request={**BOAT, "prompt": "A boat [sandbox:filtered]."})
    assert code == 3
    done = lines[-1]["job_id"]
    with sqlite3.connect(tmp_path / "data" / "playground.db") as ledger:
        names = [str(row[1]) for row in ledger.execute("PRAGMA table_info(jobs)")]
        replaced = {"id": "'copy-' || n", "created_at": "created_at + n", "nonce": "NULL"}
        copied = ", ".join(replaced.get(name, name) for name in names)
        numbers = "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 250)"
        ledger.execute(f"{numbers} INSERT INTO jobs SELECT {copied} FROM jobs, counted WHERE id = ?", (done,))
        parked = (
            "UPDATE jobs SET state = 'parked', parked_from = 'running', credential = 'visitor', provider = 'vertex'"
        )
        ledger.execute(f"{parked} WHERE id IN ('copy-1', 'copy-2')")
    ledger.close()
    code, lines, _ = run("resume", "--json")
    assert (code, {line["job_id"]: line["status"] for line in lines}) == (5, {"copy-1": "parked", "copy-2": "parked"})
    code, lines, _ = run("resume", "copy-1", "--json")
    assert (code, [(line["job_id"], line["status"]) for line in lines]) == (5, [("copy-1", "parked")])
    code, lines, _ = run("resume", done, "--json")
    assert (code, [(line["job_id"], line["status"]) for line in lines]) == (3, [(done, "failed")])
    code, lines, _ = run("resume", "nobody", "--json")
    assert (code, len(lines), lines[0]["error"]["code"]) == (2, 1, "invalid")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PLAYGROUND_DATA_DIR", "a-file"),
        ("PLAYGROUND_DATA_DIR", "/proc/nope"),
        ("PLAYGROUND_DATA_DIR", "damaged"),
        ("PLAYGROUND_MEDIA_URL", "a-file"),
        ("PLAYGROUND_DATABASE_URL", "garbage"),
        ("PLAYGROUND_DATABASE_URL", "postgresql://somebody:secret@localhost/playground"),
        ("PLAYGROUND_DATABASE_URL", "sqlite:////proc/nope/playground.db"),
        ("PLAYGROUND_CATALOG_DIR", "nowhere"),
        ("PLAYGROUND_CATALOG_DIR", "tables"),
    ],
)
def test_what_cannot_be_opened_is_named_by_its_setting(
    setting: str, value: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").touch()
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "mine.toml").write_text("no table")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "playground.db").write_text("no database " * 500)
    monkeypatch.setenv(setting, value)
    folder = ("--data-dir", value) if setting == "PLAYGROUND_DATA_DIR" else ()
    code, lines, _ = run("generate", "-", "--json", *folder, request=BOAT)
    assert (code, len(lines)) == (5, 1)
    assert (lines[0]["event"], lines[0]["charged"], lines[0]["error"]["code"]) == ("finished", "no", "not_configured")
    assert setting in lines[0]["error"]["message"]
    assert "secret" not in lines[0]["error"]["message"]
    code, _, said = run("serve", "--port", "0", *folder)
    assert (code, said.count("\n")) == (5, 1)
    assert setting in said


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("command", "exit_code"), [("generate", 6), ("resume", 6), ("check", 130), ("jobs", 130)])
def test_only_a_job_goes_on_after_ctrl_c(
    command: str, exit_code: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playground.main.Playground.open", interrupt)
    words = (command, "-") if command in ("generate", "check") else (command,)
    assert run(*words, request=BOAT)[0] == exit_code


def test_a_job_that_is_left_running_says_how_it_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def press_ctrl_c(view: JobView, **_: object) -> None:
        if view.state == "running":  # before, nobody can tell whether it was accepted
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("playground.commands.generate.show_status", press_ctrl_c)
    code, lines, _ = run("generate", "-", "--json", request={**BOAT, "prompt": "A boat [sandbox:slow]."})
    assert code == 6
    (end,) = lines
    assert (end["event"], end["status"], end["error"]) == ("finished", "running", None)
    assert end["notes"][-1] == (f"The job goes on where a page runs it; otherwise: playground resume {end['job_id']}")


def test_a_create_that_ctrl_c_cut_off_is_uncertain_and_not_said_to_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, server: Emulation
) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)

    def press_ctrl_c(view: JobView, **_: object) -> None:
        if view.state == "submitting":
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("playground.commands.generate.show_status", press_ctrl_c)
    request = {**BOAT, "provider": "cloudflare", "prompt": "A boat [sandbox:never-ends]."}
    code, (end,), _ = run("generate", "-", "--json", request=request)
    assert (code, end["status"], end["charged"], end["error"]["code"]) == (4, "uncertain", "unknown", "uncertain")
    assert not [note for note in end["notes"] if "goes on" in note]
    assert end["error"]["next_step"]


@pytest.mark.parametrize(
    "out", ["folder", "a-file/x.mp4", "/proc/nope/x.mp4", "/proc/x.mp4", "locked/x.mp4", "nul\0.mp4"]
)
def test_a_place_that_cannot_be_written_is_refused_at_once(run: Run, out: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a-file").touch()
    (tmp_path / "locked").mkdir(mode=0o500)
    if out == "locked/x.mp4" and os.access(Path(out).parent, os.W_OK):
        pytest.skip("this user may write everywhere")
    code, lines, _ = run("generate", "-", "--out", out, "--json", request=BOAT)
    assert (code, len(lines)) == (2, 1)
    assert (lines[0]["event"], lines[0]["error"]["code"], lines[0]["charged"]) == ("finished", "invalid", "no")
    assert [issue["field"] for issue in lines[0]["issues"]] == ["out"]
    assert run("jobs", "--json")[:2] == (0, [])


def test_a_copy_that_fails_is_a_note_not_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    view = JobView.model_construct(notes=("Before.",))
    after, files = asyncio.run(generate.deliver(view, [tmp_path / "1.mp4"], tmp_path / "x.mp4"))
    assert files == [tmp_path / "1.mp4"]
    assert after.notes[0] == "Before."
    assert "No space left on device" in after.notes[1]


def test_a_check_in_words_says_what_would_do_and_who_can(run: Run) -> None:
    code, (told,), said = run("check", "-", request={**BOAT, "duration_seconds": 5})
    assert code == 2
    assert said.startswith("error: duration_seconds: ")
    assert "would do: duration_seconds: 5 → 4; price: 0.00 USD\n" in told["text"]
    code, (told,), _ = run("check", "-", request=BOAT)
    assert (code, "would do" in told["text"]) == (0, False)
    assert told["text"].startswith("valid; price: 0.00 USD\ncan do it: ")
    assert "can do it: sandbox " in told["text"]
