"""Everything that the operator can set, read from the environment and `.env` in this one place.

Key names and base URLs belong to the tables; `lookup` gives them by name. Nothing is read at import.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError, field_validator

SETTING_NAMES: Final = (
    "PLAYGROUND_DATA_DIR",
    "PLAYGROUND_DATABASE_URL",
    "PLAYGROUND_MEDIA_URL",
    "PLAYGROUND_POLL_SECONDS",
    "PLAYGROUND_ALLOW_PRIVATE_HOSTS",
    "PLAYGROUND_ALLOW_RETIRED",
    "PLAYGROUND_REGION",
    "PLAYGROUND_CATALOG_DIR",
    "PLAYGROUND_PUBLIC",
    "PLAYGROUND_SHARE_KEYS",
    "PLAYGROUND_BUDGET_USD_PER_DAY",
    "PLAYGROUND_BUDGET_USD_PER_OWNER",
    "PLAYGROUND_SHARE_UNPRICED",
    "PLAYGROUND_USERS",
    "OAUTH_CLIENT_ID",
    "OAUTH_CLIENT_SECRET",
    "OAUTH_SCOPES",
    "OPENID_PROVIDER_URL",
    "PLAYGROUND_KEEP_DAYS",
    "PLAYGROUND_DISK_QUOTA_GB",
    "PLAYGROUND_DRAIN_SECONDS",
    "PLAYGROUND_LOG_FORMAT",
    "PLAYGROUND_LOG_PROMPTS",
    "PLAYGROUND_METRICS_TOKEN",
    "PLAYGROUND_JOBS_AT_ONCE",
    "PLAYGROUND_CREATES_PER_MINUTE",
    "PLAYGROUND_UPLOADS_PER_HOUR",
    "PLAYGROUND_QUESTIONS_PER_MINUTE",
    "PLAYGROUND_UPLOAD_MEGABYTES",
    "PLAYGROUND_BEHIND_PROXY",
    "GOOGLE_APPLICATION_CREDENTIALS",
)
"""Every environment name that no table names."""


_TAKES: Final[Mapping[str, str]] = {
    "media_url": "a folder",
    "poll_seconds": "a number of seconds above 0, such as 10",
    "allow_private_hosts": "hosts with their ports, separated by commas, such as files.example.lan:8080",
    "allow_retired": "on or off",
    "region": "the two letters of a country, such as DE, or EU",
    "public": "on or off",
    "share_keys": "on or off",
    "budget_usd_per_day": "an amount in US dollars, such as 20",
    "budget_usd_per_owner": "an amount in US dollars, such as 5",
    "share_unpriced": "on or off",
    "users": "names with bcrypt hashes, separated by spaces or commas, such as anna:$2b$12$…",
    "keep_days": "a number of days above 0, such as 30",
    "disk_quota_gb": "a number of gigabytes above 0, such as 20",
    "drain_seconds": "a number of seconds, such as 60",
    "log_format": "json or text",
    "log_prompts": "on or off",
    "metrics_token": "a secret of at least 22 characters",
    "jobs_at_once": "a whole number, 0 for no limit",
    "creates_per_minute": "a whole number, 0 for no limit",
    "uploads_per_hour": "a whole number, 0 for no limit",
    "questions_per_minute": "a whole number, 0 for no limit",
    "upload_megabytes": "a whole number, 0 for no limit",
    "behind_proxy": "on or off",
}
"""What each setting takes that can be misunderstood, for a person."""
_FOR_STRANGERS: Final[Mapping[str, str]] = {
    "jobs_at_once": "3",
    "creates_per_minute": "6",
    "uploads_per_hour": "60",
    "questions_per_minute": "600",
    "upload_megabytes": "500",
}
"""What one visitor may do on a public page, unless the operator says otherwise. Elsewhere nothing is limited."""
_HOST_AND_PORT: Final = re.compile(r"(?:[\w.-]+|\[[0-9a-f:.]+\]):(\d{1,5})", re.ASCII)
_MAX_PORT: Final = 65_535
_USER: Final = re.compile(r"([\w.@+-]{1,64}):(\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53})")
_SECRET: Final = frozenset({"users", "metrics_token"})
"""Settings whose values no message repeats."""
_SHOWN: Final = 60
"""Characters of a value that are shown."""


class SettingsError(ValueError):
    """A setting that cannot be understood; the message names it and what it takes."""


class Settings(BaseModel):
    """The operator's settings. The environment itself is kept out of every repr."""

    model_config = ConfigDict(frozen=True)

    data_dir: Path
    database_url: str | None = None
    media_url: str | None = None
    poll_seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    allow_private_hosts: frozenset[str] = frozenset()
    allow_retired: bool = False
    region: str | None = None
    catalog_dir: Path | None = None
    google_application_credentials: Path | None = None
    public: bool = False
    share_keys: bool = False
    budget_usd_per_day: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    budget_usd_per_owner: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    share_unpriced: bool = False
    users: Mapping[str, str] = Field(default_factory=dict[str, str], repr=False)
    """bcrypt's hash of each person's password, by name."""
    oauth_client_id: str | None = None
    oauth_client_secret: str | None = Field(default=None, repr=False)
    oauth_scopes: str = "openid profile"
    openid_provider_url: str = "https://huggingface.co"
    space_host: str | None = None
    """The name under which Hugging Face serves a Space."""
    keep_days: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    disk_quota_gb: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    drain_seconds: float = Field(default=0, ge=0, allow_inf_nan=False)
    log_format: Literal["json", "text"] | None = None
    log_prompts: bool = False
    metrics_token: SecretStr | None = Field(default=None, min_length=22)
    jobs_at_once: int = Field(default=0, ge=0)
    """Of one visitor, as the next four; 0 is no limit."""
    creates_per_minute: int = Field(default=0, ge=0)
    uploads_per_hour: int = Field(default=0, ge=0)
    questions_per_minute: int = Field(default=0, ge=0)
    upload_megabytes: int = Field(default=0, ge=0)
    behind_proxy: bool = False
    """Whether the visitor's address is what the proxy says, not who connects."""
    _environment: Mapping[str, str] = PrivateAttr(default_factory=dict[str, str])

    @field_validator("allow_private_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        hosts = frozenset(host.strip().lower() for host in value.split(",") if host.strip())
        for host in hosts:
            found = _HOST_AND_PORT.fullmatch(host)
            if found is None or not 0 < int(found[1]) <= _MAX_PORT:
                raise ValueError("no host:port")
        return hosts

    @field_validator("users", mode="before")
    @classmethod
    def _names_with_hashes(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = [_USER.fullmatch(each) for each in re.split(r"[\s,]+", value) if each]
        users = {each[1]: each[2] for each in found if each is not None}
        if not users or len(users) != len(found):
            raise ValueError("no name:hash")
        return users

    @field_validator("region")
    @classmethod
    def _two_letters(cls, value: str | None) -> str | None:
        region = value.strip().upper() if value is not None else None
        if region is not None and re.fullmatch("[A-Z]{2}", region) is None:
            raise ValueError("no region")
        return region

    @field_validator("media_url")
    @classmethod
    def _only_folders_yet(cls, value: str | None) -> str | None:
        if value is not None and "://" in value and not value.startswith("file://"):
            raise ValueError("only a folder is supported here yet")
        return value

    def lookup(self, name: str) -> str | None:
        """A provider's key or account setting by its environment name; a blank one counts as absent."""
        value = self._environment.get(name)
        return value if value is not None and value.strip() else None

    @property
    def gcloud_file(self) -> Path:
        """Where gcloud keeps the application default credentials."""
        folder = self.lookup("CLOUDSDK_CONFIG")
        home = _home(self._environment) / ".config" / "gcloud"
        return (Path(folder) if folder is not None else home) / "application_default_credentials.json"

    @property
    def media_dir(self) -> Path:
        """Where finished videos are kept."""
        return Path(self.media_url.removeprefix("file://")) if self.media_url is not None else self.data_dir / "media"

    @property
    def upload_dir(self) -> Path:
        """Where the page's uploads lie until their job has a copy."""
        return self.data_dir / "uploads"

    @property
    def database(self) -> str:
        """The ledger's URL for SQLAlchemy."""
        if self.database_url is not None:
            return self.database_url
        return f"sqlite:///{self.data_dir / 'playground.db'}"


def load_settings(environment: Mapping[str, str] | None = None, *, data_dir: Path | None = None) -> Settings:
    """Read the settings; the process environment wins over `.env` in the working folder.

    Raises:
        SettingsError: a value that cannot be understood.
    """
    if environment is None:
        environment = {**_from_file(Path(".env")), **os.environ}
    given: dict[str, object] = {
        name.removeprefix("PLAYGROUND_").lower(): environment[name]
        for name in SETTING_NAMES
        if _is_set(environment, name)
    }
    if _is_set(environment, "SPACE_ID"):
        # A Space of Hugging Face is there for everybody, and reached by its proxy.
        given = {"public": True, "behind_proxy": True, **given}
    if _is_set(environment, "SPACE_HOST"):
        given["space_host"] = environment["SPACE_HOST"].strip()
    if data_dir is not None:
        given["data_dir"] = str(data_dir)
    for name in ("data_dir", "media_url", "catalog_dir", "google_application_credentials"):
        if name in given:
            given[name] = _without_tilde(str(given[name]), environment)
    try:
        given["data_dir"] = Path(str(given.get("data_dir") or _default_data_dir(environment))).absolute()
        settings = Settings.model_validate(given)
        if settings.public:
            settings = Settings.model_validate({**_FOR_STRANGERS, **given})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        says = f"PLAYGROUND_{field.upper()} cannot be read: it takes {_TAKES.get(field, 'something else')}"
        value = "" if field in _SECRET else f", not {str(given.get(field, ''))[:_SHOWN]!r}"
        raise SettingsError(f"{says}{value}.") from None
    if settings.public and settings.share_keys and settings.budget_usd_per_day is None:
        raise SettingsError("PLAYGROUND_SHARE_KEYS on a public page needs PLAYGROUND_BUDGET_USD_PER_DAY beside it.")
    if (settings.oauth_client_id is None) != (settings.oauth_client_secret is None):
        raise SettingsError("Logging in by OpenID needs both OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET.")
    settings._environment = dict(environment)  # pyright: ignore[reportPrivateUsage] - its own constructor
    return settings


def _from_file(path: Path) -> dict[str, str]:
    try:
        return {name: value for name, value in dotenv_values(path).items() if value is not None}
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"The file {path} of settings cannot be read.") from None


def _without_tilde(path: str, environment: Mapping[str, str]) -> str:
    """Nothing expands `~` in an `.env` file or in a container's environment but us."""
    scheme = "file://" if path.startswith("file://") else ""
    rest = path.removeprefix(scheme)
    return f"{scheme}{_home(environment)}{rest[1:]}" if rest == "~" or rest.startswith("~/") else path


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or Path.home())


def _is_set(environment: Mapping[str, str], name: str) -> bool:
    return bool(environment.get(name, "").strip())


def _default_data_dir(environment: Mapping[str, str]) -> Path:
    """The platform's user data folder."""
    home = _home(environment)
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "veo-playground"
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else home / ".local" / "share") / "veo-playground"
