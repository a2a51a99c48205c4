"""What came over the bus and was not stored as an event."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.base import MonitoringBase


class PushedRecordTable(MonitoringBase):
    """A record of the bus that was not stored as an event: a duplicate, or refused with its bytes for repair."""

    __tablename__ = "pushed_record"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    topic: Mapped[str]
    partition: Mapped[int]
    offset: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str]
    source: Mapped[str | None]
    event_id: Mapped[str | None]
    state: Mapped[str]
    result: Mapped[str]
    errors: Mapped[list[Any]] = mapped_column(JSONB)
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    value: Mapped[bytes | None]
    repaired: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    repaired_by: Mapped[str | None]
    repair_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    scope: Mapped[list[str]]

    __table_args__ = (
        UniqueConstraint("topic", "partition", "offset"),
        CheckConstraint("state IN ('DUPLICATE', 'PARKED', 'REPLAYED', 'DISCARDED')", name="state"),
        Index("ix_pushed_record_parked", "id", postgresql_where=text("state = 'PARKED'")),
    )
