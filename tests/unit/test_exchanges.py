"""What a job's owner may look at of the talk with its provider: whole enough to be understood, and nothing secret."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from playground.domain.credentials import Secret
from playground.domain.errors import NotFound
from playground.domain.exchange import MAX_CHARACTERS, Sent, masks, received, sent
from playground.domain.provider import Answer, Context, HttpCall, MediaLeaf, MediaType, NoAnswer
from playground.domain.request import VideoRequest
from playground.domain.snippets import LANGUAGES
from playground.jobs.exchanges import NEWEST
from playground.jobs.service import LOCAL
from tests.house import SAMPLES, House

KEY = "sk-live/1234+abcd=="
SECRET = Secret(KEY, "bearer", frozenset())
CONTEXT = Context("https://me:word@gateway.example/v1", {"project": "my-project", "location": "us-central1"})
HIDE = masks(SECRET, CONTEXT, {"project": "VERTEX_PROJECT"})
REQUEST = VideoRequest(provider="sandbox", mode="text-to-video", prompt="A boat", duration_seconds=4)


def answered(body: Any) -> JsonValue:
    return received(Answer(200, {}, json.dumps(body), body), HIDE).body


def called(body: object, **fields: object) -> Sent:
    media = {"a.png": ("image/png", 300), "https://x.example/b.png?sig=1": ("image/png", None)}
    call = HttpCall("POST", "videos/my-project", body, timeout="create")  # pyright: ignore[reportArgumentType] - any JSON
    return sent(call, CONTEXT, SECRET, media, HIDE)


def test_a_call_is_shown_as_sent_but_for_its_key_and_its_account() -> None:
    shown = called({"prompt": "A boat", "seed": 0, "sound": False, "left": None, "more": [1, {"a": "b"}]})
    assert (shown.method, shown.url) == ("POST", "https://gateway.example/v1/videos/‹VERTEX_PROJECT›")
    assert shown.headers == {"authorization": "Bearer ‹key›"}
    assert shown.body == {"prompt": "A boat", "seed": 0, "sound": False, "left": None, "more": [1, {"a": "b"}]}


def test_media_are_told_by_type_and_length() -> None:
    shown = called(
        {
            "raw": MediaLeaf("a.png", "base64"),
            "uri": MediaLeaf("a.png", "data-uri"),
            "type": MediaType("a.png"),
            "link": MediaLeaf("https://x.example/b.png?sig=1", "url"),
        }
    )
    assert shown.body == {
        "raw": "‹image/png as base64, 400 characters›",
        "uri": "data:image/png;base64,‹image/png as base64, 400 characters›",
        "type": "image/png",
        "link": "https://x.example/b.png?sig=‹cut›",
    }


def test_answers_lose_media_links_and_keys() -> None:
    film = "QUJD" * 100_000
    assert answered({"video": {"bytesBase64Encoded": film}}) == {
        "video": {"bytesBase64Encoded": "‹base64, 400,000 characters›"}
    }
    assert answered([f"data:video/mp4;base64,{film}"]) == ["data:video/mp4;base64,‹400,000 characters›"]
    link = "https://cdn.example/v.mp4?X-Goog-Signature=abc&expires=17#t"
    assert answered({"url": link}) == {"url": "https://cdn.example/v.mp4?X-Goog-Signature=‹cut›&expires=‹cut›#t"}
    assert answered({"error": f"The key {KEY} of my-project is wrong."}) == {
        "error": "The key ‹key› of ‹VERTEX_PROJECT› is wrong."
    }
    assert answered({"echo": "?key=sk-live%2F1234%2Babcd%3D%3D"}) == {"echo": "?key=‹cut›"}
    assert answered({"access_token": "ya29", "Authorization": "x", "count": 3, "done": False}) == {
        "access_token": "‹cut›",
        "Authorization": "‹cut›",
        "count": 3,
        "done": False,
    }


def test_only_harmless_headers_are_shown() -> None:
    headers = {"content-type": "application/json", "set-cookie": "a=b", "x-goog-api-key": KEY, "retry-after": "5"}
    got = received(Answer(429, headers, "{}", {}), HIDE)
    assert got.headers == {"content-type": "application/json", "retry-after": "5"}


def test_a_long_answer_is_cut_and_a_lost_one_says_why() -> None:
    text = received(Answer(502, {}, "<p>" + "Bad gateway. " * 5_000, None), HIDE).body
    assert isinstance(text, str)
    assert len(text) < MAX_CHARACTERS + 50
    many = answered({"lines": ["a few words"] * 5_000})
    assert isinstance(many, str)
    assert many.startswith('{"lines": ["a few words"')
    assert len(many) < MAX_CHARACTERS + 50
    lost = received(NoAnswer(True, "The connection was lost."), HIDE)
    assert (lost.status, lost.body) == (None, "The connection was lost.")


async def test_a_job_keeps_its_create_and_its_newest_answers(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    picture = SAMPLES / "first-frame.jpg"
    asked = REQUEST.changed(
        {"mode": "image-to-video", "prompt": "It moves [sandbox:slow]", "first_frame": str(picture)}
    )
    async with house.process(PLAYGROUND_POLL_SECONDS="1") as service:
        job = await service.submit(asked, owner=LOCAL, files_under=None)
        assert (await service.settled(job, owner=LOCAL)).polls > NEWEST
        seen = await service.conversation(job, owner=LOCAL)
        with pytest.raises(NotFound):
            await service.conversation(job, owner="somebody else")
    assert seen.request["first_frame"] == "first-frame.jpg"
    assert seen.create is not None
    assert seen.create.sent.method == "POST"
    characters = (picture.stat().st_size + 2) // 3 * 4
    assert f"image/jpeg as base64, {characters:,} characters" in json.dumps(seen.create.sent.body, ensure_ascii=False)
    assert seen.create.received.status == 201 or seen.create.received.status == 200
    assert len(seen.later) == NEWEST
    assert [each.at for each in seen.later] == sorted((each.at for each in seen.later), reverse=True)
    assert isinstance(seen.later[0].received.body, dict)
    assert seen.later[0].received.body["status"] == "succeeded"
    assert "token=‹cut›" in json.dumps(seen.later[0].received.body, ensure_ascii=False)
    assert str(tmp_path) not in seen.model_dump_json()
    assert seen.later[0].at > datetime(2026, 11, 20, 12, tzinfo=UTC)


async def test_an_answer_that_says_nothing_new_is_kept_once(tmp_path: Path) -> None:
    asked = REQUEST.changed({"prompt": "It moves [sandbox:never-ends]"})
    async with House(tmp_path / "house").process() as service:
        job = await service.submit(asked, owner=LOCAL, files_under=None)
        assert (await service.settled(job, owner=LOCAL)).polls > NEWEST
        assert len((await service.conversation(job, owner=LOCAL)).later) == 1


async def test_a_broken_file_and_a_job_of_before_show_nothing(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    async with house.process() as service:
        job = await service.submit(REQUEST, owner=LOCAL, files_under=None)
        await service.settled(job, owner=LOCAL)
        for path in (house.data / "talk" / job).iterdir():
            path.write_text("{")
        seen = await service.conversation(job, owner=LOCAL)
        assert (seen.create, seen.later) == (None, ())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_job_as_a_program_names_no_folder_of_this_machine(tmp_path: Path, language: str) -> None:
    house = House(tmp_path / "house")
    upload = tmp_path / "uploads" / "portrait.jpg"
    upload.parent.mkdir()
    upload.write_bytes((SAMPLES / "first-frame.jpg").read_bytes())
    asked = REQUEST.changed({"mode": "image-to-video", "first_frame": str(upload)})
    async with house.process() as service:
        job = await service.submit(asked, owner=LOCAL, files_under=None)
        await service.settled(job, owner=LOCAL)
        # What was uploaded is swept away after a day; the program of the job stays.
        upload.unlink()
        text = await service.code_of(job, next(each for each in LANGUAGES if each == language), owner=LOCAL)
        assert "portrait.jpg" in text
        assert str(tmp_path) not in text
        again = await service.submit(
            REQUEST.changed({"mode": "extension", "source_video": f"job:{job}", "duration_seconds": None}),
            owner=LOCAL,
            files_under=None,
        )
        await service.settled(again, owner=LOCAL)
        longer = await service.code_of(again, next(each for each in LANGUAGES if each == language), owner=LOCAL)
        assert f"{job[:8]}-1.mp4" in longer
        assert str(tmp_path) not in longer
