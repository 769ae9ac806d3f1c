"""Whether this installation can work: what `doctor` looks at before it looks for keys."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from playground.commands.leaks import Leak, Search
from playground.domain.request import VideoRequest
from playground.jobs.service import LOCAL
from playground.main import Playground
from playground.settings import Settings, SettingsError, load_settings

NEEDED: Final = ("gradio", "httpx", "pydantic", "av", "sqlalchemy", "bcrypt", "itsdangerous")
OLDEST: Final = (3, 11)
_VIDEOS: Final = (".mp4", ".part")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    says: str


async def checks(settings: Settings) -> AsyncGenerator[Check]:
    """Everything but the renderer and the keys, in the order in which a person would look."""
    yield Check("python", sys.version_info >= OLDEST, f"Python {'.'.join(map(str, sys.version_info[:3]))}.")
    yield _packages()
    try:
        playground = Playground(settings, adopts=False)
        yield Check("tables", True, f"{len(playground.registry.tables)} tables of providers can be read.")
        await playground.try_out()
    except SettingsError as error:
        yield Check("data", False, str(error))
        return
    yield Check("data", True, f"The data folder {settings.data_dir} and its database can be written.")
    for provider in playground.registry.providers.values():
        credential = provider.table.provider.credential
        if credential is not None:
            there = "is set" if provider.key() is not None else "is not set"
            yield Check(f"key:{provider.stem}", True, f"{provider.label}: {credential.env} {there}.")
    yield Check("door", True, _door(settings))


def _packages() -> Check:
    missing: list[str] = []
    for name in NEEDED:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", False, f"These packages are missing: {', '.join(missing)}.")
    return Check(
        "packages", True, f"Gradio {version('gradio')} and the other packages are there; FFmpeg is not needed."
    )


def _door(settings: Settings) -> str:
    named = f"{len(settings.users)} people with passwords" if settings.users else ""
    provider = settings.openid_provider_url if settings.oauth_client_id is not None else ""
    who = " and ".join(each for each in (named, provider and f"whoever logs in at {provider}") if each) or "everybody"
    if not settings.public:
        keys = "the keys of this server are for all of them"
    elif settings.share_keys:
        keys = f"the keys of this server are lent for ${settings.budget_usd_per_day:g} a day"
    else:
        keys = "the keys of this server are lent to nobody"
    return f"The page is for {who}; {keys}."


async def rendered(folder: Path) -> tuple[Check, Path | None]:
    """Make the shortest video with the sandbox, from the request to the file."""
    settings = load_settings({"HOME": str(folder)}, data_dir=folder / "data")
    request = VideoRequest(
        provider="sandbox", mode="text-to-video", prompt="A paper boat", duration_seconds=4, resolution="720p"
    )
    async with Playground(settings, adopts=False).opened() as service:
        job = await service.submit(request, owner=LOCAL, files_under=None)
        view = await service.settled(job, owner=LOCAL)
        if view.state != "succeeded":
            why = view.error.message if view.error is not None else view.state
            return Check("renderer", False, f"The sandbox made no video: {why}"), None
        (file,) = await service.video_files(job, owner=LOCAL)
    return Check("renderer", True, f"The sandbox made a video in {view.elapsed_seconds:.0f} s."), file


async def own_keys(settings: Settings) -> tuple[Check, list[Leak]]:
    """Look for the operator's real keys in the data folder, videos aside."""
    providers = Playground(settings, adopts=False).registry.providers.values()
    keys = {f"{each.label}'s key": key for each in providers if (key := each.key()) is not None}
    search = Search(keys)
    if keys:
        await asyncio.to_thread(search.folder, settings.data_dir, but=_VIDEOS)
    says = f"{len(keys)} keys of this server were looked for in {search.places} places of the data folder"
    return Check("own-keys", not search.leaks, f"{says}: {'found' if search.leaks else 'none is there'}."), search.leaks
