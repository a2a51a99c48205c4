"""Signals: what everybody concerned may know of them. What they say, and of whom, is held as personal data."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.base import MonitoringBase
from aksu_shared.db.tables import KeptById


class SignalTable(KeptById, MonitoringBase):
    """One signal; its people are in `subject_key` by its id."""

    __tablename__ = "signal"

    receipt: Mapped[str]
    channel: Mapped[str]
    category: Mapped[str]
    danger_to_life: Mapped[bool]
    anonymous: Mapped[bool]
    about_person: Mapped[bool]
    municipality: Mapped[str]
    place_id: Mapped[UUID | None] = mapped_column(index=True)
    service_id: Mapped[UUID | None]
    state: Mapped[str]
    received_at: Mapped[datetime]
    forwarding_due: Mapped[date]
    decision_due: Mapped[date]
    overdue: Mapped[list[str]]
    forwarded_to: Mapped[str | None]
    forwarded_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    refusal_ground: Mapped[str | None]
    inspection_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("receipt"),
        Index("ix_signal_received_at", "received_at", "id"),
        Index("ix_signal_decision_due", "decision_due", "id"),
    )
