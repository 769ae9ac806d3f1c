"""Two routes of the page's own: the matrix of what everybody can do, and one cell of it in full."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from playground.ui.matrix import matrix
from playground.ui.sheet import sheet
from playground.ui.shelf import Shelf

_SAME = {"cache-control": "no-cache"}


def capability_routes(shelf: Shelf) -> APIRouter:
    """They hold nothing of anybody's: whoever sees the page may read them."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/api/capabilities")
    async def overview() -> Response:
        return JSONResponse(matrix(shelf), headers=_SAME)

    @routes.get("/api/capabilities/cell")
    async def cell(provider: str = "", model: str = "", mode: str = "") -> Response:
        found = sheet(shelf, provider, model, mode)
        return JSONResponse(found, 404 if found is None else 200, _SAME)

    return routes
