"""Social services, licensed or not, with their providers and places, of registry."""

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from aksu_reporting.base import ReportingBase
from aksu_shared.db.tables import AggregateWithId


class ProviderTable(AggregateWithId, ReportingBase):
    """One provider; the register of licensed providers does not tell the municipality of its seat."""

    __tablename__ = "provider"

    body: Mapped[str]
    name: Mapped[str]
    legal_form: Mapped[str]
    legal_form_confirmed: Mapped[bool]
    licence_required: Mapped[bool]
    seat_municipality: Mapped[str | None] = mapped_column(index=True)


class PlaceTable(AggregateWithId, ReportingBase):
    """One place where services are provided."""

    __tablename__ = "place"

    municipality: Mapped[str] = mapped_column(index=True)
    settlement: Mapped[str]
    address: Mapped[str]


class ServiceTable(AggregateWithId, ReportingBase):
    """One service at one place; capacity in places."""

    __tablename__ = "service"

    name: Mapped[str]
    kind: Mapped[str]
    activity_groups: Mapped[list[str]]
    financing: Mapped[str]
    management: Mapped[str | None]
    capacity: Mapped[int | None]
    state: Mapped[str]
    licence_required: Mapped[bool]
    provider_id: Mapped[UUID] = mapped_column(index=True)
    provider_body: Mapped[str]
    provider_name: Mapped[str]
    operator_id: Mapped[UUID | None] = mapped_column(index=True)
    operator_body: Mapped[str | None]
    operator_name: Mapped[str | None]
    place_id: Mapped[UUID] = mapped_column(index=True)
    municipality: Mapped[str]
    settlement: Mapped[str]
    address: Mapped[str]

    __table_args__ = (
        Index("ix_service_municipality_name", "municipality", "name", "id"),
        Index("ix_service_name", "name", "id"),
    )
