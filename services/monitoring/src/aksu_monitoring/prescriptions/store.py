"""Prescriptions, read under lock for a change."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import any_, bindparam

from aksu_monitoring.prescriptions.tables import PrescriptionTable
from aksu_shared.db.store import Kept, Store, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.monitoring.prescriptions import PrescriptionState

PRESCRIPTION_TABLE: Final = table_of(PrescriptionTable)

_OF_INSPECTIONS: Final = rows_where(
    PRESCRIPTION_TABLE, PRESCRIPTION_TABLE.c.inspection_id == any_(bindparam("inspections"))
)


_PROPOSERS: Final = """
SELECT subject FROM inspection_duty WHERE inspection_id = $1 AND part = 'close_with_prescriptions'"""


class PrescriptionStore(Store[PrescriptionState]):
    """Prescriptions by id and inspection."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, PRESCRIPTION_TABLE, PrescriptionState)

    async def of(self, inspections: Iterable[UUID]) -> list[Kept[PrescriptionState]]:
        """All prescriptions of these inspections."""
        return await self.find(_OF_INSPECTIONS, inspections=list(inspections))

    async def proposers(self, inspection: UUID) -> frozenset[str]:
        """Who proposed the prescriptions of this inspection, as pseudonyms; none for one that was pushed."""
        rows = await (await self._work.begin()).fetch(_PROPOSERS, inspection)
        return frozenset(row["subject"] for row in rows)
