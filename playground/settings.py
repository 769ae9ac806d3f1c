"""Everything that the operator can set, read from the environment and `.env` in this one place.

Key names and base URLs belong to the tables; `lookup` gives them by name. Nothing is read at import.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

SETTING_NAMES: Final = (
    "PLAYGROUND_DATA_DIR",
    "PLAYGROUND_DATABASE_URL",
    "PLAYGROUND_MEDIA_URL",
    "PLAYGROUND_POLL_SECONDS",
    "PLAYGROUND_ALLOW_PRIVATE_HOSTS",
    "PLAYGROUND_ALLOW_RETIRED",
    "PLAYGROUND_REGION",
    "PLAYGROUND_CATALOG_DIR",
)
"""Every environment name that is not a provider's; those come from the tables."""


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
    _environment: Mapping[str, str] = PrivateAttr(default_factory=dict[str, str])

    @field_validator("allow_private_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(host.strip().lower() for host in value.split(",") if host.strip())
        return value

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
    def media_dir(self) -> Path:
        """Where finished videos are kept."""
        return Path(self.media_url.removeprefix("file://")) if self.media_url is not None else self.data_dir / "media"

    @property
    def database(self) -> str:
        """The ledger's URL for SQLAlchemy."""
        if self.database_url is not None:
            return self.database_url
        return f"sqlite+aiosqlite:///{self.data_dir / 'playground.db'}"


def load_settings(environment: Mapping[str, str] | None = None, *, data_dir: Path | None = None) -> Settings:
    """Read the settings; the process environment wins over `.env` in the working folder.

    Raises:
        SettingsError: a value that cannot be understood.
    """
    if environment is None:
        from_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
        environment = {**from_file, **os.environ}
    given = {
        name.removeprefix("PLAYGROUND_").lower(): environment[name]
        for name in SETTING_NAMES
        if _is_set(environment, name)
    }
    folder = data_dir if data_dir is not None else given.pop("data_dir", None)
    given.pop("data_dir", None)
    try:
        settings = Settings.model_validate(
            {**given, "data_dir": Path(folder or _default_data_dir(environment)).absolute()}
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = f"PLAYGROUND_{str(first['loc'][0]).upper()}"
        raise SettingsError(f"{name} cannot be read: {first['msg']}.") from None
    settings._environment = dict(environment)  # pyright: ignore[reportPrivateUsage] - its own constructor
    return settings


def _is_set(environment: Mapping[str, str], name: str) -> bool:
    return bool(environment.get(name, "").strip())


def _default_data_dir(environment: Mapping[str, str]) -> Path:
    """The platform's user data folder."""
    home = Path(environment.get("HOME") or Path.home())
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "veo-playground"
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else home / ".local" / "share") / "veo-playground"
