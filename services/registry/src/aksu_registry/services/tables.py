"""Social services, licensed or not."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from aksu_registry.base import RegistryBase
from aksu_shared.db.tables import KeptById


class ServiceTable(KeptById, RegistryBase):
    """One service of one responsible provider at one place; capacity in places."""

    __tablename__ = "service"

    name: Mapped[str]
    kind: Mapped[str]
    activity_groups: Mapped[list[str]]
    target_groups: Mapped[list[str]]
    financing: Mapped[str]
    management: Mapped[str | None]
    capacity: Mapped[int | None]
    state: Mapped[str]
    licence_required: Mapped[bool]
    provider_id: Mapped[UUID] = mapped_column(index=True)
    provider_body: Mapped[str]
    provider_name: Mapped[str]
    operator_id: Mapped[UUID | None]
    operator_body: Mapped[str | None]
    operator_name: Mapped[str | None]
    place_id: Mapped[UUID]
    municipality: Mapped[str]
    settlement: Mapped[str]
    address: Mapped[str]
    started_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    claim: Mapped[str | None]
    """What an active service is (`service_identity` in `rules`): of two that would be the same one, one is refused."""

    __table_args__ = (
        Index("ix_service_municipality_name", "municipality", "name", "id"),
        Index("ix_service_name", "name", "id"),
        Index("ix_service_place_id_name", "place_id", "name"),
        Index("ix_service_operator_id", "operator_id", postgresql_where=text("operator_id IS NOT NULL")),
        Index("uq_service_claim", "claim", unique=True, postgresql_where=text("claim IS NOT NULL")),
    )
