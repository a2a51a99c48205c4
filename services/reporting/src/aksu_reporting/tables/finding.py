"""Findings of inspections, of monitoring; restricted."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from aksu_reporting.tables.base import ReportingBase
from aksu_shared.db.tables import KeptById


class FindingTable(KeptById, ReportingBase):
    """The result for one criterion of a standard."""

    __tablename__ = "finding"

    inspection_id: Mapped[UUID]
    municipality: Mapped[str | None] = mapped_column(index=True)
    result: Mapped[str]
