"""Systems that push, and the keys their signatures are verified with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.base import MonitoringBase


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
