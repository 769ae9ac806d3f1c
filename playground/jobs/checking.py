"""What is to be said of a request before it is sent: the domain's answers over the facts of this machine."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from playground.domain.capabilities import Evidence, ModeSpec
from playground.domain.errors import OverBudget
from playground.domain.hints import Hint, Length, hints, lengths
from playground.domain.issues import Choice, Issue, errors
from playground.domain.media import Facts
from playground.domain.planning import Offer, Quote, price, who_can
from playground.domain.proposals import Proposal, proposals
from playground.domain.request import VideoRequest
from playground.domain.validation import check, remaining, spec_for
from playground.jobs.database import LedgerUnavailable
from playground.jobs.inputs import Found, media_facts
from playground.jobs.sharing import day_of
from playground.jobs.workshop import Workshop


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What is to be said of a request before it is sent."""

    request: VideoRequest
    issues: tuple[Issue, ...]
    quote: Quote
    proposals: tuple[Proposal, ...] = ()
    offers: tuple[Offer, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict[str, Evidence])
    """The provider's own, by the keys that issues name."""
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict[str, tuple[Choice, ...]])
    hints: tuple[Hint, ...] = ()
    """What may help the prompt; never a reason to refuse."""
    lengths: Mapping[str, Length] = field(default_factory=dict[str, Length])
    not_lent: str | None = None
    """Why the operator's key would not be lent for it just now, where it would be made with that."""

    @property
    def valid(self) -> bool:
        """Whether it may be sent."""
        return not errors(self.issues)

    def as_json(self) -> dict[str, object]:
        """What `check --json` and `POST /api/check` answer."""
        return {
            "valid": self.valid,
            "price_usd": self.quote.usd,
            "not_lent": self.not_lent,
            "issues": [self._told(issue) for issue in self.issues],
            "proposals": [proposal.as_json() for proposal in self.proposals],
            "providers": [offer.as_json() for offer in self.offers],
            "choices": {name: [choice.as_json() for choice in each] for name, each in self.choices.items()},
            "hints": [hint.as_json() for hint in self.hints],
            "lengths": {name: length.as_json() for name, length in self.lengths.items()},
        }

    def _told(self, issue: Issue) -> dict[str, object]:
        told = issue.as_json()
        evidence = self.evidence.get(issue.evidence) if issue.evidence is not None else None
        return told if evidence is None else {**told, "evidence": evidence.told()}


async def check_request(
    shop: Workshop, request: VideoRequest, owner: str, files_under: Path | None, untouched: Collection[str] = ()
) -> CheckResult:
    """Judge a request and follow its media; never touches the network.

    `untouched` fields hold what a form showed by itself: they are judged here, but are no demand on anybody else.
    """
    found = await shop.inputs.find(request, owner, files_under)
    verdict, facts = sendable(shop, request, found), _facts(shop, found)
    tables, now = shop.registry.tables, shop.now()
    table = tables.get(request.provider)
    if table is None:
        return verdict
    demanded = request.model_copy(update=dict.fromkeys(untouched))
    # What only an untouched value stands in the way of can only be mended by changing it.
    stuck = request if not verdict.valid and not errors(check(demanded, table, facts, now)) else demanded
    spec = spec_for(request, table, now)
    return replace(
        verdict,
        proposals=tuple(proposals(stuck, tables, facts, now)),
        offers=tuple(who_can(demanded, tables, facts, now)),
        choices=remaining(request, table, facts, now),
        evidence=table.evidence,
        hints=tuple(hints(request, spec)) if isinstance(spec, ModeSpec) else (),
        lengths=lengths(request, spec) if isinstance(spec, ModeSpec) else {},
        not_lent=await _not_lent(shop, request.provider, owner, verdict.quote.usd) if verdict.valid else None,
    )


async def _not_lent(shop: Workshop, name: str, owner: str, usd: float | None) -> str | None:
    provider = shop.registry.get(name)
    if provider is None or shop.keys.not_ready(owner, provider) is not None:
        return None
    credential, _ = shop.keys.use(owner, provider)
    if not shop.sharing.is_counted(owner, credential):
        return None
    try:
        spent = await shop.store.lent(day_of(shop.clock()))
        shop.sharing.check(owner, usd, {**spent, owner: spent.get(owner, 0.0) + (usd or 0.0)})
    except OverBudget as error:
        return f"{error.message} {error.next_step}"
    except LedgerUnavailable:
        pass  # whoever sends it is told
    return None


async def check_to_send(
    shop: Workshop, request: VideoRequest, owner: str, files_under: Path | None
) -> tuple[CheckResult, list[Found]]:
    """The same for a request that is about to be sent, and its media."""
    found = await shop.inputs.find(request, owner, files_under)
    return sendable(shop, request, found), found


def sendable(shop: Workshop, request: VideoRequest, found: list[Found]) -> CheckResult:
    """Only what decides whether a request may be sent, and what it costs: what else there is takes twice the time."""
    tables, now = shop.registry.tables, shop.now()
    table = tables.get(request.provider)
    if table is None:
        return CheckResult(request, (_no_such_provider(request.provider, tuple(tables)),), Quote.unknown())
    return CheckResult(request, tuple(check(request, table, _facts(shop, found), now)), price(request, table, now))


def _facts(shop: Workshop, found: list[Found]) -> Facts:
    return Facts(media_facts(found), shop.region, shop.allow_retired)


def _no_such_provider(name: str, known: tuple[str, ...]) -> Issue:
    says = f"There is no provider {name[:60]!r}. There are: {', '.join(known)}."
    return Issue("provider", "unknown_provider", says, allowed=known)
