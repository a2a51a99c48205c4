"""Stores of the registry: its aggregates, read under lock for a change."""

from collections.abc import Iterable

from sqlalchemy import Table, any_, bindparam

from aksu_registry.identity import service_identity
from aksu_registry.tables import BodyTable, PlaceTable, ProviderTable, RegisterRowTable, ServiceTable, TerritoryTable
from aksu_shared.db.access import ACCESS_REVOCATION
from aksu_shared.db.store import Kept, Search, Store, rows_where
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Event
from aksu_shared.events.registry import (
    AccessState,
    BodyState,
    PlaceState,
    ProviderState,
    RegisterRowState,
    ServiceState,
    TerritoryState,
)


def _table(mapped: type) -> Table:
    return mapped.__table__  # type: ignore[attr-defined,no-any-return]


TERRITORY, BODY, PROVIDER = _table(TerritoryTable), _table(BodyTable), _table(ProviderTable)
PLACE, SERVICE, REGISTER_ROW = _table(PlaceTable), _table(ServiceTable), _table(RegisterRowTable)

_OF_BODIES = PROVIDER.c.body == any_(bindparam("bodies"))
_PROVIDERS, _PROVIDERS_TO_CHANGE = rows_where(PROVIDER, _OF_BODIES, lock=False), rows_where(PROVIDER, _OF_BODIES)
_PLACES = rows_where(PLACE, PLACE.c.key == any_(bindparam("keys")), lock=False)
_RUN_BY = rows_where(
    SERVICE,
    (SERVICE.c.provider_id == any_(bindparam("providers"))) | (SERVICE.c.operator_id == any_(bindparam("providers"))),
)
_CLAIMED = rows_where(SERVICE, SERVICE.c.claim == bindparam("claim"), lock=False)
_ROWS = rows_where(REGISTER_ROW, REGISTER_ROW.c.number == any_(bindparam("numbers")))


class AccessStore(Store[AccessState]):
    """Revoked access by subject."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, ACCESS_REVOCATION, AccessState)


class TerritoryStore(Store[TerritoryState]):
    """Territories by code."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, TERRITORY, TerritoryState)


class BodyStore(Store[BodyState]):
    """Bodies by code."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, BODY, BodyState)


class ProviderStore(Store[ProviderState]):
    """Providers by id and by the code of their body."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, PROVIDER, ProviderState)

    async def by_bodies(self, bodies: Iterable[str], *, lock: bool = False) -> dict[str, Kept[ProviderState]]:
        """Those registered, by the code of their body; locked only by who will change them."""
        statement = _PROVIDERS_TO_CHANGE if lock else _PROVIDERS
        return {kept.state.body: kept for kept in await self.find(statement, bodies=list(bodies))}

    def of_bodies(self, bodies: Iterable[str]) -> Search[ProviderState]:
        """Those registered, to be asked for together with others."""
        return self.search(_PROVIDERS, bodies=list(bodies))


class PlaceStore(Store[PlaceState]):
    """Places by id and by folded address."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, PLACE, PlaceState)

    def at(self, key: str) -> Search[PlaceState]:
        """The one with this folded address."""
        return self.search(_PLACES, keys=[key])

    async def by_keys(self, keys: Iterable[str]) -> dict[str, Kept[PlaceState]]:
        """Those registered, by folded address."""
        return {kept.state.key: kept for kept in await self.find(_PLACES, keys=list(keys))}


class ServiceStore(Store[ServiceState]):
    """Services by id and provider. An active one holds a claim to what it is, which no other may hold with it."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, SERVICE, ServiceState)

    def save(self, event: Event[ServiceState], **beside: object) -> Kept[ServiceState]:
        """Record the event; the row claims what the service is now, and a closed one lets go."""
        claim = service_identity(event.state) if event.state.state == "ACTIVE" else None
        return super().save(event, claim=claim, **beside)

    async def claiming(self, claim: str) -> Kept[ServiceState] | None:
        """The active service with this identity."""
        return next(iter(await self.find(_CLAIMED, claim=claim)), None)

    async def run_by(self, providers: Iterable[object]) -> list[Kept[ServiceState]]:
        """All services these providers are responsible for or operate."""
        return await self.find(_RUN_BY, providers=list(providers))


class RegisterRowStore(Store[RegisterRowState]):
    """Imported register rows by the number of their original licence."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, REGISTER_ROW, RegisterRowState)

    async def by_numbers(self, numbers: Iterable[str]) -> dict[str, Kept[RegisterRowState]]:
        """Those imported before, by number."""
        return {kept.state.number: kept for kept in await self.find(_ROWS, numbers=list(numbers))}
