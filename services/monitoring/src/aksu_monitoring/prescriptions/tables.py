"""Mandatory prescriptions."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from aksu_monitoring.base import MonitoringBase
from aksu_shared.db.tables import AggregateWithId


class PrescriptionTable(AggregateWithId, MonitoringBase):
    """One prescription of an inspection, with its own term."""

    __tablename__ = "prescription"

    inspection_id: Mapped[UUID]
    reference: Mapped[str]
    municipality: Mapped[str | None]
    place_id: Mapped[UUID | None]
    provider_body: Mapped[str | None]
    state: Mapped[str]
    state_group: Mapped[str]
    issued_on: Mapped[date | None]
    due_on: Mapped[date]
    proposed_on: Mapped[date | None]
    extended_on: Mapped[date | None]
    overdue_after: Mapped[date | None]

    __table_args__ = (
        UniqueConstraint("inspection_id", "reference"),
        Index("ix_prescription_due_on", "due_on", "id"),
    )
