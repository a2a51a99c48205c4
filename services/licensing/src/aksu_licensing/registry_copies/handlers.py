"""The registry's services and providers are kept as they are told."""

from collections.abc import Sequence
from typing import Final

from aksu_licensing.registry_copies.store import CopyStore
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.providers import ProviderEvent
from aksu_shared.events.registry.services import ServiceEvent
from aksu_shared.worker.routing import Handlers


async def keep_services(work: UnitOfWork, events: Sequence[ServiceEvent]) -> None:
    """Keep the newest state of each service."""
    await CopyStore(work).keep_services(events)


async def keep_providers(work: UnitOfWork, events: Sequence[ProviderEvent]) -> None:
    """Keep the newest state of each provider."""
    await CopyStore(work).keep_providers(events)


HANDLERS: Final[Handlers] = {ServiceEvent: keep_services, ProviderEvent: keep_providers}
