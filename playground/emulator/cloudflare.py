"""Cloudflare AI, stood in for: `POST /accounts/{id}/ai/run` comes back when the video is there.

How the real answer is wrapped is not certain, so each wrapping that was seen comes in turn. The video lies in a storage
of its own, behind a signed link that takes no other credential.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from playground.emulator._bodies import TooLarge, read_body
from playground.emulator._desk import Desk, Operation, Wanted, origin_of
from playground.emulator._media import NotMedia, medium
from playground.emulator._rehearsals import UnknownRehearsal
from playground.emulator._stand_in import CutReply, StandIn, bearer, refused_by_script
from playground.emulator._videos import NotDrawn

STEM: Final = "cloudflare"
BASE: Final = "/cloudflare/client/v4"
MAX_BODY_BYTES: Final = 30_000_000
"""Cloudflare says that there is a limit, not which."""
LINK_LIFE: Final = timedelta(hours=1)
_SCRIPTS: Final = frozenset(
    {
        "slow",
        "rate-limited",
        "rate-limited-without-hint",
        "daily-quota",
        "filtered",
        "filtered-at-once",
        "fails",
        "done-without-video",
        "link-expired",
        "lost-reply",
        "never-ends",
        "bad-key",
        "no-credit",
        "not-allowed",
        "retired",
        "overloaded",
        "error-in-200",
    }
)
_WORDS: Final = {
    400: (5004, "AiError: Invalid data"),
    401: (10000, "Authentication error"),
    402: (1000, "Payment error"),
    403: (3023, "You are not allowed to use this model"),
    404: (7000, "No route for that URI"),
    405: (7001, "Method not allowed for that URI"),
    408: (3007, "AiError: Request timeout"),
    413: (3006, "AiError: Request is too large"),
    429: (3040, "AiError: No more data centers to forward the request to"),
    503: (3040, "The provider did not accept the request"),
}
_REFUSALS: Final = {
    "daily-quota": (429, 3036, "You have used up your daily free allocation of 10,000 neurons"),
    "bad-key": (401, 10000, "Authentication error"),
    "no-credit": (402, 1000, "Payment error"),
    "not-allowed": (403, 3041, "Your account is not allowed to access this model"),
    "retired": (404, 3042, "AiError: No such model or task"),
    "overloaded": (503, 3040, "The provider did not accept the request"),
    "filtered-at-once": (400, 5004, "AiError: The prompt violates the provider's content policy"),
    "error-in-200": (200, 3043, "AiError: The upstream provider refused the request"),
}
_FAILURES: Final = {
    "failed": ("InternalError", "The model could not make the video"),
    "filtered": ("ContentFiltered", "The video was withheld by the provider's safety filter"),
}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Input(_Strict):
    prompt: Annotated[str, Field(min_length=1)]
    image_input: str | None = None
    duration: Literal["4s", "6s", "8s"]
    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    resolution: Literal["720p", "1080p"]
    generate_audio: bool


class _Run(_Strict):
    model: str
    input: _Input


def stand_in(desk: Desk) -> StandIn:
    """Cloudflare AI behind a desk."""
    service = _Service(desk)
    routes = (
        Route(f"{BASE}/accounts/{{account}}/ai/run", service.run, methods=["POST"], name="create"),
        Route(f"{BASE}/r2/{{id}}.mp4", service.file, methods=["GET"], name="file"),
    )
    return StandIn(BASE, routes, problem, _SCRIPTS)


def problem(status: int, code: int | None = None, says: str | None = None) -> Response:
    """The envelope of Cloudflare's API around one error."""
    usual = _WORDS.get(status, (1000, "Internal error"))
    error = {"code": code if code is not None else usual[0], "message": says if says is not None else usual[1]}
    return JSONResponse({"success": False, "errors": [error], "messages": [], "result": None}, status)


@dataclass(frozen=True, slots=True)
class _Service:
    desk: Desk

    async def run(self, request: Request) -> Response:
        """Refuse, or make the video and answer with its link."""
        if bearer(request) is None:
            return problem(401)
        attempts = request.headers.get("cf-aig-max-attempts", "1")
        if attempts not in {"1", "2", "3", "4", "5"}:
            return problem(400, says="cf-aig-max-attempts must be a number from 1 to 5")
        try:
            body = await read_body(request, MAX_BODY_BYTES, self.desk.spool)
            asked = await asyncio.to_thread(_Run.model_validate_json, body)
            prompt, script = self.desk.read_prompt(asked.input.prompt, request, _SCRIPTS)
            wanted = await self._wanted(asked, prompt)
        except TooLarge:
            return problem(413)
        except ValidationError as error:
            return problem(400, says=f"AiError: Invalid data: {_sentence(error)}")
        except (NotMedia, UnknownRehearsal) as error:
            return problem(400, says=f"AiError: Invalid data: {error}")
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        if wanted is None:
            return problem(400, 5007, f"AiError: No such model {asked.model[:60]} or task")
        return refused_by_script(self.desk, script, body, problem, _REFUSALS) or await self._made(
            request, wanted, script
        )

    async def _wanted(self, asked: _Run, prompt: str) -> Wanted | None:
        """What is to be drawn; None where there is no such model."""
        if asked.model not in ("google/veo-3.1", "google/veo-3.1-fast"):
            return None
        frame = None
        if asked.input.image_input is not None:
            data, ending = await asyncio.to_thread(medium, asked.input.image_input)
            if ending == "mp4":
                raise NotMedia("/image_input is not a PNG or JPEG file")
            frame = await self.desk.keep(data, ending)
        return Wanted(
            provider=STEM,
            model=asked.model,
            prompt=prompt,
            mode="text-to-video" if frame is None else "image-to-video",
            seconds=int(asked.input.duration[0]),
            resolution=asked.input.resolution,
            aspect_ratio=asked.input.aspect_ratio,
            audio=asked.input.generate_audio,
            first_frame=frame,
        )

    async def _made(self, request: Request, wanted: Wanted, script: str | None) -> Response:
        operation = await self.desk.accept(wanted, script)
        try:
            look = await self.desk.wait(operation)
        except NotDrawn as error:
            return problem(500, says=f"AiError: {error}")
        if script == "lost-reply":
            return CutReply()
        if look.stage in _FAILURES:
            code, says = _FAILURES[look.stage]
            error = {"code": code, "message": says}
            return JSONResponse({"state": "Failed", "error": error, "model": wanted.model})
        video = {} if look.stage == "empty" else {"video": self._link(request, operation)}
        return JSONResponse(_wrapped(video, self.desk.accepted(STEM)))

    def _link(self, request: Request, operation: Operation) -> str:
        life = timedelta(seconds=-1) if operation.rehearsal == "link-expired" else LINK_LIFE
        expires = int((self.desk.clock() + life).timestamp())
        return f"{origin_of(request)}{BASE}/r2/{operation.id}.mp4?X-Amz-Expires={expires}"

    async def file(self, request: Request) -> Response:
        """A finished video, for whoever has its link."""
        if "authorization" in request.headers:
            return _storage_problem(400, "InvalidArgument", "Only one auth mechanism allowed")
        operation = self.desk.find(STEM, request.path_params["id"])
        if operation is None:
            return _storage_problem(404, "NoSuchKey", "The specified key does not exist.")
        expires = request.query_params.get("X-Amz-Expires", "")
        if not expires.isdecimal() or int(expires) <= self.desk.clock().timestamp():
            return _storage_problem(403, "ExpiredRequest", "Request has expired")
        (path,) = await self.desk.videos(operation)
        return FileResponse(path, media_type="video/mp4")


def _wrapped(result: dict[str, str], number: int) -> dict[str, Any]:
    """The result in the wrapping whose turn it is: as the page shows it, as other calls have it, both, and bare."""
    shown = {"gatewayMetadata": {"keySource": "Unified"}, "result": result, "state": "Completed"}
    envelope: dict[str, Any] = {"success": True, "errors": [], "messages": []}
    wrappings: list[dict[str, Any]] = [shown, {**envelope, "result": result}, {**envelope, "result": shown}, {**result}]
    # Without a video only a state tells that it is finished.
    return wrappings[(number - 1) % 4] if result else wrappings[(number - 1) % 2 * 2]


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = "/" + "/".join(str(step) for step in first["loc"])[:100]
    match first["type"]:
        case "missing":
            return f"must have required property '{where}'"
        case "extra_forbidden":
            return f"must NOT have additional properties: '{where}'"
        case _:
            return f"{where}: {first['msg']}"


def _storage_problem(status: int, code: str, says: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{says}</Message></Error>'
    return Response(text, status, media_type="application/xml")
