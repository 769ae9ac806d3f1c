"""An owner's earlier results, and which of them a provider can extend."""

from typing import Final

from playground.domain.extending import Extendable, verdict
from playground.domain.request import VideoRequest
from playground.domain.view import JobView
from playground.jobs.workshop import Workshop

LOOKED_THROUGH: Final = 50
"""An owner's newest jobs that are looked through."""


async def extendable(
    shop: Workshop, provider: str, model: str | None, owner: str, views: list[JobView]
) -> list[Extendable]:
    """Every finished video among some views of an owner: those that can be extended first, else in their order."""
    found = [
        await _judged(shop, provider, model, owner, view, place)
        for view in views
        if view.state == "succeeded"
        for place in range(len(view.videos))
    ]
    return sorted(found, key=lambda each: not each.can)


async def _judged(
    shop: Workshop, provider: str, model: str | None, owner: str, view: JobView, place: int
) -> Extendable:
    reference = f"job:{view.id}" if place == 0 else f"job:{view.id}#{place + 1}"
    request = VideoRequest(provider=provider, mode="extension", model=model, source_video=reference)
    (clip,) = await shop.inputs.find(request, owner, None)
    judged = verdict(request, shop.registry.tables[provider], clip.facts, shop.now())
    return Extendable(
        reference=reference,
        job_id=view.id,
        provider=view.provider,
        provider_label=view.provider_label,
        model=view.model,
        mode=view.mode,
        prompt=view.prompt,
        finished_at=view.finished_at,
        video=view.videos[place],
        can=judged.can,
        why=judged.why,
        days_left=judged.days_left,
    )
