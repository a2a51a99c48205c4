"""Licences and the applications for them, of licensing."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from aksu_reporting.base import ReportingBase
from aksu_shared.db.tables import KeptById


class ApplicationTable(KeptById, ReportingBase):
    """One application in the licensing procedures; restricted to the bodies it concerns."""

    __tablename__ = "application"

    procedure: Mapped[str]
    state: Mapped[str]
    state_group: Mapped[str]
    municipality: Mapped[str] = mapped_column(index=True)
    overdue_after: Mapped[date | None]
    decided_on: Mapped[date | None]


class LicenceTable(KeptById, ReportingBase):
    """One licence for one service; `valid_until` is its last day as written, `effective_until` that of its effect."""

    __tablename__ = "licence"

    number: Mapped[str]
    sequence: Mapped[int]
    state: Mapped[str]
    state_group: Mapped[str]
    service_id: Mapped[UUID] = mapped_column(index=True)
    municipality: Mapped[str] = mapped_column(index=True)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    effective_until: Mapped[date | None]
