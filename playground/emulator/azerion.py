"""Azerion Intelligence, stood in for: `POST /v1/videos/generation` comes back when the videos are there."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from playground.emulator._azerion_request import MODEL, Generation, Refusal, read_generation, wanted
from playground.emulator._bodies import TooLarge, read_body
from playground.emulator._desk import Desk, Operation, origin_of
from playground.emulator._rehearsals import UnknownRehearsal
from playground.emulator._stand_in import CutReply, StandIn, bearer, refused_by_script
from playground.emulator._videos import NotDrawn

STEM: Final = "azerion"
BASE: Final = "/azerion/v1"
MAX_BODY_BYTES: Final = 140_000_000
"""A video of 100 MB in base64, and room for the rest; Azerion names no limit."""
LINK_LIFE: Final = timedelta(hours=1)
_SCRIPTS: Final = frozenset(
    {
        "slow",
        "rate-limited",
        "rate-limited-without-hint",
        "filtered",
        "filtered-at-once",
        "done-without-video",
        "link-expired",
        "lost-reply",
        "never-ends",
        "bad-key",
        "not-allowed",
        "retired",
        "overloaded",
    }
)
_WORDS: Final = {
    400: ("invalid_request_error", "The request is invalid."),
    401: ("authentication_error", "Invalid API key provided."),
    403: ("permission_error", "Your API key does not have access to this resource."),
    404: ("not_found_error", "The requested resource was not found."),
    422: ("invalid_request_error", "The request could not be processed."),
    429: ("rate_limit_error", "Rate limit exceeded. Please try again later."),
    503: ("service_unavailable_error", "The service is temporarily unavailable."),
}
_REFUSALS: Final = {
    "bad-key": (401, None),
    "not-allowed": (403, None),
    "retired": (404, f"The model {MODEL} does not exist."),
    "overloaded": (503, None),
    "filtered-at-once": (400, "The prompt was refused by the safety filter."),
}


def stand_in(desk: Desk) -> StandIn:
    """Azerion behind a desk."""
    service = _Service(desk)
    routes = (
        Route(f"{BASE}/videos/generation", service.generate, methods=["POST"], name="create"),
        Route(f"{BASE}/models", service.models, methods=["GET"], name="models"),
        Route(f"{BASE}/storage/{{id}}/{{number:int}}.mp4", service.file, methods=["GET"], name="file"),
    )
    return StandIn(BASE, routes, problem, _SCRIPTS)


def problem(status: int, says: str | None = None, param: str | None = None) -> Response:
    """Azerion's error object."""
    kind, usual = _WORDS.get(status, ("server_error", "The server had an error."))
    error = {"message": says if says is not None else usual, "type": kind, "code": kind, "status_code": status}
    return JSONResponse({"error": error | ({"param": param} if param is not None else {})}, status)


@dataclass(frozen=True, slots=True)
class _Service:
    desk: Desk

    async def generate(self, request: Request) -> Response:
        """Refuse, or make the videos and answer with them."""
        if bearer(request) is None:
            return problem(401)
        try:
            body = await read_body(request, MAX_BODY_BYTES, self.desk.spool)
            asked = await asyncio.to_thread(read_generation, body)
            if asked.model != MODEL:
                return problem(404, f"The model {asked.model[:60]} does not exist.", "model")
            prompt, script = self.desk.read_prompt(asked.prompt or "", request, _SCRIPTS)
            refused = refused_by_script(self.desk, script, body, problem, _REFUSALS)
            del body
            if refused is not None:
                return refused
            operation = await self.desk.accept(await wanted(asked, prompt, self.desk), script)
        except TooLarge:
            return problem(413, "The request body is too large.")
        except Refusal as error:
            return problem(400, str(error), error.field)
        except UnknownRehearsal as error:
            return problem(400, str(error), "prompt")
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        return await self._made(request, operation, asked)

    async def _made(self, request: Request, operation: Operation, asked: Generation) -> Response:
        try:
            look = await self.desk.wait(operation)
        except NotDrawn as error:
            return problem(500, str(error))
        if operation.rehearsal == "lost-reply":
            return CutReply()
        # Of several videos a filter may withhold one; of one, it withholds all there is.
        withheld = 1 if look.stage == "filtered" else 0
        if withheld and asked.n == 1:
            return problem(422, "The generated video was withheld by the safety filter.")
        numbers = range(0 if look.stage == "empty" else asked.n)[withheld:]
        if asked.output_format == "url":
            return JSONResponse({"videos": [{"url": self._link(request, operation, number)} for number in numbers]})
        drawn = await self.desk.videos(operation)
        inside = [await asyncio.to_thread(_base64, drawn[number]) for number in numbers]
        return JSONResponse({"videos": [{"base64_encoded": each} for each in inside]})

    def _link(self, request: Request, operation: Operation, number: int) -> str:
        life = timedelta(seconds=-1) if operation.rehearsal == "link-expired" else LINK_LIFE
        expires = int((self.desk.clock() + life).timestamp())
        return f"{origin_of(request)}{BASE}/storage/{operation.id}/{number}.mp4?expires={expires}"

    async def models(self, request: Request) -> Response:
        """The models, as a chat service of this kind lists them; good for seeing whether a key works."""
        if bearer(request) is None:
            return problem(401)
        return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "google"}]})

    async def file(self, request: Request) -> Response:
        """A finished video, for whoever has its link; its storage knows no keys."""
        operation = self.desk.find(STEM, request.path_params["id"])
        if "authorization" in request.headers:
            return Response("Only one auth mechanism is allowed.", 400)
        expires = request.query_params.get("expires", "")
        if operation is None or not expires.isdecimal():
            return Response("There is no such object.", 404)
        if int(expires) <= self.desk.clock().timestamp():
            return Response("The link has expired.", 403)
        videos = await self.desk.videos(operation)
        number: int = request.path_params["number"]
        if number >= len(videos):
            return Response("There is no such object.", 404)
        return FileResponse(videos[number], media_type="video/mp4")


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
