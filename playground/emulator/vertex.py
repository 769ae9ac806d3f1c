"""Vertex AI stood in for: `predictLongRunning` of v1, and of v1beta1 as Google's own library says it.

Videos come in the answer, or with a `storageUri` lie in a bucket that Cloud Storage's JSON endpoint serves; here that
is `{base}/storage/v1/b/{bucket}/o/{object}?alt=media`.
"""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from playground.domain.provider import REHEARSALS
from playground.emulator._desk import Desk, Operation
from playground.emulator._google_desk import REFUSED, WITHHELD, Counter, body_of, failed
from playground.emulator._google_errors import Refusal, problem, refusing
from playground.emulator._google_request import Json, decoded, known, read_create, text
from playground.emulator._stand_in import CutReply, StandIn
from playground.emulator._vertex_rules import GRAMMAR, RESOLUTIONS, bad_token, check, check_token, no_model

BASE: Final = "/vertex/v1"
_BASES: Final = (BASE, "/vertex/v1beta1")
_RESPONSE: Final = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
_REFUSALS: Final = (
    "rate-limited-without-hint",
    "daily-quota",
    "bad-key",
    "not-allowed",
    "retired",
    "overloaded",
    "filtered-at-once",
)
_SCRIPTS: Final = frozenset((*REHEARSALS, *_REFUSALS)) - {"link-expired"}


def stand_in(desk: Desk) -> StandIn:
    """Vertex AI behind a desk."""
    api = _VertexAi(desk)
    model = "projects/{project}/locations/{location}/publishers/google/models/{model}"
    routes: list[Route] = []
    for base in _BASES:
        create, status = f"{base}/{model}:predictLongRunning", f"{base}/{model}:fetchPredictOperation"
        routes.append(Route(create, refusing(api.create), methods=["POST"], name="create"))
        routes.append(Route(status, refusing(api.status), methods=["POST"], name="status"))
    stored = f"{BASE}/storage/v1/b/{{bucket}}/o/{{object:path}}"
    return StandIn(
        base_path=BASE,
        routes=(*routes, Route(stored, refusing(api.file), methods=["GET"], name="file")),
        problem=problem,
        scripts=_SCRIPTS,
    )


class _VertexAi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counter = Counter(desk, "vertex", _SCRIPTS, self._refusal)
        self._folders: dict[str, str] = {}
        """The `storageUri` of each operation that was given one."""

    async def create(self, request: Request) -> Response:
        check_token(request)
        _check_model(request)
        raw = await body_of(request, self._desk)
        asked = await asyncio.to_thread(read_create, raw, GRAMMAR)
        check(asked, request.path_params["model"])
        clip = await self._clip(asked.video) if asked.video is not None else None
        audio = asked.settings["generateAudio"] is True
        operation = await self._counter.accept(request, asked, raw, clip, audio=audio)
        if "storageUri" in asked.settings:
            self._folders[operation.id] = f"{asked.settings['storageUri'].rstrip('/')}/{operation.id}"
        if operation.rehearsal == "lost-reply":
            return CutReply()
        return JSONResponse({"name": f"{_model_name(request)}/operations/{operation.id}"})

    async def status(self, request: Request) -> Response:
        check_token(request)
        _check_model(request)
        raw = await body_of(request, self._desk)
        name = await asyncio.to_thread(_operation_name, raw)
        operation = self._desk.find("vertex", name.removeprefix(f"{_model_name(request)}/operations/"))
        if operation is None or operation.wanted.model != request.path_params["model"]:
            raise Refusal(f"The operation {name[:200]} was not found.", 404)
        look = await self._desk.look(operation)
        if look.stage in ("queued", "running"):
            return JSONResponse({"name": name})
        view: Json = {"name": name, "done": True}
        error = failed(look.stage, operation)
        if error is not None:
            return JSONResponse(view | {"error": error})
        if look.stage == "empty" and self._desk.first_time("vertex", "empty"):
            return JSONResponse(view)
        result: Json = {"@type": _RESPONSE, "raiMediaFilteredCount": 0}
        if look.stage == "filtered":
            result |= {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [WITHHELD]}
        if look.stage == "finished":
            result["videos"] = await self._videos(operation)
        return JSONResponse(view | {"response": result})

    async def _videos(self, operation: Operation) -> list[Json]:
        clips = await self._desk.videos(operation)
        folder = self._folders.get(operation.id)
        if folder is not None:
            links = [f"{folder}/sample_{place}.mp4" for place in range(len(clips))]
            return [{"gcsUri": link, "mimeType": "video/mp4"} for link in links]
        encoded = [await asyncio.to_thread(_encoded, clip) for clip in clips]
        return [{"bytesBase64Encoded": each, "mimeType": "video/mp4"} for each in encoded]

    async def file(self, request: Request) -> Response:
        check_token(request)
        wanted = f"gs://{request.path_params['bucket']}/{request.path_params['object']}"
        folder, _, name = wanted.rpartition("/")
        operation_id = next((each for each, where in self._folders.items() if where == folder), "")
        operation = self._desk.find("vertex", operation_id)
        place = name.removeprefix("sample_").removesuffix(".mp4")
        if operation is None or place not in map(str, range(operation.wanted.videos)):
            raise Refusal(f"No such object: {wanted.removeprefix('gs://')[:200]}", 404)
        if request.query_params.get("alt") != "media":
            return JSONResponse({"kind": "storage#object", "name": name, "contentType": "video/mp4"})
        videos = await self._desk.videos(operation)
        return FileResponse(videos[int(place)], media_type="video/mp4")

    async def _clip(self, video: Json) -> Path:
        medium = await asyncio.to_thread(decoded, video, ("mp4",))
        return await self._desk.keep(medium.data, medium.ending)

    def _refusal(self, model: str, script: str) -> Refusal | None:
        match script:
            case "bad-key":
                return bad_token()
            case "not-allowed":
                says = "Permission 'aiplatform.endpoints.predict' denied on resource (or it may not exist)."
                return Refusal(says, 403)
            case "retired":
                return no_model(f"projects/our-project/locations/us-central1/publishers/google/models/{model}")
            case "overloaded":
                return Refusal("The service is currently unavailable.", 503)
            case "filtered-at-once":
                return Refusal(REFUSED)
            case _:
                return None


def _check_model(request: Request) -> None:
    if request.path_params["model"] not in RESOLUTIONS:
        raise no_model(_model_name(request))


def _model_name(request: Request) -> str:
    names: dict[str, Any] = request.path_params
    return f"projects/{names['project']}/locations/{names['location']}/publishers/google/models/{names['model']}"


def _operation_name(raw: bytes) -> str:
    try:
        body = known(json.loads(raw), ("operationName",), lambda name: Refusal(f'Unknown name "{name}".'))
    except ValueError:
        raise Refusal("Invalid JSON payload received. Unexpected token.") from None
    return text(body, "operationName")


def _encoded(clip: Path) -> str:
    return base64.b64encode(clip.read_bytes()).decode("ascii")
