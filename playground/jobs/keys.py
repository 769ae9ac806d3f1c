"""Which key a job uses: the operator's, read when it is needed, or its owner's own, kept in memory and nowhere else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, Protocol

from playground.domain.credentials import Secret
from playground.domain.errors import TooMany
from playground.domain.provider import Context
from playground.jobs.record import JobRecord
from playground.registry import NO_CREDENTIAL, Provider

OWN: Final = "visitor"
"""The reference that a job's row keeps of a key that its owner entered."""
IDLE_SECONDS: Final = 12 * 3600.0
"""How long a key that somebody entered is kept after its last use."""
MOST: Final = 10_000
"""Keys that are kept at a time, of 4 kB each at the most; nobody's is dropped for somebody else's."""


Source = Literal["not needed", "yours", "environment", "none"]


class Login(Protocol):
    """Another way to a key of the operator's, such as Google's credentials of this machine."""

    def is_there(self) -> bool:
        """Whether it is set up, told without asking anybody."""
        ...

    async def token(self) -> str:
        """A key that is good for some minutes at least.

        Raises:
            NoLogin: none can be had now.
        """
        ...


@dataclass(slots=True)
class _Entered:
    """What somebody entered for one provider."""

    key: str = field(repr=False)
    account: Mapping[str, str]
    used_at: float


class Keys:
    """Keys by owner and provider. `clock` gives seconds since the epoch; `may_share` says whose jobs may use ours."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        logins: Mapping[str, Login] = MappingProxyType({}),
        may_share: Callable[[str], bool] = lambda _owner: True,
        most: int = MOST,
    ) -> None:
        self._clock = clock
        self._logins = logins
        self._may_share = may_share
        self._most = most
        self._entered: dict[tuple[str, str], _Entered] = {}

    def enter(self, owner: str, stem: str, key: str, account: Mapping[str, str]) -> None:
        """Keep a key of an owner's own in memory.

        Raises:
            TooMany: as many are kept as can be.
        """
        if (owner, stem) not in self._entered and len(self._entered) >= self._most and self.sweep() >= self._most:
            says = "No more keys can be kept here just now; yours was not."
            raise TooMany(says, next_step="Try again later, or run the playground on your own machine.")
        self._entered[owner, stem] = _Entered(key, dict(account), self._clock())

    def forget(self, owner: str, stem: str) -> bool:
        """Drop it; whether there was one."""
        return self._entered.pop((owner, stem), None) is not None

    def sweep(self) -> int:
        """Drop what was not used for too long, since nobody may ever ask for it again; answers how many are left."""
        idle = [each for each, own in self._entered.items() if self._clock() - own.used_at > IDLE_SECONDS]
        for each in idle:
            del self._entered[each]
        return len(self._entered)

    def has_own(self, owner: str, stem: str) -> bool:
        """Whether an owner entered a key that still holds."""
        return self._own(owner, stem) is not None

    def source(self, owner: str, provider: Provider) -> Source:
        """Whose key an owner's next job would use."""
        if provider.table.provider.credential is None:
            return "not needed"
        if self.has_own(owner, provider.stem):
            return "yours"
        return "environment" if self.not_ready(owner, provider) is None else "none"

    def not_ready(self, owner: str, provider: Provider) -> str | None:
        """One sentence why an owner cannot use a provider now; None: he can."""
        if provider.table.provider.credential is None or self.has_own(owner, provider.stem):
            return None
        if not self._may_share(owner):
            return f"{provider.label} needs a key of your own here."
        return None if self._login(provider) is not None else provider.not_ready()

    def use(self, owner: str, provider: Provider) -> tuple[str, Context]:
        """What a new job of an owner's is made with: the reference of its key, and its context."""
        own = self._own(owner, provider.stem)
        if own is not None:
            return OWN, provider.context_of(own.account)
        credential = provider.table.provider.credential
        return NO_CREDENTIAL if credential is None else f"env:{credential.env}", provider.context

    async def owners_secret(self, owner: str, provider: Provider) -> Secret | None:
        """The key that an owner's next job would use, to try it out.

        Raises:
            NoLogin: the operator's login gives none now.
        """
        own = self._own(owner, provider.stem)
        if own is not None:
            return provider.secret_of(own.key, provider.context_of(own.account))
        return await self._operators(provider) if self._may_share(owner) else None

    async def secret(self, job: JobRecord, provider: Provider) -> Secret | None:
        """A job's key, only where it would go to the base URL that the job was made with; None where it has none.

        Raises:
            NoLogin: the operator's login gives none now.
        """
        if job.credential != OWN:
            return await self._operators(provider) if provider.context.base_url == job.base_url else None
        own, context = self._own(job.owner, job.provider), provider.context_of(job.account)
        return provider.secret_of(own.key, context) if own is not None and context.base_url == job.base_url else None

    async def _operators(self, provider: Provider) -> Secret | None:
        value = provider.key()
        login = self._login(provider) if value is None else None
        if login is not None:
            value = await login.token()
        return provider.secret_of(value, provider.context) if value is not None else None

    def _own(self, owner: str, stem: str) -> _Entered | None:
        own = self._entered.get((owner, stem))
        if own is None:
            return None
        if self._clock() - own.used_at > IDLE_SECONDS:
            del self._entered[owner, stem]
            return None
        own.used_at = self._clock()
        return own

    def _login(self, provider: Provider) -> Login | None:
        credential = provider.table.provider.credential
        if credential is None or credential.login is None or provider.missing:
            return None
        login = self._logins.get(credential.login)
        return login if login is not None and login.is_there() else None
