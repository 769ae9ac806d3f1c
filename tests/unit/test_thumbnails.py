"""The small picture of a finished video: signed like it, made once, and never instead of an error."""

from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from playground.domain.errors import NotFound
from playground.domain.request import VideoRequest
from playground.domain.view import VideoView
from playground.jobs.service import LOCAL, Service
from tests.house import House

REQUEST = VideoRequest(provider="sandbox", mode="text-to-video", prompt="A boat", duration_seconds=4)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    async with House(tmp_path / "house").process() as service:
        yield service


async def made(service: Service) -> tuple[str, VideoView]:
    job = await service.submit(REQUEST, owner=LOCAL, files_under=None)
    return job, (await service.settled(job, owner=LOCAL)).videos[0]


def signed(video: VideoView) -> tuple[str, int]:
    query = parse_qs(urlsplit(video.thumbnail).query)
    return query["signature"][0], int(query["expires"][0])


async def test_a_finished_video_has_a_small_picture(service: Service) -> None:
    job, video = await made(service)
    assert video.thumbnail.startswith(f"/media/{job}/1/thumbnail?")
    signature, expires = signed(video)
    path = await service.thumbnail_file(job, 1, signature=signature, expires=expires)
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (320, 180))
    assert path.stat().st_size < 20_000
    written = path.stat().st_mtime_ns
    again = await service.thumbnail_file(job, 1, signature=signature, expires=expires)
    assert (again, again.stat().st_mtime_ns) == (path, written)


async def test_a_picture_needs_the_signature_of_its_video(service: Service) -> None:
    job, video = await made(service)
    signature, expires = signed(video)
    for number, wrong, until in ((1, "x" * 64, expires), (2, signature, expires), (1, signature, expires + 1)):
        with pytest.raises(NotFound):
            await service.thumbnail_file(job, number, signature=wrong, expires=until)


async def test_a_file_that_cannot_be_decoded_has_none(service: Service) -> None:
    job, video = await made(service)
    (file,) = await service.video_files(job, owner=LOCAL)
    file.write_bytes(b"no video any more")
    signature, expires = signed(video)
    with pytest.raises(NotFound):
        await service.thumbnail_file(job, 1, signature=signature, expires=expires)
    assert [each.name for each in file.parent.iterdir() if each.suffix == ".jpg"] == []
