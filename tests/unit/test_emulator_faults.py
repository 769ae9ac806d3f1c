"""The stand-ins' server: faults of the wire as asked, and a journal of what came in."""

import json
import urllib.error
import urllib.request
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import pytest

from playground.emulator._faults import FAULTS, TCP_FAULTS
from tests.emulation import Emulation


def create(server: Emulation, **headers: str) -> dict[str, Any]:
    body = {"model": "sandbox-preview", "mode": "text-to-video", "prompt": "A boat.", "duration_seconds": 4}
    return ask(f"{server.base_url('sandbox')}/videos", body, **headers)


def ask(url: str, body: object = None, **headers: str) -> dict[str, Any]:
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as answer:
        return json.loads(answer.read())


def video(server: Emulation) -> str:
    job = create(server)
    while not (view := ask(f"{server.base_url('sandbox')}/videos/{job['id']}"))["videos"]:
        pass
    return server.origin + view["videos"][0]["url"]


def test_a_queued_fault_is_played_as_often_as_asked(server: Emulation) -> None:
    server.fault("sandbox", "create", "error-503", times=2)
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError) as refused:
            create(server)
        assert refused.value.code == 503
        assert json.loads(refused.value.read())["error"]["message"]
    create(server)
    assert server.accepted("sandbox") == 1


def test_a_header_asks_for_a_fault_of_its_own_request(server: Emulation) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        create(server, **{"x-fault": "html"})
    assert (refused.value.code, refused.value.read()[:9]) == (502, b"<!doctype")
    assert server.accepted("sandbox") == 0


def test_a_lost_reply_was_accepted(server: Emulation) -> None:
    server.fault(None, "create", "lost")
    with pytest.raises((IncompleteRead, ConnectionError)):
        create(server)
    assert server.accepted("sandbox") == 1


def test_a_cut_download_goes_on_where_it_ended(server: Emulation) -> None:
    url = video(server)
    with urllib.request.urlopen(url) as answer:
        whole = answer.read()
    server.fault("sandbox", "file", "cut")
    with pytest.raises(IncompleteRead) as cut, urllib.request.urlopen(url) as answer:
        answer.read()
    held = cut.value.partial
    assert 0 < len(held) < len(whole)
    with urllib.request.urlopen(urllib.request.Request(url, headers={"range": f"bytes={len(held)}-"})) as rest:
        assert (rest.status, held + rest.read()) == (206, whole)
    server.fault("sandbox", "file", "range-ignored")
    with urllib.request.urlopen(urllib.request.Request(url, headers={"range": "bytes=9-"})) as again:
        assert (again.status, again.read()) == (200, whole)


def test_a_download_is_sent_to_another_origin(server: Emulation) -> None:
    url = video(server)
    server.fault("sandbox", "file", "other-origin")
    with urllib.request.urlopen(url) as answer:
        assert answer.url.startswith(server.origin.replace("127.0.0.1", "localhost"))
        assert answer.read(12)[4:8] == b"ftyp"


def test_the_journal_has_names_of_headers_and_no_values(server: Emulation) -> None:
    create(server, authorization="Bearer canary")
    (line,) = server.requests()
    assert (line["method"], line["path"], line["status"]) == ("POST", "/v1/videos", 200)
    assert "authorization" in line["headers"]
    assert line["body_bytes"] > 0
    assert "canary" not in json.dumps(server.requests())


@pytest.mark.parametrize(
    ("provider", "step", "fault", "known"),
    [
        ("sandbox", "create", "earthquake", (*FAULTS, "filtered")),
        (None, "create", "earthquake", (*FAULTS, "filtered", "use-case")),
        ("sandbox", "create", "use-case", FAULTS),
        ("sandbox", "file", "filtered", FAULTS),
        ("sandbox", "connection", "html", TCP_FAULTS),
        ("sandbox", "earthquake", "html", ("create", "status", "file", "connection")),
        ("nobody", "create", "html", ("sandbox", "gemini")),
    ],
)
def test_an_unknown_fault_is_refused_with_those_that_there_are(
    server: Emulation, provider: str | None, step: str, fault: str, known: tuple[str, ...]
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.fault(provider, step, fault)
    says = refused.value.read().decode()
    assert refused.value.code == 400
    assert set(known) <= set(says.partition("There are: ")[2].rstrip(".").split(", "))


def test_a_header_that_names_no_fault_is_refused_and_nothing_is_accepted(server: Emulation) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        create(server, **{"x-fault": "earthquake"})
    assert (refused.value.code, "There are: error-500" in refused.value.read().decode()) == (400, True)
    assert server.accepted("sandbox") == 0


def run(server: Emulation, prompt: str = "A boat.", **headers: str) -> tuple[int, dict[str, Any]]:
    """One call of Cloudflare's: its status and what it says."""
    asked = {"duration": "4s", "aspect_ratio": "16:9", "resolution": "720p", "generate_audio": True, "prompt": prompt}
    body = {"model": "google/veo-3.1", "input": asked}
    try:
        url = f"{server.base_url('cloudflare')}/accounts/a/ai/run"
        return 200, ask(url, body, authorization="Bearer any", **headers)
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def test_a_script_is_asked_for_by_header_too_in_the_services_own_words(server: Emulation) -> None:
    assert run(server, **{"x-fault": "retired"})[1]["errors"][0]["code"] == 3042
    assert run(server, **{"x-fault": "filtered"})[1]["state"] == "Failed"
    status, says = run(server, **{"x-fault": "error-in-200"})
    assert (status, says["success"]) == (200, False)
    assert run(server)[0] == 200
    assert server.accepted("cloudflare") == 2


def test_a_queued_script_waits_for_somebody_who_plays_it(server: Emulation) -> None:
    server.fault(None, "create", "no-credit")
    create(server)
    assert [run(server)[0] for _ in range(2)] == [402, 200]


def test_a_script_that_a_service_does_not_have_is_refused_in_a_prompt(server: Emulation) -> None:
    status, says = run(server, "A boat [sandbox:use-case].")
    assert (status, "There is no rehearsal “use-case”" in says["errors"][0]["message"]) == (400, True)


@pytest.mark.parametrize(("fault", "hint"), [("rate-limited", "2"), ("rate-limited-without-hint", None)])
def test_a_rate_limit_asks_to_wait_or_does_not(server: Emulation, fault: str, hint: str | None) -> None:
    body = {"model": "veo-3.1-generate-preview", "prompt": f"A boat, {fault}."}
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(f"{server.base_url('tokenbay')}/videos", body, authorization="Bearer any", **{"x-fault": fault})
    refused.value.close()
    assert (refused.value.code, refused.value.headers["retry-after"]) == (429, hint)


def test_an_unknown_place_is_answered_by_the_service_it_is_in(tmp_path: Path, server: Emulation) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(f"{server.base_url('sandbox')}/nothing")
    assert (refused.value.code, json.loads(refused.value.read())["error"]["code"]) == (404, "not_found")
