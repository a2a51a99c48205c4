"""Inspections, their findings and prescriptions, of monitoring."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from aksu_reporting.base import ReportingBase
from aksu_shared.db.tables import KeptById


class InspectionTable(KeptById, ReportingBase):
    """One inspection of a place; its place may be unregistered, its municipality not known yet."""

    __tablename__ = "inspection"

    kind: Mapped[str]
    state: Mapped[str]
    outcome: Mapped[str | None]
    place_id: Mapped[UUID | None]
    service_id: Mapped[UUID | None]
    municipality: Mapped[str | None] = mapped_column(index=True)
    started_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    flags: Mapped[list[str]]

    __table_args__ = (
        Index("ix_inspection_place_id_started_on", "place_id", "started_on"),
        Index("ix_inspection_flagged", "municipality", postgresql_where=text("flags <> '{}'")),
    )


class FindingTable(KeptById, ReportingBase):
    """The result for one criterion of a standard; restricted."""

    __tablename__ = "finding"

    inspection_id: Mapped[UUID]
    municipality: Mapped[str | None] = mapped_column(index=True)
    result: Mapped[str]


class PrescriptionTable(KeptById, ReportingBase):
    """One mandatory prescription; it follows its place, whoever takes that over."""

    __tablename__ = "prescription"

    inspection_id: Mapped[UUID]
    place_id: Mapped[UUID | None] = mapped_column(index=True)
    municipality: Mapped[str | None] = mapped_column(index=True)
    state: Mapped[str]
    state_group: Mapped[str]
    overdue_after: Mapped[date | None]
