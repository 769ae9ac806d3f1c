"""What becomes of an uncertain job, decided on the command line: `resume JOB` with the way out that its owner takes."""

import argparse
from typing import Final

from playground.commands.output import say
from playground.domain.errors import InvalidRequest
from playground.domain.issues import Issue
from playground.domain.view import Doubt, JobView
from playground.jobs.service import Service


def asks_for_one(options: argparse.Namespace) -> bool:
    """Whether a way out of an uncertain job was named."""
    return options.provider_job_id is not None or options.lost or options.again


async def settle(service: Service, options: argparse.Namespace, owner: str) -> str:
    """Take the way that was named, or the free one; answers the job to look at now.

    Raises:
        InvalidRequest: the id is none, or the price of submitting it again is not confirmed; nothing was sent.
        PlaygroundError: it cannot be submitted again; nothing was sent.
    """
    job: str = options.job
    if options.lost:
        await service.uncertain.lost(job, owner=owner)
        return job
    if options.again:
        try:
            return await service.uncertain.again(job, owner=owner, price_usd=options.price)
        except InvalidRequest as error:
            raise _with_command(error, await service.view(job, owner=owner)) from None
    view = await service.view(job, owner=owner)
    if options.provider_job_id is not None or _has_a_list(view.doubt):
        found = await service.uncertain.look_up(job, owner=owner, provider_job_id=options.provider_job_id)
        say(" ".join((found.says, *(each.provider_job_id for each in found.candidates))))
    return job


def _has_a_list(doubt: Doubt | None) -> bool:
    return doubt is not None and doubt.look_up == "list" and doubt.cannot_ask is None


def _with_command(error: InvalidRequest, view: JobView) -> InvalidRequest:
    """What is to be typed to confirm, beside the price that the message tells."""
    price = "unknown" if view.price_usd is None else f"{view.price_usd:g}"
    command = f"playground resume {view.id} --again --price {price}"
    told = [issue for issue in error.issues if issue.code != "unconfirmed"]
    asked = [issue for issue in error.issues if issue.code == "unconfirmed"]
    return InvalidRequest(
        [*told, *(Issue(each.field, each.code, f"{each.message} To do so: {command}") for each in asked)]
    )


def known(view: JobView) -> str | None:
    """What is known of an uncertain job, in a line; None for any other."""
    doubt = view.doubt
    if doubt is None:
        return None
    sent = doubt.sent_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    cost = "for a price that nobody knows" if doubt.may_cost_usd is None else f"for {doubt.may_cost_usd:.2f} USD"
    return f"sent {sent} to {view.provider_label} ({doubt.sent_to}), {cost}. {doubt.needs}"


WAYS: Final = (
    "An uncertain job may have been accepted and charged. `playground resume JOB` looks it up where its provider has a "
    "list, and takes --provider-job-id ID, --lost or --again."
)
