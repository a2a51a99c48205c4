"""Inspections, findings, prescriptions and signals, read under lock for a change."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Table, any_, bindparam

from aksu_monitoring.domain.dossier import FAILED_RESULTS
from aksu_monitoring.tables import FindingTable, InspectionTable, PrescriptionTable, SignalTable
from aksu_shared.db.store import Kept, Store, rows_where
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.monitoring import FindingState, InspectionState, PrescriptionState, SignalState


def _table(mapped: type) -> Table:
    return mapped.__table__  # type: ignore[attr-defined,no-any-return]


INSPECTION, FINDING, PRESCRIPTION = _table(InspectionTable), _table(FindingTable), _table(PrescriptionTable)
SIGNAL = _table(SignalTable)

_FINDINGS = rows_where(FINDING, FINDING.c.inspection_id == any_(bindparam("inspections")))
_PRESCRIPTIONS = rows_where(PRESCRIPTION, PRESCRIPTION.c.inspection_id == any_(bindparam("inspections")))
_TALLY: Final = """
SELECT i AS id,
       (SELECT count(*) FROM finding WHERE inspection_id = i AND result = ANY ($2::text[])) AS failed,
       (SELECT coalesce(array_agg(reference), '{}') FROM prescription WHERE inspection_id = i) AS "references"
  FROM unnest($1::uuid[]) AS i"""


@dataclass(frozen=True, slots=True)
class Tally:
    """What an inspection has so far: failed criteria, and references of its prescriptions."""

    failed: int
    references: frozenset[str]


class InspectionStore(Store[InspectionState]):
    """Inspections by id."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, INSPECTION, InspectionState)

    async def tallies(self, ids: Iterable[UUID]) -> dict[str, Tally]:
        """Findings and prescriptions of these inspections, counted."""
        rows = await (await self._work.begin()).fetch(_TALLY, list(ids), list(FAILED_RESULTS))
        return {str(row["id"]): Tally(row["failed"], frozenset(row["references"])) for row in rows}


class FindingStore(Store[FindingState]):
    """Findings by id and inspection."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, FINDING, FindingState)

    async def of(self, inspections: Iterable[UUID]) -> list[Kept[FindingState]]:
        """All findings of these inspections."""
        return await self.find(_FINDINGS, inspections=list(inspections))


class PrescriptionStore(Store[PrescriptionState]):
    """Prescriptions by id and inspection."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, PRESCRIPTION, PrescriptionState)

    async def of(self, inspections: Iterable[UUID]) -> list[Kept[PrescriptionState]]:
        """All prescriptions of these inspections."""
        return await self.find(_PRESCRIPTIONS, inspections=list(inspections))


class SignalStore(Store[SignalState]):
    """Signals by id."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, SIGNAL, SignalState)
