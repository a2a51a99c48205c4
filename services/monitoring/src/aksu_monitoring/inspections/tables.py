"""Inspections, where they take place, who takes part, and what they found."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.base import MonitoringBase
from aksu_shared.db.tables import AggregateWithId


class InspectionTable(AggregateWithId, MonitoringBase):
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
    provider_basis: Mapped[str | None]
    participants: Mapped[list[str]]
    address_withheld: Mapped[bool]
    flags_contradicted: Mapped[list[str]]
    confirmed_on: Mapped[date | None]
    stated_by: Mapped[str]
    confirmed_by_agency: Mapped[bool]

    __table_args__ = (
        UniqueConstraint("source", "reference"),
        Index("ix_inspection_municipality_started_on", "municipality", "started_on", "id"),
        Index("ix_inspection_started_on", "started_on", "id"),
    )


class InspectionSiteTable(MonitoringBase):
    """Where an inspection takes place, as its source says; `key` is the folded address, as the registry folds it."""

    __tablename__ = "inspection_site"

    inspection_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(index=True)
    place_id: Mapped[UUID | None] = mapped_column(index=True)
    municipality: Mapped[str | None]
    settlement: Mapped[str | None]
    address: Mapped[str | None]
    provider_eik: Mapped[str | None]
    started_on: Mapped[date]
    scope: Mapped[list[str]]


class InspectionDutyTable(MonitoringBase):
    """One person's part, as a pseudonymous subject: `team` by the order, or the name of the transition they fired.

    For the Agency alone, and in no event.
    """

    __tablename__ = "inspection_duty"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    inspection_id: Mapped[UUID]
    part: Mapped[str]
    subject: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    scope: Mapped[list[str]]

    __table_args__ = (UniqueConstraint("inspection_id", "part", "subject"),)


class FindingTable(AggregateWithId, MonitoringBase):
    """One result for one criterion; `number` is its place within the inspection."""

    __tablename__ = "finding"

    inspection_id: Mapped[UUID]
    number: Mapped[int]
    municipality: Mapped[str | None]
    standard: Mapped[str]
    criterion: Mapped[str | None]
    catalogue_version: Mapped[str]
    result: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("inspection_id", "number"),)
