"""Territories, read under lock for a change."""

from aksu_registry.territory.tables import TerritoryTable
from aksu_shared.db.store import Store
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.territory import TerritoryState


class TerritoryStore(Store[TerritoryState]):
    """Territories by code."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, table_of(TerritoryTable), TerritoryState)
