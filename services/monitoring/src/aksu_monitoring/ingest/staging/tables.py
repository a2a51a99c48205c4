"""Staging of pushed events, and how far each pushed inspection is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Integer, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.base import MonitoringBase


class IngestEventTable(MonitoringBase):
    """One accepted event, for ever: its identity (source, event_id) must outlive every repetition.

    `digest` is SHA-256 of what was sent; `repaired` replaces `payload` where a person corrected it;
    `confirmed_by` stands for what it says where that accuses somebody, for the reason in `confirmation`.
    """

    __tablename__ = "ingest_event"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    source: Mapped[str]
    event_id: Mapped[str]
    subject: Mapped[str]
    sequence: Mapped[int]
    type: Mapped[str]
    time: Mapped[datetime | None]
    digest: Mapped[bytes]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    repaired: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    repaired_by: Mapped[str | None]
    repaired_at: Mapped[datetime | None]
    repair_reason: Mapped[str | None]
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    confirmation: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="PENDING")
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    applied_at: Mapped[datetime | None]
    correlation_id: Mapped[str | None]
    traceparent: Mapped[str | None]
    scope: Mapped[list[str]]

    __table_args__ = (
        UniqueConstraint("source", "event_id"),
        UniqueConstraint("source", "subject", "sequence"),
        CheckConstraint("state IN ('PENDING', 'APPLIED', 'HELD', 'PARKED', 'REPAIRED')", name="state"),
        Index("ix_ingest_event_pending", "id", postgresql_where=text("state = 'PENDING'")),
        Index("ix_ingest_event_stopped", "id", postgresql_where=text("state IN ('HELD', 'PARKED', 'REPAIRED')")),
    )


class IngestInspectionTable(MonitoringBase):
    """How far one pushed inspection is: `applied` is the last sequence of the contiguous prefix that took effect.

    `missing` (the first hundred) are sequences not received though a later one was; `parked` those received and
    set aside; `held` counts events that wait for them, since `since`.
    """

    __tablename__ = "ingest_inspection"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    source: Mapped[str]
    subject: Mapped[str]
    inspection_id: Mapped[UUID | None]
    applied: Mapped[int]
    held: Mapped[int]
    missing: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    missing_count: Mapped[int]
    parked: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    since: Mapped[datetime | None]
    scope: Mapped[list[str]]

    __table_args__ = (
        UniqueConstraint("source", "subject"),
        Index("ix_ingest_inspection_awaiting", "id", postgresql_where=text("since IS NOT NULL")),
    )
