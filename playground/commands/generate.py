"""`generate` and `resume`: the whole job, headless. Ctrl-C stops the watching, never the job."""

import argparse
import asyncio
import shutil
import signal
from collections.abc import Awaitable
from pathlib import Path
from typing import Final, TypeVar

from playground.commands.output import Exit, exit_of, refused, say, show_finished, show_status
from playground.commands.requests import read_request
from playground.domain.errors import PlaygroundError
from playground.domain.view import JobView
from playground.jobs.service import LOCAL, Service
from playground.main import Playground
from playground.settings import Settings

_T = TypeVar("_T")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


async def run(options: argparse.Namespace, settings: Settings) -> Exit:
    """Make the video(s) of one request."""
    async with Playground(settings, adopts=False).opened() as service:
        try:
            request = read_request(options.request)
            job_id = await service.submit(request, owner=LOCAL, files_under=None)
        except PlaygroundError as error:
            return refused(error, as_json=options.json)
        view = await _watch(service, job_id, LOCAL, as_json=options.json)
        files = await _deliver(service, view, options.out) if view.state == "succeeded" else []
        show_finished(view, files, as_json=options.json)
        return exit_of(view)


async def resume(options: argparse.Namespace, settings: Settings) -> Exit:
    """Go on with what no living process runs; the highest exit code counts."""
    async with Playground(settings, adopts=False).opened() as service:
        owners = {view.id: owner for owner, view in await service.everybody()}
        ids = await service.resume(options.job)
        if not ids:
            return await _nothing_to_resume(service, options, owners)
        watched = [_finish(service, job_id, owners[job_id], as_json=options.json) for job_id in ids]
        return Exit(max(await asyncio.gather(*watched)))


async def _finish(service: Service, job_id: str, owner: str, *, as_json: bool) -> Exit:
    view = await _watch(service, job_id, owner, as_json=as_json)
    show_finished(view, await service.video_files(job_id, owner=owner), as_json=as_json)
    return exit_of(view)


async def _nothing_to_resume(service: Service, options: argparse.Namespace, owners: dict[str, str]) -> Exit:
    if options.job is None:
        if not options.json:
            say("There is nothing to go on with.")
        return Exit.DONE
    if options.job not in owners:
        say(f"There is no job {options.job}.")
        return Exit.INVALID
    owner = owners[options.job]
    view = await service.view(options.job, owner=owner)
    if not options.json and not view.at_rest:
        say("Another process is taking care of it.")
    show_finished(view, await service.video_files(view.id, owner=owner), as_json=options.json)
    return exit_of(view)


async def _watch(service: Service, job_id: str, owner: str, *, as_json: bool) -> JobView:
    """Print every change until the job rests or somebody presses Ctrl-C."""

    async def follow() -> None:
        async for view in service.watch(job_id, owner=owner):
            if not view.at_rest:
                show_status(view, as_json=as_json)

    await _until_told_to_stop(follow())
    return await service.view(job_id, owner=owner)


async def _until_told_to_stop(work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    try:
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            task.result()
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


async def _deliver(service: Service, view: JobView, out: Path | None) -> list[Path]:
    """The finished files; copied to `out`, `out`-2, … where asked."""
    files = await service.video_files(view.id, owner=LOCAL)
    if out is None:
        return files
    targets = [out if n == 1 else out.with_name(f"{out.stem}-{n}{out.suffix}") for n in range(1, len(files) + 1)]
    for source, target in zip(files, targets, strict=True):
        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(shutil.copyfile, source, target)
    return targets
