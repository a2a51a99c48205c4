"""Rows of the imported register, read under lock for a change."""

from collections.abc import Iterable

from sqlalchemy import any_, bindparam

from aksu_registry.register_import.tables import RegisterRowTable
from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.store import Kept, Store, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.register_import import RegisterRowEvent, RegisterRowState

_TABLE = table_of(RegisterRowTable)
_ROWS = rows_where(_TABLE, _TABLE.c.number == any_(bindparam("numbers")))


class RegisterRowStore(Store[RegisterRowState]):
    """Imported register rows by the number of their original licence."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, _TABLE, RegisterRowState)

    async def by_numbers(self, numbers: Iterable[str]) -> dict[str, Kept[RegisterRowState]]:
        """Those imported before, by number."""
        return {kept.state.number: kept for kept in await self.find(_ROWS, numbers=list(numbers))}


REGISTER_ROW = Aggregate(
    fact=RegisterRowEvent,
    table=_TABLE,
    unread="an import reports what it made of each row; what the rows state is read as services and licences",
)
