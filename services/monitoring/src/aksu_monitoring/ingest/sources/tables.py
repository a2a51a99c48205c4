"""Systems that push, the keys their signatures are verified with, and what came over the bus and was not stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.tables.base import MonitoringBase


class PushSourceTable(MonitoringBase):
    """A system that may push; `name` is the subject of its tokens."""

    __tablename__ = "push_source"

    name: Mapped[str] = mapped_column(primary_key=True)
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    disabled_at: Mapped[datetime | None]


class PushKeyTable(MonitoringBase):
    """A key of a source, in force until `retires_at`. `material`: `v1` the shared secret, `v1a` the public key.

    Wrapped under the key-encryption key `kek`; in clear where there is none.
    """

    __tablename__ = "push_key"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    source: Mapped[str] = mapped_column(ForeignKey("push_source.name"))
    version: Mapped[str]
    material: Mapped[bytes]
    kek: Mapped[str | None]
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    retires_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("version IN ('v1', 'v1a')", name="version"),
        Index("ix_push_key_source", "source"),
    )


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
