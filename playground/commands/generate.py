"""`generate` and `resume`: the whole job, headless. Ctrl-C stops the watching, never the job."""

import argparse
import asyncio
import os
import shutil
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playground.commands import settling
from playground.commands.output import Exit, exit_of, refused, say, show_finished, show_status
from playground.commands.requests import read_request
from playground.domain.errors import InvalidRequest, PlaygroundError
from playground.domain.issues import Issue
from playground.domain.view import JobView
from playground.jobs.service import LOCAL, Service
from playground.main import Playground
from playground.settings import Settings

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


async def run(options: argparse.Namespace, settings: Settings) -> Exit:
    """Make the video(s) of one request."""
    async with Playground(settings, adopts=False).opened() as service:
        try:
            request = read_request(options.request)
            if options.out is not None:
                await asyncio.to_thread(_make_room, options.out)
            job_id = await service.submit(request, owner=LOCAL, files_under=None)
        except PlaygroundError as error:
            return refused(error, as_json=options.json)
        with _told_to_stop() as told:
            view = await _watch(service, job_id, LOCAL, told, as_json=options.json)
        files = await service.video_files(view.id, owner=LOCAL) if view.state == "succeeded" else []
        if options.out is not None and files:
            view, files = await deliver(view, files, options.out)
        show_finished(view, files, as_json=options.json)
        return exit_of(view)


async def resume(options: argparse.Namespace, settings: Settings) -> Exit:
    """Go on with what no living process runs, and say what waits for a key; the highest exit code counts."""
    if options.job is None and settling.asks_for_one(options):
        says = "Which job? --provider-job-id, --lost and --again are for one JOB."
        return refused(InvalidRequest([Issue("job", "required", says)]), as_json=options.json)
    async with Playground(settings, adopts=False).opened() as service:
        ours = await service.resume(options.job)
        if options.job is not None and not ours:
            return await _as_it_is(service, options, as_json=options.json)
        waiting = await service.parked() if options.job is None else []
        jobs = [*ours, *(job for job in waiting if job not in ours)]
        if not jobs:
            if not options.json:
                say("There is nothing to go on with.")
            return Exit.DONE
        with _told_to_stop() as told:
            watched = [_finish(service, job_id, owner, told, as_json=options.json) for job_id, owner in jobs]
            return Exit(max(await asyncio.gather(*watched)))


async def _as_it_is(service: Service, options: argparse.Namespace, *, as_json: bool) -> Exit:
    """A job that is not ours to go on with: it is uncertain, it rests, or another process has it."""
    job_id: str = options.job
    owner = await service.owner_of(job_id)
    if owner is None:
        says = f"There is no job {job_id}."
        if as_json:
            return refused(InvalidRequest([Issue("job", "not_found", says)]), as_json=True)
        say(says)
        return Exit.INVALID
    try:
        job_id = await settling.settle(service, options, owner)
    except PlaygroundError as error:
        return refused(error, as_json=as_json)
    view = await service.view(job_id, owner=owner)
    if service.is_run_here(job_id):
        with _told_to_stop() as told:
            return await _finish(service, job_id, owner, told, as_json=as_json)
    if not as_json and not view.at_rest:
        say("Another process is taking care of it, or it was made with another address or account of its provider.")
    show_finished(view, await service.video_files(job_id, owner=owner), as_json=as_json)
    return exit_of(view)


async def _finish(service: Service, job_id: str, owner: str, told: asyncio.Event, *, as_json: bool) -> Exit:
    view = await _watch(service, job_id, owner, told, as_json=as_json)
    show_finished(view, await service.video_files(job_id, owner=owner), as_json=as_json)
    return exit_of(view)


async def _watch(service: Service, job_id: str, owner: str, told: asyncio.Event, *, as_json: bool) -> JobView:
    """Print every change until the job rests or we are told to stop."""

    async def follow() -> None:
        async for view in service.watch(job_id, owner=owner):
            if not view.at_rest:
                show_status(view, as_json=as_json)

    following, stopping = asyncio.create_task(follow()), asyncio.create_task(told.wait())
    await asyncio.wait((following, stopping), return_when=asyncio.FIRST_COMPLETED)
    for task in (following, stopping):
        task.cancel()
    await asyncio.gather(following, stopping, return_exceptions=True)
    if not following.cancelled():
        following.result()
    if told.is_set():
        # A create that waits for its answer does not go on: only afterwards it is known what became of it.
        await service.let_go()
    return await service.view(job_id, owner=owner)


@contextmanager
def _told_to_stop() -> Generator[asyncio.Event]:
    """Set by Ctrl-C or SIGTERM, for all jobs that are watched."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


def _make_room(out: Path) -> None:
    """See before anything is paid for that the video can be put where it was asked for; makes the folder.

    Raises:
        InvalidRequest: it cannot.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.is_dir():
            raise _no_room(f"{out} is a folder; name a file in it")
        if not out.exists():
            out.open("xb").close()
            out.unlink()
        elif not os.access(out, os.W_OK):
            raise _no_room(f"{out} cannot be written: no permission")
    except FileExistsError:
        raise _no_room(f"{out} cannot be written: {out.parent} is no folder") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no path of a file"
        raise _no_room(f"{out} cannot be written: {why}") from None


def _no_room(why: str) -> InvalidRequest:
    return InvalidRequest([Issue("out", "unwritable", f"{why}.")])


async def deliver(view: JobView, files: list[Path], out: Path) -> tuple[JobView, list[Path]]:
    """Copy the files to `out`, `out`-2, …; where that fails, the view has a note and the files are where they were."""
    targets = [out if n == 1 else out.with_name(f"{out.stem}-{n}{out.suffix}") for n in range(1, len(files) + 1)]
    try:
        for source, target in zip(files, targets, strict=True):
            await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
            await asyncio.to_thread(shutil.copyfile, source, target)
    except OSError as error:
        note = f"The video could not be copied to {out} ({error.strerror or error}); it is in the media folder."
        return view.model_copy(update={"notes": (*view.notes, note)}), files
    return view, targets
