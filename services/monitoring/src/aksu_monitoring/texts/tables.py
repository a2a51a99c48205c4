"""What belongs to inspections and must not be public: free text, and the address of a place nobody registered."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.tables.base import MonitoringBase


class RestrictedTextTable(MonitoringBase):
    """One text: a finding's NOTE, a prescription's TEXT, PROOF of its fulfilment, an inspection's SUBJECT."""

    __tablename__ = "restricted_text"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    subject_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    body: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    scope: Mapped[list[str]]


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
