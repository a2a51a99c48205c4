"""Mandatory prescriptions, of monitoring."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from aksu_reporting.tables.base import ReportingBase
from aksu_shared.db.tables import KeptById


class PrescriptionTable(KeptById, ReportingBase):
    """One prescription; it follows its place, whoever takes that over."""

    __tablename__ = "prescription"

    inspection_id: Mapped[UUID]
    place_id: Mapped[UUID | None] = mapped_column(index=True)
    municipality: Mapped[str | None] = mapped_column(index=True)
    state: Mapped[str]
    due_on: Mapped[date]
