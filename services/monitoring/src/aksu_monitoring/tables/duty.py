"""Who took part in an inspection, as pseudonymous subjects: for the Agency alone, and in no event."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.tables.base import MonitoringBase


class InspectionDutyTable(MonitoringBase):
    """One person's part: `team` by the order, or the name of the transition they fired."""

    __tablename__ = "inspection_duty"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    inspection_id: Mapped[UUID]
    part: Mapped[str]
    subject: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    scope: Mapped[list[str]]

    __table_args__ = (UniqueConstraint("inspection_id", "part", "subject"),)
