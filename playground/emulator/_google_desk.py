"""From a create of Google's to the desk, and from the desk's word to a finished operation; alike on both routes."""

import asyncio
import hashlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, cast

from starlette.requests import ClientDisconnect, Request

from playground.emulator._bodies import TooLarge, read_body
from playground.emulator._desk import Desk, Operation, Stage, Wanted
from playground.emulator._google_errors import INVALID, Refusal, quota
from playground.emulator._google_request import Create, Medium
from playground.emulator._rehearsals import UnknownRehearsal
from playground.sandbox.spec import AspectRatio, Resolution

MAX_BODY_BYTES: Final = 140_000_000
FILTERED: Final = (
    "Veo could not generate videos because the input image violates Vertex AI's usage guidelines. If you think this "
    "was an error, send feedback. Support codes: 15236754"
)
WITHHELD: Final = (
    "We encountered an issue with the audio for your prompt; it may violate our policies. You have not been charged. "
    "Support codes: 58061214"
)
REFUSED: Final = (
    "The prompt could not be submitted. It contains words that violate our usage guidelines. Support codes: 62263041"
)
FAILED: Final = "Video generation failed due to an internal server issue. Please try again in a few minutes."
_ADDED_SECONDS: Final = 7


async def body_of(request: Request, desk: Desk) -> bytes:
    """The whole body.

    Raises:
        Refusal: it is too large, or its sender left.
    """
    try:
        return await read_body(request, MAX_BODY_BYTES, desk.spool)
    except TooLarge:
        raise Refusal(f"Request payload size exceeds the limit: {MAX_BODY_BYTES} bytes.", 413, name=INVALID) from None
    except ClientDisconnect:
        raise Refusal("The client left.") from None


class Counter:
    """Reads a create's script and hands it to the desk."""

    def __init__(
        self, desk: Desk, provider: str, plays: Collection[str], refusals: Callable[[str, str], Refusal | None]
    ) -> None:
        """`plays` are the dialect's scripts; `refusals` gives its own refusal for a model and a script."""
        self.desk = desk
        self.provider = provider
        self._plays = plays
        self._refusals = refusals

    async def accept(
        self,
        request: Request,
        asked: Create,
        raw: bytes,
        source_video: Path | None,
        *,
        audio: bool = True,
    ) -> Operation:
        """Take the job, unless its prompt asks for a refusal.

        Raises:
            Refusal: the one that was asked for.
        """
        model: str = request.path_params["model"]
        try:
            prompt, script = self.desk.read_prompt(asked.prompt, request, self._plays)
        except UnknownRehearsal as error:
            raise Refusal(str(error)) from None
        if script is not None:
            mark = await asyncio.to_thread(lambda: hashlib.sha256(raw).hexdigest())
            limited = script in ("rate-limited", "rate-limited-without-hint")
            refusal = quota(script, first=limited and self.desk.first_time(mark, script))
            refusal = refusal if refusal is not None else self._refusals(model, script)
            if refusal is not None:
                raise refusal
        settings = asked.settings
        wanted = Wanted(
            provider=self.provider,
            model=model,
            prompt=prompt,
            mode=asked.mode,
            seconds=_ADDED_SECONDS if asked.mode == "extension" else settings.get("durationSeconds", 8),
            resolution=cast(Resolution, settings.get("resolution", "720p")),
            aspect_ratio=cast(AspectRatio, settings.get("aspectRatio", "16:9")),
            audio=audio,
            seed=settings.get("seed", 0),
            videos=settings.get("sampleCount", 1),
            first_frame=await self._kept(asked.image),
            last_frame=await self._kept(asked.last_frame),
            reference_images=tuple([await self._keep(each) for each in asked.references]),
            source_video=source_video,
        )
        return await self.desk.accept(wanted, script)

    async def _keep(self, medium: Medium) -> Path:
        return await self.desk.keep(medium.data, medium.ending)

    async def _kept(self, medium: Medium | None) -> Path | None:
        return await self._keep(medium) if medium is not None else None


def failed(stage: Stage, operation: Operation) -> dict[str, object] | None:
    """The error of an operation that ended in one; None for the other ends.

    A filter that minds a picture ends in an error, one that minds the result in a result without videos.
    """
    if stage == "failed":
        return {"code": 13, "message": FAILED}
    if stage == "filtered" and operation.wanted.mode in ("image-to-video", "interpolation", "references"):
        return {"code": 3, "message": FILTERED}
    return None
