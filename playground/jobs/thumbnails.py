"""Small pictures of finished videos, made when somebody first looks, off the loop and few at a time."""

import asyncio
import logging
from pathlib import Path
from typing import Final

from playground.domain.errors import NotFound
from playground.jobs.decoder import Decoder

_log = logging.getLogger(__name__)
_AT_ONCE: Final = 2
"""A page that opens with fifty jobs must not decode fifty videos side by side."""


class Thumbnails:
    """Makes each thumbnail once and keeps it beside its video."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def of(self, video: Path) -> Path:
        """The thumbnail of a video of ours.

        Raises:
            NotFound: the file cannot be decoded, or there is no room for a picture.
        """
        picture = video.with_suffix(".jpg")
        async with self._places:
            try:
                await self._decoder.thumbnail(video, picture)
            except (OSError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                _log.warning("no thumbnail can be made of %s: %s", video.name, why, extra={"job": video.parent.name})
                raise NotFound from None
        return picture
