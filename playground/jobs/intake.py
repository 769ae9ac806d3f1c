"""The door for files: counted first, then judged and kept off the loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from playground.domain.errors import NotFound
from playground.jobs.formats import MIME_TYPES, sniff
from playground.jobs.rates import Rates, neighbourhood
from playground.jobs.uploads import Uploads, anonymous


@dataclass(frozen=True, slots=True)
class Intake:
    """What somebody may do with files of his own."""

    uploads: Uploads
    rates: Rates

    def expect(self, owner: str | None, address: str | None, size: int) -> Callable[[int], None]:
        """Count a file of so many bytes before it is read; answers how to say afterwards how many came.

        Raises:
            TooMany: there were enough.
        """
        return self.rates.upload(owner, address, size)

    async def take(self, owner: str | None, address: str | None, name: str, file: BinaryIO, size: int) -> Path:
        """Keep a file that was expected; answers the path that names it in a request.

        Without an owner, whoever knows the path may name it, and nobody can guess it.

        Raises:
            InvalidRequest: it is no picture and no clip, or too large for one.
            TooMany: its owner has enough files here.
            OSError: the disk is full or fails.
        """
        who = owner if owner is not None else anonymous(neighbourhood(address) if address is not None else None)
        return await asyncio.to_thread(self.uploads.take, who, name, file, size)

    async def find(self, reference: str, owner: str) -> tuple[Path, str]:
        """The file of an upload with its MIME type, for its owner to look at.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        path = await asyncio.to_thread(self.uploads.find, reference, owner)
        kind = await asyncio.to_thread(sniff, path) if path is not None else None
        if path is None or kind not in MIME_TYPES:
            raise NotFound
        return path, MIME_TYPES[kind]
