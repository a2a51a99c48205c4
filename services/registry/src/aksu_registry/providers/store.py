"""Providers, read under lock for a change."""

from collections.abc import Iterable

from sqlalchemy import any_, bindparam

from aksu_registry.providers.tables import ProviderTable
from aksu_shared.db.store import Kept, Search, Store, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.providers import ProviderState

_TABLE = table_of(ProviderTable)
_OF_BODIES = _TABLE.c.body == any_(bindparam("bodies"))
_PROVIDERS, _PROVIDERS_TO_CHANGE = rows_where(_TABLE, _OF_BODIES, lock=False), rows_where(_TABLE, _OF_BODIES)


class ProviderStore(Store[ProviderState]):
    """Providers by id and by the code of their body."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, _TABLE, ProviderState)

    async def by_bodies(self, bodies: Iterable[str], *, lock: bool = False) -> dict[str, Kept[ProviderState]]:
        """Those registered, by the code of their body; locked only by who will change them."""
        statement = _PROVIDERS_TO_CHANGE if lock else _PROVIDERS
        return {kept.state.body: kept for kept in await self.find(statement, bodies=list(bodies))}

    def of_bodies(self, bodies: Iterable[str]) -> Search[ProviderState]:
        """Those registered, to be asked for together with others."""
        return self.search(_PROVIDERS, bodies=list(bodies))
