"""Which providers there are: a table and an adapter with one stem, put together with the operator's settings.

Adding a provider edits nothing here: the stems are found by their files.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from urllib.parse import urlsplit

from playground import providers
from playground.domain.capabilities import ProviderFacts, Table
from playground.domain.credentials import Secret, origin
from playground.domain.provider import Adapter, Cancels, Context

NO_CREDENTIAL = "none"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider as this process can use it."""

    stem: str
    table: Table
    adapter: Adapter
    context: Context
    missing: tuple[str, ...]
    """Environment names of account settings that are needed and absent."""
    base_url_is_default: bool
    key: Callable[[], str | None]
    """The operator's key, read when it is needed and kept nowhere."""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.table.provider.label

    @property
    def loopback(self) -> bool:
        """Whether it is served on this machine (or in this process)."""
        host = urlsplit(self.context.base_url).hostname or ""
        return host in LOOPBACK_HOSTS or host.endswith(".localhost")

    def not_ready(self) -> str | None:
        """One sentence why it cannot be used with what the operator set; None: it can."""
        credential = self.table.provider.credential
        names = list(self.missing)
        if credential is not None and self.key() is None:
            names.insert(0, credential.env)
        return f"{self.label} needs {' and '.join(names)} to be set." if names else None

    def context_of(self, account: Mapping[str, str]) -> Context:
        """The context of somebody's own account settings; what they leave out is the operator's."""
        known = {**self.context.account, **account}
        if not self.base_url_is_default:
            return Context(self.context.base_url, known)
        return Context(_default_url(self.table.provider, known), known)

    def secret_of(self, value: str, context: Context) -> Secret | None:
        """A key with the origins that may see it; None where the provider needs none."""
        credential = self.table.provider.credential
        if credential is None:
            return None
        # Somebody else's gateway does not share the origins of the provider that it imitates.
        named = self.table.provider.credential_origins
        own = {each for each in named if self.base_url_is_default or _are_siblings(each, context.base_url)}
        origins = {context.base_url, *own}
        return Secret(value, credential.scheme, frozenset(origin(each) for each in origins))

    def can_cancel(self) -> bool:
        """Whether the provider can stop a running job."""
        return isinstance(self.adapter, Cancels)


def _are_siblings(origin: str, base_url: str) -> bool:
    """Whether a base URL is at the owner of an origin: on a host beside it (`a.example.com`, `b.example.com`)."""
    one, other = urlsplit(origin), urlsplit(base_url)
    _, _, owner = (one.hostname or "").partition(".")
    return one.scheme == other.scheme and "." in owner and (other.hostname or "").endswith(f".{owner}")


class Registry:
    """Every provider by its stem."""

    def __init__(self, tables: Mapping[str, Table], lookup: Callable[[str], str | None]) -> None:
        """`lookup` gives the operator's setting of an environment name, or None."""
        adapters = _adapters()
        dialects = {stem: table.provider.dialect or stem for stem, table in tables.items()}
        self.tables = tables
        self.providers: Mapping[str, Provider] = {
            stem: _provider(stem, table, adapters[dialects[stem]], lookup)
            for stem, table in tables.items()
            if dialects[stem] in adapters
        }
        """Those that can make videos here; a table alone can be checked, compared and priced."""

    def __getitem__(self, stem: str) -> Provider:
        return self.providers[stem]

    def get(self, stem: str) -> Provider | None:
        """The provider of that stem, None where there is none."""
        return self.providers.get(stem)

    def origins(self) -> frozenset[str]:
        """The base URLs' own origins: trusted as the operator's choice."""
        return frozenset(origin(p.context.base_url) for p in self.providers.values())


def adapter_stems() -> Iterator[str]:
    """The stems that have an adapter; a leading underscore marks what adapters share."""
    for module in pkgutil.iter_modules(providers.__path__):
        if not module.name.startswith("_"):
            yield module.name


def _adapters() -> dict[str, Adapter]:
    return {stem: _as_adapter(importlib.import_module(f"{providers.__name__}.{stem}")) for stem in adapter_stems()}


def _as_adapter(module: ModuleType) -> Adapter:
    if not isinstance(module, Adapter):
        raise TypeError(f"{module.__name__} lacks one of the functions of an adapter")
    return module


def _provider(stem: str, table: Table, adapter: Adapter, lookup: Callable[[str], str | None]) -> Provider:
    facts = table.provider
    account = {name: lookup(s.env) if lookup(s.env) is not None else s.default for name, s in facts.account.items()}
    missing = tuple(s.env for name, s in facts.account.items() if s.required and account[name] is None)
    known = {name: value for name, value in account.items() if value is not None}
    base_url = lookup(facts.base_url.env)
    if base_url is None:
        base_url = _default_url(facts, known)
    key_name = facts.credential.env if facts.credential is not None else None
    return Provider(
        stem=stem,
        table=table,
        adapter=adapter,
        context=Context(base_url.rstrip("/"), known),
        missing=missing,
        base_url_is_default=lookup(facts.base_url.env) is None,
        key=lambda: lookup(key_name) if key_name is not None else None,
    )


def _default_url(facts: ProviderFacts, known: Mapping[str, str]) -> str:
    return (facts.base_url.default or "").format_map({**dict.fromkeys(facts.account, ""), **known}).rstrip("/")
