"""Signals, read under lock for a change."""

from typing import Final

from aksu_monitoring.signals.tables import SignalTable
from aksu_shared.db.store import Store
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.monitoring.signals import SignalState

SIGNAL_TABLE: Final = table_of(SignalTable)


class SignalStore(Store[SignalState]):
    """Signals by id."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, SIGNAL_TABLE, SignalState)
