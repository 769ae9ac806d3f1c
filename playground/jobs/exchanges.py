"""What was said between us and a provider about each job, on disk beside the ledger: the create and the newest answers.

Of a question that is answered as it was before, the first answer is kept.
For looking at only. Nothing reads it to decide anything, so a disk that fails loses a picture and nothing else.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from playground.domain.credentials import Secret
from playground.domain.exchange import Exchange, masks, received, sent
from playground.domain.provider import Context, HttpCall, NoAnswer, Reply
from playground.registry import Provider
from playground.transport.body import StoredMedia

NEWEST: Final = 5
"""Answers that are kept besides the create's."""
_CREATE: Final = "create"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Talk:
    """One call and what came of it, before it is cut."""

    provider: Provider
    context: Context
    call: HttpCall
    reply: Reply
    secret: Secret | None
    media: Mapping[str, StoredMedia] = field(default_factory=dict[str, StoredMedia])
    creates: bool = False
    seconds: float = 0
    """How long the provider took."""


async def keep(folder: Path, at: float, talk: Talk) -> None:
    """Write one exchange into a job's folder; `at` is seconds since the epoch. Never raises for the disk."""
    try:
        await asyncio.to_thread(_keep, folder, at, talk)
    except OSError as error:
        says = "what %s answered cannot be kept for looking at: %s"
        _log.warning(says, talk.provider.label, error.strerror, extra={"job": folder.name})


def mark_of(reply: Reply) -> object:
    """The same for two replies that say the same."""
    return reply if isinstance(reply, NoAnswer) else (reply.status, hash(reply.text))


async def kept(folder: Path) -> tuple[Exchange | None, tuple[Exchange, ...]]:
    """The create, and the newest answers, newest first."""
    return await asyncio.to_thread(_kept, folder)


def _keep(folder: Path, at: float, talk: Talk) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = _CREATE if talk.creates else f"{int(at * 1000):015d}"
    fresh = folder / f"{secrets.token_hex(4)}.new"
    try:
        fresh.write_text(_cut(at, talk).model_dump_json(), "utf-8")
        fresh.replace(folder / f"{name}.json")
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    for old in _answers(folder)[NEWEST:]:
        old.unlink(missing_ok=True)


def _cut(at: float, talk: Talk) -> Exchange:
    provider, context = talk.provider, talk.context
    # What has a default names a place, not somebody's account.
    own = {name: each.env for name, each in provider.table.provider.account.items() if each.default is None}
    hide = masks(talk.secret, context, own)
    media = {reference: (stored.mime_type, _size(stored)) for reference, stored in talk.media.items()}
    return Exchange(
        at=datetime.fromtimestamp(at, UTC),
        sent=sent(talk.call, context, talk.secret, media, hide),
        received=received(talk.reply, hide),
    )


def _size(stored: StoredMedia) -> int | None:
    return stored.path.stat().st_size if stored.path is not None else None


def _answers(folder: Path) -> list[Path]:
    names = os.listdir(folder) if folder.is_dir() else ()
    return [
        folder / name for name in sorted(names, reverse=True) if name.endswith(".json") and name != f"{_CREATE}.json"
    ]


def _kept(folder: Path) -> tuple[Exchange | None, tuple[Exchange, ...]]:
    later = (_read(path) for path in _answers(folder))
    return _read(folder / f"{_CREATE}.json"), tuple(each for each in later if each is not None)


def _read(path: Path) -> Exchange | None:
    try:
        return Exchange.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None
