"""The page's own files, told from memory: a first visit asks for dozens at once, beside Gradio's own script."""

import mimetypes
from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.staticfiles import StaticFiles

from playground.assets import asset
from playground.ui.packed import Packed
from playground.ui.pieces import SHEET, STATIC, sheets

_KEPT: Final = (".css", ".js", ".svg")


def static_routes() -> APIRouter:
    """Scripts, sheets and icons as they are now; what is large, such as fonts and samples, comes from the disk."""
    routes = APIRouter(include_in_schema=False)
    kept = _kept()
    others = StaticFiles(directory=asset())

    @routes.api_route(f"/{STATIC}/{{path:path}}", methods=["GET", "HEAD"])
    async def static(path: str, request: Request) -> Response:
        found = kept.get(path)
        if found is None:
            response = await others.get_response(path, request.scope)
            # A changed file is seen at once; an unchanged one costs a 304.
            response.headers["cache-control"] = "no-cache"
            return response
        return _told(found, request)

    @routes.get("/favicon.ico")
    async def favicon(request: Request) -> Response:
        return _told(kept["icon.svg"], request)

    return routes


def _told(found: Packed, request: Request) -> Response:
    status, headers, body = found.answer(request.headers.raw)
    response = Response(body, status)
    response.raw_headers = list(headers)
    return response


def _kept() -> Mapping[str, Packed]:
    files = {path.name: path.read_bytes() for path in asset().iterdir() if path.suffix in _KEPT}
    files[SHEET] = sheets().encode()
    return {name: Packed.of(body, [(b"content-type", _kind(name))]) for name, body in files.items()}


def _kind(name: str) -> bytes:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8".encode() if kind.startswith("text/") else kind.encode()
