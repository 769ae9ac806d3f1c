"""What watches the playground from outside: whether it lives, whether it can work, and an operator's figures."""

import secrets
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from playground.jobs.service import Service

_FORWARDED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers of a proxy: what it passes on did not begin on this machine, however near the proxy itself is."""
_NO_STORE: Final = {"cache-control": "no-store"}
_PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


def monitoring_routes(service: Service, *, metrics_token: str | None, only_with_token: bool) -> APIRouter:
    """`/healthz`, `/readyz`, and `/metrics` for who has the token; without one, for programs on this machine.

    Where strangers or a proxy reach the page, or some log in, `only_with_token`: a proxy need not say that it is one.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def healthz() -> Response:
        return JSONResponse({"status": "ok"}, headers=_NO_STORE)

    @routes.get("/readyz")
    async def readyz() -> Response:
        found = await service.health.readiness()
        said = {"status": "ready" if found.ready else "not ready", "problems": dict(found.problems)}
        return JSONResponse(said, status_code=200 if found.ready else 503, headers=_NO_STORE)

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        near = not only_with_token and _is_near(request)
        if not (_has_token(request, metrics_token) if metrics_token is not None else near):
            return Response("Not Found", status_code=404, media_type="text/plain")
        return Response(await service.metrics(), headers=_NO_STORE, media_type=_PROMETHEUS)

    return routes


def _has_token(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "").encode()
    return secrets.compare_digest(given, f"Bearer {token}".encode())


def _is_near(request: Request) -> bool:
    """Whether a program on this machine asks by itself."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    # A page of another site may have its name lead here; it cannot change what name the browser asks for.
    named = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    asking = request.client.host if request.client is not None else ""
    return _is_loopback(asking) and (named == "localhost" or _is_loopback(named))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
