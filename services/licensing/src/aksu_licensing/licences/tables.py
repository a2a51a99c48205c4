"""Licences, issued here or taken over from the public register."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from aksu_licensing.base import LicensingBase
from aksu_shared.db.tables import KeptById


class LicenceTable(KeptById, LicensingBase):
    """One licence; its fields are described at `LicenceState`.

    That no two live licences of one provider, service and place overlap in validity, the exclusion constraint
    `ex_licence_live` of the first migration guards: alembic cannot express it.
    """

    __tablename__ = "licence"

    number: Mapped[str] = mapped_column(unique=True)
    sequence: Mapped[int]
    state: Mapped[str]
    state_group: Mapped[str]
    origin: Mapped[str]
    kind: Mapped[str]
    service_id: Mapped[UUID] = mapped_column(index=True)
    provider_id: Mapped[UUID]
    provider_body: Mapped[str] = mapped_column(index=True)
    provider_name: Mapped[str]
    place_id: Mapped[UUID] = mapped_column(index=True)
    municipality: Mapped[str]
    issued_on: Mapped[date]
    communicated_on: Mapped[date | None]
    in_force_on: Mapped[date | None]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    ended_on: Mapped[date | None]
    effective_until: Mapped[date | None]
    predecessor_id: Mapped[UUID | None] = mapped_column(index=True)
    application_id: Mapped[UUID | None]
    register_row_id: Mapped[UUID | None]
    violations: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("valid_from <= valid_until", name="validity"),
        Index("uq_licence_register_row", "register_row_id", "kind", unique=True),
        Index("ix_licence_sequence", "sequence", "id"),
        Index("ix_licence_issued_on", "issued_on", "sequence", "id"),
        Index("ix_licence_valid_until", "valid_until", "id"),
        Index("ix_licence_municipality", "municipality", "valid_until", "id"),
    )
