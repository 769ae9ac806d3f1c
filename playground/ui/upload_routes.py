"""Where files come in: the page's own door, and the one that `gradio_client` knows."""

import logging
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.datastructures import UploadFile
from starlette.types import Message

from playground.domain.errors import InvalidRequest, NotFound
from playground.domain.issues import Issue
from playground.domain.media import MAX_VIDEO_BYTES
from playground.jobs.service import Service, owner_of_bearer

_log: Final = logging.getLogger(__name__)
_MOST_FILES: Final = 4
_MOST_BYTES: Final = MAX_VIDEO_BYTES + 100_000
"""Of a request with files: what is said about a file comes on top."""
_PRIVATE: Final = {"cache-control": "private, no-store"}
Bearer = Annotated[str, Header(alias="authorization")]


def upload_routes(service: Service) -> APIRouter:
    """Add it before the page is mounted: Gradio has an address of its own for uploads, which ours comes before."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/api/uploads")
    async def upload(request: Request, authorization: Bearer = "") -> Response:
        try:
            return await _take(request, service, owner_of_bearer(authorization))
        except NotFound as error:
            return _refused(404, error.code, error.message)

    # `gradio_client` shows no owner's token there: whoever knows the path may name the file.
    @routes.post("/gradio_api/upload")
    async def client_upload(request: Request) -> Response:
        return await _take(request, service, None)

    @routes.get("/api/uploads")
    async def uploaded(reference: str = "", authorization: Bearer = "") -> Response:
        try:
            path, mime_type = await service.uploads.find(reference, owner_of_bearer(authorization))
        except NotFound as error:
            return _refused(404, error.code, error.message)
        return FileResponse(path, media_type=mime_type, headers=_PRIVATE)

    return routes


async def _take(request: Request, service: Service, owner: str | None) -> Response:
    """Answer the paths of what was uploaded, as Gradio would; raises TooMany."""
    address = request.client.host if request.client is not None else None
    # Counted before a byte is read: what is too much takes no room on the disk either.
    settle, body = service.uploads.expect(owner, address, _announced(request)), _Capped(request)
    try:
        async with Request(request.scope, body.receive).form(max_files=_MOST_FILES, max_fields=_MOST_FILES) as form:
            files = [each for each in form.getlist("files") if isinstance(each, UploadFile)]
            for _ in files[1:]:
                service.uploads.expect(owner, address, 0)
            kept = [
                await service.uploads.take(owner, address, each.filename or "", each.file, each.size or 0)
                for each in files
            ]
    except InvalidRequest as error:
        return JSONResponse({"issues": [issue.as_json() for issue in error.issues]}, 422, _PRIVATE)
    except OSError as error:
        _log.warning("an upload cannot be kept: %s", error.strerror or type(error).__name__)
        return _refused(507, "storage", "The file cannot be kept here now.", "Try again later, or use a link.")
    finally:
        settle(body.brought)
    return JSONResponse([str(path) for path in kept], headers=_PRIVATE)


def _announced(request: Request) -> int:
    """The bytes that a request says it has, or else the most that are read of one."""
    length = request.headers.get("content-length", "")
    # A body in chunks ends where it says, whatever length stands beside it.
    told = length.isdecimal() and "transfer-encoding" not in request.headers
    return min(int(length[:20]), _MOST_BYTES) if told else _MOST_BYTES


class _Capped:
    """A request's body, which ends with an error where it brings more than a file may have."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.brought = 0
        """Bytes so far."""

    async def receive(self) -> Message:
        """The next part of it."""
        message = await self._request.receive()
        self.brought += len(message.get("body", b""))
        if self.brought > _MOST_BYTES:
            says = f"A file may have {MAX_VIDEO_BYTES // 1_000_000} MB at most."
            raise InvalidRequest([Issue("file", "too_large", says)])
        return message


def _refused(status: int, code: str, message: str, next_step: str | None = None) -> Response:
    said = {"code": code, "message": message, **({"next_step": next_step} if next_step is not None else {})}
    return JSONResponse({"error": said}, status, _PRIVATE)
