"""Reads and records checks of managers, without what is sealed in them."""

from aksu_licensing.checks.tables import ManagerCheckTable
from aksu_shared.db.store import Store
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.licensing.checks import ManagerCheckState


class ManagerCheckStore(Store[ManagerCheckState]):
    """Checks of managers, without whom and what they found."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, table_of(ManagerCheckTable), ManagerCheckState)
