"""The wiring: the one place that knows everything. Nothing here decides anything."""

import asyncio
import errno
import logging
import random
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from playground.catalog import load_tables
from playground.domain.capabilities import Table
from playground.domain.errors import TooMany
from playground.domain.job import ACTIVE
from playground.domain.provider import TimeoutClass
from playground.domain.tables import TableError
from playground.emulator import _ready_made
from playground.emulator._server import Emulator, emulator_of
from playground.emulator.sandbox import RENDERER, SandboxProvider
from playground.jobs.changes import Changes
from playground.jobs.database import LedgerUnavailable
from playground.jobs.decoder import Decoder
from playground.jobs.files import Files
from playground.jobs.health import no_room
from playground.jobs.inputs import Inputs
from playground.jobs.journal import Journal
from playground.jobs.keys import Keys
from playground.jobs.locks import ProcessLock
from playground.jobs.rates import Allowance, Rates
from playground.jobs.record import JobRecord
from playground.jobs.retention import DAY, Limits, Retention
from playground.jobs.runner import Runner
from playground.jobs.schema import NewerLedger
from playground.jobs.service import Service
from playground.jobs.sharing import Sharing
from playground.jobs.store import Store
from playground.jobs.sweeper import Sweeper
from playground.jobs.telling import Telling
from playground.jobs.uploads import Uploads
from playground.jobs.usual import UsualWaits
from playground.jobs.workshop import Workshop
from playground.registry import Registry
from playground.settings import Settings, SettingsError
from playground.transport.addresses import is_public
from playground.transport.client import READ_SECONDS, Transport
from playground.transport.google_login import GoogleLogin
from playground.transport.guard import url_problem
from playground.transport.inprocess import InProcessTransport

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from playground.ui.asgi import ASGIApp as GuardedApp

_log = logging.getLogger(__name__)

SANDBOX_ORIGIN = "http://sandbox.localhost"
"""Where the sandbox is reached inside this process; its table's default base URL lies below it."""


class Playground:
    """Everything behind the door, built without a single read or connection; `open` it on a running loop."""

    def __init__(
        self,
        settings: Settings,
        *,
        adopts: bool,
        tables: Mapping[str, Table] | None = None,
        sandbox: SandboxProvider | None = None,
        decoder: Decoder | None = None,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        read_seconds: Mapping[TimeoutClass, float] = READ_SECONDS,
    ) -> None:
        """With `adopts`, jobs that dead processes left are taken over. `clock` gives seconds since the epoch.

        A `decoder` that is passed in may serve others too, and is not closed here. Without `tables`, those that the
        settings lead to are read. `read_seconds` are the longest silences of a provider, by class of call.

        Raises:
            SettingsError: the operator's folder of tables cannot be used.
        """

        def now() -> datetime:
            return datetime.fromtimestamp(clock(), UTC)

        self.settings = settings
        self.clock = clock
        self._closing = AsyncExitStack()
        self._sandbox = sandbox if sandbox is not None else SandboxProvider(settings.data_dir, clock=now)
        self._owns_decoder = decoder is None
        self._decoder = decoder if decoder is not None else Decoder()
        self._lock = ProcessLock(settings.data_dir / "runners")
        self._files = Files(settings.data_dir, settings.media_dir)
        telling, rates = Telling(prompts=settings.log_prompts), Rates(_allowance(settings), clock)

        def told(kind: str, job: JobRecord) -> None:
            telling.changed(kind, job)
            if kind == "deleted" or job.state not in ACTIVE:
                rates.ended(job.id)

        self._store = Store(settings.database, clock=clock, pause=pause, told=told)
        self.registry = Registry(tables if tables is not None else _tables(settings), settings.lookup)
        self._google = GoogleLogin(settings.google_application_credentials, gcloud_file=settings.gcloud_file, clock=now)
        trusted = self.registry.origins()
        self._transport = Transport(
            mounts={SANDBOX_ORIGIN: InProcessTransport(self._sandbox.app)},
            trusted_origins=trusted,
            allow_private_hosts=settings.allow_private_hosts,
            people_are_strangers=settings.public,
            clock=now,
            read_seconds=read_seconds,
        )
        self._changes = changes = Changes()
        allowed, known = settings.allow_private_hosts, frozenset[str]() if settings.public else trusted
        inputs = Inputs(
            self._files, self._store, self._decoder, lambda url: url_problem(url, known, allowed), self._is_at_hand
        )
        sharing = Sharing(
            public=settings.public,
            share_keys=settings.share_keys,
            usd_per_day=settings.budget_usd_per_day,
            usd_per_owner=settings.budget_usd_per_owner,
            unpriced=settings.share_unpriced,
        )
        shop = Workshop(
            me=self._lock.id,
            store=self._store,
            files=self._files,
            decoder=self._decoder,
            inputs=inputs,
            uploads=Uploads(settings.upload_dir, rates.allowance.upload_megabytes),
            rates=rates,
            keys=Keys(clock, logins={"google": self._google}, may_share=sharing.may_share),
            sharing=sharing,
            journal=Journal(settings.data_dir / "receipts", self._lock.id),
            registry=self.registry,
            transport=self._transport,
            clock=clock,
            pause=pause,
            spread=lambda: random.uniform(-1, 1),  # noqa: S311 - jitter, not a secret
            poll_seconds=settings.poll_seconds,
            region=settings.region,
            allow_retired=settings.allow_retired,
            usual=UsualWaits(self._store, clock),
            announce=changes.announce,
            telling=telling,
        )
        limits = Limits(
            keep_seconds=settings.keep_days * DAY if settings.keep_days is not None else None,
            quota_bytes=settings.disk_quota_gb * 1e9 if settings.disk_quota_gb is not None else None,
        )
        retention = Retention(shop, limits, uploads=settings.upload_dir, leftovers=self._sandbox)
        sweeper = Sweeper(retention, clock=clock, lock=settings.data_dir / "sweep.lock")
        self._runner = Runner(
            shop, self._lock, adopts=adopts, drain_seconds=settings.drain_seconds, passed=sweeper.passed
        )
        self.service = Service(shop, self._runner, changes)

    def _is_at_hand(self, job: JobRecord) -> bool:
        provider = self.registry.get(job.provider)
        return provider is not None and provider.context_of(job.account).base_url == job.base_url

    def derived_key(self, purpose: str) -> bytes:
        """A key of this installation for a purpose, once it is open; a restart does not change it."""
        return self._files.derived_key(purpose)

    async def open(self) -> None:
        """Make folders, lock, ledger, and start what was left behind.

        Raises:
            SettingsError: a folder or the database cannot be used.
        """
        own = (self._decoder.aclose,) if self._owns_decoder else ()
        for part in (self._let_go, *own, self._sandbox.aclose, self._transport.aclose):
            self._closing.push_async_callback(part)
        await self._take()
        await asyncio.to_thread(self._google.look)
        self._closing.push_async_callback(self._runner.stop)
        await self._runner.start()

    async def warm_up(self) -> None:
        """Begin what the first visitor would wait for."""
        await self._decoder.start()

    def stop_waiting(self) -> None:
        """Answer everybody who waits for news of a job: there will be none here."""
        self._changes.end()

    async def try_out(self) -> None:
        """See whether the folders and the database can be used, and let go of them again.

        Raises:
            SettingsError: they cannot.
        """
        try:
            await self._take()
        finally:
            await self._let_go()

    async def _take(self) -> None:
        try:
            await asyncio.to_thread(self._files.open)
            await asyncio.to_thread(self._lock.acquire)
        except Exception as error:
            raise _unusable_folder(self.settings, error) from error
        try:
            await self._store.open()
        except NewerLedger as error:
            says = f"The job ledger cannot be used: {error}. Use that version, or another PLAYGROUND_DATA_DIR."
            raise SettingsError(says) from error
        except Exception as error:
            raise _unusable_database(self.settings, await asyncio.to_thread(no_room, self._files)) from error

    async def _let_go(self) -> None:
        await self._store.close()
        await asyncio.to_thread(self._lock.release)

    async def close(self) -> None:
        """Stop watching and let go of what was opened; running jobs stay resumable."""
        await self._closing.aclose()

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Service]:
        """The service, for as long as the block lasts."""
        try:
            await self.open()
            yield self.service
        finally:
            await self.close()


def _tables(settings: Settings) -> Mapping[str, Table]:
    try:
        return load_tables(settings.catalog_dir)
    except TableError as error:
        if settings.catalog_dir is None:
            raise
        raise SettingsError(f"The tables that PLAYGROUND_CATALOG_DIR names cannot be used: {error}.") from error


def _allowance(settings: Settings) -> Allowance:
    def limit(number: int) -> int | None:
        return number if number > 0 else None

    return Allowance(
        jobs_at_once=limit(settings.jobs_at_once),
        creates_per_minute=limit(settings.creates_per_minute),
        uploads_per_hour=limit(settings.uploads_per_hour),
        questions_per_minute=limit(settings.questions_per_minute),
        upload_megabytes=limit(settings.upload_megabytes),
    )


def _unusable_folder(settings: Settings, error: Exception) -> SettingsError:
    _log.debug("the folders cannot be opened", exc_info=error)
    of_videos = settings.media_url is not None and settings.data_dir.is_dir()
    name, folder = ("MEDIA_URL", settings.media_dir) if of_videos else ("DATA_DIR", settings.data_dir)
    why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no path of a folder"
    room = "Make room there. " if getattr(error, "errno", None) == errno.ENOSPC else ""
    kind = "folder for videos" if of_videos else "data folder"
    return SettingsError(f"The {kind} {folder} cannot be used: {why}. {room}PLAYGROUND_{name} sets another.")


def _unusable_database(settings: Settings, full: str | None) -> SettingsError:
    # The URL may hold a password, and the driver's words may hold the URL.
    _log.debug("the ledger cannot be opened", exc_info=True)
    if settings.database_url is None:
        why = full if full is not None else "It cannot be written or is damaged."
        room = "Make room there. " if full is not None else ""
        says = f"The job ledger {settings.data_dir / 'playground.db'} cannot be used. {why}"
        return SettingsError(f"{says} {room}PLAYGROUND_DATA_DIR sets another folder.")
    says = "The database that PLAYGROUND_DATABASE_URL names cannot be used."
    return SettingsError(f"{says} It takes a URL such as sqlite:////folder/playground.db.")


def web_app(playground: Playground) -> "ASGIApp":
    """The page, its API and its media on one FastAPI app, guarded. Imports Gradio, which takes seconds."""
    from playground.ui.environment import prepare

    settings, upload_dir = playground.settings, playground.settings.upload_dir
    prepare(upload_dir)

    from fastapi import FastAPI

    from playground.api import router, too_many, unavailable
    from playground.monitoring import monitoring_routes
    from playground.ui.app import mount

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with playground.opened():
            await playground.warm_up()
            yield

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(LedgerUnavailable, unavailable)
    app.add_exception_handler(TooMany, too_many)
    app.include_router(router(playground.service, upload_dir=upload_dir))
    token = settings.metrics_token.get_secret_value() if settings.metrics_token is not None else None
    gate = _gate(playground)
    guarded = settings.public or settings.behind_proxy or gate is not None
    app.include_router(monitoring_routes(playground.service, metrics_token=token, only_with_token=guarded))
    return mount(
        app,
        playground.service,
        upload_dir=upload_dir,
        public=settings.public,
        behind_proxy=settings.behind_proxy,
        is_public=is_public,
        gate=gate,
    )


def _gate(playground: Playground) -> "Callable[[GuardedApp], GuardedApp] | None":
    """What lets in only those who log in, where the operator asked for it."""
    from playground.ui.login.gate import Gate, Ways
    from playground.ui.login.openid import NoLibrary, OpenId, OpenIdSettings
    from playground.ui.login.passwords import Passwords

    settings = playground.settings
    provider = None
    if settings.oauth_client_id is not None and settings.oauth_client_secret is not None:
        try:
            provider = OpenId(
                OpenIdSettings(
                    client_id=settings.oauth_client_id,
                    client_secret=settings.oauth_client_secret,
                    issuer=settings.openid_provider_url,
                    scopes=settings.oauth_scopes,
                    host=settings.space_host,
                )
            )
        except NoLibrary:
            raise SettingsError("OAUTH_CLIENT_ID needs Authlib: install veo-playground[oauth].") from None
    passwords = Passwords(settings.users, playground.clock) if settings.users else None
    if passwords is None and provider is None:
        return None
    ways = Ways(passwords, provider)
    return lambda app: Gate(app, ways, playground.derived_key)


def emulator_app(
    data_dir: Path,
    scenario: str | None = None,
    *,
    clip: Path | None = None,
    clock: Callable[[], float] = time.time,
    slow_seconds: float = 20,
) -> Emulator:
    """The stand-ins as one ASGI app, and what belongs to it. With a `clip`, nothing is rendered: every video is that.

    Raises:
        ValueError: there is no such scenario.
    """
    ready_made = (sys.executable, "-S", "-E", str(Path(_ready_made.__file__)), str(clip))
    return emulator_of(
        data_dir,
        clock=lambda: datetime.fromtimestamp(clock(), UTC),
        worker=RENDERER if clip is None else ready_made,
        scenario=scenario,
        slow_seconds=slow_seconds,
    )
