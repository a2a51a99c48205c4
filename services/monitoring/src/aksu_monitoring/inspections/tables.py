"""Inspections of places."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.tables.base import MonitoringBase
from aksu_shared.db.tables import KeptById


class InspectionTable(KeptById, MonitoringBase):
    """One inspection, known to its source by `reference`."""

    __tablename__ = "inspection"

    source: Mapped[str]
    reference: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    outcome: Mapped[str | None]
    place_id: Mapped[UUID | None] = mapped_column(index=True)
    service_id: Mapped[UUID | None]
    provider_body: Mapped[str | None]
    municipality: Mapped[str | None]
    settlement: Mapped[str | None]
    address: Mapped[str | None]
    started_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    flags: Mapped[list[str]]
    failed_criteria: Mapped[int | None]
    prescriptions: Mapped[int | None]
    period_since: Mapped[date | None]
    period_until: Mapped[date | None]
    order_number: Mapped[str | None]
    ordered_on: Mapped[date | None]
    objections_due: Mapped[date | None]
    report_number: Mapped[str | None]
    approved_on: Mapped[date | None]
    follow_up_due: Mapped[date | None]
    follow_up_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("source", "reference"),
        Index("ix_inspection_municipality_started_on", "municipality", "started_on", "id"),
        Index("ix_inspection_started_on", "started_on", "id"),
    )
