"""The gate: an ASGI wrapper that lets nobody to the page, the API, the videos and Gradio who has not logged in.

What lies behind it knows owner tokens, not people. So the gate speaks for whoever came in: it replaces the token that
a request shows by one that stands for the person, whichever browser it comes from.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import parse_qs, quote, urlencode

from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from playground.ui import texts
from playground.ui.asgi import ASGIApp, Receive, Scope, Send
from playground.ui.login.openid import CALLBACK, NotLoggedIn, OpenId
from playground.ui.login.pages import login_page
from playground.ui.login.passwords import Passwords, TooManyAttempts
from playground.ui.login.people import SPOKEN_FOR, Derive, Person, token_of

SESSION_COOKIE: Final = "veo_session"
NAME_COOKIE: Final = "veo_name"
"""What the page calls the person; no secret, and believed by nobody here."""
SESSION_SECONDS: Final = 14 * 24 * 3600
OPEN: Final = frozenset({"/healthz", "/readyz", "/metrics", "/favicon.ico"})
"""Answered to everybody, or guarded by a rule of their own."""
_OPEN_FOLDER: Final = "/pg-static/"
"""Style, scripts and pictures of the page: the same for everybody, and in the repository."""
_MAX_FORM: Final = 10_000
_JOB: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
_NO_STORE: Final = {"cache-control": "no-store"}
_MINUTE: Final = 60


@dataclass(frozen=True)
class Ways:
    """How one may log in here: at least one of these."""

    passwords: Passwords | None = None
    provider: OpenId | None = None

    def let_in(self, person: Person) -> bool:
        """Whether a session that was once begun still holds."""
        return any(way is not None and way.still_lets_in(person) for way in (self.passwords, self.provider))


class Gate:
    """Wraps the application. `derive` gives a key of the installation for a purpose; it is asked at a first request."""

    def __init__(self, app: ASGIApp, ways: Ways, derive: Derive) -> None:
        self._app = app
        self._ways = ways
        self._derive = derive
        self._routes: Mapping[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
            ("GET", "/login"): self._show,
            ("POST", "/login"): self._log_in,
            ("GET", "/login/openid"): self._begin,
            ("GET", CALLBACK): self._finish,
            ("POST", "/logout"): self._log_out,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what is for everybody; whatever else only with a session."""
        if scope["type"] not in ("http", "websocket") or _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        await self._sessions[_is_https(scope)](scope, receive, send)

    @cached_property
    def _sessions(self) -> Mapping[bool, SessionMiddleware]:
        secret = self._derive("session").hex()
        return {
            safe: SessionMiddleware(
                self._with_session,  # pyright: ignore[reportArgumentType] - Starlette's messages are the same mappings
                secret_key=secret,
                session_cookie=SESSION_COOKIE,
                max_age=SESSION_SECONDS,
                same_site="lax",
                https_only=safe,
            )
            for safe in (False, True)
        }

    async def _with_session(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope.get("method", ""), scope["path"]))
        if route is not None:
            answer = await route(Request(scope, receive))
            await answer(scope, receive, send)
            return
        person = self._who(scope)
        if person is not None:
            await self._app(_spoken_for(scope, token_of(person, self._derive)), receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _turned_away(scope)(scope, receive, send)

    def _who(self, scope: Scope) -> Person | None:
        person = Person.of(scope["session"])
        return person if person is not None and self._ways.let_in(person) else None

    async def _show(self, request: Request) -> Response:
        if self._who(request.scope) is not None:
            return RedirectResponse(_page(request, "./"), 303, _NO_STORE)
        return self._page(request)

    def _page(self, request: Request, problem: str | None = None, status: int = 200) -> Response:
        provider = self._ways.provider
        root = "../" * (request.scope["path"].count("/") - 1)
        text = login_page(
            passwords=self._ways.passwords is not None,
            provider=provider.label if provider is not None else None,
            problem=problem,
            root=root,
        )
        return HTMLResponse(text, status, _NO_STORE)

    async def _log_in(self, request: Request) -> Response:
        """A name and a password: from the login page, or from `gradio_client`, whose `auth=` sends the same form."""
        if self._ways.passwords is None:
            return self._told(request, texts.said().login["noPasswords"], 401)
        form = await _form(request)
        address = request.client.host if request.client is not None else ""
        try:
            person = await self._ways.passwords.person(form.get("username", ""), form.get("password", ""), address)
        except TooManyAttempts as wait:
            minutes = max(1, round(wait.seconds / _MINUTE))
            answer = self._told(request, texts.said().login["tooMany"].replace("{minutes}", str(minutes)), 429)
            answer.headers["retry-after"] = str(round(wait.seconds))
            return answer
        if person is None:
            return self._told(request, texts.said().login["wrong"], 401)
        _begin_session(request, person)
        if not _is_for_people(request.scope):
            return _named(JSONResponse({"success": True}, headers=_NO_STORE), request, person)
        return _named(RedirectResponse(_page(request, "./"), 303, _NO_STORE), request, person)

    def _told(self, request: Request, problem: str, status: int) -> Response:
        if _is_for_people(request.scope):
            return self._page(request, problem, status)
        return JSONResponse({"error": {"code": "not_logged_in", "message": problem}}, status, _NO_STORE)

    async def _begin(self, request: Request) -> Response:
        if self._ways.provider is None:
            return RedirectResponse("../login", 303, _NO_STORE)
        here = f"{'https' if _is_https(request.scope) else 'http'}://{request.headers.get('host', '')}"
        try:
            return await self._ways.provider.begin(request, here + request.scope.get("root_path", ""))
        except NotLoggedIn:
            return self._page(
                request, texts.said().login["unreachable"].replace("{provider}", self._ways.provider.label), 502
            )

    async def _finish(self, request: Request) -> Response:
        if self._ways.provider is None:
            return RedirectResponse("../login", 303, _NO_STORE)
        try:
            person = await self._ways.provider.finish(request)
        except NotLoggedIn:
            return self._page(
                request, texts.said().login["notVouched"].replace("{provider}", self._ways.provider.label), 401
            )
        _begin_session(request, person)
        return _named(RedirectResponse("../", 303, _NO_STORE), request, person)

    async def _log_out(self, request: Request) -> Response:
        request.session.clear()
        answer = RedirectResponse("login", 303, _NO_STORE)
        answer.delete_cookie(NAME_COOKIE, secure=_is_https(request.scope), samesite="lax")
        return answer


def _begin_session(request: Request, person: Person) -> None:
    # Nothing that this browser had before survives it.
    request.session.clear()
    request.session["person"] = person.as_session()


def _named(answer: Response, request: Request, person: Person) -> Response:
    secure = _is_https(request.scope)
    answer.set_cookie(NAME_COOKIE, quote(person.name), max_age=SESSION_SECONDS, secure=secure, samesite="lax")
    return answer


def _is_open(path: str) -> bool:
    return path in OPEN or (path.startswith(_OPEN_FOLDER) and ".." not in path)


def _is_https(scope: Scope) -> bool:
    """Whether the browser speaks TLS, to us or to a proxy before us. Who lies about it harms his own cookie only."""
    said = next((value for name, value in scope["headers"] if name == b"x-forwarded-proto"), b"")
    return scope.get("scheme") == "https" or said.split(b",")[0].strip() == b"https"


def _is_for_people(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _spoken_for(scope: Scope, token: str) -> Scope:
    others = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
    return {**scope, SPOKEN_FOR: token, "headers": [*others, (b"authorization", f"Bearer {token}".encode())]}


def _turned_away(scope: Scope) -> Response:
    if scope["method"] == "GET" and _is_for_people(scope):
        root = "../" * (scope["path"].count("/") - 1)
        return RedirectResponse(_page(Request(scope), f"{root}login"), 303, _NO_STORE)
    error = {
        "code": "not_logged_in",
        "message": texts.said().login["first"],
        "next_step": texts.said().login["firstNext"],
    }
    # Not `Basic`: a browser would ask for a name and a password in a window of its own.
    headers = {**_NO_STORE, "www-authenticate": 'Bearer realm="Veo Playground"'}
    return JSONResponse({"error": error}, 401, headers)


def _page(request: Request, address: str) -> str:
    """An address of ours that still names the job that was asked for, and nothing else that came along."""
    job = request.query_params.get("job", "")
    return f"{address}?{urlencode({'job': job})}" if _JOB.fullmatch(job) else address


async def _form(request: Request) -> Mapping[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}
