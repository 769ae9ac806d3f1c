"""Logging in at an OpenID provider, such as Hugging Face for its Spaces. Authlib speaks the protocol.

Source for the names of the settings: https://huggingface.co/docs/hub/spaces-oauth, read 2026-11-20.
"""

import hashlib
import logging
from dataclasses import dataclass, field
from typing import Any, Final, cast

from starlette.requests import Request
from starlette.responses import Response

from playground.ui.login.people import Person

HUGGING_FACE: Final = "https://huggingface.co"
CALLBACK: Final = "/login/callback"
_log: Final = logging.getLogger(__name__)


class NoLibrary(Exception):
    """Authlib is not installed."""


class NotLoggedIn(Exception):
    """The provider did not vouch for anybody; what it said is in the log at most."""


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """What the operator set for it."""

    client_id: str
    client_secret: str = field(repr=False)
    issuer: str = HUGGING_FACE
    scopes: str = "openid profile"
    host: str | None = None
    """Where the page is reached by https; None: wherever the request was sent."""

    @property
    def label(self) -> str:
        """What the button calls the provider."""
        return "Hugging Face" if self.issuer.rstrip("/") == HUGGING_FACE else self.issuer.partition("://")[2]


class OpenId:
    """The provider. It is asked nothing before somebody wants to log in."""

    def __init__(self, settings: OpenIdSettings) -> None:
        """Make the client.

        Raises:
            NoLibrary: the extra `oauth` is not installed.
        """
        try:
            from authlib.integrations.starlette_client import OAuth  # pyright: ignore[reportMissingTypeStubs]
        except ImportError as error:
            raise NoLibrary from error
        self.label = settings.label
        self._settings = settings
        self._client: Any = cast("Any", OAuth()).register(
            "openid",
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": settings.scopes, "code_challenge_method": "S256"},
        )

    async def begin(self, request: Request, here: str) -> Response:
        """Send the browser to the provider; `here` is the address of the page.

        Raises:
            NotLoggedIn: the provider cannot be asked.
        """
        base = f"https://{self._settings.host}" if self._settings.host is not None else here
        try:
            return cast("Response", await self._client.authorize_redirect(request, base.rstrip("/") + CALLBACK))
        except Exception as error:
            raise _refused("cannot be asked", error) from None

    async def finish(self, request: Request) -> Person:
        """Who comes back from the provider.

        Raises:
            NotLoggedIn: it was refused, did not begin in this browser, or is not signed as it should be.
        """
        try:
            token = await self._client.authorize_access_token(request)
            # The claims of the signed token, which is all that is believed.
            said: dict[str, object] = dict(token.get("userinfo") or {})
        except Exception as error:
            raise _refused("vouched for nobody", error) from None
        subject = said.get("sub")
        if not isinstance(subject, str) or not subject:
            raise NotLoggedIn
        name = said.get("preferred_username") or said.get("name") or subject
        return Person(id=f"openid:{self._settings.issuer}#{subject}", name=str(name)[:100], mark=self._mark())

    def still_lets_in(self, person: Person) -> bool:
        """Whether it is still the same provider, and the same client there."""
        return person.id.startswith(f"openid:{self._settings.issuer}#") and person.mark == self._mark()

    def _mark(self) -> str:
        return hashlib.sha256(f"{self._settings.issuer} {self._settings.client_id}".encode()).hexdigest()[:16]


def _refused(what: str, error: Exception) -> NotLoggedIn:
    # Its words may hold codes and tokens.
    _log.warning("the OpenID provider %s: %s", what, type(error).__name__)
    return NotLoggedIn()
