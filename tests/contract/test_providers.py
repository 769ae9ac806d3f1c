"""One suite for every provider: what is promised of a job holds whoever makes the video.

A new provider is covered by existing: its modes, parameters and endings come from its table.
"""

from pathlib import Path

import pytest

from playground import catalog, emulator, providers
from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec, Parameter
from playground.domain.errors import InvalidRequest, NotFound
from playground.domain.planning import to_send
from playground.domain.provider import REHEARSALS, Context
from playground.domain.request import MEDIA_FIELDS, PARAMETER_KINDS, Value, VideoRequest
from playground.domain.view import JobView
from playground.jobs.boxes import mp4_problem
from playground.jobs.service import LOCAL
from playground.registry import Registry
from tests.house import House, request_for

TABLES = load_tables()
REGISTRY = Registry(TABLES, lambda _: "x")
SPECS = [spec for provider in REGISTRY.providers.values() for spec in provider.table.specs.values()]


def named(spec: ModeSpec) -> str:
    return f"{spec.provider}-{spec.model.id}-{spec.mode}"


def stems(package: object, ending: str) -> set[str]:
    folder = Path(getattr(package, "__path__")[0])  # noqa: B009 - a package found by its object
    return {path.stem for path in folder.glob(f"*{ending}") if not path.stem.startswith("_")}


def test_a_provider_is_three_files_with_one_stem() -> None:
    adapters = stems(providers, ".py")
    assert adapters == stems(emulator, ".py") == set(REGISTRY.providers)
    # A table may come first: what it says can be checked and priced before anybody can send it.
    assert adapters <= stems(catalog, ".toml") == set(TABLES)


async def finished(house: House, spec: ModeSpec, **changes: object) -> JobView:
    request = request_for(spec, house.folder / "prepared.mp4", **changes)
    async with house.process() as service:
        job = await service.submit(request, owner=LOCAL, files_under=None)
        return await service.settled(job, owner=LOCAL)


@pytest.mark.parametrize("spec", SPECS, ids=named)
async def test_every_mode_ends_with_a_whole_video_for_one_create(house: House, spec: ModeSpec) -> None:
    async with house.process() as service:
        request = request_for(spec, house.folder / "prepared.mp4")
        job = await service.submit(request, owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
        assert view.state == "succeeded", view.error
        files = await service.video_files(job, owner=LOCAL)
    assert [mp4_problem(file) for file in files] == [None]
    assert view.provider_job_id is not None
    assert house.accepted() == 1
    assert view.step == len(view.steps) - 1


ENDINGS = {
    "slow": ("succeeded", None, "no"),
    "rate-limited": ("succeeded", None, "no"),
    "filtered": ("failed", "filtered", "no"),
    "fails": ("failed", "failed", "no"),
    "done-without-video": ("failed", "no_video", "unknown"),
    "link-expired": ("succeeded", None, "no"),
    "lost-reply": ("uncertain", "uncertain", "unknown"),
    "never-ends": ("running", None, "no"),
}


def test_every_rehearsal_has_an_ending_that_is_tested() -> None:
    assert set(ENDINGS) == set(REHEARSALS)


@pytest.mark.parametrize("name", REHEARSALS)
async def test_every_rehearsal_reaches_its_ending_for_one_create(house: House, name: str) -> None:
    spec = TABLES["sandbox"].specs["sandbox-preview", "text-to-video"]
    view = await finished(house, spec, prompt=f"A boat [sandbox:{name}].")
    state, code, charged = ENDINGS[name]
    assert (view.state, view.error.code if view.error is not None else None) == (state, code)
    assert view.charged == charged
    assert house.accepted() == 1
    assert view.overdue == (name == "never-ends")
    if view.error is not None:
        assert view.error.next_step
        assert view.error.message


async def test_an_overdue_job_is_looked_at_again_and_can_be_cancelled(house: House) -> None:
    spec = TABLES["sandbox"].specs["sandbox-preview", "text-to-video"]
    async with house.process() as service:
        request = request_for(spec, prompt="A boat [sandbox:never-ends].")
        job = await service.submit(request, owner=LOCAL, files_under=None)
        assert (await service.settled(job, owner=LOCAL)).overdue
        assert not (await service.look_again(job, owner=LOCAL)).overdue
        view = await service.cancel(job, owner=LOCAL)
        assert (view.state, view.charged) == ("cancelled", "no")
        assert (await service.settled(job, owner=LOCAL)).state == "cancelled"


@pytest.mark.parametrize("spec", SPECS, ids=named)
async def test_falsy_values_arrive(house: House, spec: ModeSpec) -> None:
    falsy: dict[str, object] = {"seed": 0, "generate_audio": False, "negative_prompt": ""}
    set_here = {name: value for name, value in falsy.items() if name in spec.parameters}
    view = await finished(house, spec, **set_here)
    assert view.state == "succeeded"
    (order,) = house.orders()
    assert order["seed"] == 0
    assert order["audio"] is False


def context_of(spec: ModeSpec) -> Context:
    return REGISTRY[spec.provider].context


def call_of(spec: ModeSpec, request: VideoRequest) -> object:
    return REGISTRY[spec.provider].adapter.create(to_send(request, spec), spec, context_of(spec))


def values_of(name: str, parameter: Parameter) -> list[Value]:
    """Two values of a parameter that differ from each other."""
    allowed = parameter.allowed()
    if allowed is not None:
        return list(allowed[:2])
    match PARAMETER_KINDS[name]:
        case "flag":
            return [True, False]
        case "range":
            return [parameter.at_least or 0, (parameter.at_least or 0) + 1]
        case _:
            return ["one", "two"]


@pytest.mark.parametrize("spec", SPECS, ids=named)
def test_every_parameter_changes_the_request(spec: ModeSpec) -> None:
    """Set to another value, or set at all, each parameter of the table moves the wire."""
    base = request_for(spec, Path("/clip.mp4"))
    for name, parameter in spec.parameters.items():
        if name in MEDIA_FIELDS or parameter.fixed:
            continue
        calls = [call_of(spec, base.changed({name: value})) for value in values_of(name, parameter)]
        unset = call_of(spec, base)
        assert all(call != other for n, call in enumerate(calls) for other in calls[n + 1 :]), name
        assert unset not in calls or name in base.set_values(), name


@pytest.mark.parametrize("spec", SPECS, ids=named)
async def test_what_the_table_refuses_never_reaches_the_provider(house: House, spec: ModeSpec) -> None:
    for name, parameter in spec.parameters.items():
        if parameter.choices is None:
            continue
        wrong = 5 if isinstance(parameter.choices[0], int) else "999p"
        with pytest.raises(InvalidRequest) as refused:
            await finished(house, spec, **{name: wrong})
        assert [issue.field for issue in refused.value.issues] == [name]
    assert house.accepted() == 0


async def test_the_same_nonce_is_the_same_job(house: House) -> None:
    request = request_for(TABLES["sandbox"].specs["sandbox-preview", "text-to-video"])
    async with house.process() as service:
        first = await service.submit(request, owner=LOCAL, files_under=None, nonce="click")
        again = await service.submit(request, owner=LOCAL, files_under=None, nonce="click")
        other = await service.submit(request, owner="token:other", files_under=None, nonce="click")
        assert first == again != other
        await service.settled(first, owner=LOCAL)
        await service.settled(other, owner="token:other")
    assert house.accepted() == 2


async def test_a_foreign_job_is_no_job(house: House) -> None:
    spec = TABLES["sandbox"].specs["sandbox-preview", "image-to-video"]
    async with house.process() as service:
        job = await service.submit(request_for(spec), owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
        assert await service.jobs(owner="token:stranger") == []
        for door in (service.view, service.cancel, service.look_again, service.video_files):
            with pytest.raises(NotFound):
                await door(job, owner="token:stranger")
        theirs = request_for(spec, first_frame=f"job:{job}#last-frame")
        result = await service.check(theirs, owner="token:stranger", files_under=None)
        assert [issue.field for issue in result.issues] == ["first_frame"]
        ours = await service.check(theirs, owner=LOCAL, files_under=None)
        assert ours.valid, ours.issues
        expires, signature = (part.split("=")[1] for part in view.videos[0].url.split("?")[1].split("&"))
        path = await service.video_file(job, 1, signature=signature, expires=int(expires))
        assert path.is_file()
        for number, when, sign in ((2, int(expires), signature), (1, int(expires) + 1, signature), (1, 1, "x")):
            with pytest.raises(NotFound):
                await service.video_file(job, number, signature=sign, expires=when)
        house.time.now = int(expires) + 1
        with pytest.raises(NotFound):
            await service.video_file(job, 1, signature=signature, expires=int(expires))


async def test_a_file_outside_the_upload_folder_cannot_be_named(house: House, tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    outside = tmp_path / "secret.png"
    outside.write_bytes((Path(__file__).parent.parent.parent / "assets/samples/reference-1.png").read_bytes())
    (uploads / "link.png").symlink_to(outside)
    (uploads / "mine.png").write_bytes(outside.read_bytes())
    spec = TABLES["sandbox"].specs["sandbox-preview", "image-to-video"]
    async with house.process() as service:
        for name in (outside, uploads / "link.png", uploads / ".." / "secret.png"):
            request = request_for(spec, first_frame=str(name))
            result = await service.check(request, owner="token:web", files_under=uploads)
            assert [(issue.field, issue.code) for issue in result.issues] == [("first_frame", "missing")]
        request = request_for(spec, first_frame=str(uploads / "mine.png"))
        assert (await service.check(request, owner="token:web", files_under=uploads)).valid


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x.png", "https://127.0.0.1/x.png", "https://localhost/x.png", "https://10.0.0.1/x.png"]
)
async def test_a_private_url_is_refused_before_anything_is_sent(house: House, url: str) -> None:
    spec = TABLES["sandbox"].specs["sandbox-preview", "image-to-video"]
    async with house.process() as service:
        with pytest.raises(InvalidRequest) as refused:
            await service.submit(request_for(spec, first_frame=url), owner=LOCAL, files_under=None)
    assert [issue.code for issue in refused.value.issues] == ["private_address"]
    assert house.accepted() == 0
