"""TokenBay, stood in for: `POST /videos`, `GET /videos/{id}`, `GET /videos/{id}/content`, and the list of models.

By its page a business failure is a 200 with an `error`; keys, quotas and rates are refused with real statuses, as its
errors page has it. A task whose video was filtered away without a word ends well and has no content: 502.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from playground.emulator._bodies import TooLarge, read_body
from playground.emulator._desk import Desk, Look, Operation, Stage, Wanted, origin_of
from playground.emulator._media import NotMedia
from playground.emulator._rehearsals import UnknownRehearsal
from playground.emulator._stand_in import CutReply, StandIn, bearer, refused_by_script
from playground.emulator._tokenbay_request import MODELS, InvalidTask, NoSuchModel, Task, picture, read_task
from playground.emulator._tokenbay_shapes import SHAPES, Shape, receipt, task_id, wrapped
from playground.emulator._videos import NotDrawn

STEM: Final = "tokenbay"
BASE: Final = "/tokenbay/v1"
MAX_BODY_BYTES: Final = 100_000_000
"""TokenBay says that there is a limit, not which."""
_CACHED: Final = {"cache-control": "public, max-age=86400"}
_ENDINGS: Final = ("slow", "rate-limited", "filtered", "fails", "done-without-video", "lost-reply", "never-ends")
_REFUSALS: Final = {
    "bad-key": (401, "Invalid token", "new_api_error", "invalid_api_key"),
    "no-credit": (403, "user quota is not enough", "new_api_error", "insufficient_user_quota"),
    "not-allowed": (403, "This token has no access to the model", "new_api_error", "access_denied"),
    "retired": (200, "The model does not exist or is no longer served", "invalid_request_error", "model_not_found"),
    "overloaded": (503, "No available channel for this model", "new_api_error", "get_channel_failed"),
    "filtered-at-once": (200, "sensitive words detected", "new_api_error", "sensitive_words_detected"),
    "error-in-200": (200, "bad response status code 400", "upstream_error", "bad_response_status_code"),
}
_SCRIPTS: Final = frozenset({*_ENDINGS, *_REFUSALS, "rate-limited-without-hint"})
_WORDS: Final = {
    401: ("Invalid token", "invalid_api_key"),
    404: ("Invalid URL", "not_found"),
    405: ("Method not allowed", "method_not_allowed"),
    413: ("request body too large", "read_request_body_failed"),
    429: ("Too many requests, the model is rate limited", "rate_limit_exceeded"),
    502: ("Failed to fetch video content", "bad_response"),
    503: ("No available channel for this model", "get_channel_failed"),
}


def stand_in(desk: Desk) -> StandIn:
    """TokenBay behind a desk."""
    service = _Service(desk)
    routes = (
        Route(f"{BASE}/videos", service.create, methods=["POST"], name="create"),
        Route(f"{BASE}/video/generations", service.create, methods=["POST"], name="create"),
        Route(f"{BASE}/videos/{{id}}", service.status, methods=["GET"], name="status"),
        Route(f"{BASE}/video/generations/{{id}}", service.alias, methods=["GET"], name="status"),
        Route(f"{BASE}/videos/{{id}}/content", service.file, methods=["GET"], name="file"),
        Route(f"{BASE}/models", service.models, methods=["GET"], name="models"),
    )
    return StandIn(BASE, routes, problem, _SCRIPTS)


def problem(status: int, says: str | None = None, kind: str = "new_api_error", code: str | None = None) -> Response:
    """The gateway's envelope around one error."""
    usual = _WORDS.get(status, ("The gateway is in trouble", "do_request_failed"))
    error = {"message": says or usual[0], "type": kind, "code": code or usual[1]}
    return JSONResponse({"error": error}, status)


@dataclass(slots=True)
class _Told:
    """What was said of a task last (asking for its content is no question), and in which of the shapes."""

    shape: Shape
    stage: Stage = "queued"


class _Service:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told: dict[str, _Told] = {}

    async def create(self, request: Request) -> Response:
        if bearer(request) is None:
            return problem(401)
        try:
            body = await read_body(request, MAX_BODY_BYTES, self._desk.spool)
            task = await asyncio.to_thread(read_task, body)
            prompt, script = self._desk.read_prompt(task.prompt or "", request, _SCRIPTS)
            wanted = await self._wanted(task, prompt)
        except TooLarge:
            return problem(413)
        except NoSuchModel as error:
            return problem(200, str(error), "invalid_request_error", "model_not_found")
        except (InvalidTask, NotMedia, UnknownRehearsal) as error:
            return problem(200, str(error), "invalid_request_error", "invalid_request")
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        refused = refused_by_script(self._desk, script, body, problem, _REFUSALS)
        if refused is not None:
            return refused
        operation = await self._desk.accept(wanted, script)
        self._told[operation.id] = _Told(SHAPES[len(self._told) % len(SHAPES)])
        return CutReply() if script == "lost-reply" else JSONResponse(receipt(operation))

    async def status(self, request: Request) -> Response:
        """How a task stands, in one of the three shapes by turns."""
        return await self._state(request)

    async def alias(self, request: Request) -> Response:
        """How a task stands, wrapped."""
        return await self._state(request, wrapped)

    async def file(self, request: Request) -> Response:
        """A finished task's video, Range included; the gateway fetches it from behind, which fails where none is."""
        if bearer(request) is None:
            return problem(401)
        operation = self._find(request)
        if operation is None:
            return problem(404, "Task not found", "invalid_request_error", "task_not_exist")
        stage = self._told[operation.id].stage
        if stage == "empty":
            return problem(502)
        if stage != "finished":
            return problem(400, "Task is not completed yet", "invalid_request_error", "task_not_completed")
        (path,) = await self._desk.videos(operation)
        return FileResponse(path, media_type="video/mp4", headers=_CACHED)

    async def models(self, request: Request) -> Response:
        """What is served here."""
        if bearer(request) is None:
            return problem(401)
        each = ({"id": model, "object": "model", "created": 1_760_000_000, "owned_by": "google"} for model in MODELS)
        return JSONResponse({"object": "list", "data": list(each)})

    async def _state(self, request: Request, shape: Shape | None = None) -> Response:
        if bearer(request) is None:
            return problem(401)
        operation = self._find(request)
        if operation is None:
            return JSONResponse({"code": "task_not_exist", "message": "task_not_exist", "data": None}, 400)
        try:
            look = await self._desk.look(operation)
        except NotDrawn:
            look = Look("failed", 1.0)
        told = self._told[operation.id]
        told.stage = look.stage
        content = f"{BASE}/videos/{task_id(operation)}/content"
        answer = (shape or told.shape)(operation, look.stage, look.progress, content, origin_of(request))
        return JSONResponse(answer)

    def _find(self, request: Request) -> Operation | None:
        return self._desk.find(STEM, request.path_params["id"].removeprefix("task_"))

    async def _wanted(self, task: Task, prompt: str) -> Wanted:
        """What is to be drawn; pictures given by URL are not looked at."""
        given = {"image": task.first_frame, "lastFrameImage": task.last_frame, "input_reference": task.input_reference}
        kept = {name: await self._kept(name, each, task.image_mime_type) for name, each in given.items()}
        reference = kept["input_reference"]
        return Wanted(
            provider=STEM,
            model=task.model,
            prompt=prompt,
            mode=task.mode,
            seconds=task.length if task.length is not None else 8,
            resolution=task.lines if task.lines is not None else "720p",
            aspect_ratio=task.aspect_ratio if task.aspect_ratio is not None else "16:9",
            audio=task.generate_audio is True,
            seed=task.seed if task.seed is not None else 0,
            first_frame=kept["image"],
            last_frame=kept["lastFrameImage"],
            reference_images=(reference,) if reference is not None else (),
        )

    async def _kept(self, name: str, given: str | None, hint: str | None) -> Path | None:
        if given is None:
            return None
        try:
            found = await asyncio.to_thread(picture, given, hint)
        except NotMedia as error:
            raise NotMedia(f"{name} {error}") from None
        return await self._desk.keep(*found) if found is not None else None
