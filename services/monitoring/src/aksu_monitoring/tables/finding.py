"""Findings of inspections."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from aksu_monitoring.tables.base import MonitoringBase
from aksu_shared.db.tables import KeptById


class FindingTable(KeptById, MonitoringBase):
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
