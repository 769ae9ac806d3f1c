"""One suite for every provider: what is promised of a job holds whoever makes the video.

A new provider is covered by existing: its modes, parameters and endings come from its table.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from playground import catalog, emulator, providers
from playground.catalog import load_tables
from playground.domain.capabilities import ModeSpec, Parameter, Table
from playground.domain.errors import InvalidRequest, NotFound
from playground.domain.planning import to_send
from playground.domain.provider import Context, HttpCall, LooksUp, TimeoutClass
from playground.domain.request import MEDIA_FIELDS, PARAMETER_KINDS, Mode, Value, VideoRequest
from playground.domain.view import JobView
from playground.emulator._rehearsals import REFUSALS, SCRIPTS
from playground.emulator._server import emulator_of
from playground.jobs.boxes import mp4_problem
from playground.jobs.service import LOCAL, Service
from playground.jobs.uploads import folder_of
from playground.registry import Registry
from tests.emulation import Emulation, key_of
from tests.house import House, request_for

TABLES = load_tables()
REGISTRY = Registry(TABLES, lambda _: "x")
STEMS = sorted(REGISTRY.providers)
SPECS = [spec for stem in STEMS for spec in REGISTRY[stem].table.specs.values()]
SILENCE: dict[TimeoutClass, float] = {"status": 0.5, "create": 1, "blocking-create": 3, "download": 0.5}


def named(spec: ModeSpec) -> str:
    return f"{spec.provider}-{spec.model.id}-{spec.mode}"


def stems(package: object, ending: str) -> set[str]:
    folder = Path(getattr(package, "__path__")[0])  # noqa: B009 - a package found by its object
    return {path.stem for path in folder.glob(f"*{ending}") if not path.stem.startswith("_")}


def test_a_provider_is_three_files_with_one_stem() -> None:
    adapters = stems(providers, ".py")
    assert adapters == stems(emulator, ".py") == stems(catalog, ".toml")
    assert adapters == set(REGISTRY.providers) == set(TABLES) == set(STAND_INS)


@pytest.mark.parametrize("stem", STEMS)
def test_every_table_says_how_a_lost_job_is_found(stem: str) -> None:
    facts = TABLES[stem].provider.look_up
    assert facts is not None
    assert (facts.by == "list") is isinstance(REGISTRY[stem].adapter, LooksUp)
    assert (facts.by == "nothing") is answers_at_once(stem)
    assert not facts.may_be_id("../models") and not facts.may_be_id("")  # noqa: PT018 - both or none


class Street:
    """A house whose every provider is its stand-in, over real sockets."""

    def __init__(self, house: House, server: Emulation) -> None:
        self.house = house
        house.read_seconds = SILENCE
        self.server = server

    @asynccontextmanager
    async def process(self) -> AsyncGenerator[Service]:
        own = {"PLAYGROUND_ALLOW_RETIRED": "1", **self.server.environment()}
        async with self.house.process(adopts=False, **own) as service:
            yield service

    async def finished(self, spec: ModeSpec, **changes: object) -> JobView:
        """The end of the least job of a mode; an extension goes on from an earlier job of the same provider."""
        async with self.process() as service:
            job = await self.submitted(service, spec, **changes)
            return await service.settled(job, owner=LOCAL)

    async def submitted(self, service: Service, spec: ModeSpec, **changes: object) -> str:
        source = None
        if spec.mode == "extension":
            earlier = TABLES[spec.provider].specs[spec.model.id, "text-to-video"]
            assert isinstance(earlier, ModeSpec)
            source = f"job:{await service.submit(request_for(earlier), owner=LOCAL, files_under=None)}"
            await service.settled(source.removeprefix("job:"), owner=LOCAL)
            self.server.forget()
        return await service.submit(request_for(spec, source, **changes), owner=LOCAL, files_under=None)

    def show_no_key(self) -> None:
        """No key stood in an address, in another provider's header, or in a file of ours."""
        for line in self.server.requests():
            stem = next((stem for stem in STEMS if line["path"].startswith(self.server.built.paths[stem])), None)
            assert AUTH & set(line["headers"]) <= ({header_of(stem)} if stem is not None else set()), line
            assert CANARY not in line["path"] + line["query"], line
        files = [path for path in self.house.folder.rglob("*") if path.is_file()]
        assert not [path for path in files if CANARY.encode() in path.read_bytes()]


CANARY = key_of("")[:7]
AUTH = {"authorization", "x-goog-api-key"}


def header_of(stem: str) -> str | None:
    """The one header that a provider's key may stand in."""
    credential = TABLES[stem].provider.credential
    return None if credential is None else "authorization" if credential.scheme == "bearer" else credential.scheme


@pytest.fixture
def street(house: House, server: Emulation) -> Iterator[Street]:
    """The street; whatever happens in it, no key is to be seen afterwards."""
    street = Street(house, server)
    yield street
    street.show_no_key()


@pytest.mark.parametrize("spec", SPECS, ids=named)
async def test_every_mode_ends_with_a_whole_video_for_one_create(street: Street, spec: ModeSpec) -> None:
    async with street.process() as service:
        job = await street.submitted(service, spec)
        view = await service.settled(job, owner=LOCAL)
        assert view.state == "succeeded", view.error
        files = await service.video_files(job, owner=LOCAL)
    assert [mp4_problem(file) for file in files] == [None]
    assert street.server.accepted(spec.provider) == 1
    assert view.step == len(view.steps) - 1
    assert (view.provider_job_id is None) == (TABLES[spec.provider].provider.poll_seconds is None)


@pytest.mark.parametrize("stem", STEMS)
async def test_a_key_goes_to_its_own_provider_in_its_own_header_only(street: Street, stem: str) -> None:
    await street.finished(plain(TABLES[stem]))
    used = {name for line in street.server.requests() for name in line["headers"]}
    # That it stands nowhere else holds after every test of the street.
    assert AUTH & used == {header_of(stem)} - {None}


def plain(table: Table) -> ModeSpec:
    """Text to video with the provider's first model."""
    return next(spec for spec in table.specs.values() if spec.mode == "text-to-video")


def answers_at_once(stem: str) -> bool:
    return TABLES[stem].provider.poll_seconds is None


# State, code of the failure, and what may be said of the charge: exactly what, each provider's own tests tell.
ENDINGS: dict[str, tuple[str, str | None, set[str]]] = {
    "slow": ("succeeded", None, {"no", "yes"}),
    "rate-limited": ("succeeded", None, {"no", "yes"}),
    "rate-limited-without-hint": ("succeeded", None, {"no", "yes"}),
    "link-expired": ("succeeded", None, {"no", "yes"}),
    "filtered": ("failed", "filtered", {"no", "unknown"}),
    "filtered-at-once": ("failed", "filtered", {"no"}),
    "fails": ("failed", "failed", {"no", "unknown"}),
    "done-without-video": ("failed", "no_video", {"no", "unknown"}),
    "lost-reply": ("uncertain", "uncertain", {"unknown"}),
    "never-ends": ("running", None, {"no", "unknown"}),
    "daily-quota": ("failed", "rate_limited", {"no"}),
    "bad-key": ("failed", "bad_key", {"no"}),
    "no-credit": ("failed", "no_credit", {"no"}),
    "not-allowed": ("failed", "not_allowed", {"no"}),
    "retired": ("failed", "model_retired", {"no"}),
    "use-case": ("failed", "invalid", {"no"}),
    "overloaded": ("failed", "overloaded", {"unknown"}),
    "error-in-200": ("failed", "refused", {"no", "unknown"}),
}
STAND_INS = emulator_of(Path("unused"), clock=lambda: datetime.now(UTC), worker=()).stand_ins
PLAYED = [(stem, name) for stem in STEMS for name in SCRIPTS if name in STAND_INS[stem].scripts]
POLLED = [stem for stem in STEMS if not answers_at_once(stem)]
ROUTES = {stem: {route.name for route in STAND_INS[stem].routes} for stem in STEMS}


def test_every_script_has_an_ending_that_is_tested() -> None:
    assert set(ENDINGS) == set(SCRIPTS)


@pytest.mark.parametrize(("stem", "name"), PLAYED)
async def test_every_script_reaches_its_ending_for_one_create_at_most(street: Street, stem: str, name: str) -> None:
    view = await street.finished(plain(TABLES[stem]), prompt=f"A boat [sandbox:{name}].")
    state, code, charged = ENDINGS[name]
    if answers_at_once(stem) and name == "never-ends":
        state, code, charged = ENDINGS["lost-reply"]
    if answers_at_once(stem) and name == "link-expired":
        state, code, charged = "failed", "expired", {"yes"}
    assert (view.state, view.error.code if view.error is not None else None) == (state, code), view.error
    assert view.charged in charged
    assert street.server.accepted(stem) == (0 if name in REFUSALS and not name.startswith("rate-limited") else 1)
    assert view.overdue == (state == "running")
    if view.error is not None:
        assert TABLES[stem].provider.label in view.error.message or stem == "sandbox"
        assert view.error.next_step


# What was accepted, the state, the failure's code, the charge. A fault below says nothing of the provider's dialect.
ON_CREATE: dict[str, tuple[int, str, str | None, str]] = {
    "error-500": (0, "uncertain", "uncertain", "unknown"),
    "error-502": (0, "uncertain", "uncertain", "unknown"),
    "error-503": (0, "failed", "overloaded", "unknown"),
    "error-504": (0, "uncertain", "uncertain", "unknown"),
    "html": (0, "uncertain", "uncertain", "unknown"),
    "garbage": (0, "uncertain", "uncertain", "unknown"),
    "empty": (0, "uncertain", "uncertain", "unknown"),
    "hang": (0, "uncertain", "uncertain", "unknown"),
    "lost": (1, "uncertain", "uncertain", "unknown"),
    "cut": (1, "uncertain", "uncertain", "unknown"),
    "stall": (1, "uncertain", "uncertain", "unknown"),
    "html-after": (1, "uncertain", "uncertain", "unknown"),
    "empty-after": (1, "uncertain", "uncertain", "unknown"),
    "error-500-after": (1, "uncertain", "uncertain", "unknown"),
    "error-504-after": (1, "uncertain", "uncertain", "unknown"),
}


@pytest.mark.parametrize("fault", ON_CREATE)
@pytest.mark.parametrize("stem", STEMS)
async def test_a_create_that_met_trouble_is_sent_once(street: Street, stem: str, fault: str) -> None:
    street.server.fault(stem, "create", fault, times=5)
    view = await street.finished(plain(TABLES[stem]))
    error = view.error.code if view.error is not None else None
    assert (street.server.accepted(stem), view.state, error, view.charged) == ON_CREATE[fault], view.error
    creates = [line for line in street.server.requests() if line["method"] == "POST"]
    assert len(creates) == 1
    assert view.error is not None
    assert TABLES[stem].provider.label.lower() in view.error.message.lower() or "127.0.0.1" in view.error.message


ON_STATUS = ("error-500", "error-502", "error-503", "error-504", "rate-limited", "html", "garbage", "empty", "cut")


@pytest.mark.parametrize("fault", [*ON_STATUS, "hang"])
@pytest.mark.parametrize("stem", POLLED)
async def test_a_question_that_met_trouble_is_asked_again(street: Street, stem: str, fault: str) -> None:
    street.server.fault(stem, "status", fault, times=2)
    view = await street.finished(plain(TABLES[stem]))
    assert (view.state, street.server.accepted(stem)) == ("succeeded", 1), view.error


ON_FILE = ("error-500", "error-502", "html", "garbage", "empty", "cut", "stall", "range-ignored", "not-a-video")


SERVED = [stem for stem in STEMS if "file" in ROUTES[stem]]
# A link that expired is refreshed by asking for the status again, where there is one to ask for.
EXPIRED = [(stem, "expired") for stem in SERVED if stem in POLLED]
FILE_FAULTS = [*((stem, fault) for stem in SERVED for fault in ON_FILE), *EXPIRED]


@pytest.mark.parametrize(("stem", "fault"), FILE_FAULTS)
async def test_a_download_that_met_trouble_is_brought_home(street: Street, stem: str, fault: str) -> None:
    if fault == "range-ignored":
        street.server.fault(stem, "file", "cut")
    street.server.fault(stem, "file", fault)
    view = await street.finished(plain(TABLES[stem]))
    assert (view.state, street.server.accepted(stem)) == ("succeeded", 1), view.error


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


@pytest.mark.parametrize("mode", ["text-to-video", "image-to-video"])
async def test_falsy_values_arrive(house: House, mode: Mode) -> None:
    spec = TABLES["sandbox"].specs["sandbox-preview", mode]
    async with house.process() as service:
        request = request_for(spec, seed=0, generate_audio=False, negative_prompt="")
        job = await service.submit(request, owner=LOCAL, files_under=None)
        assert (await service.settled(job, owner=LOCAL)).state == "succeeded"
    (order,) = house.orders()
    assert (order["seed"], order["audio"], order["negative_prompt"]) == (0, False, "")


def context_of(spec: ModeSpec) -> Context:
    return REGISTRY[spec.provider].context


def call_of(spec: ModeSpec, request: VideoRequest) -> HttpCall:
    return REGISTRY[spec.provider].adapter.create(to_send(request, spec), spec, context_of(spec))


def values_of(name: str, parameter: Parameter) -> list[Value]:
    """Two values of a parameter that differ from each other."""
    if name in MEDIA_FIELDS:
        url_only = parameter.limits is not None and parameter.limits.url_only
        named = [f"https://example.com/{n}.png" if url_only else f"/{n}.png" for n in (1, 2)]
        return [(each,) for each in named] if name == "reference_images" else [*named]
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


def leaves(node: object, at: tuple[object, ...] = ()) -> Iterator[tuple[tuple[object, ...], object]]:
    """Every place in a body that holds no other, with what it holds; its type counts, so that 0 is not False."""
    if isinstance(node, Mapping):
        for key, value in cast("Mapping[object, object]", node).items():
            yield from leaves(value, (*at, key))
    elif isinstance(node, list | tuple):
        for place, value in enumerate(cast("Sequence[object]", node)):
            yield from leaves(value, (*at, place))
    else:
        yield at, (type(node), node)


def moved(one: HttpCall, other: HttpCall) -> set[tuple[object, ...]]:
    """The places where two calls differ."""
    assert (one.method, one.path, one.query, one.headers) == (other.method, other.path, other.query, other.headers)
    before, after = dict(leaves(one.body)), dict(leaves(other.body))
    return {place for place in before.keys() | after.keys() if before.get(place) != after.get(place)}


@pytest.mark.parametrize("spec", SPECS, ids=named)
def test_every_parameter_moves_its_own_place_in_the_request_and_no_other(spec: ModeSpec) -> None:
    base = request_for(spec, Path("/clip.mp4"))
    unset = call_of(spec, base)
    owners: dict[tuple[object, ...], str] = {}
    for name, parameter in spec.parameters.items():
        if parameter.fixed:
            # Taken where it says what is so anyway, and never sent: some refuse the very name.
            assert moved(unset, call_of(spec, base.changed({name: parameter.default}))) == set()
            continue
        calls = [call_of(spec, base.changed({name: value})) for value in values_of(name, parameter)]
        # What is required or always sent goes out with its default where nobody set it.
        said_anyway = parameter.required or parameter.always_sent or name in base.set_values()
        if said_anyway and len(calls) == 1:
            assert moved(unset, calls[0]) == set()
            continue
        places = set[tuple[object, ...]]().union(*(moved(calls[0], other) for other in (*calls[1:], unset)))
        # A picture may stand beside its type; all else is one value in one place.
        assert len(places) == 1 or (len(places) > 1 and name in MEDIA_FIELDS), places
        for place in places:
            assert owners.setdefault(place, name) == name
            assert said_anyway or place not in dict(leaves(unset.body)), name


@pytest.mark.parametrize("spec", SPECS, ids=named)
async def test_what_the_table_refuses_never_reaches_the_provider(street: Street, spec: ModeSpec) -> None:
    async with street.process() as service:
        for name, value in refused_values(spec):
            request = request_for(spec, "https://example.com/clip.mp4", **{name: value})
            with pytest.raises(InvalidRequest) as refused:
                await service.submit(request, owner=LOCAL, files_under=None)
            assert name in [issue.field for issue in refused.value.issues], (name, value)
    assert street.server.requests() == []


def refused_values(spec: ModeSpec) -> Iterator[tuple[str, Value]]:
    """For every field of a request one value or more that the table does not take, and each field that it lacks."""
    samples: dict[str, Value] = {"choice": "999p", "range": 0, "flag": False, "text": ""}
    for name, kind in PARAMETER_KINDS.items():
        parameter = spec.parameters.get(name)
        if parameter is None:
            medium = "https://example.com/1.png"
            samples["media"] = (medium,) if name == "reference_images" else medium
            yield name, 8 if name == "duration_seconds" else samples[kind]
        elif parameter.fixed:
            yield name, {"choice": "999p", "flag": not parameter.default}.get(kind, 2)
        elif parameter.choices is not None:
            yield name, 3 if isinstance(parameter.choices[0], int) else "999p"
        elif kind == "range":
            bounds = (parameter.at_least, -1), (parameter.at_most, 1)
            yield from ((name, bound + step) for bound, step in bounds if bound is not None)


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
    uploads, owner = tmp_path / "uploads", "token:web"
    mine, other = uploads / folder_of(owner) / "a", uploads / folder_of("token:other") / "b"
    mine.mkdir(parents=True)
    other.mkdir(parents=True)
    outside = tmp_path / "secret.png"
    outside.write_bytes((Path(__file__).parent.parent.parent / "assets/samples/reference-1.png").read_bytes())
    (mine / "link.png").symlink_to(outside)
    for each in (mine, other, uploads):
        (each / "mine.png").write_bytes(outside.read_bytes())
    spec = TABLES["sandbox"].specs["sandbox-preview", "image-to-video"]
    async with house.process() as service:
        for name in (
            outside,
            mine / "link.png",
            uploads / ".." / "secret.png",
            other / "mine.png",
            uploads / "mine.png",
        ):
            request = request_for(spec, first_frame=str(name))
            result = await service.check(request, owner=owner, files_under=uploads)
            assert [(issue.field, issue.code) for issue in result.issues] == [("first_frame", "missing")]
        request = request_for(spec, first_frame=str(mine / "mine.png"))
        assert (await service.check(request, owner=owner, files_under=uploads)).valid


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
