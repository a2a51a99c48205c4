"""Applications in the licensing procedures."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from aksu_licensing.base import LicensingBase
from aksu_shared.db.tables import AggregateWithId

OPEN = "state_group IN ('FILED', 'PENDING')"
"""For SQL: the application is not decided yet; a provider has at most one such application for a service."""


class ApplicationTable(AggregateWithId, LicensingBase):
    """One application; its fields are described at `ApplicationState`."""

    __tablename__ = "application"

    procedure: Mapped[str]
    state: Mapped[str]
    state_group: Mapped[str]
    service_id: Mapped[UUID] = mapped_column(index=True)
    service_name: Mapped[str]
    provider_id: Mapped[UUID]
    provider_body: Mapped[str]
    provider_name: Mapped[str]
    responsible_body: Mapped[str | None]
    place_id: Mapped[UUID]
    municipality: Mapped[str]
    settlement: Mapped[str]
    address: Mapped[str]
    filed_on: Mapped[date]
    held_licence_id: Mapped[UUID | None]
    changed_on: Mapped[date | None]
    late: Mapped[bool]
    request: Mapped[str | None]
    incoming_number: Mapped[str | None] = mapped_column(unique=True)
    received_on: Mapped[date | None]
    receipt_unconfirmed: Mapped[bool]
    registered_by: Mapped[str | None]
    term: Mapped[str | None]
    term_due: Mapped[date | None]
    term_basis: Mapped[str | None]
    term_state: Mapped[str | None]
    term_revision: Mapped[int]
    clock_since: Mapped[date | None]
    pauses: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    decision_due: Mapped[date | None]
    overdue_after: Mapped[date | None]
    proposed_by: Mapped[str | None]
    proposed_on: Mapped[date | None]
    decision: Mapped[str | None]
    order_number: Mapped[str | None]
    decided_on: Mapped[date | None]
    notified_on: Mapped[date | None]
    appealed_on: Mapped[date | None]
    court_decision: Mapped[str | None]
    note: Mapped[str | None]
    licence_id: Mapped[UUID | None]

    __table_args__ = (
        Index("uq_application_open", "provider_id", "service_id", unique=True, postgresql_where=text(OPEN)),
        Index("ix_application_filed_on", "filed_on", "id"),
        Index("ix_application_term_due", "term_due", "id"),
        Index("ix_application_municipality", "municipality", "filed_on", "id"),
    )
