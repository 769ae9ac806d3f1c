"""The HTTP side of the door: checking, jobs and their videos.

Whatever is not yours is not there: a missing, short or foreign token gets the same 404.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from playground.domain.errors import (
    InvalidRequest,
    NotConfigured,
    NotFound,
    NotNow,
    OverBudget,
    PlaygroundError,
    TooMany,
    Unavailable,
)
from playground.domain.reading import parse_request
from playground.domain.request import PARAMETER_KINDS
from playground.domain.snippets import LANGUAGES, Language
from playground.domain.validation import Issue
from playground.jobs.service import STRANGER, Service, owner_of_bearer

MAX_BODY: Final = 200_000
"""Bytes of a request to be checked; its media are references, never bytes."""
MAX_JOBS: Final = 50
"""How many a list names, beside what waits for its owner's word; `?newest=` asks for fewer."""
MAX_WAIT_SECONDS: Final = 25.0
"""How long who watches a job may be kept waiting for a change: less than what lies between cuts off for silence."""
_LANGUAGES: Final[Mapping[str, Language]] = {name: name for name in LANGUAGES}
_NOWHERE: Final = Path("/nonexistent")
_NOTHING: Final[Mapping[str, str]] = {}
_PRIVATE: Final = {"cache-control": "private, no-store"}
_FOUND_OUT: Final = {"error": {"code": "not_found", "message": str(NotFound())}}

_MEDIA_HEADERS: Final = {"cache-control": "private, max-age=3600", "x-content-type-options": "nosniff"}

Bearer = Annotated[str, Header(alias="authorization")]
Named = Annotated[str, Header()]
Action = Callable[[str], Awaitable[BaseModel]]


class EnteredKey(BaseModel):
    """A key that somebody types in, with what his account needs besides."""

    model_config = ConfigDict(strict=True, extra="forbid")

    key: str = Field(repr=False)
    account: dict[str, str] = {}


class ProviderJob(BaseModel):
    """A job as its provider names it, typed in by its owner."""

    model_config = ConfigDict(strict=True, extra="forbid")

    provider_job_id: Annotated[str, Field(max_length=500)] | None = None


class ConfirmedPrice(BaseModel):
    """The second confirmation before something is submitted that may be charged twice: its price, null for unknown."""

    model_config = ConfigDict(strict=True, extra="forbid")

    price_usd: float | None


class FindFile(Protocol):
    """A way to a file that needs a signature."""

    async def __call__(self, job_id: str, number: int, *, signature: str, expires: int) -> Path:
        """The file behind it."""
        ...


def router(service: Service, *, upload_dir: Path = _NOWHERE) -> APIRouter:
    """Every route of ours; add it before the page is mounted, which takes all other paths.

    A request to be checked may name files in `upload_dir` and no others.
    """
    routes = APIRouter(include_in_schema=False)
    _add_check(routes, service, upload_dir)
    _add_jobs(routes, service)
    _add_job(routes, service)
    _add_deleting(routes, service)
    _add_keys(routes, service)
    _add_media(routes, service)
    return routes


def _add_check(routes: APIRouter, service: Service, upload_dir: Path) -> None:
    @routes.post("/api/check")
    async def check(request: Request, authorization: Bearer = "") -> Response:
        _counted(service, request, authorization)
        try:
            asked = parse_request(_parsed(await _limited_body(request)))
        except InvalidRequest as error:
            issues = [issue.as_json() for issue in error.issues]
            return JSONResponse(
                {"valid": False, "price_usd": None, "issues": issues, "proposals": [], "providers": []},
                headers=_PRIVATE,
            )
        try:
            owner = owner_of_bearer(authorization)
        except NotFound:
            owner = STRANGER
        untouched = [name for name in request.query_params.get("untouched", "").split(",") if name in PARAMETER_KINDS]
        result = await service.check(asked, owner=owner, files_under=upload_dir, untouched=untouched)
        return JSONResponse(result.as_json(), headers=_PRIVATE)


async def _limited_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            says = f"The request is longer than {MAX_BODY:,} bytes."
            raise InvalidRequest([Issue("request", "too_long", says)])
    return body


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequest([Issue("request", "malformed", "The request is no valid JSON.")]) from None


def _counted(service: Service, request: Request, authorization: str) -> None:
    """Count a question that costs work here; raises TooMany."""
    try:
        owner = owner_of_bearer(authorization)
    except NotFound:
        owner = None
    service.rates.ask(owner, _address(request))


def _address(request: Request) -> str | None:
    return request.client.host if request.client is not None else None


def _add_jobs(routes: APIRouter, service: Service) -> None:
    @routes.get("/api/jobs")
    async def jobs(
        request: Request, authorization: Bearer = "", newest: Annotated[int, Query(ge=1, le=MAX_JOBS)] = MAX_JOBS
    ) -> Response:
        _counted(service, request, authorization)
        try:
            views = await service.jobs(owner=owner_of_bearer(authorization), limit=newest)
        except NotFound:
            return _not_found()
        return JSONResponse({"jobs": [view.model_dump(mode="json") for view in views]}, headers=_PRIVATE)

    @routes.get("/api/extendable")
    async def extendable(
        request: Request, provider: str = "", model: str | None = None, authorization: Bearer = ""
    ) -> Response:
        _counted(service, request, authorization)
        try:
            found = await service.extendable(provider, model, owner=owner_of_bearer(authorization))
        except NotFound:
            return _not_found()
        return JSONResponse({"results": [each.model_dump(mode="json") for each in found]}, headers=_PRIVATE)


def _add_job(routes: APIRouter, service: Service) -> None:
    @routes.get("/api/jobs/{job_id}")
    async def job(job_id: str, authorization: Bearer = "", if_none_match: Named = "", prefer: Named = "") -> Response:
        """As it is; or, to who names the `ETag` that he has (and `Prefer: wait=20`), once it is another: else a 304."""
        try:
            owner = owner_of_bearer(authorization)
            known = if_none_match.strip().removeprefix("W/").strip('"')
            if known:
                view = await service.newer(job_id, owner=owner, than=known, wait_seconds=_wait_of(prefer))
            else:
                view = await service.view(job_id, owner=owner)
        except NotFound:
            return _not_found()
        headers = {**_PRIVATE, "etag": f'W/"{view.mark()}"'}
        if view.mark() == known:
            return Response(status_code=304, headers=headers)
        return Response(view.model_dump_json(), media_type="application/json", headers=headers)

    @routes.get("/api/jobs/{job_id}/conversation")
    async def conversation(job_id: str, authorization: Bearer = "") -> Response:
        return await _viewed(authorization, lambda owner: service.conversation(job_id, owner=owner))

    @routes.get("/api/jobs/{job_id}/code/{language}")
    async def code(job_id: str, language: str, authorization: Bearer = "") -> Response:
        try:
            text = await service.code_of(job_id, _LANGUAGES[language], owner=owner_of_bearer(authorization))
        except (NotFound, KeyError):
            return _not_found()
        except NotConfigured as none:
            return JSONResponse({"code": None, "says": none.message}, headers=_PRIVATE)
        return JSONResponse({"code": text, "says": None}, headers=_PRIVATE)

    @routes.post("/api/jobs/{job_id}/cancel")
    async def cancel(job_id: str, request: Request, authorization: Bearer = "") -> Response:
        address = _address(request)
        return await _viewed(authorization, lambda owner: service.cancel(job_id, owner=owner, address=address))

    _add_uncertain(routes, service)

    @routes.post("/api/jobs/{job_id}/look-again")
    async def look_again(job_id: str, request: Request, authorization: Bearer = "") -> Response:
        address = _address(request)
        return await _viewed(authorization, lambda owner: service.look_again(job_id, owner=owner, address=address))


def _add_uncertain(routes: APIRouter, service: Service) -> None:
    """What an owner may do with a job whose create got no clear answer."""

    @routes.post("/api/jobs/{job_id}/look-up")
    async def look_up(job_id: str, request: Request, authorization: Bearer = "") -> Response:
        async def action(owner: str) -> Response:
            given = ProviderJob.model_validate(_parsed(await _limited_body(request) or b"{}"))
            said = await service.uncertain.look_up(
                job_id, owner=owner, provider_job_id=given.provider_job_id, address=_address(request)
            )
            view = await service.view(job_id, owner=owner)
            told = {**said.model_dump(mode="json"), "job": view.model_dump(mode="json")}
            return JSONResponse(told, headers=_PRIVATE)

        return await _answered(authorization, action)

    @routes.post("/api/jobs/{job_id}/lost")
    async def lost(job_id: str, authorization: Bearer = "") -> Response:
        async def action(owner: str) -> BaseModel:
            await service.uncertain.lost(job_id, owner=owner)
            return await service.view(job_id, owner=owner)

        return await _viewed(authorization, action)

    @routes.post("/api/jobs/{job_id}/again")
    async def again(job_id: str, request: Request, authorization: Bearer = "") -> Response:
        async def action(owner: str) -> Response:
            given = ConfirmedPrice.model_validate(_parsed(await _limited_body(request)))
            new = await service.uncertain.again(
                job_id, owner=owner, price_usd=given.price_usd, address=_address(request)
            )
            view = await service.view(new, owner=owner)
            return JSONResponse(view.model_dump(mode="json"), headers=_PRIVATE)

        return await _answered(authorization, action)


async def _answered(authorization: str, action: Callable[[str], Awaitable[Response]]) -> Response:
    """The answer of an action with a body, or why nothing was done, in words for its owner."""
    try:
        return await action(owner_of_bearer(authorization))
    except NotFound:
        return _not_found()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return _refused([Issue(".".join(map(str, first["loc"])) or "request", "malformed", f"{first['msg']}.")])
    except InvalidRequest as error:
        return _refused(error.issues)
    except (NotConfigured, OverBudget, Unavailable) as error:
        return _refused([Issue("provider", error.code, f"{error.message} {error.next_step}")])


def _add_deleting(routes: APIRouter, service: Service) -> None:
    @routes.delete("/api/jobs/{job_id}")
    async def delete(job_id: str, authorization: Bearer = "") -> Response:
        try:
            await service.delete(job_id, owner=owner_of_bearer(authorization))
        except NotFound:
            return _not_found()
        except NotNow as error:
            return _failed(error, 409)
        return JSONResponse({"deleted": job_id}, headers=_PRIVATE)


def _add_keys(routes: APIRouter, service: Service) -> None:
    @routes.get("/api/keys")
    async def keys(authorization: Bearer = "") -> Response:
        try:
            views = service.keys.views(owner_of_bearer(authorization))
        except NotFound:
            return _not_found()
        said = {"keys": [view.model_dump(mode="json") for view in views], "idle_hours": service.keys.idle_hours}
        return JSONResponse(said, headers=_PRIVATE)

    @routes.put("/api/keys/{provider}")
    async def enter(provider: str, request: Request, authorization: Bearer = "") -> Response:
        try:
            owner = owner_of_bearer(authorization)
            given = EnteredKey.model_validate(_parsed(await _limited_body(request)))
            service.keys.count(owner, _address(request))
            view = await service.keys.enter(owner, provider, given.key, given.account)
        except NotFound:
            return _not_found()
        except ValidationError:
            # Its own words would quote what was sent.
            return _refused([Issue("key", "malformed", "A key is entered as text.")])
        except InvalidRequest as error:
            return _refused(error.issues)
        return JSONResponse(view.model_dump(mode="json"), headers=_PRIVATE)

    @routes.delete("/api/keys/{provider}")
    async def forget(provider: str, authorization: Bearer = "") -> Response:
        async def action(owner: str) -> BaseModel:
            return service.keys.forget(owner, provider)

        return await _viewed(authorization, action)

    @routes.post("/api/keys/{provider}/test")
    async def test(provider: str, request: Request, authorization: Bearer = "") -> Response:
        async def action(owner: str) -> BaseModel:
            service.keys.count(owner, _address(request))
            return await service.keys.test(owner, provider)

        return await _viewed(authorization, action)


def _refused(issues: Sequence[Issue]) -> Response:
    return JSONResponse({"issues": [issue.as_json() for issue in issues]}, status_code=422, headers=_PRIVATE)


def _wait_of(prefer: str) -> float:
    """Seconds that somebody would rather wait than hear of no change (RFC 7240)."""
    found = re.search(r"\bwait=(\d{1,3})\b", prefer)
    return min(float(found[1]), MAX_WAIT_SECONDS) if found is not None else 0.0


async def _viewed(authorization: str, action: Action) -> Response:
    try:
        view = await action(owner_of_bearer(authorization))
    except NotFound:
        return _not_found()
    return JSONResponse(view.model_dump(mode="json"), headers=_PRIVATE)


async def unavailable(_request: Request, _error: Exception) -> Response:
    """What is answered where the ledger cannot be used just now."""
    return _failed(Unavailable("The job ledger cannot be used now: its disk is full or gone, or it stays locked."), 503)


async def too_many(_request: Request, error: Exception) -> Response:
    """What is answered to somebody who asks too much, at whichever door."""
    assert isinstance(error, TooMany), "only these come here"
    wait = {"retry-after": str(error.wait_seconds)} if error.wait_seconds is not None else {}
    return _failed(error, 429, wait)


def _failed(error: PlaygroundError, status: int, headers: Mapping[str, str] = _NOTHING) -> Response:
    told = {"code": error.code, "message": error.message, "next_step": error.next_step}
    return JSONResponse({"error": told}, status_code=status, headers={**_PRIVATE, **headers})


def _not_found() -> Response:
    return JSONResponse(_FOUND_OUT, status_code=404, headers=_PRIVATE)


class _Film(FileResponse):
    """Read in pieces of 256 kB: Starlette's own of 64 kB take twice as much of a core for each video."""

    chunk_size = 1 << 18


def _add_media(routes: APIRouter, service: Service) -> None:
    @routes.api_route("/media/{job_id}/{number}", methods=["GET", "HEAD"])
    async def media(job_id: str, number: str, request: Request) -> Response:
        path = await _signed_file(service.video_file, job_id, number, request)
        download = request.query_params.get("download") == "1"
        # Without a name here the page's own `download="…"` names the file.
        shown = "attachment" if download else f'inline; filename="veo-{job_id[:8]}-{number}.mp4"'
        return _Film(path, media_type="video/mp4", headers={**_MEDIA_HEADERS, "content-disposition": shown})

    @routes.api_route("/media/{job_id}/{number}/thumbnail", methods=["GET", "HEAD"])
    async def thumbnail(job_id: str, number: str, request: Request) -> Response:
        path = await _signed_file(service.thumbnail_file, job_id, number, request)
        return FileResponse(path, media_type="image/jpeg", headers=_MEDIA_HEADERS)


async def _signed_file(find: FindFile, job_id: str, number: str, request: Request) -> Path:
    """The file that a signed address leads to; raises a 404 for any other."""
    expires = request.query_params.get("expires", "")
    if not (number.isdecimal() and number.isascii() and expires.isdecimal() and expires.isascii()):
        raise HTTPException(404)
    signature = request.query_params.get("signature", "")
    try:
        return await find(job_id, int(number), signature=signature, expires=int(expires))
    except (NotFound, ValueError):
        raise HTTPException(404) from None
