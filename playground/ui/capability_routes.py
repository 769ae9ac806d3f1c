"""Two routes of the page's own: the matrix of what everybody can do, and one cell of it in full."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response

from playground.domain.errors import NotFound
from playground.jobs.service import STRANGER, Service, owner_of_bearer
from playground.ui.matrix import matrix
from playground.ui.sheet import sheet
from playground.ui.shelf import Shelf

_SAME = {"cache-control": "private, no-cache", "vary": "authorization"}
Bearer = Annotated[str, Header(alias="authorization")]


def capability_routes(service: Service) -> APIRouter:
    """Whoever sees the page may read them; whoever entered keys of his own sees what they make usable."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/api/capabilities")
    async def overview(request: Request, authorization: Bearer = "") -> Response:
        return JSONResponse(matrix(_shelf(service, request, authorization)), headers=_SAME)

    @routes.get("/api/capabilities/cell")
    async def cell(
        request: Request, provider: str = "", model: str = "", mode: str = "", authorization: Bearer = ""
    ) -> Response:
        found = sheet(_shelf(service, request, authorization), provider, model, mode)
        return JSONResponse(found, 404 if found is None else 200, _SAME)

    return routes


def _shelf(service: Service, request: Request, authorization: str) -> Shelf:
    """What somebody can use; counted like every question that costs work here, which may raise TooMany."""
    try:
        owner = owner_of_bearer(authorization)
    except NotFound:
        owner = None
    service.rates.ask(owner, request.client.host if request.client is not None else None)
    return Shelf.of(service, owner if owner is not None else STRANGER)
