"""Reads and keeps the copies of the registry's services and providers."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam

from aksu_licensing.registry_copies.errors import ServiceNotKnown
from aksu_licensing.registry_copies.schemas import KnownProvider, KnownService
from aksu_licensing.registry_copies.tables import ProviderTable, ServiceTable
from aksu_shared.db.projection import project
from aksu_shared.db.store import Store, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.providers import ProviderEvent
from aksu_shared.events.registry.services import ServiceEvent
from aksu_shared.worker.copies import Copies, Copy

_SERVICE_TABLE, _PROVIDER_TABLE = table_of(ServiceTable), table_of(ProviderTable)
_SERVICE_BY_ID = rows_where(_SERVICE_TABLE, _SERVICE_TABLE.c.id == bindparam("key"))
_PROVIDER_BY_ID = rows_where(_PROVIDER_TABLE, _PROVIDER_TABLE.c.id == bindparam("key"), lock=False)


class KnownStore:
    """What licensing knows of the registry's services and providers."""

    def __init__(self, work: UnitOfWork) -> None:
        self._services = Store(work, _SERVICE_TABLE, KnownService)
        self._providers = Store(work, _PROVIDER_TABLE, KnownProvider)

    async def service(self, service_id: UUID) -> KnownService:
        """The service, locked: whoever decides about its licence goes one after the other. Raises ServiceNotKnown."""
        found = await self._services.find(_SERVICE_BY_ID, key=service_id)
        if not found:
            raise ServiceNotKnown(service_id=str(service_id))
        return found[0].state

    async def provider(self, provider_id: UUID) -> KnownProvider | None:
        """The provider, when licensing has heard of it."""
        found = await self._providers.find(_PROVIDER_BY_ID, key=provider_id)
        return found[0].state if found else None


class CopyStore:
    """Copies of the registry's aggregates, kept from its events."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def keep_services(self, events: Sequence[ServiceEvent]) -> None:
        """Keep the newest state of each service."""
        await project(await self._begin(), _SERVICE_TABLE, events)

    async def keep_providers(self, events: Sequence[ProviderEvent]) -> None:
        """Keep the newest state of each provider."""
        await project(await self._begin(), _PROVIDER_TABLE, events)


COPIES: Final[Copies] = {ServiceEvent: Copy(_SERVICE_TABLE), ProviderEvent: Copy(_PROVIDER_TABLE)}
"""Event class of an aggregate of the registry → its copy."""
