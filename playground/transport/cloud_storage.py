"""Links into Google's Cloud Storage (`gs://bucket/folder/clip.mp4`), as addresses that can be asked."""

from typing import Final
from urllib.parse import quote, urlsplit

SCHEME: Final = "gs://"
_GOOGLE: Final = ".googleapis.com"
_ENDPOINT: Final = "https://storage.googleapis.com"


def media_url(link: str, base_url: str) -> str:
    """Where the JSON endpoint serves an object's bytes.

    Google's own lies on a host of its own. Any other base URL (a gateway, a stand-in) has to serve the endpoint below
    itself, at `/storage/v1`: nobody else's key may go to Google's, nor Google's to anybody else's.
    """
    bucket, _, name = link.removeprefix(SCHEME).partition("/")
    parts = urlsplit(base_url)
    google = parts.scheme == "https" and (parts.hostname or "").endswith(_GOOGLE)
    where = _ENDPOINT if google else base_url.rstrip("/")
    return f"{where}/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}?alt=media"
