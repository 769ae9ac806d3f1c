"""An OpenID provider on loopback, as strict as the protocol: PKCE, state, nonce, one use of a code, a signed token."""

import asyncio
import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from playground.commands.serve import listen

CLIENT, SECRET = "a-client", "canary-client-secret-41d7"


@dataclass
class Provider:
    """What it is told to say, and what it was asked."""

    origin: str = ""
    who: dict[str, str] = field(default_factory=lambda: {"sub": "4711", "preferred_username": "anna"})
    refuses: bool = False
    signs_with: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    known_key: RSAKey | None = None
    nonce: str | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._configuration),
                Route("/oauth/authorize", self._authorize),
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/jwks", self._jwks),
            ]
        )

    async def _configuration(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.origin,
                "authorization_endpoint": f"{self.origin}/oauth/authorize",
                "token_endpoint": f"{self.origin}/oauth/token",
                "jwks_uri": f"{self.origin}/jwks",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _jwks(self, _request: Request) -> Response:
        key = self.known_key if self.known_key is not None else self.signs_with
        return JSONResponse({"keys": [key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        if self.refuses:
            said = {"error": "access_denied", "state": asked["state"]}
        else:
            code = secrets.token_urlsafe(8)
            self.asked[code] = asked
            said = {"code": code, "state": asked["state"]}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(said)}")

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        asked = self.asked.pop(str(form["code"]), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        verifier = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
        proof = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        fits = asked is not None and (asked["code_challenge"], asked["redirect_uri"]) == (proof, form["redirect_uri"])
        if asked is None or not fits or request.headers["authorization"] != f"Basic {basic}":
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.origin, "aud": CLIENT, "iat": now, "exp": now + 60, **self.who}
        claims["nonce"] = self.nonce if self.nonce is not None else asked["nonce"]
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signs_with)
        return JSONResponse({"access_token": "canary-access", "token_type": "Bearer", "id_token": token})


@contextmanager
def openid_provider() -> Generator[Provider]:
    """Serve one until the block ends."""
    listening = listen("127.0.0.1", 0)
    provider = Provider(f"http://127.0.0.1:{listening.getsockname()[1]}")
    config = uvicorn.Config(provider.app(), log_level="critical", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listening.close()
