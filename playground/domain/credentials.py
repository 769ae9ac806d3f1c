"""A key on its way to its own origin, and nowhere else."""

from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit


class NoLogin(Exception):
    """A login gives no key now; the message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A key in memory. Its value shows in no repr; it is sent to `origins` only, and never written anywhere."""

    value: str = field(repr=False)
    scheme: str
    """`bearer`, or the name of the header that carries the key."""
    origins: frozenset[str]
    """Lower-case `scheme://host:port`, the port always written out."""

    def header(self) -> tuple[str, str]:
        """The header that carries the key."""
        if self.scheme == "bearer":
            return "authorization", f"Bearer {self.value}"
        return self.scheme, self.value


@lru_cache(maxsize=256)  # every request asks for the same few, several times
def origin(url: str) -> str:
    """`https://host:443` for any URL of that host; default ports written out, host in lower case.

    Raises:
        ValueError: the port is no number.
    """
    parts = urlsplit(url)
    port = parts.port if parts.port is not None else {"https": 443, "http": 80}.get(parts.scheme, 0)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}".lower()
