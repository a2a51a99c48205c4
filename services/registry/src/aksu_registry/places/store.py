"""Places, read for a change."""

from collections.abc import Iterable

from sqlalchemy import any_, bindparam

from aksu_registry.places.tables import PlaceTable
from aksu_shared.db.store import Kept, Search, Store, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.places import PlaceState

_TABLE = table_of(PlaceTable)
_PLACES = rows_where(_TABLE, _TABLE.c.key == any_(bindparam("keys")), lock=False)


class PlaceStore(Store[PlaceState]):
    """Places by id and by folded address."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, _TABLE, PlaceState)

    def at(self, key: str) -> Search[PlaceState]:
        """The one with this folded address."""
        return self.search(_PLACES, keys=[key])

    async def by_keys(self, keys: Iterable[str]) -> dict[str, Kept[PlaceState]]:
        """Those registered, by folded address."""
        return {kept.state.key: kept for kept in await self.find(_PLACES, keys=list(keys))}
