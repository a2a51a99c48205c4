"""Copies of other services' aggregates, fed by their events: what flags of inspections follow from."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from aksu_monitoring.base import MonitoringBase
from aksu_shared.db.tables import KeptById


class PlaceTable(KeptById, MonitoringBase):
    """A place of the registry."""

    __tablename__ = "place"

    key: Mapped[str] = mapped_column(index=True)
    municipality: Mapped[str]
    settlement: Mapped[str]
    address: Mapped[str]


class ServiceTable(KeptById, MonitoringBase):
    """A social service of the registry."""

    __tablename__ = "service"

    place_id: Mapped[UUID] = mapped_column(index=True)
    licence_required: Mapped[bool]
    provider_body: Mapped[str]
    operator_body: Mapped[str | None]
    started_on: Mapped[date | None]
    closed_on: Mapped[date | None]


class LicenceTable(KeptById, MonitoringBase):
    """A licence."""

    __tablename__ = "licence"

    place_id: Mapped[UUID] = mapped_column(index=True)
    valid_from: Mapped[date]
    effective_until: Mapped[date | None]
