"""Signals, read under lock for a change."""

from typing import Final
from uuid import UUID

from aksu_monitoring.signals.tables import SignalTable
from aksu_shared.db.store import Store
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.monitoring.signals import SignalEvent, SignalState

SIGNAL_TABLE: Final = table_of(SignalTable)


_ACTORS: Final = "SELECT DISTINCT actor FROM change_log WHERE aggregate_id = $1 AND type = $2 AND actor IS NOT NULL"


class SignalStore(Store[SignalState]):
    """Signals by id."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, SIGNAL_TABLE, SignalState)

    async def actors(self, signal: UUID, fact: type[SignalEvent]) -> frozenset[str]:
        """Who did this to the signal before, as pseudonyms, by the change log."""
        rows = await (await self._work.begin()).fetch(_ACTORS, str(signal), fact.type)
        return frozenset(row["actor"] for row in rows)
