"""Requests and facts drawn from the capability tables themselves, so that a new table is tested by being there."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from playground.catalog import load_tables
from playground.domain.capabilities import UNKNOWN, MediaLimit, ModeSpec, Parameter, Rule, Table
from playground.domain.media import Facts, MediaFacts
from playground.domain.request import MEDIA_FIELDS, MODES, PARAMETER_KINDS, VideoRequest
from playground.domain.tables import parse_table

NOW: Final = datetime(2026, 10, 1, 12, tzinfo=UTC)
"""A day on which the samples' models are served."""

_T = TypeVar("_T")
_DATA: Final = Path(__file__).parents[1] / "data"


def sample_document(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / f"sample_{name}.toml").read_text("utf-8"))


CATALOG: Final[dict[str, Table]] = load_tables()
TABLES: Final[dict[str, Table]] = {
    **CATALOG,
    **{f"sample-{name}": parse_table(name, sample_document(name)) for name in ("tokenbay", "gemini")},
}
SPECS: Final[list[tuple[Table, ModeSpec]]] = [(t, s) for t in TABLES.values() for s in t.specs.values()]


@dataclass(frozen=True)
class Drawn:
    """A request with the facts of its media, and the table that it was drawn from."""

    table: Table
    spec: ModeSpec
    request: VideoRequest
    facts: Facts

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """What a failing test shows; whole tables are too long to read."""
        printer.text(f"{self.table.id}: {self.request.as_json()} with {self.facts}")


specs = st.sampled_from(SPECS)
texts = st.text(min_size=1, max_size=40).map(lambda text: f"A {text}")
references = st.one_of(
    st.from_regex(r"[a-z]{1,8}\.png", fullmatch=True),
    st.from_regex(r"https://[a-z]{1,8}\.example/[a-z]{1,8}\.png", fullmatch=True),
    st.from_regex(r"job:[A-Za-z0-9_-]{1,22}(#[1-9])?", fullmatch=True),
)
urls = st.from_regex(r"https://[a-z]{1,8}\.example/[a-z]{1,8}", fullmatch=True)

_MANY: Final = 10**12


def _in_range(parameter: Parameter) -> st.SearchStrategy[int]:
    low = parameter.at_least if parameter.at_least is not None else -_MANY
    return st.integers(low, parameter.at_most if parameter.at_most is not None else low + _MANY)


def values_of(name: str, parameter: Parameter) -> st.SearchStrategy[Any]:
    """What a field of this mode may hold, taken by itself."""
    kind = PARAMETER_KINDS[name]
    if parameter.fixed:
        return st.just(parameter.default)
    if kind == "flag":
        return st.booleans()
    if kind == "text":
        longest = parameter.max_characters if parameter.max_characters is not None else 100
        return texts.map(lambda text: text[:longest])
    if kind == "media":
        one = urls if parameter.limits is not None and parameter.limits.url_only else references
        if name != "reference_images":
            return one
        fewest = parameter.at_least or 1
        return st.lists(one, min_size=fewest, max_size=parameter.at_most or fewest + 2)
    return st.sampled_from(parameter.choices) if parameter.choices is not None else _in_range(parameter)


def _limits(spec: ModeSpec, name: str, *, blocking: bool = False) -> list[MediaLimit]:
    """What is said of a medium; `blocking`: only what refuses it."""
    parameter = spec.parameters.get(name)
    own = [parameter.limits] if parameter is not None and parameter.limits is not None else []
    rules = [rule for rule in spec.rules if name in rule.media and not (blocking and _may_let_pass(rule))]
    return own + [rule.media[name] for rule in rules]


def _may_let_pass(rule: Rule) -> bool:
    """Whether a rule only warns, or does not hold everywhere."""
    return rule.severity == "warning" or bool(rule.when) or rule.region is not None or rule.outside is not None


def _common(each: Iterable[tuple[_T, ...] | None]) -> set[_T] | None:
    """What all that say anything agree on; None where none says anything."""
    stated = [set(one) for one in each if one is not None]
    return set[_T].intersection(*stated) if stated else None


@st.composite
def _medium(draw: st.DrawFn, spec: ModeSpec, name: str) -> MediaFacts:
    """Facts that every limit of this field lets through."""
    limits = _limits(spec, name)
    video = name == "source_video"
    usual = {"mp4"} if video else {"png", "jpeg"}
    formats = sorted(set[str](_common([limit.formats for limit in limits]) or usual))
    sides = sorted(set[int](_common([limit.heights for limit in limits]) or range(64, 1081)))
    side = draw(st.sampled_from(sides))
    pixels = min([limit.max_megapixels for limit in limits if limit.max_megapixels is not None], default=50.0)
    size = min([limit.max_megabytes for limit in limits if limit.max_megabytes is not None], default=20.0)
    shortest = max([limit.at_least_seconds or 0.0 for limit in limits], default=0.0)
    longest = min([limit.at_most_seconds for limit in limits if limit.at_most_seconds is not None], default=30.0)
    days = min([limit.younger_than_days for limit in limits if limit.younger_than_days is not None], default=1.0)
    often = min([limit.extended_at_most for limit in limits if limit.extended_at_most is not None], default=3)
    rates = [limit.frames_per_second for limit in limits if limit.frames_per_second is not None]
    return MediaFacts(
        kind="video" if video else "image",
        format=draw(st.sampled_from(formats)),
        bytes=draw(st.integers(1, int(size * 1_000_000))),
        width=draw(st.integers(side, max(side, int(pixels * 1_000_000) // side))),
        height=side,
        seconds=draw(st.floats(shortest, longest)) if video else None,
        frames_per_second=(rates[0] if rates else 24.0) if video else None,
        made_by=next((limit.made_by for limit in limits if limit.made_by is not None), None),
        made_at=NOW - timedelta(days=draw(st.floats(0, days))),
        extended=draw(st.integers(0, often - 1)),
    )


def _effective(values: dict[str, Any], spec: ModeSpec, name: str) -> Any:
    parameter = spec.parameters.get(name)
    if name in values or parameter is None:
        return values.get(name)
    return parameter.default if parameter.default != UNKNOWN else None


def _applies(rule: Rule, values: dict[str, Any], spec: ModeSpec, region: str | None) -> bool:
    if rule.region is not None and region not in rule.region:
        return False
    if rule.outside is not None and (region is None or region in rule.outside):
        return False
    for name, condition in rule.when.items():
        value = _effective(values, spec, name)
        holds = value is not None if condition == "set" else value is None if condition == "unset" else False
        if not (holds or (isinstance(condition, tuple) and value is not None and value in condition)):
            return False
    return True


def _obey(draw: st.DrawFn, values: dict[str, Any], spec: ModeSpec, region: str | None) -> None:
    """Change what the rules of the table refuse; a rule may wake another, so they are gone through again."""
    for rule in spec.rules * (len(spec.rules) + 1):
        if rule.severity == "warning" or not _applies(rule, values, spec, region):
            continue
        for name, demand in rule.then.items():
            parameter = spec.parameters.get(name)
            if demand == "forbidden":
                values.pop(name, None)
            elif parameter is not None and demand == "required" and name not in values:
                values[name] = draw(values_of(name, parameter))
            elif parameter is not None and isinstance(demand, tuple):
                value = _effective(values, spec, name)
                if value is not None and value not in demand:
                    allowed = parameter.allowed() or demand
                    values[name] = draw(st.sampled_from([each for each in allowed if each in demand]))


@st.composite
def inside(draw: st.DrawFn, *, loose: bool = False) -> Drawn:
    """A request that its table takes. `loose`: each field for itself, the rules between them not minded."""
    table, spec = draw(specs)
    region = draw(st.sampled_from([None, "US", *sorted({r for rule in spec.rules for r in rule.region or ()})]))
    values: dict[str, Any] = {}
    for name, parameter in spec.parameters.items():
        needed = parameter.required and parameter.default in (None, UNKNOWN)
        if needed or draw(st.booleans()):
            values[name] = draw(values_of(name, parameter))
    for name, parameter in spec.parameters.items():
        if parameter.required_unless and not set(parameter.required_unless) & set(values):
            values.setdefault(name, draw(values_of(name, parameter)))
    if not loose:
        _obey(draw, values, spec, region)
    media = {
        name: tuple(draw(_medium(spec, name)) for _ in (values[name] if isinstance(values[name], list) else [0]))
        for name in MEDIA_FIELDS
        if name in values
    }
    model = draw(st.sampled_from([None, spec.model.id])) if _is_default(table, spec) else spec.model.id
    named = {"provider": table.id, "mode": spec.mode, "model": model}
    return Drawn(
        table, spec, VideoRequest.model_validate({**named, **values}), Facts(media, region, allow_retired=True)
    )


def _is_default(table: Table, spec: ModeSpec) -> bool:
    default = table.default_model(spec.mode, NOW.date())
    return default is not None and default.id == spec.model.id


@st.composite
def outside(draw: st.DrawFn) -> tuple[Drawn, str]:
    """A request that its table takes but for one field, and that field's name."""
    drawn = draw(inside())
    steps: list[tuple[str, Any, Facts]] = []
    for name in PARAMETER_KINDS:
        parameter = drawn.spec.parameters.get(name)
        if parameter is None:
            steps.append((name, draw(_foreign(name)), drawn.facts))
        else:
            steps += [(name, value, drawn.facts) for value in draw(_too_far(name, parameter))]
            steps += [(name, drawn.request.value(name), facts) for facts in draw(_bad_media(drawn, name))]
    name, value, facts = draw(st.sampled_from(steps))
    return replace(drawn, request=drawn.request.changed({name: value}), facts=facts), name


def _foreign(name: str) -> st.SearchStrategy[Any]:
    """Anything of the type that a request has there."""
    kind = PARAMETER_KINDS[name]
    if kind == "flag":
        return st.booleans()
    if name == "reference_images":
        return st.lists(references, min_size=1, max_size=3).map(tuple)
    if kind == "range" or name == "duration_seconds":
        return st.integers()
    return st.text(min_size=1, max_size=20)


@st.composite
def _too_far(draw: st.DrawFn, name: str, parameter: Parameter) -> list[Any]:
    """Values of a field that break its own words."""
    kind = PARAMETER_KINDS[name]
    far: list[Any] = []
    if parameter.fixed:
        far.append(draw(_foreign(name).filter(lambda value: value != parameter.default)))
    if parameter.choices is not None and not parameter.fixed:
        far.append(draw(_foreign(name).filter(lambda value: value not in (parameter.choices or ()))))
    if kind == "range" and parameter.choices is None and not parameter.fixed:
        far += [parameter.at_least - draw(st.integers(1))] if parameter.at_least is not None else []
        far += [parameter.at_most + draw(st.integers(1))] if parameter.at_most is not None else []
    if parameter.max_characters is not None:
        far.append("x" * (parameter.max_characters + draw(st.integers(1, 9))))
    if name == "reference_images" and parameter.at_most is not None:
        far.append(("a.png",) * (parameter.at_most + draw(st.integers(1, 9))))
    if parameter.required and parameter.default in (None, UNKNOWN):
        far += [None, ()] if name == "reference_images" else [None]
        far += [draw(st.sampled_from(["", " ", "\n"]))] if kind == "text" else []
    return far


@st.composite
def _bad_media(draw: st.DrawFn, drawn: Drawn, name: str) -> list[Facts]:
    """Facts that break one limit of a field that is given."""
    given_facts = drawn.facts.media.get(name, ())
    if not given_facts:
        return []
    spoils: list[dict[str, Any]] = [{"problem": "It is broken.", "problem_code": "broken"}]
    for limit in _limits(drawn.spec, name, blocking=True):
        spoils += [{"format": "svg"}] if limit.formats is not None else []
        spoils += [{"bytes": int(limit.max_megabytes * 1_000_000) + 1}] if limit.max_megabytes is not None else []
        spoils += [{"seconds": limit.at_most_seconds + 0.1}] if limit.at_most_seconds is not None else []
        spoils += [{"made_by": None}] if limit.made_by is not None else []
        spoils += [{"extended": limit.extended_at_most}] if limit.extended_at_most is not None else []
        days = limit.younger_than_days
        spoils += [{"made_at": NOW - timedelta(days=days, seconds=1)}] if days is not None else []
    place = draw(st.integers(0, len(given_facts) - 1))
    spoil = draw(st.sampled_from(spoils))
    bad = (*given_facts[:place], replace(given_facts[place], **spoil), *given_facts[place + 1 :])
    return [replace(drawn.facts, media={**drawn.facts.media, name: bad})]


# ---- Anything at all ----

anything_text = st.one_of(
    st.text(max_size=30), st.sampled_from(["", " ", "\x00", "🎬" * 50, "job:a#9", "http://", "unknown", "x" * 30_000])
)
anything_integer = st.one_of(st.integers(), st.sampled_from([0, -1, 2**63, -(2**63), 10**400, 10**5_000]))
_any_model = st.sampled_from([None, "nobody", *(spec.model.id for _, spec in SPECS)])


def _anything(name: str) -> st.SearchStrategy[Any]:
    kind = PARAMETER_KINDS[name]
    if kind == "flag":
        return st.booleans()
    if name == "reference_images":
        return st.lists(anything_text, max_size=5).map(tuple)
    if kind == "range" or name == "duration_seconds":
        return anything_integer
    stated = [c for _, spec in SPECS if name in spec.parameters for c in spec.parameters[name].choices or ()]
    return st.one_of(st.sampled_from(stated), anything_text) if stated else anything_text


anything_asked: st.SearchStrategy[VideoRequest] = st.fixed_dictionaries(
    {"provider": anything_text, "mode": st.sampled_from(MODES), "model": st.one_of(_any_model, anything_text)},
    optional={name: _anything(name) for name in PARAMETER_KINDS},
).map(
    # As it comes out of the copies that the code makes: values that no JSON can bring are let in too.
    lambda fields: VideoRequest(provider="", mode=MODES[0]).model_copy(update=fields)
)

_number = st.one_of(st.none(), st.floats(), st.sampled_from([0.0, -1.0, 1e308]))
anything_measured: st.SearchStrategy[MediaFacts] = st.builds(
    MediaFacts,
    kind=st.sampled_from(["image", "video", "unknown"]),
    format=st.one_of(st.none(), st.sampled_from(["png", "mp4"]), anything_text),
    bytes=st.one_of(st.none(), anything_integer),
    width=st.one_of(st.none(), anything_integer),
    height=st.one_of(st.none(), anything_integer),
    seconds=_number,
    frames_per_second=_number,
    has_audio=st.one_of(st.none(), st.booleans()),
    by_url=st.booleans(),
    made_by=st.one_of(st.none(), st.sampled_from(list(TABLES)), anything_text),
    made_at=st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
    extended=anything_integer,
    problem=st.one_of(st.none(), anything_text),
    problem_code=st.one_of(st.none(), anything_text),
)
anything_known: st.SearchStrategy[Facts] = st.builds(
    Facts,
    media=st.dictionaries(st.sampled_from(MEDIA_FIELDS), st.lists(anything_measured, max_size=3).map(tuple)),
    region=st.one_of(st.none(), anything_text),
    allow_retired=st.booleans(),
)


# ---- Tables of our own making: the sample with other rules ----

_LISTED: Final = {
    "duration_seconds": [4, 6, 8],
    "resolution": ["720p", "1080p", "4k"],
    "aspect_ratio": ["16:9", "9:16"],
}


@st.composite
def _rule(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.permutations([*_LISTED, "generate_audio"]))
    wanted = {**_LISTED, "generate_audio": [True, False]}
    conditions, demands = draw(st.integers(0, 2)), draw(st.integers(1, 2))
    some = {name: st.lists(st.sampled_from(wanted[name]), min_size=1, max_size=2, unique=True) for name in names}
    when = {name: draw(st.one_of(some[name], st.sampled_from(["set", "unset"]))) for name in names[:conditions]}
    then = {
        name: draw(st.one_of(some[name], st.sampled_from(["required", "forbidden"]))) for name in names[2:][:demands]
    }
    return {"when": when, "then": then, "says": "So it is.", "evidence": "page"}


@st.composite
def ruled_tables(draw: st.DrawFn) -> Table:
    """The sample of TokenBay with rules that nobody thought of; no rule demands what it also looks at."""
    document = sample_document("tokenbay")
    document["rule"] = [{**rule, "id": f"r{n}"} for n, rule in enumerate(draw(st.lists(_rule(), max_size=4)))]
    for name in _LISTED:
        document["parameters"][name]["default"] = draw(st.sampled_from(["unknown", *_LISTED[name][:2]]))
    return parse_table("tokenbay", document)


ruled_requests: st.SearchStrategy[VideoRequest] = st.fixed_dictionaries(
    {"provider": st.just("tokenbay"), "mode": st.just("text-to-video"), "prompt": st.just("A lake.")},
    optional={**{name: st.sampled_from(values) for name, values in _LISTED.items()}, "generate_audio": st.booleans()},
).map(VideoRequest.model_validate)


# ---- Requests near a table: some of their fields as another provider would want them, or as nobody does ----

_STRAY: Final = {
    name: sorted(
        {c for _, spec in SPECS if name in spec.parameters for c in spec.parameters[name].allowed() or ()}, key=str
    )
    for name, kind in PARAMETER_KINDS.items()
    if kind != "media"
}


def _stray(name: str) -> st.SearchStrategy[Any]:
    stated = _STRAY.get(name)
    return st.one_of(st.sampled_from(stated), _foreign(name)) if stated else _foreign(name)


@st.composite
def astray(draw: st.DrawFn) -> Drawn:
    """A request of the catalogue with up to seven fields that need not fit, and media of which some are no good."""
    drawn = draw(inside(loose=True).filter(lambda drawn: CATALOG.get(drawn.table.id) is drawn.table))
    names = draw(st.lists(st.sampled_from(list(PARAMETER_KINDS)), max_size=7, unique=True))
    request = drawn.request.changed({name: draw(_stray(name)) for name in names})
    media = {name: facts for name, facts in drawn.facts.media.items() if request.value(name) is not None}
    for name in names:
        if name in MEDIA_FIELDS:
            value = request.value(name)
            many = len(value) if isinstance(value, tuple) else 1
            media[name] = tuple(draw(_any_medium) for _ in range(many))
    facts = replace(drawn.facts, media=media, allow_retired=draw(st.booleans()))
    return replace(drawn, request=request, facts=facts)


_any_medium = st.sampled_from(
    [
        MediaFacts(kind="image", format="png", bytes=900, width=1280, height=720),
        MediaFacts(kind="image", format="webp", bytes=30_000_000, width=100, height=9_000),
        MediaFacts(kind="image", problem="It is broken.", problem_code="broken"),
        MediaFacts(kind="video", format="mp4", seconds=8.0, width=1280, height=720, frames_per_second=24.0),
        MediaFacts(kind="video", format="mp4", seconds=900.0, made_by="gemini", extended=21),
    ]
)
