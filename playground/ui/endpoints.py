"""Gradio's own API: one named endpoint for each mode, for `gradio_client` users."""

import logging
import secrets
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, Final, cast

import gradio as gr

from playground.domain.errors import InvalidRequest, PlaygroundError
from playground.domain.reading import parse_request
from playground.domain.request import MODES, Mode, VideoRequest
from playground.domain.validation import Issue
from playground.jobs.service import Service, owner_of_token
from playground.ui import presenter, texts
from playground.ui.gradio_typed import address_of, endpoint, person_token

_log: Final = logging.getLogger(__name__)
Endpoint = Callable[[dict[str, Any], str, gr.Request | None], AsyncGenerator[dict[str, Any], None]]


def add_endpoints(service: Service, upload_dir: Path) -> None:
    """Add `/text_to_video` and its four sisters to the Blocks around this call."""
    for mode in MODES:
        endpoint(
            _endpoint(service, upload_dir, mode),
            api_name=mode.replace("-", "_"),
            api_description=(
                f"Make a video ({mode}). Takes the neutral request as JSON; answers with the job's id and the owner "
                "token to look for it with, then yields its status until it rests. Leaving early does not stop the job."
            ),
            concurrency_limit=None,
        )


def _endpoint(service: Service, upload_dir: Path, mode: Mode) -> Endpoint:
    async def run(
        request: dict[str, Any], owner_token: str = "", asker: gr.Request | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        person = person_token(asker) if asker is not None else None
        # Whoever has logged in looks for it with that; the gate's own token is told to nobody.
        token = "" if person is not None else owner_token or secrets.token_urlsafe(16)
        try:
            owner = owner_of_token(person if person is not None else token)
            asked = _asked(request, mode)
            job_id = await service.submit(asked, owner=owner, files_under=upload_dir, address=address_of(asker))
            yield {"event": "submitted", "job_id": job_id, "owner_token": token}
            async for view in service.watch(job_id, owner=owner):
                yield {**presenter.status(view), "owner_token": token}
        except PlaygroundError as error:
            yield presenter.refused(error)
        except Exception:
            _log.exception("A call of /%s failed in a way nobody expected", mode)
            yield {"event": "finished", "error": {"code": "internal", "message": texts.said().page.our_fault}}

    return run


def _asked(request: object, mode: Mode) -> VideoRequest:
    document = {"mode": mode, **cast("dict[str, object]", request)} if isinstance(request, dict) else request
    asked = parse_request(document)
    if asked.mode != mode:
        says = f"This endpoint makes {mode}, and the request says {asked.mode}."
        raise InvalidRequest([Issue("mode", "malformed", says, allowed=(mode,))])
    return asked
