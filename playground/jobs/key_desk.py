"""The door to keys: what each provider needs, entering, trying out and forgetting one. A key goes in, never out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from playground.domain.credentials import NoLogin
from playground.domain.errors import InvalidRequest, NotFound
from playground.domain.issues import Issue
from playground.domain.provider import Answer, TestsKey
from playground.jobs.keys import IDLE_SECONDS, OWN, Source
from playground.jobs.runner import Runner
from playground.jobs.workshop import Workshop, answer_cap
from playground.registry import Provider

_KEY: Final = re.compile(r"[!-~]{1,4096}")
"""Printable ASCII without spaces: what a header can carry."""
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
"""Account settings become part of addresses; nothing else may get in."""


class Need(BaseModel):
    """An account setting that goes with a key of one's own."""

    model_config = ConfigDict(frozen=True)

    name: str
    env: str
    help: str


class KeyView(BaseModel):
    """How a provider stands for one owner; holds no key."""

    model_config = ConfigDict(frozen=True)

    provider: str
    label: str
    env: str
    """Where an operator keeps the key."""
    source: Source
    needs: tuple[Need, ...]
    can_test: bool
    """Whether the provider has a free call that tells whether the key works; otherwise only a run can tell."""


class Tried(BaseModel):
    """What a free call said about a key."""

    model_config = ConfigDict(frozen=True)

    works: bool | None
    """None: it could not be told."""
    says: str


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """What an owner may do with keys."""

    shop: Workshop
    runner: Runner
    idle_hours: float = IDLE_SECONDS / 3600
    """How long a key that somebody entered is kept after its last use."""

    def views(self, owner: str) -> list[KeyView]:
        """Every provider that needs a key, in the tables' order."""
        providers = self.shop.registry.providers.values()
        return [self._view(owner, each) for each in providers if each.table.provider.credential is not None]

    def count(self, owner: str, address: str | None) -> None:
        """Count a key that is about to be entered or tried.

        Raises:
            TooMany: there were enough within a minute.
        """
        self.shop.rates.enter_key(owner, address)

    async def enter(self, owner: str, stem: str, key: str, account: Mapping[str, str]) -> KeyView:
        """Keep a key of one's own in memory, and go on with the jobs that wait for it.

        Raises:
            NotFound: there is no such provider, or it needs no key.
            InvalidRequest: the key or an account setting cannot be one; the issues quote neither.
            TooMany: as many keys are kept here as can be.
        """
        provider = self._provider(stem)
        needed = [each.name for each in self._view(owner, provider).needs]
        given = {name: account.get(name, "").strip() for name in needed}
        issues = [] if _KEY.fullmatch(key.strip()) else [Issue("key", "malformed", "This cannot be a key.")]
        for name, value in given.items():
            if _ACCOUNT.fullmatch(value) is None:
                says = "It takes letters, digits, hyphens and underscores." if value else "It is needed with this key."
                issues.append(Issue(name, "malformed" if value else "required", says))
        if issues:
            raise InvalidRequest(issues)
        self.shop.keys.enter(owner, stem, key.strip(), given)
        for job in await self.shop.store.unfinished():
            if (job.state, job.owner, job.provider, job.credential) == ("parked", owner, stem, OWN):
                await self.runner.wake(job)
        return self._view(owner, provider)

    def forget(self, owner: str, stem: str) -> KeyView:
        """Drop one's own key; jobs that still need it will wait for it.

        Raises:
            NotFound: there is no such provider.
        """
        provider = self._provider(stem)
        self.shop.keys.forget(owner, stem)
        return self._view(owner, provider)

    async def test(self, owner: str, stem: str) -> Tried:
        """Try the key that the owner's next job would use, by a free call.

        Raises:
            NotFound: there is no such provider.
        """
        provider = self._provider(stem)
        adapter = provider.adapter
        missing = self.shop.keys.not_ready(owner, provider)
        if missing is not None:
            return Tried(works=False, says=missing)
        if not isinstance(adapter, TestsKey):
            return Tried(works=None, says=f"{provider.label} has no free call for this: only a run can tell.")
        _, context = self.shop.keys.use(owner, provider)
        try:
            secret = await self.shop.keys.owners_secret(owner, provider)
        except NoLogin as none:
            return Tried(works=False, says=str(none))
        reply = await self.shop.transport.send(
            adapter.key_test(context), context, secret=secret, media={}, answer_cap_bytes=answer_cap(provider)
        )
        if not isinstance(reply, Answer):
            return Tried(works=None, says=f"{provider.label} cannot be asked just now: {reply.reason}")
        wrong = adapter.key_tested(reply)
        if wrong is None:
            return Tried(works=True, says=f"{provider.label} accepts this key.")
        refused = wrong.code in ("bad_key", "not_allowed", "no_credit")
        return Tried(works=False if refused else None, says=wrong.message)

    def _provider(self, stem: str) -> Provider:
        provider = self.shop.registry.get(stem)
        if provider is None or provider.table.provider.credential is None:
            raise NotFound
        return provider

    def _view(self, owner: str, provider: Provider) -> KeyView:
        facts = provider.table.provider
        assert facts.credential is not None, "only providers with a key are shown"
        return KeyView(
            provider=provider.stem,
            label=provider.label,
            env=facts.credential.env,
            source=self.shop.keys.source(owner, provider),
            needs=tuple(
                Need(name=name, env=each.env, help=each.help or "")
                for name, each in facts.account.items()
                if each.required
            ),
            can_test=isinstance(provider.adapter, TestsKey),
        )
