"""Google's credentials of this machine as access tokens: a service account's file, gcloud's login, Google's own host.

google-auth does it, which the extra `vertex` brings; its requests go over httpx like all others.
"""

import asyncio
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol, cast

import httpx

from playground.domain.credentials import NoLogin

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
EARLY: Final = timedelta(minutes=5)
"""A token is renewed this long before it ends, so that what is begun with it can be finished."""
_PRODUCT: Final = Path("/sys/class/dmi/id/product_name")
_TIMEOUT_SECONDS: Final = 30.0
_SHOWN: Final = 200
"""Characters of Google's own words that are repeated."""


class _Credentials(Protocol):
    """What is used of google-auth's credentials."""

    token: str | None
    expiry: datetime | None
    """Without a zone, in UTC."""

    def refresh(self, request: Any) -> None:
        """Get a new token; blocks."""
        ...


class GoogleLogin:
    """One login of the operator's. For one event loop; what it is made of is read when it is first needed."""

    def __init__(
        self,
        credentials_file: Path | None,
        *,
        gcloud_file: Path | None = None,
        clock: Callable[[], datetime],
    ) -> None:
        """Nothing is read yet.

        Args:
            credentials_file: what `GOOGLE_APPLICATION_CREDENTIALS` names.
            gcloud_file: where gcloud keeps the application default credentials; used where it is and none is named.
            clock: the time now, with its zone.
        """
        self._named = credentials_file
        self._gcloud = gcloud_file
        self._clock = clock
        self._there = credentials_file is not None
        self._credentials: _Credentials | None = None
        self._gate = asyncio.Lock()

    def look(self) -> None:
        """See once whether this machine has credentials although none are named. Reads the disk: use a thread."""
        gcloud = self._gcloud is not None and self._gcloud.is_file()
        self._there = self._named is not None or gcloud or _is_googles_own()

    def is_there(self) -> bool:
        """Whether it is set up, told without asking anybody."""
        return self._there

    async def token(self) -> str:
        """An access token that is good for five minutes at least, where Google gives such.

        Raises:
            NoLogin: none can be had; the message says why and what to do.
        """
        async with self._gate:
            credentials = self._credentials
            if credentials is None:
                credentials = self._credentials = await asyncio.to_thread(self._load)
            if not self._is_good(credentials, EARLY):
                await self._renew(credentials)
            assert credentials.token is not None, "a renewed login has a token"
            return credentials.token

    async def _renew(self, credentials: _Credentials) -> None:
        try:
            await asyncio.to_thread(_refresh, credentials)
        except NoLogin:
            # Renewed early, so that a short trouble of Google's costs nothing.
            if not self._is_good(credentials, timedelta(0)):
                raise

    def _is_good(self, credentials: _Credentials, ahead: timedelta) -> bool:
        if credentials.token is None:
            return False
        expiry = credentials.expiry
        return expiry is None or self._clock() + ahead < expiry.replace(tzinfo=UTC)

    def _load(self) -> _Credentials:
        file = self._named
        if file is None and self._gcloud is not None and self._gcloud.is_file():
            file = self._gcloud
        try:
            from google.auth import compute_engine, load_credentials_from_dict  # pyright: ignore[reportUnknownVariableType] - half typed
            from google.auth.exceptions import GoogleAuthError
        except ImportError:
            says = "Google's login needs google-auth: install veo-playground[vertex], or set VERTEX_ACCESS_TOKEN."
            raise NoLogin(says) from None
        if file is None:
            return cast(_Credentials, compute_engine.Credentials(scopes=[SCOPE]))
        try:
            # The operator's own file: what google-auth warns of is one that a stranger handed in.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                loaded = load_credentials_from_dict(_document(file), scopes=[SCOPE])  # pyright: ignore[reportUnknownVariableType] - half typed
        except (GoogleAuthError, ValueError):
            # Google's words would repeat what stands in the file.
            raise NoLogin(f"The file {file} holds no credentials of Google's that can be used.") from None
        return cast(_Credentials, loaded[0])


def _document(file: Path) -> Mapping[str, object]:
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise NoLogin(f"The file {file} of Google's credentials cannot be read: {error.strerror}.") from None


def _refresh(credentials: _Credentials) -> None:
    from google.auth.exceptions import GoogleAuthError, TransportError

    try:
        with httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            credentials.refresh(_Request(client))
    except TransportError:
        raise NoLogin("Google's login cannot be reached; the playground tries again.") from None
    except GoogleAuthError as error:
        says = " ".join(str(error.args[0]).split())[:_SHOWN] if error.args else "no reason given"
        raise NoLogin(f"Google's login refuses the credentials of this machine: {says}.") from None


@dataclass(frozen=True, slots=True)
class _Response:
    """What google-auth reads of an answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes


@dataclass(frozen=True, slots=True)
class _Request:
    """How google-auth asks; it calls this as it would its own `google.auth.transport.Request`."""

    client: httpx.Client

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: object,
    ) -> _Response:
        """Send one request. Raises google-auth's TransportError for trouble of the network."""
        from google.auth.exceptions import TransportError

        seconds = timeout if timeout is not None else _TIMEOUT_SECONDS
        try:
            answer = self.client.request(method, url, content=body, headers=dict(headers or {}), timeout=seconds)
        except httpx.HTTPError as error:
            raise TransportError(type(error).__name__) from None
        return _Response(answer.status_code, answer.headers, answer.content)


def _is_googles_own() -> bool:
    """Whether this is a machine in Google's cloud, which answers for its own account."""
    try:
        return _PRODUCT.read_text("utf-8").startswith("Google")
    except (OSError, UnicodeDecodeError):
        return False
