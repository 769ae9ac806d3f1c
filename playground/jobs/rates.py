"""How much one visitor may set off: by owner, and by address, since a browser can be a new owner at any time."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final

from playground.domain.errors import TooMany
from playground.jobs.sharing import LOCAL

PEOPLE_BEHIND_ONE_ADDRESS: Final = 4
"""A household, an office: an address may do this many times what an owner may."""
_KEY_ENTRIES: Final = 20
"""Keys entered or tried in a minute: a try asks the provider."""
_PROVIDER_CALLS: Final = 60
"""Jobs looked up, looked at again or cancelled in a minute: each asks a provider, at once."""
_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_MEGA: Final = 1_000_000
_REMEMBERED: Final = 20_000
"""Owners and addresses, before those that did nothing lately are forgotten."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the operator allows one owner; None: no limit."""

    jobs_at_once: int | None = None
    creates_per_minute: int | None = None
    uploads_per_hour: int | None = None
    questions_per_minute: int | None = None
    """What costs work here and nothing else: a check with its prices and proposals, a list of jobs."""
    upload_megabytes: int | None = None
    """Of all his files that are kept at a time."""


class Window:
    """What happened in the last seconds, by whom. `clock` gives seconds since the epoch."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._happened: dict[str, _Happened] = {}

    def wait(self, who: str, most: int, more: int = 1) -> float:
        """Seconds until there is room for so much more; 0 where there is now."""
        happened = self._happened.get(who)
        if happened is None:
            return 0.0
        happened.forget(self._clock() - self._seconds)
        over, until = happened.much + more - most, self._clock() - self._seconds
        for once in happened.times:
            if over <= 0:
                break
            over, until = over - once.much, once.at
        return until + self._seconds - self._clock()

    def add(self, who: str, much: int = 1) -> Callable[[int], None]:
        """It happened once more, or so much of it; answers how to say afterwards how much it was."""
        if len(self._happened) >= _REMEMBERED:
            since = self._clock() - self._seconds
            lately = {name: each for name, each in self._happened.items() if each.times and each.times[-1].at > since}
            self._happened = lately
        happened = self._happened.setdefault(who, _Happened())
        once = happened.add(self._clock(), much)

        def settle(much: int) -> None:
            if once.at > self._clock() - self._seconds:
                happened.much += much - once.much
                once.much = much

        return settle


@dataclass(slots=True)
class _Once:
    """What happened at a time (seconds since the epoch), and how much."""

    at: float
    much: int


class _Happened:
    """What one of them did, and how much in all."""

    def __init__(self) -> None:
        self.times: deque[_Once] = deque()
        self.much = 0

    def add(self, at: float, much: int) -> _Once:
        once = _Once(at, much)
        self.times.append(once)
        self.much += much
        return once

    def forget(self, until: float) -> None:
        while self.times and self.times[0].at <= until:
            self.much -= self.times.popleft().much


class Rates:
    """The counts of this process. The command line is not counted."""

    def __init__(self, allowance: Allowance, clock: Callable[[], float]) -> None:
        self.allowance = allowance
        self._creates = Window(_MINUTE, clock)
        self._uploads = Window(_HOUR, clock)
        self._brought = Window(_DAY, clock)
        self._keys = Window(_MINUTE, clock)
        self._questions = Window(_MINUTE, clock)
        self._page_events = Window(_MINUTE, clock)
        self._provider_calls = Window(_MINUTE, clock)
        self._jobs: dict[str, set[str]] = {}
        self._begun_from: dict[str, str] = {}

    def create(self, owner: str, address: str | None) -> None:
        """Count a job that is about to be made.

        Raises:
            TooMany: there were enough within a minute.
        """
        most = self.allowance.creates_per_minute
        self._count(self._creates, owner, address, most, f"No more than {most} videos can be begun here in a minute.")

    def upload(self, owner: str | None, address: str | None, size: int = 0) -> Callable[[int], None]:
        """Count a file that is about to come in, and its bytes; answers how to say afterwards how many came.

        Raises:
            TooMany: there were enough within an hour, or enough bytes from that address within a day.
        """
        most, megabytes = self.allowance.uploads_per_hour, self.allowance.upload_megabytes
        near = neighbourhood(address) if address is not None and owner != LOCAL else None
        together = megabytes * PEOPLE_BEHIND_ONE_ADDRESS if megabytes is not None else None
        if near is not None and together is not None:
            wait = self._brought.wait(near, together * _MEGA, size)
            if wait > 0:
                says = f"No more than {together} MB can be uploaded from one address in a day."
                raise TooMany(says, wait_seconds=ceil(wait))
        self._count(self._uploads, owner, address, most, f"No more than {most} files can be uploaded here in an hour.")
        return self._brought.add(near, size) if near is not None and together is not None else _nothing

    def ask(self, owner: str | None, address: str | None) -> None:
        """Count a question that is answered here.

        Raises:
            TooMany: there were enough within a minute.
        """
        most = self.allowance.questions_per_minute
        self._count(self._questions, owner, address, most, f"No more than {most} questions are answered in a minute.")

    def page_event(self, address: str | None) -> None:
        """Count a change of the form, which the page sends and draws anew; who does that is not known yet.

        Raises:
            TooMany: there were enough within a minute.
        """
        most = self.allowance.questions_per_minute
        says = f"The page takes no more than {most} changes a minute from each visitor."
        self._count(self._page_events, None, address, most, says)

    def call_provider(self, owner: str, address: str | None) -> None:
        """Count a question about a job that goes to its provider at once.

        Raises:
            TooMany: there were enough within a minute.
        """
        says = f"Jobs can be looked up, looked at again and cancelled {_PROVIDER_CALLS} times in a minute."
        self._count(self._provider_calls, owner, address, _PROVIDER_CALLS, says)

    def enter_key(self, owner: str, address: str | None) -> None:
        """Count a key that is entered or tried.

        Raises:
            TooMany: there were enough within a minute.
        """
        says = f"Keys can be entered or tried {_KEY_ENTRIES} times in a minute."
        self._count(self._keys, owner, address, _KEY_ENTRIES, says)

    def began(self, address: str | None, job_id: str) -> None:
        """Remember from where a job was made."""
        if address is None or self.allowance.jobs_at_once is None:
            return
        near = neighbourhood(address)
        if len(self._jobs) >= _REMEMBERED and near not in self._jobs:
            for each in self._jobs.pop(next(iter(self._jobs))):
                del self._begun_from[each]
        self._jobs.setdefault(near, set()).add(job_id)
        self._begun_from[job_id] = near

    def ended(self, job_id: str) -> None:
        """Forget where a job came from that runs no more. Harmless for any other."""
        near = self._begun_from.pop(job_id, None)
        if near is None:
            return
        self._jobs[near].discard(job_id)
        if not self._jobs[near]:
            del self._jobs[near]

    def beside(self, owner: str, address: str | None) -> list[tuple[str | tuple[str, ...], int]]:
        """Of which jobs how many may be under way: of an owner's, and of those begun from where he asks."""
        most = self.allowance.jobs_at_once
        if most is None or owner == LOCAL:
            return []
        near = self._jobs.get(neighbourhood(address)) if address is not None else None
        return [(owner, most), *([(tuple(near), most * PEOPLE_BEHIND_ONE_ADDRESS)] if near is not None else [])]

    def _count(self, window: Window, owner: str | None, address: str | None, most: int | None, says: str) -> None:
        if most is None or owner == LOCAL:
            return
        who = {f"owner {owner}": most} if owner is not None else {}
        if address is not None:
            who[f"address {neighbourhood(address)}"] = most * PEOPLE_BEHIND_ONE_ADDRESS
        wait = max((window.wait(each, many) for each, many in who.items()), default=0.0)
        if wait > 0:
            raise TooMany(says, wait_seconds=ceil(wait))
        for each in who:
            window.add(each)


def _nothing(_much: int) -> None:
    pass


def neighbourhood(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits, all of which one visitor has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    inner = parsed.ipv4_mapped
    return str(inner) if inner is not None else f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
