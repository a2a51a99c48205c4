"""Services, read under lock for a change."""

from collections.abc import Iterable

from sqlalchemy import any_, bindparam

from aksu_registry.services.machine import ACTIVE
from aksu_registry.services.rules import service_identity
from aksu_registry.services.tables import ServiceTable
from aksu_shared.db.store import Kept, Store, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Event
from aksu_shared.events.registry.services import ServiceState

_TABLE = table_of(ServiceTable)
_RUN_BY = rows_where(
    _TABLE,
    (_TABLE.c.provider_id == any_(bindparam("providers"))) | (_TABLE.c.operator_id == any_(bindparam("providers"))),
)
_CLAIMED = rows_where(_TABLE, _TABLE.c.claim == bindparam("claim"), lock=False)


class ServiceStore(Store[ServiceState]):
    """Services by id and provider. An active one holds a claim to what it is, which no other may hold with it."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, _TABLE, ServiceState)

    def save(self, event: Event[ServiceState], **beside: object) -> Kept[ServiceState]:
        """Record the event; the row claims what the service is now, and a closed one lets go."""
        claim = service_identity(event.state) if event.state.state == ACTIVE else None
        return super().save(event, claim=claim, **beside)

    async def claiming(self, claim: str) -> Kept[ServiceState] | None:
        """The active service with this identity."""
        return next(iter(await self.find(_CLAIMED, claim=claim)), None)

    async def run_by(self, providers: Iterable[object]) -> list[Kept[ServiceState]]:
        """All services these providers are responsible for or operate."""
        return await self.find(_RUN_BY, providers=list(providers))
