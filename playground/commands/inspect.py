"""`check`, `call`, `jobs` and `capabilities`: looking, without sending anything."""

import argparse
import json

from playground.commands import settling
from playground.commands.output import Exit, put, refused, say, tell
from playground.commands.requests import read_request
from playground.commands.tables import table_as_json, table_as_text
from playground.domain.errors import InvalidRequest, PlaygroundError
from playground.domain.planning import Quote
from playground.jobs.service import LOCAL
from playground.main import Playground
from playground.settings import Settings


async def check(options: argparse.Namespace, settings: Settings) -> Exit:
    """Say everything that does not fit."""
    async with Playground(settings, adopts=False).opened() as service:
        try:
            request = read_request(options.request)
        except InvalidRequest as error:
            return _unreadable(error, as_json=options.json)
        result = await service.check(request, owner=LOCAL, files_under=None)
    if options.json:
        put(result.as_json())
        return Exit.DONE if result.valid else Exit.INVALID
    for issue in result.issues:
        say(f"{issue.severity}: {issue.field}: {issue.message}")
    tell(f"{'valid' if result.valid else 'invalid'}; price: {_price(result.quote)}")
    for proposal in result.proposals:
        changes = ", ".join(f"{name}: {_value(c.before)} → {_value(c.after)}" for name, c in proposal.changes.items())
        tell(f"would do: {changes}; price: {_price(proposal.quote)}")
    for offer in result.offers:
        if offer.can:
            tell(f"can do it: {offer.provider} {offer.model}; price: {_price(offer.quote)}")
    return Exit.DONE if result.valid else Exit.INVALID


def _price(quote: Quote) -> str:
    return "unknown" if quote.usd is None else f"{quote.usd:.2f} USD"


def _value(value: object) -> str:
    return "not set" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _unreadable(error: InvalidRequest, *, as_json: bool) -> Exit:
    if not as_json:
        return refused(error, as_json=False)
    issues = [issue.as_json() for issue in error.issues]
    put({"valid": False, "price_usd": None, "issues": issues, "proposals": [], "providers": []})
    return Exit.INVALID


async def call(options: argparse.Namespace, settings: Settings) -> Exit:
    """Print the request as runnable code; the key is taken from the environment by that code, not by us."""
    async with Playground(settings, adopts=False).opened() as service:
        try:
            request = read_request(options.request)
            tell(await service.code(request, options.language, owner=LOCAL, files_under=None))
        except PlaygroundError as error:
            return refused(error, as_json=False)
    return Exit.DONE


async def jobs(options: argparse.Namespace, settings: Settings) -> Exit:
    """List everybody's jobs on this machine, newest first."""
    async with Playground(settings, adopts=False).opened() as service:
        views = [view for _, view in await service.everybody()]
    for view in views:
        if options.json:
            put(view.model_dump(mode="json", exclude={"videos": {"__all__": {"url"}}}))
        else:
            when = view.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
            tell(f"{view.id}  {when}  {view.state:<11} {view.provider}/{view.mode}  {view.prompt[:60]}")
            if (doubt := settling.known(view)) is not None:
                tell(f"    {doubt}")
    if any(view.doubt is not None for view in views) and not options.json:
        say(settling.WAYS)
    if not views and not options.json:
        say("There are no jobs yet.")
    return Exit.DONE


async def capabilities(options: argparse.Namespace, settings: Settings) -> Exit:
    """Print the tables."""
    service = Playground(settings, adopts=False).service
    tables = service.tables
    if options.provider is not None and options.provider not in tables:
        say(f"There is no provider {options.provider!r}. There are: {', '.join(tables)}.")
        return Exit.INVALID
    for table in tables.values():
        if options.provider in (None, table.id):
            if options.json:
                put(table_as_json(table, service.today()))
            else:
                tell(table_as_text(table))
    return Exit.DONE
