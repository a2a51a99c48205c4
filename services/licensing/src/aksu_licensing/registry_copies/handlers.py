"""The registry's facts: services and providers are kept as they are told, register rows become licences."""

from collections.abc import Sequence

from aksu_licensing.factory import Factory
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry import ProviderEvent, RegisterRowImported, ServiceEvent


async def keep_services(work: UnitOfWork, events: Sequence[ServiceEvent]) -> None:
    """Keep the newest state of each service."""
    await Factory.of(work).copies().keep_services(events)


async def keep_providers(work: UnitOfWork, events: Sequence[ProviderEvent]) -> None:
    """Keep the newest state of each provider."""
    await Factory.of(work).copies().keep_providers(events)


async def import_licences(work: UnitOfWork, events: Sequence[RegisterRowImported]) -> None:
    """Make the licences that the rows of the public register state."""
    await Factory.of(work).register_import().take_over(events)
