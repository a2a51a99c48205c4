"""Bodies, read under lock for a change."""

from aksu_registry.bodies.tables import BodyTable
from aksu_shared.db.store import Store
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.bodies import BodyState


class BodyStore(Store[BodyState]):
    """Bodies by code."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, table_of(BodyTable), BodyState)
