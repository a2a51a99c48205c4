"""Restricted texts as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.base import MonitoringBase


class RestrictedTextTable(MonitoringBase):
    """One text: a finding's NOTE, a prescription's TEXT or the PROOF of it, an inspection's SUBJECT or OBJECTIONS."""

    __tablename__ = "restricted_text"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    subject_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    body: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    scope: Mapped[list[str]]
