"""Pictures on their way to a provider: what is said before, what its stand-in gets, what is noted after it."""

import errno
import threading
from collections.abc import Generator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from playground.domain.errors import InvalidRequest
from playground.domain.pictures import CannotChange
from playground.domain.request import Mode, VideoRequest
from playground.jobs.service import LOCAL, Service
from tests.emulation import Emulation, emulation
from tests.house import House

RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emulation")


@pytest.fixture(scope="module")
def server(folder: Path) -> Generator[Emulation]:
    with emulation(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def received(folder: Path, server: Emulation) -> Path:
    """The folder of what the stand-ins were given."""
    server.forget()
    media = folder / "data" / "media"
    for each in media.glob("*"):
        each.unlink()
    return media


def photo(path: Path) -> Path:
    """A picture in 16:9 that a phone stored on its side: red above blue where it is held upright."""
    upright = Image.new("RGB", (640, 360), RED)
    upright.paste(BLUE, (0, 180, 640, 360))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    return path


def asked(provider: str, frame: str, mode: Mode = "image-to-video") -> VideoRequest:
    return VideoRequest(provider=provider, mode=mode, prompt="It moves.", duration_seconds=4, first_frame=frame)


def only(received: Path) -> Path:
    (got,) = received.iterdir()
    return got


async def made(service: Service, request: VideoRequest) -> tuple[str, ...]:
    """The notes of a job that succeeded."""
    job = await service.submit(request, owner=LOCAL, files_under=None)
    view = await service.settled(job, owner=LOCAL)
    assert view.state == "succeeded", view.error
    return view.notes


@pytest.mark.parametrize("provider", ["cloudflare", "azerion"])
async def test_a_photo_is_sent_upright_in_a_format_that_is_taken(
    provider: str, house: House, server: Emulation, received: Path, tmp_path: Path
) -> None:
    request = asked(provider, str(photo(tmp_path / "IMG_1.webp")))
    async with house.process(adopts=False, **server.environment()) as service:
        result = await service.check(request, owner=LOCAL, files_under=None)
        says = "The first frame is sent as a JPEG copy: WEBP is not taken here, it is turned upright."
        assert result.valid
        assert says in [issue.message for issue in result.issues if issue.severity == "warning"]
        notes = await made(service, request)
    assert notes.count(says) == 1
    with Image.open(only(received)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 360))
        top = picture.getpixel((320, 40))
    assert isinstance(top, tuple)
    assert top[0] > 150


async def test_a_picture_that_is_taken_arrives_to_the_byte(
    house: House, server: Emulation, received: Path, tmp_path: Path
) -> None:
    path = tmp_path / "plain.png"
    Image.new("RGB", (640, 360), RED).save(path)
    async with house.process(adopts=False, **server.environment()) as service:
        await made(service, asked("azerion", str(path)))
    assert only(received).read_bytes() == path.read_bytes()


@pytest.fixture
def pictures(tmp_path: Path) -> Generator[tuple[str, str]]:
    """A web server with a folder of pictures: its URL and its `host:port`."""
    folder = tmp_path / "web"
    folder.mkdir()
    photo(folder / "photo.webp")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            host = f"127.0.0.1:{http.server_address[1]}"
            yield f"http://{host}", host
        finally:
            http.shutdown()
            thread.join()


async def test_a_link_is_fetched_and_changed_where_the_provider_takes_none(
    house: House, server: Emulation, received: Path, pictures: tuple[str, str]
) -> None:
    url, host = pictures
    request = asked("cloudflare", f"{url}/photo.webp")
    async with house.process(adopts=False, PLAYGROUND_ALLOW_PRIVATE_HOSTS=host, **server.environment()) as service:
        notes = await made(service, request)
    # What nobody could see before it was fetched is noted with the result.
    assert "The first frame is sent as a JPEG copy: WEBP is not taken here, it is turned upright." in notes
    with Image.open(only(received)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 360))


async def test_a_link_is_handed_on_where_the_provider_takes_it(house: House, server: Emulation, received: Path) -> None:
    async with house.process(adopts=False, **server.environment()) as service:
        await made(service, asked("azerion", "https://example.com/a.png"))
        for url, says in (
            ("https://example.com/a.webp", "A link is handed on as it is; a file would be converted."),
            ("https://example.com/a", "use one that ends in .jpg or .png, or upload the file."),
        ):
            with pytest.raises(InvalidRequest) as refused:
                await service.submit(asked("azerion", url), owner=LOCAL, files_under=None)
            assert says in refused.value.message
    assert server.accepted("azerion") == 1


async def test_a_program_says_what_it_cannot_change(house: House, server: Emulation, tmp_path: Path) -> None:
    request = asked("azerion", str(photo(tmp_path / "photo.webp")))
    async with house.process(adopts=False, **server.environment()) as service:
        with pytest.raises(InvalidRequest, match="change the file first"):
            await service.code(request, "curl", owner=LOCAL, files_under=None)
        turned = asked("azerion", str(photo(tmp_path / "photo.jpg")))
        assert "photo.jpg" in await service.code(turned, "curl", owner=LOCAL, files_under=None)
        job = await service.submit(request, owner=LOCAL, files_under=None)
        await service.settled(job, owner=LOCAL)
        assert "photo.jpg" in await service.code_of(job, "python", owner=LOCAL)


@pytest.mark.parametrize(
    ("trouble", "code", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "storage", "No space left on device"),
        (CannotChange("The picture is damaged: it cannot be decoded to its end."), "media", "damaged"),
    ],
)
async def test_where_no_copy_can_be_made_nothing_is_sent_or_charged(
    trouble: Exception,
    code: str,
    says: str,
    house: House,
    server: Emulation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fails(*_: object) -> str:
        raise trouble

    monkeypatch.setattr("playground.jobs.decoder.Decoder.copy", fails)
    async with house.process(adopts=False, **server.environment()) as service:
        request = asked("azerion", str(photo(tmp_path / "photo.webp")))
        job = await service.submit(request, owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
    assert view.error is not None
    assert (view.state, view.error.code, view.charged) == ("failed", code, "no")
    assert says in view.error.message
    assert server.requests() == []
