"""aigateway.sh, stood in for: `POST /videos/generations`, `GET /jobs/{id}`, and the videos on its media host.

Jobs come by turns as its model page, its jobs page and its SDK describe them, and so do their files: open, behind a
signed link that ends, or for the key only. Both ways of cancelling are there. In the second shape the question after
the first is answered 304, once; really that depends on how soon it is asked.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from playground.emulator._aigateway_shapes import Job, Jobs, Page, Sdk, Shape, job_id
from playground.emulator._bodies import TooLarge, read_body
from playground.emulator._desk import Desk, Look, Operation, Wanted, origin_of
from playground.emulator._rehearsals import UnknownRehearsal
from playground.emulator._stand_in import CutReply, StandIn, bearer, refused_by_script
from playground.emulator._videos import NotDrawn

STEM: Final = "aigateway"
BASE: Final = "/aigateway/v1"
MAX_BODY_BYTES: Final = 1_000_000
LINK_LIFE: Final = timedelta(hours=24)
_SHAPES: Final[tuple[Shape, ...]] = (Page(), Jobs(), Sdk())
_ENDINGS: Final = (
    "slow",
    "rate-limited",
    "filtered",
    "fails",
    "done-without-video",
    "link-expired",
    "lost-reply",
    "never-ends",
)
_REFUSALS: Final = {
    "bad-key": (401, "Invalid or missing API key", "authentication_error"),
    "no-credit": (402, "Wallet empty (PAYG only)", "insufficient_credits"),
    "not-allowed": (403, "This key has no scope for video", "scope_exceeded"),
    "retired": (404, "Unknown model or endpoint", "not_found"),
    "overloaded": (503, "Upstream saturated (retryable)", "service_unavailable"),
    "filtered-at-once": (400, "The prompt violates the upstream provider's content policy", "invalid_request_error"),
    "error-in-200": (200, "Upstream provider failed", "server_error"),
}
_SCRIPTS: Final = frozenset({*_ENDINGS, *_REFUSALS, "rate-limited-without-hint"})
_WORDS: Final = {
    400: ("Invalid request", "invalid_request_error"),
    401: ("Invalid or missing API key", "authentication_error"),
    402: ("Wallet empty (PAYG only)", "insufficient_credits"),
    404: ("Unknown model or endpoint", "not_found"),
    405: ("Method not allowed", "invalid_request_error"),
    413: ("The body is too large", "invalid_request_error"),
    429: ("Over per-minute limit", "rate_limit_error"),
    503: ("Upstream saturated (retryable)", "service_unavailable"),
}


class _Video(BaseModel):
    """The body: four fields of the model page, three of the OpenAPI file. Neither lists any values."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model: Literal["google/veo-3.1", "google/veo-3.1-fast", "google/veo3.1-lite"] = "google/veo-3.1"
    prompt: Annotated[str, Field(min_length=1)]
    duration: Annotated[float, Field(ge=1, le=60)] | None = None
    aspect_ratio: Literal["16:9", "9:16"] | None = None
    resolution: Literal["720p", "1080p"] | None = None
    image_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = None
    webhook_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = None


def stand_in(desk: Desk) -> StandIn:
    """aigateway.sh behind a desk."""
    service = _Service(desk)
    routes = (
        Route(f"{BASE}/videos/generations", service.create, methods=["POST"], name="create"),
        Route(f"{BASE}/jobs/{{id}}", service.status, methods=["GET"], name="status"),
        Route(f"{BASE}/jobs/{{id}}/cancel", service.cancel, methods=["POST"], name="cancel"),
        Route(f"{BASE}/jobs/{{id}}", service.cancel, methods=["DELETE"], name="cancel"),
        Route(f"{BASE}/media/video/{{id}}.mp4", service.file, methods=["GET"], name="file"),
        Route(f"{BASE}/files/jobs/{{id}}/video.mp4", service.file, methods=["GET"], name="file"),
    )
    return StandIn(BASE, routes, problem, _SCRIPTS)


def problem(status: int, says: str | None = None, kind: str | None = None, param: str | None = None) -> Response:
    """An error as the OpenAPI file has it; the names are those of the model page."""
    usual = _WORDS.get(status, ("Upstream provider failed", "server_error"))
    error = {"message": says or usual[0], "type": kind or usual[1], "code": status, "param": param}
    return JSONResponse({"error": error}, status)


@dataclass(slots=True)
class _Kept:
    """A job besides what the desk knows of it."""

    shape: Shape
    secret: bytes
    cancelled: bool = False
    ended: bool = False


class _Service:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._jobs: dict[str, _Kept] = {}

    async def create(self, request: Request) -> Response:
        """Refuse, or take the job."""
        if bearer(request) is None:
            return problem(401)
        try:
            body = await read_body(request, MAX_BODY_BYTES, self._desk.spool)
            asked = _Video.model_validate_json(body)
            prompt, script = self._desk.read_prompt(asked.prompt, request, _SCRIPTS)
        except TooLarge:
            return problem(413)
        except ValidationError as error:
            return _invalid(error)
        except UnknownRehearsal as error:
            return problem(400, str(error), param="prompt")
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        refused = refused_by_script(self._desk, script, body, problem, _REFUSALS)
        if refused is not None:
            return refused
        operation = await self._desk.accept(_wanted(asked, prompt), script)
        # Only the jobs page speaks of links that end.
        turn = 1 if script == "link-expired" else len(self._jobs)
        kept = _Kept(_SHAPES[turn % len(_SHAPES)], secrets.token_bytes(16))
        self._jobs[operation.id] = kept
        if script == "lost-reply":
            return CutReply()
        return JSONResponse(kept.shape.receipt(self._job(request, operation, Look("queued", 0))), kept.shape.status)

    async def status(self, request: Request) -> Response:
        """How a job stands."""
        operation = self._find(request)
        if bearer(request) is None or operation is None:
            return problem(401 if bearer(request) is None else 404)
        kept = self._jobs[operation.id]
        if isinstance(kept.shape, Jobs) and operation.polls == 1 and self._desk.first_time("304", operation.id):
            return Response(status_code=304)
        try:
            look = await self._desk.look(operation)
        except NotDrawn:
            look = Look("failed", 1.0)
        kept.ended = look.stage not in ("queued", "running")
        return JSONResponse(kept.shape.poll(self._job(request, operation, look)))

    async def cancel(self, request: Request) -> Response:
        """Stop a job that has not ended."""
        operation = self._find(request)
        if bearer(request) is None or operation is None:
            return problem(401 if bearer(request) is None else 404)
        kept = self._jobs[operation.id]
        if kept.ended:
            return problem(409, "The job has already ended", "invalid_request_error")
        kept.cancelled = True
        return JSONResponse(kept.shape.poll(self._job(request, operation, Look("running", 0))))

    async def file(self, request: Request) -> Response:
        """A finished video, for whoever has what its kind of link needs."""
        operation = self._find(request)
        if operation is None:
            return problem(404)
        kept = self._jobs[operation.id]
        if kept.shape.file_needs == "key" and bearer(request) is None:
            return problem(401)
        if kept.shape.file_needs == "signature" and not self._is_signed(request, operation):
            return problem(403, "This link has expired", "not_allowed")
        (path,) = await self._desk.videos(operation)
        return FileResponse(path, media_type="video/mp4")

    def _find(self, request: Request) -> Operation | None:
        return self._desk.find(STEM, request.path_params["id"].removeprefix("job_"))

    def _job(self, request: Request, operation: Operation, look: Look) -> Job:
        kept, now = self._jobs[operation.id], int(self._desk.clock().timestamp())
        path = kept.shape.file_path.format(id=job_id(operation))
        link = f"{origin_of(request)}{BASE}{path}"
        if look.stage == "finished" and kept.shape.file_needs == "signature":
            late = operation.rehearsal == "link-expired" and self._desk.first_time("late-link", operation.id)
            expires = now - 1 if late else now + int(LINK_LIFE.total_seconds())
            link += f"?expires={expires}&sig={self._signature(operation, expires)}"
        return Job(operation, None if kept.cancelled else look.stage, link, now)

    def _signature(self, operation: Operation, expires: int) -> str:
        return hmac.digest(self._jobs[operation.id].secret, str(expires).encode(), "sha256").hex()

    def _is_signed(self, request: Request, operation: Operation) -> bool:
        expires, signature = request.query_params.get("expires", ""), request.query_params.get("sig", "")
        if not expires.isdecimal() or int(expires) <= self._desk.clock().timestamp():
            return False
        return hmac.compare_digest(self._signature(operation, int(expires)).encode(), signature.encode())


def _wanted(asked: _Video, prompt: str) -> Wanted:
    """What is to be drawn. Nobody follows the image's URL here."""
    return Wanted(
        provider=STEM,
        model=asked.model,
        prompt=prompt,
        mode="text-to-video" if asked.image_url is None else "image-to-video",
        seconds=round(asked.duration) if asked.duration is not None else 8,
        resolution=asked.resolution if asked.resolution is not None else "720p",
        aspect_ratio=asked.aspect_ratio if asked.aspect_ratio is not None else "16:9",
    )


def _invalid(error: ValidationError) -> Response:
    first: Any = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])[:100]
    if where == "model":
        return problem(404)
    match first["type"]:
        case "json_invalid":
            return problem(400, "The body is not valid JSON")
        case "extra_forbidden":
            return problem(400, f"Unknown field: {where}", param=where)
        case "missing":
            return problem(400, f"{where} is required", param=where)
        case _:
            return problem(400, f"{where}: {first['msg']}", param=where)
