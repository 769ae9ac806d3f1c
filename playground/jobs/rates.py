"""How much one visitor may set off: by owner, and by address, since a browser can be a new owner at any time."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
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
        self._times: dict[str, deque[float]] = {}

    def wait(self, who: str, most: int) -> float:
        """Seconds until there is room for one more; 0 where there is now."""
        times = self._times.get(who)
        if times is None:
            return 0.0
        while times and times[0] <= self._clock() - self._seconds:
            times.popleft()
        return times[len(times) - most] + self._seconds - self._clock() if len(times) >= most else 0.0

    def add(self, who: str) -> None:
        """It happened once more."""
        if len(self._times) >= _REMEMBERED:
            since = self._clock() - self._seconds
            self._times = {name: times for name, times in self._times.items() if times and times[-1] > since}
        self._times.setdefault(who, deque()).append(self._clock())


class Rates:
    """The counts of this process. The command line is not counted."""

    def __init__(self, allowance: Allowance, clock: Callable[[], float]) -> None:
        self.allowance = allowance
        self._creates = Window(_MINUTE, clock)
        self._uploads = Window(_HOUR, clock)
        self._keys = Window(_MINUTE, clock)
        self._questions = Window(_MINUTE, clock)
        self._page_events = Window(_MINUTE, clock)
        self._provider_calls = Window(_MINUTE, clock)
        self._jobs: dict[str, deque[str]] = {}

    def create(self, owner: str, address: str | None) -> None:
        """Count a job that is about to be made.

        Raises:
            TooMany: there were enough within a minute.
        """
        most = self.allowance.creates_per_minute
        self._count(self._creates, owner, address, most, f"No more than {most} videos can be begun here in a minute.")

    def upload(self, owner: str | None, address: str | None) -> None:
        """Count a file that comes in.

        Raises:
            TooMany: there were enough within an hour.
        """
        most = self.allowance.uploads_per_hour
        self._count(self._uploads, owner, address, most, f"No more than {most} files can be uploaded here in an hour.")

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
        most = self.allowance.jobs_at_once
        if address is None or most is None:
            return
        if len(self._jobs) >= _REMEMBERED:
            self._jobs.clear()
        self._jobs.setdefault(address, deque(maxlen=most * PEOPLE_BEHIND_ONE_ADDRESS)).append(job_id)

    def beside(self, owner: str, address: str | None, job_id: str) -> list[tuple[str | tuple[str, ...], int]]:
        """Of which jobs how many may be under way with a new one: of its owner's, and of those from where he asks."""
        most = self.allowance.jobs_at_once
        if most is None or owner == LOCAL:
            return []
        near = self._jobs.get(address) if address is not None else None
        # The newest are enough: there are as many as may run at once.
        return [(owner, most), *([((*near, job_id), most * PEOPLE_BEHIND_ONE_ADDRESS)] if near is not None else [])]

    def _count(self, window: Window, owner: str | None, address: str | None, most: int | None, says: str) -> None:
        if most is None or owner == LOCAL:
            return
        who = {f"owner {owner}": most} if owner is not None else {}
        if address is not None:
            who[f"address {address}"] = most * PEOPLE_BEHIND_ONE_ADDRESS
        wait = max((window.wait(each, many) for each, many in who.items()), default=0.0)
        if wait > 0:
            raise TooMany(says, wait_seconds=ceil(wait))
        for each in who:
            window.add(each)
