"""The Gemini API stood in for: `predictLongRunning` of v1beta as it was before Google shut Veo down there.

A finished video is a file of two days: `files/{id}` tells its state (PROCESSING the first time that anyone asks),
`files/{id}:download?alt=media` redirects to it, and an extension names it by its link. Both want the key.
"""

import asyncio
from datetime import timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from playground.domain.provider import REHEARSALS
from playground.emulator._desk import Desk, Operation, origin_of
from playground.emulator._gemini_rules import (
    GRAMMAR,
    MODELS,
    bad_key,
    check,
    model_of,
    no_key,
    retired,
    unknown_model,
    unprocessed,
    use_case,
)
from playground.emulator._google_desk import REFUSED, WITHHELD, Counter, body_of, failed
from playground.emulator._google_errors import Refusal, problem, refusing
from playground.emulator._google_request import Json, read_create, text
from playground.emulator._stand_in import CutReply, StandIn

BASE: Final = "/gemini/v1beta"
_RESPONSE: Final = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
_REFUSALS: Final = (
    "rate-limited-without-hint",
    "daily-quota",
    "bad-key",
    "no-credit",
    "not-allowed",
    "retired",
    "use-case",
    "overloaded",
    "filtered-at-once",
)
_LONGEST_EXTENDED_SECONDS: Final = 141
_SCRIPTS: Final = frozenset((*REHEARSALS, *_REFUSALS))
_KEPT: Final = timedelta(days=2)


def stand_in(desk: Desk) -> StandIn:
    """The Gemini API behind a desk."""
    api = _GeminiApi(desk)
    operation = f"{BASE}/models/{{model}}/operations/{{id}}"
    return StandIn(
        base_path=BASE,
        routes=(
            Route(f"{BASE}/models/{{model}}:predictLongRunning", refusing(api.create), methods=["POST"], name="create"),
            Route(operation, refusing(api.status), methods=["GET"], name="status"),
            Route(f"{BASE}/models", refusing(api.models), methods=["GET"], name="models"),
            Route(f"{BASE}/models/{{model}}", refusing(api.model), methods=["GET"], name="model"),
            # google-genai cuts the id only out of https links; of ours it asks for `files/http://…/files/{id}`.
            Route(f"{BASE}/files/{{handle:path}}:download", refusing(api.link), methods=["GET"], name="link"),
            Route(f"{BASE}/files/{{handle:path}}", refusing(api.state), methods=["GET"], name="state"),
            Route(f"{BASE}/download/{{id}}.mp4", refusing(api.file), methods=["GET"], name="file"),
        ),
        problem=problem,
        scripts=_SCRIPTS,
    )


class _GeminiApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counter = Counter(desk, "gemini", _SCRIPTS, self._refusal)
        self._seconds: dict[str, int] = {}
        """How long each operation's clip is, with what it extends."""

    async def create(self, request: Request) -> Response:
        _check_key(request)
        model = model_of(request.path_params["model"])
        raw = await body_of(request, self._desk)
        asked = await asyncio.to_thread(read_create, raw, GRAMMAR)
        check(asked, model)
        source = self._source(asked.video) if asked.video is not None else None
        clip = (await self._desk.videos(source))[0] if source is not None else None
        operation = await self._counter.accept(request, asked, raw, clip)
        before = self._seconds[source.id] if source is not None else 0
        self._seconds[operation.id] = before + operation.wanted.seconds
        if operation.rehearsal == "lost-reply":
            return CutReply()
        return JSONResponse({"name": _name(operation)})

    async def status(self, request: Request) -> Response:
        _check_key(request)
        operation = self._desk.find("gemini", request.path_params["id"])
        if operation is None or operation.wanted.model != request.path_params["model"]:
            raise Refusal("Operation not found.", 404)
        look = await self._desk.look(operation)
        view: Json = {"name": _name(operation)}
        if look.stage == "queued":
            return JSONResponse(view)
        if look.stage == "running":
            return JSONResponse(view | {"metadata": {"@type": f"{_RESPONSE}Metadata"}})
        error = failed(look.stage, operation)
        if error is not None:
            return JSONResponse(view | {"done": True, "error": error})
        if look.stage == "empty" and self._desk.first_time("gemini", "empty"):
            return JSONResponse(view | {"done": True})
        return JSONResponse(view | {"done": True, "response": self._response(request, operation, look.stage)})

    def _response(self, request: Request, operation: Operation, stage: str) -> Json:
        videos: Json = {}
        if stage == "filtered":
            videos = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [WITHHELD]}
        if stage == "finished":
            # An expired file is one that there never was.
            expired = operation.rehearsal == "link-expired" and self._desk.first_time(operation.id, "expired")
            ids = [f"{operation.id}{'x' if expired else 'v'}{n}" for n in range(1, operation.wanted.videos + 1)]
            links = [f"{origin_of(request)}{BASE}/files/{each}:download?alt=media" for each in ids]
            videos = {"generatedSamples": [{"video": {"uri": link}} for link in links]}
        return {"@type": _RESPONSE, "generateVideoResponse": videos}

    async def models(self, request: Request) -> Response:
        _check_key(request)
        return JSONResponse({"models": [_described(model) for model in MODELS]})

    async def model(self, request: Request) -> Response:
        _check_key(request)
        model_of(request.path_params["model"])
        return JSONResponse(_described(request.path_params["model"]))

    async def state(self, request: Request) -> Response:
        _check_key(request)
        operation, _ = self._file(request.path_params["handle"])
        file_id = _file_id(request.path_params["handle"])
        link = f"{origin_of(request)}{BASE}/files/{file_id}"
        state = "PROCESSING" if self._desk.first_time(operation.id, "asked") else "ACTIVE"
        view: Json = {"name": f"files/{file_id}", "mimeType": "video/mp4", "state": state, "source": "GENERATED"}
        view |= {"uri": link, "downloadUri": f"{link}:download?alt=media"}
        if state == "ACTIVE":
            view["videoMetadata"] = {"videoDuration": f"{self._seconds[operation.id]}s"}
        return JSONResponse(view)

    async def link(self, request: Request) -> Response:
        _check_key(request)
        self._file(request.path_params["handle"])
        if not request.query_params.get("alt", "").startswith("media"):
            raise Refusal("Only `alt=media` is supported here.")
        return RedirectResponse(f"{BASE}/download/{_file_id(request.path_params['handle'])}.mp4", 302)

    async def file(self, request: Request) -> Response:
        _check_key(request)
        operation, number = self._file(request.path_params["id"])
        videos = await self._desk.videos(operation)
        return FileResponse(videos[number - 1], media_type="video/mp4")

    def _file(self, handle: str) -> tuple[Operation, int]:
        """The operation behind a file, and which of its videos it is.

        Raises:
            Refusal: there is no such file, or no longer.
        """
        file_id = _file_id(handle)
        operation_id, _, number = file_id.rpartition("v")
        operation = self._desk.find("gemini", operation_id)
        if operation is None and "x" in file_id:
            raise Refusal(f"The File {file_id} has expired.", 404)
        if (
            operation is None
            or number not in map(str, range(1, operation.wanted.videos + 1))
            or self._is_old(operation)
        ):
            says = f"You do not have permission to access the File {file_id} or it may not exist."
            raise Refusal(says, 403)
        return operation, int(number)

    def _is_old(self, operation: Operation) -> bool:
        return self._desk.clock() - operation.accepted_at > _KEPT

    def _source(self, video: Json) -> Operation:
        """The operation whose clip is to be extended.

        Raises:
            Refusal: it is not ours, has not been processed, or is too long; all in the same words.
        """
        try:
            operation, _ = self._file(text(video, "uri"))
        except Refusal:
            raise unprocessed() from None
        too_long = self._seconds[operation.id] > _LONGEST_EXTENDED_SECONDS
        if operation.wanted.resolution != "720p" or too_long or self._desk.first_time(operation.id, "asked"):
            raise unprocessed()
        return operation

    def _refusal(self, model: str, script: str) -> Refusal | None:
        match script:
            case "bad-key":
                return bad_key()
            case "no-credit":
                return Refusal("Your prepaid credits are exhausted. Please add credits to continue.", 402)
            case "not-allowed":
                return Refusal("Your API key was reported as leaked. Please use another API key.", 403)
            case "retired":
                return retired(model) if self._desk.first_time("gemini", "retired") else unknown_model(model)
            case "use-case":
                return use_case()
            case "overloaded":
                return Refusal("The model is overloaded. Please try again later.", 503)
            case "filtered-at-once":
                return Refusal(REFUSED)
            case _:
                return None


def _check_key(request: Request) -> None:
    key = request.headers.get("x-goog-api-key", "")
    if not key:
        raise no_key()
    if key.startswith("wrong"):
        raise bad_key()


def _described(model_id: str) -> dict[str, Any]:
    return {
        "name": f"models/{model_id}",
        "displayName": MODELS[model_id].label,
        "supportedGenerationMethods": ["predictLongRunning"],
    }


def _name(operation: Operation) -> str:
    return f"models/{operation.wanted.model}/operations/{operation.id}"


def _file_id(handle: str) -> str:
    """`files/{id}`, its link, or the bare id."""
    return handle.rpartition("/files/")[2].removeprefix("files/").partition(":")[0]
