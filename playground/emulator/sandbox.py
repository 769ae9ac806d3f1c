"""The sandbox: our own provider, key-free, reached over HTTP like any other.

`POST /v1/videos` takes a job, `GET /v1/videos` lists the newest, `GET /v1/videos/{id}` tells how one stands,
`POST /v1/videos/{id}/cancel` stops it and `GET /v1/files/{id}/{n}.mp4` gives a video. Refused creates and failed runs
cost nothing. Results are kept for two days, links to them hold for an hour. `[sandbox:NAME]` in a prompt plays one of
the endings of a real provider.
"""

import asyncio
import hashlib
import hmac
import secrets
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from playground.domain.provider import REHEARSALS
from playground.emulator._bodies import TooLarge, read_body
from playground.emulator._desk import Desk
from playground.emulator._rehearsals import asked_for, check_rehearsal
from playground.emulator._sandbox_operations import Operations, new_id
from playground.emulator._sandbox_records import SEEDS, End, Operation, Order
from playground.emulator._sandbox_renderer import Renderer
from playground.emulator._sandbox_request import ADDED_SECONDS, CreateVideo, InvalidBody, read_request
from playground.emulator._sandbox_work import Workers
from playground.emulator._stand_in import CutReply, StandIn

RENDERER: Final = (sys.executable, "-m", "playground.sandbox.worker")
"""The renderer's command, to which the path of what it shall draw is added; without one it waits for one."""
MAX_BODY_BYTES: Final = 140_000_000
"""A video of 100 MB in base64, and room for the rest."""
RETENTION: Final = timedelta(hours=48)
LINK_LIFE: Final = timedelta(hours=1)
_SWEEP_EVERY: Final = timedelta(hours=1)
_NEVER_BEYOND: Final = 0.3
_LISTED: Final = 100
"""How many jobs a list has."""
_LIMITED_SECONDS: Final = 2


class SandboxProvider:
    """The provider as an ASGI application, `app`. Several, in any processes, may share one data folder.

    It belongs to the event loop that first serves it; `aclose` ends what runs.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        clock: Callable[[], datetime],
        worker: Sequence[str] = RENDERER,
        slow_seconds: float = 20,
        scenario: str | None = None,
    ) -> None:
        """`clock` gives aware datetimes. `worker` is the renderer's command, to which the spec's path is added.

        `scenario` is the rehearsal that is played wherever a prompt names none. Raises ValueError for an unknown one.
        """
        if scenario is not None:
            check_rehearsal(scenario)
        self._scenario = scenario
        self._clock = clock
        self._slow_seconds = slow_seconds
        self._operations = Operations(data_dir, RETENTION)
        # No other command is known to wait.
        workers = Workers(worker, waits=tuple(worker) == RENDERER)
        self._renderer = Renderer(self._operations, workers, clock, timedelta(seconds=slow_seconds))
        self._swept: datetime | None = None
        self.routes = (
            Route("/v1/videos", self._create, methods=["POST"], name="create"),
            Route("/v1/videos", self._list, methods=["GET"], name="list"),
            Route("/v1/videos/{id}", self._status, methods=["GET"], name="status"),
            Route("/v1/videos/{id}/cancel", self._cancel, methods=["POST"], name="cancel"),
            Route("/v1/files/{id}/{number:int}.mp4", self._file, methods=["GET"], name="file"),
        )
        self.app: ASGIApp = Starlette(
            routes=self.routes, exception_handlers={HTTPException: _http_problem}, lifespan=self._lifespan
        )

    def accepted(self) -> int:
        """How many creates were accepted since ever. Reads a file."""
        return self._operations.accepted()

    @property
    def folder(self) -> Path:
        """Where its operations lie."""
        return self._operations.folder

    def finished(self) -> list[tuple[str, float]]:
        """Ids of the operations that ended, and when they were taken in (seconds since the epoch). Reads files."""
        return [(operation_id, at.timestamp()) for operation_id, at in self._operations.finished()]

    def forget(self, operation_id: str) -> int:
        """Delete an operation that ended, before its time; answers its bytes. Touches the disk."""
        return self._operations.forget(operation_id)

    async def aclose(self) -> None:
        """Kill the running worker and wait for it; what was unfinished goes on with whoever is asked next."""
        await self._renderer.aclose()

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncGenerator[None]:
        # For a server that runs the app by itself; where it is only mounted, its owner calls `aclose`.
        yield
        await self.aclose()

    async def _create(self, request: Request) -> Response:
        try:
            await self._sweep()
            body = await read_body(request, MAX_BODY_BYTES, self._operations.spool)
            wanted, prompt, rehearsal = await asyncio.to_thread(read_request, body)
            wanted_endings = (asked_for(request.scope), rehearsal, self._scenario)
            rehearsal = next((each for each in wanted_endings if each is not None), None)
            if rehearsal == "rate-limited" and await self._is_limited(body):
                says = f"The sandbox plays a rate limit: come back in {_LIMITED_SECONDS} seconds."
                return _problem(429, "rate_limited", says, {"Retry-After": str(_LIMITED_SECONDS)})
            del body
            order = _order(wanted, prompt, rehearsal, self._clock())
            await asyncio.to_thread(lambda: self._operations.accept(order, wanted.files()))
        except TooLarge:
            return _problem(413, "too_large", f"The body may be {MAX_BODY_BYTES // 1_000_000} MB at most.")
        except InvalidBody as error:
            return _problem(400, "invalid", str(error))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except OSError as error:
            return _problem(503, "overloaded", f"The sandbox cannot keep it: {error.strerror}.")
        if rehearsal != "never-ends":
            self._renderer.see_to(order.id)
        if rehearsal == "lost-reply":
            return CutReply()
        return JSONResponse({"id": order.id, "status": "queued", "created_at": order.accepted_at.isoformat()})

    async def _is_limited(self, body: bytes) -> bool:
        mark = await asyncio.to_thread(lambda: hashlib.sha256(body).hexdigest())
        return await asyncio.to_thread(self._operations.refuse_again, mark)

    async def _list(self, _request: Request) -> Response:
        orders = await asyncio.to_thread(self._operations.newest, _LISTED, self._clock())
        told = [{"id": o.id, "created_at": o.accepted_at.isoformat(), "prompt": o.asked or o.prompt} for o in orders]
        return JSONResponse({"videos": told})

    async def _status(self, request: Request) -> Response:
        operation = await self._find(request)
        if operation.end is None and operation.order.rehearsal != "never-ends":
            self._renderer.see_to(operation.order.id)
        videos = await asyncio.to_thread(self._links, operation)
        return JSONResponse(self._view(operation, videos))

    async def _cancel(self, request: Request) -> Response:
        operation = await self._find(request)
        order = operation.order
        await asyncio.to_thread(self._operations.finish, order.id, End(status="cancelled"))
        end = await asyncio.to_thread(self._operations.end_of, order.id)
        if end is None or end.status != "cancelled":
            return _problem(409, "finished", "It had already finished.")
        # Whoever renders it sees the end and stops; without one, its inputs are still to be cleared away.
        self._renderer.see_to(order.id)
        return JSONResponse({"id": order.id, "status": "cancelled"})

    async def _file(self, request: Request) -> Response:
        operation = await self._find(request)
        number: int = request.path_params["number"]
        expires, token = request.query_params.get("expires", ""), request.query_params.get("token", "")
        if not hmac.compare_digest(_token(operation.order, number, expires).encode(), token.encode()):
            return _problem(403, "not_allowed", "This link is not one of ours.")
        # The signature vouches that `expires` is a number that we wrote.
        if int(expires) <= self._clock().timestamp():
            return _problem(403, "link_expired", "This link has expired; ask for the status again to get another.")
        if operation.end is None or not 1 <= number <= operation.end.videos:
            raise HTTPException(404)
        return FileResponse(self._operations.video(operation.order.id, number), media_type="video/mp4")

    async def _find(self, request: Request) -> Operation:
        """The operation of the path. Raises a 404 where it is unknown or too old."""
        operation = await asyncio.to_thread(self._operations.read, request.path_params["id"], self._clock())
        if operation is None:
            raise HTTPException(404)
        return operation

    async def _sweep(self) -> None:
        now = self._clock()
        if self._swept is None or now - self._swept >= _SWEEP_EVERY:
            self._swept = now
            await asyncio.to_thread(self._operations.sweep, now)

    def _links(self, operation: Operation) -> list[dict[str, str]]:
        order, count = operation.order, operation.end.videos if operation.end is not None else 0
        expires = self._clock() + LINK_LIFE
        if count and order.rehearsal == "link-expired" and self._operations.first_time(order.id, "expired-link"):
            expires = self._clock() - timedelta(seconds=1)
        until = str(int(expires.timestamp()))
        query = f"expires={until}&token="
        return [{"url": f"/v1/files/{order.id}/{n}.mp4?{query}{_token(order, n, until)}"} for n in range(1, count + 1)]

    def _view(self, operation: Operation, videos: list[dict[str, str]]) -> dict[str, object]:
        order, end = operation.order, operation.end
        status, progress = self._progress(operation)
        view: dict[str, object] = {
            "id": order.id,
            "status": status,
            "progress": progress,
            "created_at": order.accepted_at.isoformat(),
            "seed": order.seed,
            "videos": videos,
            "error": end.error.model_dump() if end is not None and end.error is not None else None,
            "trouble": self._renderer.troubles.get(order.id) if end is None else None,
        }
        if end is not None and end.filtered:
            reason = "The sandbox plays a safety filter: a real one would name the rule that the prompt met."
            view["filtered"] = {"count": end.filtered, "reasons": [reason]}
        return view

    def _progress(self, operation: Operation) -> tuple[str, float]:
        order, state, end = operation.order, operation.state, operation.end
        if end is not None:
            return end.status, 1.0 if end.status == "succeeded" else state.progress
        if order.rehearsal == "never-ends":
            return "rendering", _NEVER_BEYOND
        if order.rehearsal == "slow":
            elapsed = (self._clock() - order.accepted_at).total_seconds()
            return "rendering", round(min(max(elapsed / max(self._slow_seconds, 0.001), 0.0), 0.99), 3)
        return state.status, state.progress


def _order(wanted: CreateVideo, prompt: str, rehearsal: str | None, now: datetime) -> Order:
    extension = wanted.mode == "extension"
    return Order(
        id=new_id(),
        accepted_at=now,
        link_secret=secrets.token_hex(32),
        rehearsal=rehearsal,
        mode=wanted.mode,
        prompt=prompt,
        asked=wanted.prompt if wanted.prompt != prompt else None,
        negative_prompt=wanted.negative_prompt or "",
        seconds=ADDED_SECONDS if extension else wanted.duration_seconds or 8,
        resolution=wanted.resolution or "720p",
        aspect_ratio=wanted.aspect_ratio or "16:9",
        audio=wanted.generate_audio if wanted.generate_audio is not None else True,
        # Chosen once and kept: whoever renders it again makes the same video.
        seed=wanted.seed if wanted.seed is not None else secrets.randbelow(SEEDS),
        videos=wanted.number_of_videos or 1,
        resize_mode=wanted.resize_mode or "crop",
        files=tuple(wanted.files()),
    )


def _token(order: Order, number: int, expires: str) -> str:
    text = f"{order.id}/{number}/{expires}".encode()
    return hmac.new(order.link_secret.encode(), text, hashlib.sha256).hexdigest()


def _problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def stand_in(desk: Desk) -> StandIn:
    """The sandbox beside the other providers' stand-ins: the same service, in a folder of theirs."""
    provider = SandboxProvider(
        desk.folder,
        clock=desk.clock,
        worker=desk.worker,
        slow_seconds=desk.slow_seconds,
        scenario=desk.scenario if desk.scenario in REHEARSALS else None,
    )
    return StandIn(
        base_path="/v1",
        routes=provider.routes,
        problem=_problem_of,
        scripts=frozenset(REHEARSALS),
        accepted=provider.accepted,
        aclose=provider.aclose,
    )


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _problem_of(error.status_code)


def _problem_of(status: int) -> Response:
    """The sandbox's words for what a status alone tells."""
    match status:
        case 404:
            return _problem(404, "not_found", "There is nothing here, or no longer.")
        case 405:
            return _problem(405, "refused", "Method Not Allowed.")
        case 429:
            return _problem(429, "rate_limited", "The sandbox limits the rate.", {"Retry-After": str(_LIMITED_SECONDS)})
        case _:
            return _problem(status, "trouble", "The sandbox is in trouble.")
