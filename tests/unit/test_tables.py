"""A capability table is read strictly: what it cannot mean is refused, with the table and the place."""

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from playground.catalog import load_tables
from playground.domain.capabilities import UNKNOWN, ModeSpec, Table
from playground.domain.request import MEDIA_FIELDS, PARAMETER_KINDS
from playground.domain.tables import TableError, parse_table

DATA = Path(__file__).parents[1] / "data"
CATALOG = load_tables()
SAMPLES = {name: tomllib.loads((DATA / f"sample_{name}.toml").read_text("utf-8")) for name in ("tokenbay", "gemini")}
TABLES = [*CATALOG.values(), *(parse_table(name, document) for name, document in SAMPLES.items())]
SPECS = [spec for table in TABLES for spec in table.specs.values()]

Edit = Callable[[dict[str, Any]], object]


def named(each: Table | ModeSpec) -> str:
    return each.id if isinstance(each, Table) else f"{each.provider}-{each.model.id}-{each.mode}"


def refused(edit: Edit, sample: str = "tokenbay") -> str:
    """What is said of a sample after an edit that spoils it."""
    document = copy.deepcopy(SAMPLES[sample])
    edit(document)
    with pytest.raises(TableError) as caught:
        parse_table(sample, document)
    return str(caught.value)


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_a_table_holds_together(table: Table) -> None:
    assert {model for model, _ in table.specs} == {model.id for model in table.models}
    for (model, mode), spec in table.specs.items():
        assert (spec.provider, spec.model.id, spec.mode) == (table.id, model, mode)
        assert spec.prices


@pytest.mark.parametrize("spec", SPECS, ids=named)
def test_every_default_obeys_its_own_rules(spec: ModeSpec) -> None:
    for name, parameter in spec.parameters.items():
        default = parameter.default
        if default is None or default == UNKNOWN:
            continue
        assert name not in MEDIA_FIELDS
        if PARAMETER_KINDS[name] == "flag":
            assert isinstance(default, bool)
        elif (allowed := parameter.allowed()) is not None:
            assert default in allowed
        elif isinstance(default, int):
            assert (parameter.at_least or default) <= default <= (parameter.at_most or default)


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_media_belong_only_to_modes_that_name_them(table: Table) -> None:
    for (_, mode), spec in table.specs.items():
        assert mode != "text-to-video" or not set(spec.parameters) & set(MEDIA_FIELDS)


# Each: what is wrong, how it came about, and what the message has to name besides the table.
TYPOS: list[tuple[str, Edit, tuple[str, ...]]] = [
    ("provider word", lambda d: d["provider"].update(lable="x"), ("provider.lable",)),
    ("polling word", lambda d: d["provider"]["poll_seconds"].update(frist=1), ("provider.poll_seconds.frist",)),
    ("model word", lambda d: d["model"][1].update(witout=[]), ("model.1.witout",)),
    ("mode", lambda d: d["modes"].update({"text-to-vido": {"evidence": "page"}}), ("text-to-vido",)),
    ("mode word", lambda d: d["modes"]["references"].update(wran="x"), ("modes.references.wran",)),
    ("parameter", lambda d: d["parameters"].update(durations={"evidence": "page"}), ("durations",)),
    ("parameter word", lambda d: d["parameters"]["resolution"].update(choises=[]), ("resolution", "choises")),
    ("limit word", lambda d: d["parameters"]["first_frame"]["limits"].update(max_mb=1), ("first_frame", "max_mb")),
    ("rule word", lambda d: d["rule"][0].update(unless={}), ("rule.0.unless",)),
    ("rule condition", lambda d: d["rule"][0]["when"].update(seed="sett"), ("rule.0.when.seed",)),
    ("rule mode", lambda d: d["rule"][0].update(mode="extend"), ("rule.0.mode",)),
    ("price word", lambda d: d["price"][0].update(usd=1), ("price.0.usd",)),
    ("evidence kind", lambda d: d["evidence"]["page"].update(kind="rumour"), ("evidence.page.kind",)),
    ("section", lambda d: d.update(parameter={}), ("parameter",)),
    ("without", lambda d: d["model"][1].update(without=["resolutoin"]), ("model.1.without", "resolutoin")),
    ("without choices", lambda d: d["model"][1].update(without={"resolutoin": ["4k"]}), ("without", "resolutoin")),
    ("without a choice", lambda d: d["model"][1]["without"].update(resolution=["4K"]), ("lite", "resolution", "4K")),
    ("required_unless", lambda d: d["parameters"]["prompt"].update(required_unless=["frist"]), ("prompt", "frist")),
    ("rule field", lambda d: d["rule"][0]["then"].update(durations=[8]), ("full-length-only", "durations")),
    ("rule field in when", lambda d: d["rule"][0]["when"].update(resolutoin="set"), ("full-length-only", "resolutoin")),
    ("rule model", lambda d: d["rule"][0].update(model="veo-3"), ("full-length-only", "veo-3")),
    ("rule media", lambda d: d["rule"][0].update(media={"prompt": {}}), ("full-length-only", "prompt")),
    ("rule value", lambda d: d["rule"][0]["when"].update(resolution=["1080"]), ("full-length-only", "1080")),
    ("rule value's type", lambda d: d["rule"][0]["then"].update(duration_seconds=["8"]), ("full-length-only", "'8'")),
    ("rule on text", lambda d: d["rule"][0]["when"].update(prompt=["x"]), ("full-length-only", "prompt")),
    ("price field", lambda d: d["price"][0].update(when={"resolutoin": ["4k"]}), ("price", "resolutoin")),
    ("price value", lambda d: d["price"][0].update(when={"resolution": ["2k"]}), ("price", "resolution", "2k")),
    ("price model", lambda d: d["price"][0].update(model="veo-3"), ("price", "veo-3")),
    ("mode's model", lambda d: d["modes"]["references"].update(models=["veo-3"]), ("modes.references", "veo-3")),
    ("model's mode", lambda d: d["model"][0].update(modes={"extension": {}}), ("veo-3.1-generate", "extension")),
]

MISSING_EVIDENCE: list[tuple[str, Edit, tuple[str, ...]]] = [
    ("provider's", lambda d: d["provider"].pop("evidence"), ("provider.evidence",)),
    ("mode's", lambda d: d["modes"]["references"].pop("evidence"), ("modes.references.evidence",)),
    ("rule's", lambda d: d["rule"][0].pop("evidence"), ("rule.0.evidence",)),
    ("price's", lambda d: d["price"][0].pop("evidence"), ("price.0.evidence",)),
    ("parameter's", lambda d: d["parameters"]["resolution"].pop("evidence"), ("parameters.resolution", "evidence")),
    ("place", lambda d: d["evidence"]["page"].pop("where"), ("evidence.page", "where")),
    ("date", lambda d: d["evidence"]["page"].pop("read"), ("evidence.page.read",)),
    ("provider's key", lambda d: d["provider"].update(evidence="pgae"), ("[provider]", "pgae")),
    ("mode's key", lambda d: d["modes"]["references"].update(evidence="pgae"), ("[modes.references]", "pgae")),
    ("rule's key", lambda d: d["rule"][0].update(evidence="pgae"), ("full-length-only", "pgae")),
    ("price's key", lambda d: d["price"][0].update(evidence="pgae"), ("price", "pgae")),
    ("parameter's key", lambda d: d["parameters"]["resolution"].update(evidence="pgae"), ("resolution", "pgae")),
    ("lifecycle's key", lambda d: d["model"][0].update(lifecycle={"evidence": "pgae"}), ("lifecycle", "pgae")),
]


def _parameter(name: str, **words: object) -> Edit:
    return lambda d: d["parameters"].setdefault(name, {"evidence": "page"}).update(words)


CONTRADICTIONS: list[tuple[str, Edit, tuple[str, ...]]] = [
    ("default outside", _parameter("resolution", default="2k"), ("parameters.resolution", "2k")),
    ("default taken away", _parameter("resolution", default="4k"), ("resolution", "lite", "4k")),
    ("default of another type", _parameter("duration_seconds", default="8"), ("duration_seconds", "'8'")),
    ("flag is no word", _parameter("generate_audio", default="on"), ("generate_audio", "on")),
    ("flag is no number", _parameter("generate_audio", default=1), ("generate_audio", "1")),
    ("text is no number", _parameter("negative_prompt", default=1), ("negative_prompt", "1")),
    ("number is no flag", _parameter("number_of_videos", at_least=1, at_most=4, default=True), ("number_of", "True")),
    ("below its range", _parameter("seed", at_least=0, at_most=4_294_967_295, default=-1), ("seed", "-1")),
    ("above its range", _parameter("seed", at_most=9, default=10), ("seed", "10")),
    ("range upside down", _parameter("seed", at_least=2, at_most=1), ("seed", "2")),
    ("medium with a default", _parameter("first_frame", default="x.png"), ("first_frame", "default")),
    ("no choices", lambda d: d["parameters"]["resolution"].pop("choices"), ("resolution", "choices")),
    ("none left", lambda d: d["model"][1].update(without={"resolution": ["720p", "1080p", "4k"]}), ("resolution",)),
    ("choices of another type", _parameter("duration_seconds", choices=["4", "8"]), ("duration_seconds", "'4'")),
    ("choices of a flag", _parameter("generate_audio", choices=["yes"]), ("generate_audio", "choices")),
    ("word for no choice", _parameter("resolution", words={"2k": "2K"}), ("resolution", "2k")),
    ("fixed to nothing", _parameter("generate_audio", default="unknown", fixed=True), ("generate_audio", "fixed")),
    ("negative price", lambda d: d["price"][0].update(usd_per_second=-1), ("price.0.usd_per_second",)),
    ("price of nan", lambda d: d["price"][0].update(usd_per_second=float("nan")), ("price.0.usd_per_second",)),
    ("no price", lambda d: d.update(price=[]), ("price",)),
    ("no model", lambda d: d.update(model=[]), ("model",)),
    ("one model twice", lambda d: d["model"].append(d["model"][0]), ("model",)),
    ("polled without a pace", lambda d: d["provider"].pop("poll_seconds"), ("provider", "poll_seconds")),
    ("frame rate of zero", _parameter("first_frame", limits={"frames_per_second": 0}), ("first_frame", "frames_per")),
]


@pytest.mark.parametrize(
    ("edit", "names"),
    [pytest.param(edit, names, id=name) for name, edit, names in (*TYPOS, *MISSING_EVIDENCE, *CONTRADICTIONS)],
)
def test_what_a_table_cannot_mean_is_refused_with_its_place(edit: Edit, names: tuple[str, ...]) -> None:
    says = refused(edit)
    assert says.startswith("catalog/tokenbay.toml: ")
    for name in names:
        assert name in says
    assert "pydantic" not in says


def test_a_record_needs_no_place() -> None:
    document = copy.deepcopy(SAMPLES["tokenbay"])
    document["evidence"]["page"] = {"kind": "record", "read": document["evidence"]["page"]["read"]}
    assert parse_table("tokenbay", document).evidence["page"].where is None


def test_later_words_win_field_by_field() -> None:
    document = copy.deepcopy(SAMPLES["gemini"])
    document["modes"]["references"]["parameters"]["resolution"] = {"help": "the mode's"}
    document["model"][0]["parameters"] = {"resolution": {"help": "the model's", "note": "the model's"}}
    document["model"][0]["modes"] = {"references": {"parameters": {"resolution": {"unit": "both"}}}}
    table = parse_table("gemini", document)
    plain = table.specs["veo-3.1-generate-preview", "text-to-video"].parameters["resolution"]
    both = table.specs["veo-3.1-generate-preview", "references"].parameters["resolution"]
    assert (plain.help, plain.note, plain.unit) == ("the model's", "the model's", None)
    assert (both.help, both.note, both.unit) == ("the mode's", "the model's", "both")
    assert both.choices == plain.choices


def test_a_model_without_a_choice_lacks_it_although_its_mode_names_it_again() -> None:
    document = copy.deepcopy(SAMPLES["tokenbay"])
    document["modes"]["interpolation"]["parameters"]["resolution"] = {"choices": ["1080p", "4k"]}
    specs = parse_table("tokenbay", document).specs
    assert specs["veo-3.1-lite-generate-preview", "interpolation"].parameters["resolution"].choices == ("1080p",)
    assert specs["veo-3.1-generate-preview", "interpolation"].parameters["resolution"].choices == ("1080p", "4k")


def test_a_mode_can_belong_to_some_models_only() -> None:
    document = copy.deepcopy(SAMPLES["tokenbay"])
    document["modes"]["references"]["models"] = ["veo-3.1-generate-preview"]
    table = parse_table("tokenbay", document)
    assert [model.id for model in table.models_for("references")] == ["veo-3.1-generate-preview"]
    assert ("veo-3.1-lite-generate-preview", "references") not in table.specs


def test_an_operators_folder_adds_tables(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text((DATA / "sample_tokenbay.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "readme.txt").write_text("no table", "utf-8")
    tables = load_tables(tmp_path)
    assert set(tables) == {*CATALOG, "gateway"}
    assert list(tables) == sorted(tables)


def test_an_operators_table_does_not_replace_one_of_ours(tmp_path: Path) -> None:
    (tmp_path / "sandbox.toml").write_text((DATA / "sample_tokenbay.toml").read_text("utf-8"), "utf-8")
    with pytest.raises(TableError, match="already"):
        load_tables(tmp_path)


@pytest.mark.parametrize(
    ("content", "names"),
    [(b"[provider\n", "gateway.toml"), (b"\xff\xfe", "gateway.toml"), (b"", "catalog/gateway.toml: provider")],
)
def test_a_file_that_is_no_table_is_named(tmp_path: Path, content: bytes, names: str) -> None:
    (tmp_path / "gateway.toml").write_bytes(content)
    with pytest.raises(TableError, match=names):
        load_tables(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="nowhere"):
        load_tables(tmp_path / "nowhere")
