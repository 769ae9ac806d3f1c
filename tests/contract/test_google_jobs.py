"""Whole jobs at Google's stand-ins that only Google's ways ask for: a storage folder, a login, a key that is a 400."""

from collections.abc import Generator
from pathlib import Path

import pytest

from playground.domain.request import VideoRequest
from playground.domain.snippets import LANGUAGES, Language
from playground.jobs.boxes import mp4_problem
from playground.jobs.service import LOCAL
from tests.emulation import Emulation
from tests.google_tokens import TokenServer, account_file, token_server
from tests.house import House

VERTEX = VideoRequest(provider="vertex", mode="text-to-video", prompt="A paper boat drifts down a stream.")
GEMINI = VERTEX.changed({"provider": "gemini", "model": "veo-3.1-generate-preview"})


@pytest.fixture
def environment(server: Emulation) -> dict[str, str]:
    server.forget()
    return {"PLAYGROUND_ALLOW_RETIRED": "1", **server.environment()}


@pytest.fixture
def tokens() -> Generator[TokenServer]:
    with token_server() as running:
        yield running


async def test_videos_are_fetched_out_of_the_storage_folder_with_the_token(
    house: House, server: Emulation, environment: dict[str, str]
) -> None:
    environment["VERTEX_STORAGE_URI"] = "gs://our-bucket/a folder"
    async with house.process(adopts=False, **environment) as service:
        job = await service.submit(VERTEX.changed({"number_of_videos": 2}), owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
        assert view.state == "succeeded", view.error
        files = await service.video_files(job, owner=LOCAL)
    assert [mp4_problem(file) for file in files] == [None, None]
    stored = [line for line in server.requests() if "/storage/v1/b/our-bucket/o/" in line["path"]]
    assert len(stored) == 2
    assert all("authorization" in line["headers"] and line["query"] == "alt=media" for line in stored)


async def test_a_service_account_is_as_good_as_a_token(
    house: House, tokens: TokenServer, environment: dict[str, str], tmp_path: Path
) -> None:
    del environment["VERTEX_ACCESS_TOKEN"]
    environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(account_file(tmp_path, tokens.url))
    async with house.process(adopts=False, **environment) as service:
        job = await service.submit(VERTEX, owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
    assert view.state == "succeeded", view.error
    assert len(tokens.claims) == 1
    kept = [path for path in house.folder.rglob("*") if path.is_file() and b"ya29" in path.read_bytes()]
    assert kept == []


async def test_a_key_that_stops_working_under_way_is_told_as_that(
    house: House, server: Emulation, environment: dict[str, str]
) -> None:
    async with house.process(adopts=False, **environment) as service:
        request = GEMINI.changed({"prompt": "A boat [sandbox:never-ends]."})
        job = await service.submit(request, owner=LOCAL, files_under=None)
        assert (await service.settled(job, owner=LOCAL)).overdue
    environment["GEMINI_API_KEY"] = "wrong-now"
    async with house.process(adopts=True, **environment) as service:
        await service.look_again(job, owner=LOCAL)
        view = await service.settled(job, owner=LOCAL)
    assert view.error is not None
    assert (view.error.code, view.charged) == ("bad_key", "unknown")


async def test_an_extension_waits_until_its_clip_is_processed(
    house: House, server: Emulation, environment: dict[str, str]
) -> None:
    async with house.process(adopts=False, **environment) as service:
        first = await service.submit(GEMINI, owner=LOCAL, files_under=None)
        await service.settled(first, owner=LOCAL)
        longer = VideoRequest(
            provider="gemini", model=GEMINI.model, mode="extension", source_video=f"job:{first}", prompt="On it goes."
        )
        server.forget()
        job = await service.submit(longer, owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
    assert view.state == "succeeded", view.error
    asked = [line for line in server.requests() if "/gemini/v1beta/files/" in line["path"]]
    before = [line["path"] for line in asked if ":download" not in line["path"]]
    assert len(before) == 2
    assert server.accepted("gemini") == 1


async def test_an_opaque_refusal_comes_with_the_rules_that_the_request_touches(
    house: House, environment: dict[str, str]
) -> None:
    request = GEMINI.changed({"prompt": "A boat [sandbox:use-case].", "resolution": "1080p", "seed": 0})
    async with house.process(adopts=False, **environment) as service:
        job = await service.submit(request, owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
    assert view.error is not None
    assert (view.error.code, view.charged) == ("invalid", "no")
    assert "1080p and 4k come only as 8-second clips." in view.error.next_step
    assert "adults" not in view.error.next_step
    assert "Your use case is currently not supported" in (view.error.provider_words or "")


async def test_a_retired_model_names_what_is_left_in_whichever_wording_it_is_told(
    house: House, environment: dict[str, str]
) -> None:
    async with house.process(adopts=False, **environment) as service:
        request = GEMINI.changed({"prompt": "A boat [sandbox:retired]."})
        jobs = [await service.submit(request, owner=LOCAL, files_under=None) for _ in range(2)]
        ends = [(await service.settled(job, owner=LOCAL)).error for job in jobs]
    told = [end for end in ends if end is not None]
    assert [end.code for end in told] == ["model_retired"] * 2
    assert all("vertex:veo-3.1-generate-001" in end.message for end in told)
    wordings = {str(end.provider_words).partition(" is ")[2][:10] for end in told}
    assert wordings == {"no longer ", "not found "}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_printed_code_extends_by_googles_own_link(
    house: House, environment: dict[str, str], language: Language
) -> None:
    async with house.process(adopts=False, **environment) as service:
        first = await service.submit(GEMINI, owner=LOCAL, files_under=None)
        view = await service.settled(first, owner=LOCAL)
        assert view.state == "succeeded", view.error
        longer = GEMINI.changed({"mode": "extension", "source_video": f"job:{first}"})
        text = await service.code(longer, language, owner=LOCAL, files_under=None)
        (file,) = await service.video_files(first, owner=LOCAL)
    assert "/gemini/v1beta/files/" in text
    assert str(file) not in text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_printed_code_takes_videos_out_of_the_answer_though_we_have_a_storage_folder(
    house: House, environment: dict[str, str], language: Language
) -> None:
    environment["VERTEX_STORAGE_URI"] = "gs://our-bucket/out"
    async with house.process(adopts=False, **environment) as service:
        text = await service.code(VERTEX, language, owner=LOCAL, files_under=None)
    assert "bytesBase64Encoded" in text
    assert "storage" not in text.lower()
