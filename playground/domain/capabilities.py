"""The grammar of a capability table: what a provider, its models and its modes can do, and how we know.

A table is TOML (`catalog/<provider>.toml`), read here strictly: an unknown word is an error, so a typo cannot
silently loosen a rule. `tables.py` resolves the inheritance provider → model → mode into one `ModeSpec` each.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from playground.domain.request import Mode, Value

UNKNOWN: Final = "unknown"
"""A legal default or price: the provider surely has one, nobody has said which. Never zero, never guessed."""

STALE_AFTER: Final = timedelta(days=180)

Severity = Literal["error", "warning"]
Condition = tuple[str | int | bool, ...] | Literal["set", "unset"]
Demand = tuple[str | int | bool, ...] | Literal["required", "forbidden"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Strict):
    """Where a fact comes from. A public record that carries no link says `kind = "record"`."""

    kind: Literal["documented", "sdk", "observed", "record", "inferred"]
    where: str | None = None
    link: str | None = None
    read: date

    def told(self) -> str:
        """In one line: what kind, where, and when it was read."""
        place = self.where if self.where is not None else "no link"
        return f"{self.kind}: {place} (read {self.read})"

    def is_stale(self, today: date) -> bool:
        """Whether it was read so long ago that somebody should look again."""
        return today - self.read > STALE_AFTER

    @model_validator(mode="after")
    def _has_a_place(self) -> "Evidence":
        if self.where is None and self.kind != "record":
            raise ValueError(f"evidence of kind {self.kind!r} must say where")
        return self


class FromEnvironment(_Strict):
    """A non-secret setting of the operator: an environment name with, perhaps, a default."""

    env: str
    default: str | None = None
    required: bool = False
    help: str | None = None
    in_programs: bool = True
    """Whether the programs that are printed use it, too."""


class Credential(_Strict):
    """How a key travels: `bearer`, or the header that carries it; `env` names where the operator keeps it."""

    env: str
    scheme: str = "bearer"
    login: Literal["google"] | None = None
    """Where a key comes from when `env` is not set: `google` are Google's own credentials of this machine."""


class Polling(_Strict):
    """Seconds between status questions."""

    first: float = Field(gt=0)
    then: float = Field(gt=0)
    never_below: float = Field(gt=0)
    steady: bool = False
    """Asked at this pace whatever such jobs took before: its progress is worth showing, and asking costs nothing."""


class UsualWait(_Strict):
    """Seconds that a video takes, as the provider says: at the quickest, and at busy times."""

    at_least: float = Field(gt=0)
    at_most: float = Field(gt=0)
    evidence: str

    @model_validator(mode="after")
    def _in_order(self) -> "UsualWait":
        if self.at_least > self.at_most:
            raise ValueError("at_least is more than at_most")
        return self


class LookUp(_Strict):
    """What it takes to find a job at the provider whose receipt was lost.

    `list`: the provider lists a key's jobs (its adapter is a `LooksUp`); `id`: it can be asked about one whose id is
    known; `nothing`: there is no job to be asked about.
    """

    by: Literal["list", "id", "nothing"]
    needs: str
    """One or two sentences for the job's owner."""
    id_pattern: str | None = None
    """What an id looks like, as a regular expression for all of it: an id becomes part of an address."""
    id_example: str | None = None
    evidence: str

    @model_validator(mode="after")
    def _ids_are_described(self) -> "LookUp":
        if self.by == "nothing":
            return self
        if self.id_example is None or not self.may_be_id(self.id_example):
            raise ValueError("a job that can be asked about needs id_pattern and an id_example that matches")
        return self

    def may_be_id(self, text: str) -> bool:
        """Whether a text may be the id of a job."""
        return self.id_pattern is not None and re.fullmatch(self.id_pattern, text, re.ASCII) is not None


class Constants(_Strict):
    """What every create carries besides what was asked for, because a create of ours must have it."""

    headers: Mapping[str, str] = Field(default_factory=dict[str, str])
    fields: Mapping[str, str | int | bool] = Field(default_factory=dict[str, str | int | bool])
    """At the top of the body, in the provider's own words."""
    evidence: str


class ProviderFacts(_Strict):
    """What holds for a provider as a whole. Without a `credential` it needs no key."""

    label: str
    docs: str | None = None
    about: str | None = None
    dialect: str | None = None
    """The adapter that speaks its protocol; default: the table's own stem."""
    base_url: FromEnvironment
    credential: Credential | None = None
    account: Mapping[str, FromEnvironment] = Field(default_factory=dict[str, FromEnvironment])
    credential_origins: tuple[str, ...] = ()
    """Origins besides the base URL's that may see the key."""
    always: Constants | None = None
    answers: Literal["poll", "once"]
    """`once`: the create call itself answers when the video is finished."""
    poll_seconds: Polling | None = None
    deadline_minutes: float = Field(default=60, gt=0)
    """After this we stop asking by ourselves; the job stays running and can be looked at again."""
    usual_wait: UsualWait | None = None
    """Only where the provider documents it; what jobs took here counts for more."""
    answer_cap_megabytes: float = Field(default=8, gt=0)
    download_cap_megabytes: float = Field(default=2_000, gt=0)
    retention_hours: float | None = None
    look_up: LookUp | None = None
    """Without it, nobody knows of a way to find a job whose receipt was lost."""
    takes_media_urls: bool = False
    rehearsals: tuple[str, ...] = ()
    """Endings that can be played on purpose; only the sandbox has any."""
    evidence: str

    @model_validator(mode="after")
    def _polling_is_known(self) -> "ProviderFacts":
        if self.answers == "poll" and self.poll_seconds is None:
            raise ValueError("a provider that is polled needs poll_seconds")
        return self


class Lifecycle(_Strict):
    """When a model stops being available; dates are the provider's own days."""

    at_risk_from: date | None = None
    deprecated_on: date | None = None
    retired_on: date | None = None
    replacement: str | None = None
    """The provider's word for what follows."""
    use_instead: str | None = None
    """`provider:model` of ours that still does this."""
    evidence: str

    def stage(self, today: date) -> Literal["available", "at-risk", "deprecated", "retired"]:
        """Where the model stands on a day."""
        if self.retired_on is not None and today >= self.retired_on:
            return "retired"
        if self.deprecated_on is not None and today >= self.deprecated_on:
            return "deprecated"
        if self.at_risk_from is not None and today >= self.at_risk_from:
            return "at-risk"
        return "available"


class MediaLimit(_Strict):
    """What an image or a clip must be. Facts that nobody could measure are not judged."""

    formats: tuple[str, ...] | None = None
    max_megabytes: float | None = Field(default=None, gt=0)
    max_megapixels: float | None = Field(default=None, gt=0)
    heights: tuple[int, ...] | None = None
    """Allowed lengths of the shorter side, in pixels."""
    at_least_seconds: float | None = None
    at_most_seconds: float | None = None
    frames_per_second: float | None = Field(default=None, gt=0)
    made_by: str | None = None
    younger_than_days: float | None = None
    extended_at_most: int | None = None
    url_only: bool = False
    needs_type: bool = False
    """The request names its MIME type, which for a link only the file extension tells."""
    transparency: bool = False
    """Transparent parts are known to be seen through."""


class Parameter(_Strict):
    """One field of the request as this provider, model and mode take it.

    No `default` means that nothing happens when it is absent; `"unknown"` means that something does.
    """

    choices: tuple[str | int, ...] | None = None
    at_least: int | None = None
    at_most: int | None = None
    """Bounds of a range, or of the number of media."""
    max_characters: int | None = None
    max_tokens: int | None = None
    """Only estimated by us, so it warns."""
    default: str | int | bool | None = None
    required: bool = False
    always_sent: bool = False
    """Goes out with its default even where nobody set it, although the provider does not ask for it."""
    required_unless: tuple[str, ...] = ()
    fixed: bool = False
    """The default is what always happens: asking for it is fine (and not sent), anything else cannot be had."""
    limits: MediaLimit | None = None
    words: Mapping[str, str] = Field(default_factory=dict[str, str])
    """The provider's own word for a neutral value, where they differ."""
    unit: str | None = None
    help: str | None = None
    note: str | None = None
    warn: str | None = None
    """Said whenever the field is set."""
    evidence: str

    def allowed(self) -> tuple[str | int, ...] | None:
        """Every value that can be listed: the choices, or a small range written out."""
        if self.choices is not None:
            return self.choices
        if self.at_least is not None and self.at_most is not None and self.at_most - self.at_least < _LISTABLE:
            return tuple(range(self.at_least, self.at_most + 1))
        return None


_LISTABLE: Final = 12


class Rule(_Strict):
    """When these hold, then those must. `media` states what the given images or clips must be.

    What this provider states or was seen to enforce is an error; what is known from another one warns.
    """

    id: str
    mode: tuple[Mode, ...] | None = None
    model: tuple[str, ...] | None = None
    region: tuple[str, ...] | None = None
    outside: tuple[str, ...] | None = None
    """Everywhere but in these regions."""
    when: Mapping[str, Condition] = Field(default_factory=dict[str, Condition])
    then: Mapping[str, Demand] = Field(default_factory=dict[str, Demand])
    media: Mapping[str, MediaLimit] = Field(default_factory=dict[str, MediaLimit])
    says: str
    severity: Severity = "error"
    evidence: str

    @field_validator("mode", "model", "region", "outside", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("when", "then", mode="before")
    @classmethod
    def _lists_are_tuples(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - raw TOML

    @property
    def fields(self) -> frozenset[str]:
        """Every field that has a part in this rule."""
        named = {*self.when, *self.then, *self.media}
        named |= {"mode"} if self.mode is not None else set()
        named |= {"model"} if self.model is not None else set()
        return frozenset(named)


class Price(_Strict):
    """USD for one second of video; the first price whose conditions hold counts."""

    model: tuple[str, ...] | None = None
    mode: tuple[Mode, ...] | None = None
    when: Mapping[str, tuple[str | int | bool, ...]] = Field(default_factory=dict[str, tuple[str | int | bool, ...]])
    usd_per_second: Annotated[float, Field(ge=0, allow_inf_nan=False)] | Literal["unknown"]
    note: str | None = None
    evidence: str

    @field_validator("mode", "model", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model as its table names it."""

    id: str
    label: str
    lifecycle: Lifecycle | None


@dataclass(frozen=True, slots=True)
class ModeSpec:
    """One model in one mode, inheritance resolved: everything that a check, a form or a price needs."""

    provider: str
    model: ModelFacts
    mode: Mode
    parameters: Mapping[str, Parameter]
    rules: tuple[Rule, ...]
    prices: tuple[Price, ...]
    adds_seconds: int | None
    """How much longer an extension makes a clip."""
    warn: str | None
    evidence: str
    always: Constants | None = None
    takes_media_urls: bool = False
    """Whether a link is handed on as it is; else we fetch what it leads to."""

    @property
    def constant_headers(self) -> tuple[tuple[str, str], ...]:
        """Headers that every create carries."""
        return () if self.always is None else tuple(self.always.headers.items())

    @property
    def constant_fields(self) -> Mapping[str, str | int | bool]:
        """Fields that every create carries at the top of its body."""
        return {} if self.always is None else self.always.fields

    def word(self, field: str, value: Value) -> Value:
        """The provider's own word for a neutral value; the value itself where it has none."""
        parameter = self.parameters.get(field)
        return value if parameter is None else parameter.words.get(str(value), value)

    def default(self, field: str) -> Value | None:
        """The known default of a parameter; None where it has none, lacks the field, or nobody knows."""
        parameter = self.parameters.get(field)
        return None if parameter is None or parameter.default == UNKNOWN else parameter.default


@dataclass(frozen=True, slots=True)
class Table:
    """One provider's capability table, resolved."""

    id: str
    provider: ProviderFacts
    models: tuple[ModelFacts, ...]
    specs: Mapping[tuple[str, Mode], ModeSpec]
    """By (model id, mode); a pair that is missing cannot be had."""
    evidence: Mapping[str, Evidence]

    def model(self, model_id: str) -> ModelFacts | None:
        """The model of that id, if the table has it."""
        return next((model for model in self.models if model.id == model_id), None)

    def models_for(self, mode: Mode) -> tuple[ModelFacts, ...]:
        """The models that have this mode, in the table's order."""
        return tuple(model for model in self.models if (model.id, mode) in self.specs)

    def has_price(self, mode: Mode) -> bool:
        """Whether some price of a mode's models is known."""
        specs = (self.specs[model.id, mode] for model in self.models_for(mode))
        return any(price.usd_per_second != UNKNOWN for spec in specs for price in spec.prices)

    def modes(self) -> tuple[Mode, ...]:
        """Every mode that at least one model has."""
        return tuple(dict.fromkeys(mode for _, mode in self.specs))

    def default_model(self, mode: Mode, today: date) -> ModelFacts | None:
        """The first live model for a mode; where none is live its first; None where no model has the mode."""
        candidates = self.models_for(mode)
        live = (m for m in candidates if m.lifecycle is None or m.lifecycle.stage(today) != "retired")
        return next(live, candidates[0] if candidates else None)
